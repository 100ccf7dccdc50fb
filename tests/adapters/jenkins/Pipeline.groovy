import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import org.codehaus.groovy.control.CompilerConfiguration

/** What a step may see of the build around it; each branch of `parallel` has its own. */
class Context {

    Map env = [:]
    File directory

}

/** The steps of a pipeline, as a base class of its scripts: they do what Jenkins does, on this machine, and note what they were asked. */
abstract class Pipeline extends Script {

    static File library                                    // the shared library
    static Map credentials = [:]                           // id → [user, password], text or bytes
    static List calls = [].asSynchronized()            // [step, arguments]
    static boolean unix = true
    static Process running                                 // of the step `sh`
    private static final ThreadLocal<Context> CONTEXT = new InheritableThreadLocal<Context>()
    private static final AtomicInteger FILES = new AtomicInteger()

    static Script variable(String name) {
        CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: 'Pipeline')
        return new GroovyShell(Pipeline.classLoader, new Binding(), configuration).parse(new File(library, "vars/${name}.groovy"))
    }

    static Context context() { CONTEXT.get() }

    static within(Map changes, Closure body) {
        Context outer = CONTEXT.get()
        CONTEXT.set(new Context(env: changes.env ?: outer.env, directory: changes.directory ?: outer.directory))
        try {
            return body.call()
        } finally {
            CONTEXT.set(outer)
        }
    }

    Map getEnv() { context().env }

    def node(File workspace, Map variables, Closure body) {
        workspace.mkdirs()
        Map env = [PATH: System.getenv('PATH'), WORKSPACE: workspace.path, WORKSPACE_TMP: workspace.path + '@tmp'] + variables
        return within(env: env, directory: workspace, body)
    }

    def dir(String path, Closure body) {
        File found = new File(path).absolute ? new File(path) : new File(context().directory, path)
        return within(directory: found, body)
    }

    def parallel(Map branches) {
        Map results = [:].asSynchronized()
        List threads = branches.collect { name, body -> Thread.start { results[name] = body.call() } }
        threads*.join()
        return results
    }

    /** Replaces $NAME and ${NAME} where NAME is known, and $$ by $, as Jenkins does in values for withEnv. */
    static String expand(String text, Map env) {
        return text.replaceAll(/\$([A-Za-z0-9_]+|\{[A-Za-z0-9_.]+\}|\$)/) { whole, key ->
            if (key == '$') { return '$' }
            String name = key.startsWith('{') ? key[1..-2] : key
            return env.containsKey(name) ? env[name] : whole
        }
    }

    def withEnv(List variables, Closure body) {
        calls << ['withEnv', variables]
        Map env = new LinkedHashMap(context().env)
        Map given = variables.collectEntries { String entry ->
            assert entry.contains('=')
            [entry.substring(0, entry.indexOf('=')), entry.substring(entry.indexOf('=') + 1)]
        }
        given.each { name, value -> env[name] = expand(value, context().env) }
        return within(env: env, body)
    }

    Map usernamePassword(Map arguments) { [kind: 'password'] + arguments }
    Map string(Map arguments) { [kind: 'text'] + arguments }
    Map file(Map arguments) { [kind: 'file'] + arguments }

    def withCredentials(List bindings, Closure body) {
        calls << ['withCredentials', bindings*.credentialsId]
        Map env = new LinkedHashMap(context().env)
        List files = []
        for (bound in bindings) {
            Object secret = credentials[bound.credentialsId]
            if (secret == null) { throw new StepFailure("no credentials '${bound.credentialsId}'") }
            if (bound.kind == 'password') {
                env[bound.usernameVariable] = secret[0]
                env[bound.passwordVariable] = secret[1]
            } else if (bound.kind == 'text') {
                env[bound.variable] = secret
            } else {
                File path = new File(context().env.WORKSPACE_TMP, "secretFiles/a,b \"${FILES.incrementAndGet()}\"")
                path.parentFile.mkdirs()
                path.text = secret
                files << path
                env[bound.variable] = path.path
            }
        }
        try {
            return within(env: env, body)
        } finally {
            files*.delete()
        }
    }

    def sh(Map arguments) {
        assert !(arguments.script instanceof GString)
        calls << ['sh', arguments.script]
        File script = new File(context().env.WORKSPACE_TMP, "durable-${FILES.incrementAndGet()}/script.sh")
        script.parentFile.mkdirs()
        List command = arguments.script.startsWith('#!') ? [script.path] : ['sh', '-xe', script.path]
        ProcessBuilder builder = new ProcessBuilder(command).directory(context().directory).redirectErrorStream(true)
        builder.environment().clear()
        builder.environment().putAll(context().env)
        Process process
        // A script that is open for writing, even in a process that another branch is about to start, cannot be run.
        synchronized (FILES) {
            script.text = arguments.script
            script.executable = true
            process = builder.start()
        }
        running = process
        String log = process.inputStream.text
        process.waitFor(60, TimeUnit.SECONDS)
        script.parentFile.deleteDir()
        calls << ['log', log]
        if (arguments.returnStatus) { return process.exitValue() }
        if (process.exitValue() != 0) { throw new StepFailure("script returned exit code ${process.exitValue()}: ${log}") }
        return arguments.returnStdout ? log : null
    }

    boolean isUnix() { unix }
    String pwd(Map arguments = [:]) { arguments.tmp ? context().directory.path + '@tmp' : context().directory.path }
    boolean fileExists(String path) { new File(context().directory, path).exists() }

    String readFile(Map arguments) { new File(context().directory, arguments.file).getText(arguments.encoding) }

    String libraryResource(String path) { new File(library, "resources/${path}").text }

    def archiveArtifacts(Map arguments) {
        assert new File(context().directory, arguments.artifacts).file
        calls << ['archiveArtifacts', arguments]
    }

    def echo(String message) { calls << ['echo', message] }

    def error(String message) { throw new StepFailure(message) }

}
