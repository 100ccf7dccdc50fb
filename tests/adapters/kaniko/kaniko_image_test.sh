#!/bin/bash
# Examples that were written for Kaniko, with one word changed: the image. Each is read out of its YAML and run as its CI system runs
# it: as root in a container with Docker's defaults, as a user without any privilege under Kubernetes' "restricted" standard, and
# where hosted runners do so with all privileges.
#
# usage: kaniko_image_test.sh [BUILD]
# shellcheck source=../kubernetes/lib.sh
source "$(dirname "$(realpath "$0")")/../kubernetes/lib.sh"
here=$repository/tests/adapters/kaniko
fixtures=$here/fixtures

start_network
make_images kaniko kaniko-debug kaniko-warmer

# --- the images ---------------------------------------------------------------------------------------------------------

assert_eq "$(jq -c '.config | [.Entrypoint, .Cmd, .WorkingDir, .User]' "$work/images/kaniko/config.json")" \
  '[["/kaniko/executor"],null,"/workspace",null]' 'what the image starts'
assert_eq "$(jq -c .config.Entrypoint "$work/images/kaniko-warmer/config.json")" '["/kaniko/warmer"]' 'what the warmer starts'
for name in kaniko kaniko-debug; do
  root=$work/images/$name/rootfs
  # The program is there once, under three names.
  assert_eq "$(find "$root" -type f -size +4M -printf '/%P ')" '/kaniko/executor ' "the big files of $name"
  assert_eq "$(readlink "$root/kaniko/warmer") $(readlink "$root/usr/local/bin/cooper")" 'executor /kaniko/executor' "links in $name"
  assert_eq "$(cd "$root" && stat -c '%a %n' kaniko kaniko/.docker kaniko/ssl/certs workspace tmp | tr '\n' ' ')" \
    '1777 kaniko 1777 kaniko/.docker 1777 kaniko/ssl/certs 1777 workspace 1777 tmp ' "modes in $name"
done
[[ ! -e $work/images/kaniko/rootfs/busybox ]] || fail 'a shell in the image without one'
for program in sh cat sleep; do
  [[ -L $work/images/kaniko-debug/rootfs/busybox/$program ]] || fail "no /busybox/$program"
done

# --- what the examples need ----------------------------------------------------------------------------------------------

mkdir -p "$work/base/bin" "$work"/objects/claim/{builds/group,jenkins/workspace} "$work/objects/secret/registry-login"
cp "$(command -v busybox)" "$work/base/bin/busybox"
ln -s busybox "$work/base/bin/sh"
push_base group/base:1 "$work/base"
login_file registry.example.com >"$work/objects/secret/registry-login/.dockerconfigjson"
# Cloud Build's base comes from elsewhere: only gcr.io is logged in to there.
mkdir "$work/gcr"
sed 's/registry.example.com/gcr.io/' "$fixtures/app/Dockerfile" >"$work/gcr/Dockerfile"
cp "$fixtures/app/source" "$work/gcr/source"
publish_git group/app.git "$fixtures/app"

