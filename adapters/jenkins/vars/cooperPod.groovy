/** See cooperPod.txt. */
def call(Map options = [:]) {
    String image = options.image
    if (!image || !image.matches('[A-Za-z0-9][A-Za-z0-9._:/@-]*')) {
        error('cooperPod: image is no name of an image')
    }
    return libraryResource('org/cooper/pod.yaml').replace('@IMAGE@', image)
}
