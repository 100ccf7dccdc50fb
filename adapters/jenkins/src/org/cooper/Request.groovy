package org.cooper

import com.cloudbees.groovy.cps.NonCPS

/**
 * What one call of cooperBuild asks for, as an environment: no value of the pipeline's ever becomes part of a command line. All of
 * this is pure, so nothing here may call a step.
 */
class Request implements Serializable {

    private static final long serialVersionUID = 1L

    // An option that is one value, and the variable that cooper reads it from.
    private static final Map VALUES = [
        image: 'COOPER_IMAGE_BASE', project: 'COOPER_PROJECT', context: 'COOPER_CONTEXT', file: 'COOPER_FILE', target: 'COOPER_TARGET',
        cacheMounts: 'COOPER_CACHE_MOUNTS', isolation: 'COOPER_ISOLATION', store: 'COOPER_STORE', program: 'COOPERBUILD_PROGRAM',
    ]
    // An option that is a list: one value a line.
    private static final Map LISTS = [
        tags: 'COOPER_TAG', platforms: 'COOPER_PLATFORM', cacheFrom: 'COOPER_CACHE_FROM', cacheTo: 'COOPER_CACHE_TO',
    ]
    private static final List MAPS = ['buildArgs', 'labels', 'secrets', 'secretFiles', 'registries']
    private static final List FLAGS = ['push', 'archive']

    private final Map options

    Request(Map options) {
        this.options = options
    }

    /** What is wrong with the options, or null. */
    @NonCPS
    String mistake() {
        for (entry in options) {
            String mistake = mistakeOf(entry.key as String, entry.value)
            if (mistake) {
                return mistake
            }
        }
        return null
    }

    @NonCPS
    private static String mistakeOf(String name, Object value) {
        if (name in FLAGS) {
            return value instanceof Boolean ? null : "'${name}' is neither true nor false"
        }
        if (VALUES.containsKey(name)) {
            return lineMistake(name, value)
        }
        if (LISTS.containsKey(name)) {
            return value instanceof List ? firstMistake(name, value as List) : "'${name}' is no list"
        }
        if (name in MAPS) {
            return value instanceof Map ? mapMistake(name, value as Map) : "'${name}' is no map"
        }
        return "there is no option '${name}'"
    }

    @NonCPS
    private static String firstMistake(String name, List values) {
        for (value in values) {
            if (lineMistake(name, value)) {
                return lineMistake(name, value)
            }
        }
        return null
    }

    @NonCPS
    private static String mapMistake(String name, Map values) {
        for (entry in values) {
            String key = entry.key as String
            String form = name == 'registries' ? '[A-Za-z0-9.:/_-]+' : '[^=,"\\n\\r]+'
            if (!key.matches(form)) {
                return "'${name}' has a key that cannot be one: '${key}'"
            }
            // A build argument may have several lines: it then travels in a variable of its own name.
            if (name == 'buildArgs' && hasLines(entry.value)) {
                if (!key.matches('[A-Za-z_][A-Za-z0-9_]*') || key.matches('(LD_|COOPER|CREDENTIAL_|JENKINS_).*|PATH|HOME|WORKSPACE')) {
                    return "'${key}' cannot have a value of several lines"
                }
            } else if (lineMistake("${name}.${key}", entry.value)) {
                return lineMistake("${name}.${key}", entry.value)
            }
        }
        return null
    }

    @NonCPS
    private static String lineMistake(String name, Object value) {
        if (value == null || value instanceof Map || value instanceof List) {
            return "'${name}' is no text"
        }
        return hasLines(value) ? "'${name}' has more than one line" : null
    }

    @NonCPS
    private static boolean hasLines(Object value) {
        return "${value}".contains('\n')
    }

    /** The bindings for withCredentials, as maps of its arguments: [kind:, id:, variable:]. */
    @NonCPS
    List bindings() {
        List found = []
        int number = 0
        for (entry in map('registries')) {
            found.add([kind: 'password', id: entry.value as String, variable: "CREDENTIAL_${number++}" as String])
        }
        number = 0
        for (entry in map('secrets')) {
            found.add([kind: 'text', id: entry.value as String, variable: "CREDENTIAL_TEXT_${number++}" as String])
        }
        number = 0
        for (entry in map('secretFiles')) {
            found.add([kind: 'file', id: entry.value as String, variable: "CREDENTIAL_FILE_${number++}" as String])
        }
        return found
    }

    @NonCPS
    boolean hasRegistries() {
        return !map('registries').isEmpty()
    }

    @NonCPS
    boolean archives() {
        return options.archive != false
    }

    /**
     * For withEnv. files: the paths of secret files, by the variables of bindings(); config: a directory, not there yet, for who we are to
     * registries.
     */
    @NonCPS
    List environment(Map files, String config) {
        Map found = [COOPERBUILD_CONFIG: config, COOPERBUILD_NO_PUSH: options.push == false ? '1' : '']
        for (entry in VALUES) {
            if (options[entry.key] != null) {
                found[entry.value] = options[entry.key]
            }
        }
        for (entry in LISTS) {
            if (options[entry.key] != null) {
                found[entry.value] = options[entry.key].join('\n')
            }
        }
        addArguments(found)
        addSecrets(found, files)
        int number = 0
        for (entry in map('registries')) {
            found["COOPERBUILD_HOST_${number++}" as String] = entry.key
        }
        found.COOPERBUILD_REGISTRIES = number
        return escaped(found)
    }

    @NonCPS
    private void addArguments(Map found) {
        List lines = []
        for (entry in map('buildArgs')) {
            if (hasLines(entry.value)) {
                lines.add(entry.key as String)
                found[entry.key as String] = entry.value
            } else {
                lines.add("${entry.key}=${entry.value}" as String)
            }
        }
        List labels = []
        for (entry in map('labels')) {
            labels.add("${entry.key}=${entry.value}" as String)
        }
        if (lines) {
            found.COOPER_BUILD_ARG = lines.join('\n')
        }
        if (labels) {
            found.COOPER_LABEL = labels.join('\n')
        }
    }

    @NonCPS
    private void addSecrets(Map found, Map files) {
        List lines = []
        int number = 0
        for (entry in map('secrets')) {
            lines.add("id=${entry.key},env=CREDENTIAL_TEXT_${number++}" as String)
        }
        number = 0
        for (entry in map('secretFiles')) {
            String path = files["CREDENTIAL_FILE_${number++}" as String]
            // A field of comma-separated values: the path may hold commas and quotes.
            lines.add("id=${entry.key},\"src=${path.replace('"', '""')}\"" as String)
        }
        if (lines) {
            found.COOPER_SECRET = lines.join('\n')
        }
    }

    @NonCPS
    private Map map(String name) {
        return options[name] == null ? [:] : options[name] as Map
    }

    /** withEnv replaces $NAME and $$ in what it is given, so that every $ has to be doubled to arrive. */
    @NonCPS
    private static List escaped(Map variables) {
        List found = []
        for (entry in variables) {
            found.add("${entry.key}=${entry.value}".replace('$', '$$'))
        }
        return found
    }

}