# The image that stands for one of Kaniko's, by its tag.
ours_for() { # ours_for IMAGE
  case $1 in
    gcr.io/kaniko-project/warmer*) echo kaniko-warmer ;;
    gcr.io/kaniko-project/executor*debug) echo kaniko-debug ;;
    gcr.io/kaniko-project/executor*) echo kaniko ;;
    *) fail "'$1' is no image of Kaniko's" ;;
  esac
}
# Runs a container of the pod in the file, in the way that $as says.
as=()
start() { # start NAME POD CONTAINER
  local image
  image=$(/usr/bin/python3 -c 'import sys, yaml
spec = yaml.safe_load(open(sys.argv[1]))["spec"]
print(*[c["image"] for c in spec.get("initContainers", []) + spec["containers"] if c["name"] == sys.argv[2]])' "$2" "$3")
  new_container "$1" "$(ours_for "$image")"
}
example() { # example NAME POD CONTAINER [--without-authority]
  start "$1" "$2" "$3"
  [[ ${4:-} == --without-authority ]] || cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
  run_pod "$2" "$3" "${as[@]}"
}
# An image that was pushed now: what the Dockerfile makes, whoever built it. It is deleted, so that the next push is seen.
assert_pushed() { # assert_pushed REPOSITORY:TAG VERSION
  local digest
  digest=$(digest_of "$1") || fail "'$1' was not pushed:"$'\n'"$(cat "$work/log")"
  files_of "$1" "$work/pushed"
  assert_eq "$(cat "$work/pushed/rootfs/app/made")" HELLO "what was made in $1"
  assert_eq "$(cat "$work/pushed/rootfs/app/version")" "$2" "version in $1"
  assert_eq "$(config_of "$1" | jq -c '[.config.User, .config.Cmd]')" '["1234",["busybox","cat","/app/made"]]' "config of $1"
  [[ ! -e $work/pushed/rootfs/kaniko && ! -e $work/pushed/rootfs/busybox ]] || fail "something of the builder's is in $1"
  registry "${1%:*}/manifests/$digest" --request DELETE
}

# --- GitLab -----------------------------------------------------------------------------------------------------------------

gitlab_job() { # gitlab_job NAME JOB [--without-authority]
  rm -rf "$work/objects/claim/builds/group/app"
  (umask 0 && cp -r "$fixtures/app" "$work/objects/claim/builds/group/app")
  "$here/examples.py" gitlab "$fixtures/gitlab/.gitlab-ci.yml" "$2" CI_REGISTRY=registry.example.com CI_REGISTRY_USER=ci \
    CI_REGISTRY_PASSWORD=ci-password CI_REGISTRY_IMAGE=registry.example.com/group/app CI_COMMIT_TAG=v1.2 CI_COMMIT_SHORT_SHA=0a1b2c3d \
    "COMPANY_AUTHORITY=$(cat "$work/authority.pem")" >"$work/pod.json"
  example "$1" "$work/pod.json" build "${@:3}"
}
try_gitlab() {
  gitlab_job "gitlab-$1" build
  assert_succeeded "GitLab's job, $1"
  assert_pushed group/app:v1.2 none
  gitlab_job "gitlab-authority-$1" build-behind-an-authority --without-authority
  assert_succeeded "GitLab's job with an authority of its own, $1"
  assert_eq "$(digest_of group/app:latest)" "$(digest_of group/app:0a1b2c3d)" 'digests of two names'
  assert_pushed group/app:0a1b2c3d 7
}

# --- Cloud Build ------------------------------------------------------------------------------------------------------------

try_cloudbuild() {
  rm -rf "$work"/objects/claim/{workspace,builder}
  cp -r "$work/gcr" "$work/objects/claim/workspace"
  mkdir -p "$work"/objects/claim/builder/{home,outputs}
  chmod -R a+rwX "$work/objects/claim/builder"
  "$here/examples.py" cloudbuild "$fixtures/cloudbuild/cloudbuild.yaml" PROJECT_ID=my-project SHORT_SHA=0a1b2c3 >"$work/pod.json"
  example "cloudbuild-$1" "$work/pod.json" step-0
  assert_succeeded "Cloud Build's step, $1"
  assert_eq "$(jq -c . "$work/objects/claim/builder/outputs/images")" \
    "{\"name\":\"gcr.io/my-project/app:0a1b2c3\",\"digest\":\"$(digest_of my-project/app:0a1b2c3)\"}" 'the images that Cloud Build is told of'
  assert_pushed my-project/app:0a1b2c3 none
  # The cache that the first build left in the registry serves the second, on another machine.
  example "cloudbuild-cached-$1" "$work/pod.json" step-0
  assert_succeeded "Cloud Build's second build, $1"
  assert_contains "$(cat "$work/log")" CACHED "the log of the second build"
  assert_pushed my-project/app:0a1b2c3 none
}

# --- Jenkins: containers that wait, and scripts that are executed in them ----------------------------------------------------

try_jenkins() {
  local count index name script input
  rm -rf "$work/objects/claim/jenkins/workspace"
  cp -r "$fixtures/app" "$work/objects/claim/jenkins/workspace"
  chmod -R a+rwX "$work/objects/claim/jenkins"
  "$here/examples.py" jenkins "$fixtures/jenkins/Jenkinsfile" >"$work/steps.json"
  count=$(jq length "$work/steps.json")
  assert_eq "$count" 2 'steps of the Jenkinsfile'
  for ((index = 0; index < count; index++)); do
    name=$(jq -r ".[$index].container" "$work/steps.json")
    start "jenkins-$index-$1" "$fixtures/jenkins/pod.yaml" "$name"
    cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
    script=$work/objects/claim/jenkins/script.sh
    jq -r ".[$index].script" "$work/steps.json" >"$script"
    chmod 0755 "$script"
    # What waits for input waits for this pipe.
    mkfifo "$bundle/input"
    exec {input}<>"$bundle/input"
    start_pod "$bundle/input" "$fixtures/jenkins/pod.yaml" "$name" "${as[@]}"
    enter_pod --cwd /home/jenkins/agent/workspace -- /home/jenkins/agent/script.sh
    assert_eq "$(runc --root "$work/runc" state "$container" | jq -r .status)" running "the container after the script"
    end_containers
    exec {input}<&-
    assert_succeeded "step $index of the Jenkinsfile, $1"
  done
  assert_pushed group/app:jenkins none
  assert_pushed group/app:jenkins-input 3
  assert_pushed group/app:jenkins-again 4
}

# --- Kubernetes and Tekton ------------------------------------------------------------------------------------------------------

try_kubernetes() {
  rm -rf "$work/objects/claim/sources"
  cp -r "$fixtures/app" "$work/objects/claim/sources"
  example "pod-git-$1" "$fixtures/kubernetes/git.yaml" kaniko
  assert_succeeded "the pod with a git context, $1"
  assert_eq "$(cat "$bundle/kubelet/termination-log")" "$(digest_of group/app:pod-git)" 'the message of the pod'
  assert_pushed group/app:pod-git none
  example "pod-dir-$1" "$fixtures/kubernetes/directory.yaml" kaniko
  assert_succeeded "the pod with a directory, $1"
  assert_pushed group/app:pod-dir none
  # The one that is shipped as an example has the same words.
  new_container "pod-shipped-$1" kaniko
  cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
  run_pod "$repository/adapters/kubernetes/kaniko-pod.yaml" kaniko "${as[@]}"
  assert_succeeded "the pod that is shipped, $1"
  assert_eq "$(cat "$bundle/kubelet/termination-log")" "$(digest_of group/app:1.0)" 'its message'
  assert_pushed group/app:1.0 none
}
# The warmer fetches the base; the executor after it asks the registry for the name alone.
try_warmer() {
  local layer
  rm -rf "$work"/objects/claim/{sources,cache}
  cp -r "$fixtures/app" "$work/objects/claim/sources"
  mkdir -m 1777 "$work/objects/claim/cache"
  layer=$(registry group/base/manifests/1 | jq -r '.layers[0].digest')
  fetched() { grep -c "GET /v2/group/base/blobs/$layer " "$work/nginx/access" || true; }
  example "warmer-$1" "$fixtures/kubernetes/warmed.yaml" kaniko-warmer
  assert_succeeded "the warmer, $1"
  before=$(fetched)
  [[ $before -gt 0 ]] || fail 'the warmer has fetched nothing'
  example "warmed-$1" "$fixtures/kubernetes/warmed.yaml" kaniko
  assert_succeeded "the pod with warmed bases, $1"
  assert_eq "$(fetched)" "$before" 'how often the base was fetched'
  assert_pushed group/app:warmed none
}
try_tekton() {
  "$repository/tests/adapters/tekton/taskrun.py" "$fixtures/tekton/task.yaml" "$fixtures/tekton/taskrun.yaml" >"$work/pod.json"
  example "tekton-$1" "$work/pod.json" build-and-push
  assert_succeeded "Tekton's task, $1"
  assert_eq "$(cat "$bundle/volumes/tekton-results/IMAGE_DIGEST")" "$(digest_of group/app:tekton)" 'the result IMAGE_DIGEST'
  assert_pushed group/app:tekton 5
}

# The pod that is shipped, under the whole of the restricted standard and with a read-only root file system: home and /tmp are volumes.
try_read_only() {
  /usr/bin/python3 - "$repository/adapters/kubernetes/kaniko-pod.yaml" >"$work/pod.yaml" <<'END'
import sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))
container = pod["spec"]["containers"][0]
container["securityContext"] = {
    "runAsNonRoot": True, "runAsUser": 65532, "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"},
}
container["resources"] = {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "4Gi"}}
for name, path in (("home", "/home/cooper"), ("tmp", "/tmp")):
    container["volumeMounts"].append({"name": name, "mountPath": path})
    pod["spec"]["volumes"].append({"name": name, "emptyDir": {}})
