import org.cooper.Request
import org.cooper.Result

/** See cooperBuild.txt. */
def call(Map options = [:]) {
    Request request = new Request(options)
    String mistake = request.mistake()
    if (mistake) {
        error('cooperBuild: ' + mistake)
    }
    if (!isUnix()) {
        error('cooperBuild: this agent runs Windows, and cooper builds on Linux: choose another label')
    }
    List bindings = []
    List bound = request.bindings()
    for (int i = 0; i < bound.size(); i++) {
        bindings.add(binding(bound[i]))
    }
    Map result = null
    withCredentials(bindings) {
        Map files = [:]
        for (int i = 0; i < bound.size(); i++) {
            if (bound[i].kind == 'file') {
                files[bound[i].variable] = env[bound[i].variable]
            }
        }
        withEnv(request.environment(files, pwd(tmp: true) + '/cooper-' + UUID.randomUUID())) {
            result = runCooper(request)
        }
    }
    return result
}

private Object binding(Map bound) {
    if (bound.kind == 'password') {
        return usernamePassword(credentialsId: bound.id, usernameVariable: bound.variable + '_USERNAME',
            passwordVariable: bound.variable + '_PASSWORD')
    }
    if (bound.kind == 'text') {
        return string(credentialsId: bound.id, variable: bound.variable)
    }
    return file(credentialsId: bound.id, variable: bound.variable)
}

private Map runCooper(Request request) {
    int status = 0
    try {
        // The script is a constant that starts with #!, so Jenkins runs it as it is, without -x; all input is in the environment.
        status = sh(script: libraryResource('org/cooper/run.sh'), returnStatus: true, label: 'cooper ci build')
    } finally {
        // The script removes it, too, but may have been killed.
        if (request.hasRegistries()) {
            sh(script: libraryResource('org/cooper/forget.sh'), label: 'forget who we are to registries')
        }
    }
    String text = null
    dir(env.WORKSPACE) {
        // 125: cooper was not started (run.sh).
        if (status != 125 && fileExists('cooper-result.json')) {
            text = readFile(file: 'cooper-result.json', encoding: 'UTF-8')
            if (request.archives()) {
                archiveArtifacts(artifacts: 'cooper-result.json', fingerprint: true)
            }
        }
    }
    Map result = text == null ? null : Result.parse(text)
    if (status != 0) {
        error('cooperBuild: cooper ended with code ' + status + (result?.failure ? ': ' + result.failure : ''))
    }
    if (result == null) {
        error('cooperBuild: cooper left no result that can be read in cooper-result.json')
    }
    return result
}
