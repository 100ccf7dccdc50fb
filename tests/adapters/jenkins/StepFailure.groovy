/** What the step `error` throws, and any step that fails. */
class StepFailure extends RuntimeException {

    StepFailure(String message) { super(message) }

}