print(yaml.safe_dump(pod))
END
  "$repository/tests/adapters/kubernetes/restricted.py" "$work/pod.yaml" || fail 'the pod is not restricted'
  new_container read-only kaniko
  cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
  run_pod "$work/pod.yaml" kaniko
  assert_succeeded 'the pod with a read-only root file system'
  assert_pushed group/app:1.0 none
}

# The store on a volume: what RUN keeps in a cache mount is there for the next pod.
try_store() {
  local run
  rm -rf "$work"/objects/claim/{sources,store}
  mkdir "$work/objects/claim/sources"
  mkdir -m 0777 "$work/objects/claim/store"
  printf 'FROM registry.example.com/group/base:1\nRUN --mount=type=cache,target=/kept echo line >>/kept/lines && cp /kept/lines /lines\n' \
    >"$work/objects/claim/sources/Dockerfile"
  /usr/bin/python3 - "$fixtures/kubernetes/directory.yaml" >"$work/pod.yaml" <<'END'
import sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))
pod["spec"]["containers"][0]["volumeMounts"].append({"name": "store", "mountPath": "/kaniko/cooper"})
pod["spec"]["volumes"].append({"name": "store", "persistentVolumeClaim": {"claimName": "store"}})
print(yaml.safe_dump(pod))
END
  for run in 1 2; do
    example "store-$run-$1" "$work/pod.yaml" kaniko
    assert_succeeded "the pod with a store on a volume, $1"
    files_of group/app:pod-dir "$work/pushed"
    assert_eq "$(wc -l <"$work/pushed/rootfs/lines")" "$run" 'lines that were kept'
  done
}

