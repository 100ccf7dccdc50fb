package org.cooper

import com.cloudbees.groovy.cps.NonCPS
import groovy.json.JsonException
import groovy.json.JsonSlurperClassic

/** Reads cooper-result.json into plain maps and lists, which a pipeline may keep over a restart. */
class Result implements Serializable {

    private static final long serialVersionUID = 1L

    /** Null when the text is no result. */
    @NonCPS
    static Map parse(String text) {
        try {
            Object found = new JsonSlurperClassic().parseText(text)
            return found instanceof Map && found.images instanceof List ? found as Map : null
        } catch (JsonException | IllegalArgumentException e) { // the latter of an empty text
            return null
        }
    }

}
