#!/bin/bash
# The Task that is shipped, and its example of a TaskRun, played under the "restricted" standard: parameters put in as Tekton does,
# the step in a container, the results where Tekton looks for them. Values that a shell or a flag would make something of stay values.
#
# usage: task_test.sh [BUILD]
# shellcheck source=../kubernetes/lib.sh
source "$(dirname "$(realpath "$0")")/../kubernetes/lib.sh"
here=$repository/tests/adapters/tekton
shipped=$repository/adapters/tekton

if ! "$repository/tests/adapters/kubernetes/restricted.py" "$shipped/task.yaml" >"$work/log"; then
  fail "the task is not restricted: $(cat "$work/log")"
fi

start_network
make_images debug
trust_authority debug
mkdir -p "$work/base/bin" "$work/objects/secret/registry-login" "$work/objects/claim/sources/docker"
cp "$(command -v busybox)" "$work/base/bin/busybox"
ln -s busybox "$work/base/bin/sh"
push_base group/base:1 "$work/base"
login_file registry.example.com >"$work/objects/secret/registry-login/.dockerconfigjson"
sources=$work/objects/claim/sources
cat >"$sources/Dockerfile" <<'END'
FROM registry.example.com/group/base:1 AS first
ARG VERSION
ARG GREETING
LABEL version=$VERSION greeting=$GREETING
COPY source /source
RUN busybox wc -c </source >/size
FROM first
LABEL stage=last
END
cp "$sources/Dockerfile" "$sources/docker/other"
echo hello >"$sources/source"
publish_git group/app.git "$sources"

# What was made of the TaskRun $work/run.yaml; the results are in $results.
play() { # play NAME
  new_container "$1" debug
  /usr/bin/python3 "$here/taskrun.py" "$shipped/task.yaml" "$work/run.yaml" >"$bundle/pod.json"
  run_pod "$bundle/pod.json" build
  results=$bundle/volumes/tekton-results
}
# The example, changed by a statement on its specification: change 'spec["params"] = …'.
change() { # change PYTHON
  /usr/bin/python3 - "$shipped/taskrun.yaml" "$1" >"$work/run.yaml" <<'END'
import sys, yaml
run = yaml.safe_load(open(sys.argv[1]))
spec = run["spec"]
param = lambda name, value: spec.__setitem__("params", [p for p in spec["params"] if p["name"] != name] + [{"name": name, "value": value}])
exec(sys.argv[2])
print(yaml.safe_dump(run))
END
}
label() { config_of "$1" | jq -r --arg name "$2" '.config.Labels[$name]'; }

# --- the example as it is ------------------------------------------------------------------------------------------------

change 'pass'
play example
assert_succeeded 'the example'
assert_eq "$(od -An -c "$results/IMAGE_URL" | tr -d ' \n')" "$(printf registry.example.com/group/app:1.0 | od -An -c | tr -d ' \n')" IMAGE_URL
assert_eq "$(cat "$results/IMAGE_DIGEST")" "$(digest_of group/app:1.0)" IMAGE_DIGEST
assert_eq "$(stat -c %s "$results/IMAGE_DIGEST")" 71 'size of IMAGE_DIGEST'
assert_eq "$(label group/app:1.0 version)" 1.0 'a build argument'
# shellcheck disable=SC2016  # as the example has it
assert_eq "$(label group/app:1.0 greeting)" 'it'\''s "quoted", $(and) `left` alone' 'a build argument that a shell would read'
assert_eq "$(label group/app:1.0 team)" payments 'what an extra argument said'

# --- the other parameters ---------------------------------------------------------------------------------------------------

change 'param("image", "registry.example.com/group/app:2"); param("dockerfile", "docker/other"); param("target", "first")'
play target
assert_succeeded 'a target of another Dockerfile'
assert_eq "$(label group/app:2 stage)" null 'a label of the stage after the target'
assert_eq "$(cat "$results/IMAGE_DIGEST")" "$(digest_of group/app:2)" IMAGE_DIGEST

change 'param("image", "registry.example.com/group/app:3"); param("context", "https://git.example.com/group/app.git#main")
del spec["workspaces"][0]'
play git
assert_succeeded 'a context that is a URL, and no sources'
assert_eq "$(label group/app:3 stage)" last 'the last stage'

# --- values that want to be more ---------------------------------------------------------------------------------------------

# shellcheck disable=SC2016  # not for this shell
change 'param("image", "registry.example.com/group/app:4")
param("build-args", ["VERSION=--label=a=b", "--values-of-build-args", "--tag=registry.example.com/group/stolen:1", "GREETING=a\nb; touch /tmp/x $(id)"])'
play hostile
assert_eq "$(registry group/stolen/manifests/1 --output /dev/null --write-out '%{http_code}' 2>/dev/null || true)" 404 'an image that a build argument named'
assert_succeeded "values that look like flags"
assert_eq "$(label group/app:4 version)" --label=a=b "a value that looks like a flag"
[[ ! -e $bundle/volumes/tmp/x ]] || fail 'a build argument was run by the shell'

# shellcheck disable=SC2016  # not for this shell
change 'param("image", "registry.example.com/group/app:5\"; touch /tmp/x; echo \"$(touch /tmp/y)")'
play 'hostile-image'
assert_eq "$result" 2 'exit code for an image with a hostile name'
[[ ! -e $bundle/volumes/tmp/x && ! -e $bundle/volumes/tmp/y ]] || fail "the image's name was run by the shell"
[[ ! -s $results/IMAGE_DIGEST ]] || fail 'a build that failed has a digest'

# --- and what Tekton itself refuses -----------------------------------------------------------------------------------------------

change 'spec["params"].append({"name": "IMAGE", "value": "x"})'
if "$here/taskrun.py" "$shipped/task.yaml" "$work/run.yaml" >/dev/null 2>&1; then fail 'an unknown parameter was taken'; fi