try_all() { # try_all WAY PLATFORM...
  local name=${1// /-} platform
  for platform in "${@:2}"; do
    "try_$platform" "$name"
    echo "$platform, $1: pushed"
  done
}
as=()
try_all 'as root' gitlab cloudbuild jenkins kubernetes store warmer tekton
as=(--user 65534)
try_all 'without privileges' gitlab cloudbuild jenkins kubernetes store warmer tekton
# As the runners of GitLab.com and Cloud Build start them.
as=(--privileged)
try_all 'with all privileges' gitlab cloudbuild store
as=()

# An image of somebody's own, into which Kaniko's directory was copied.
try_copied() {
  printf 'FROM registry.example.com/group/base:1\nCOPY --from=kaniko /kaniko /kaniko\n' >"$work/Dockerfile"
  DOCKER_CONFIG=$work/plain "$cooper" build --store "$work/store" -q -f "$work/Dockerfile" --registry-map "registry.example.com=$REGISTRY" \
    --build-context "kaniko=oci-layout://$work/build/image/kaniko" -t copied:1 -o "type=oci,dest=$work/copied,tar=false" "$work/base" >/dev/null
  umoci unpack --image "$work/copied:1" "$work/images/copied" 2>/dev/null
  "$cooper" image inspect --config "oci-layout://$work/copied" >"$work/images/copied/config.json"
  new_container copied copied
  cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
  /usr/bin/python3 - "$repository/adapters/kubernetes/kaniko-pod.yaml" >"$work/pod.yaml" <<'END'
import sys, yaml
pod = yaml.safe_load(open(sys.argv[1]))
pod["spec"]["containers"][0]["command"] = ["/kaniko/executor"]
print(yaml.safe_dump(pod))
END
  run_pod "$work/pod.yaml" kaniko
  assert_succeeded 'the pod of an image with a copied /kaniko'
  assert_pushed group/app:1.0 none
}

try_copied
echo 'kubernetes, copied into another image: pushed'
try_read_only
echo 'kubernetes, read-only: pushed'

# --- a pod that is deleted: the executor is the first process of its container, which no signal ends that it does not handle --------

mkfifo "$work/lines"
printf 'FROM registry.example.com/group/base:1\nRUN echo the step is here && busybox sleep 7777\n' \
  >"$work/objects/claim/sources/Dockerfile"
start stopped "$fixtures/kubernetes/directory.yaml" kaniko
cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
write_pod "$fixtures/kubernetes/directory.yaml" kaniko
running+=("$(container_id)")
runc --root "$work/runc" run --bundle "$bundle" "$(container_id)" >"$work/lines" 2>&1 </dev/null &
pod=$!
while IFS= read -r line; do
  if [[ $line == *'the step is here' ]]; then runc --root "$work/runc" kill "$(container_id)" TERM; fi
done <"$work/lines"
result=0
wait "$pod" || result=$?
assert_eq "$result" 143 'exit code of a pod that was told to end'

# --- a build that fails, fails the job with the code that Kaniko ends with ------------------------------------------------------

printf 'FROM registry.example.com/group/base:1\nRUN exit 42\n' >"$work/objects/claim/sources/Dockerfile"
example failing "$fixtures/kubernetes/directory.yaml" kaniko
assert_eq "$result" 42 'exit code of a step that failed'
