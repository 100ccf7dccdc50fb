#!/bin/bash
# The Job that is shipped, run as a kubelet runs it under the "restricted" standard: nobody's user, no capability, a read-only root
# file system. It fetches its context over git, pulls its base, runs a step, pushes with the login of a secret, and keeps a cache.
#
# usage: job_test.sh [BUILD]
# shellcheck source=lib.sh
source "$(dirname "$(realpath "$0")")/lib.sh"
job=$repository/adapters/kubernetes/job.yaml

start_network
make_images cooper
trust_authority cooper

mkdir -p "$work/base/bin" "$work/app"
cp "$(command -v busybox)" "$work/base/bin/busybox"
ln -s busybox "$work/base/bin/sh"
push_base group/base:1 "$work/base"
cat >"$work/app/Dockerfile" <<'END'
FROM registry.example.com/group/base:1
COPY source /app/source
RUN busybox id -u >/app/user && busybox tr a-z A-Z </app/source >/app/made
USER 1234
END
echo hello >"$work/app/source"
publish_git group/app.git "$work/app"

mkdir -p "$work/objects/secret/registry-login"
login_file registry.example.com >"$work/objects/secret/registry-login/.dockerconfigjson"

# --- it builds and pushes ---------------------------------------------------------------------------------------------

new_container first cooper
run_pod "$job" cooper
assert_succeeded 'the Job'
assert_eq "$(config_of group/app:1.0 | jq -r .config.User)" 1234 'the user of the image'
files_of group/app:1.0 "$work/image"
assert_eq "$(cat "$work/image/rootfs/app/made")" HELLO 'what the step made'
assert_eq "$(cat "$work/image/rootfs/app/user")" 0 'who the step was'
assert_eq "$(stat -c '%u:%g' "$work/image/rootfs/app/made")" 0:0 'whose file it is'
first=$(digest_of group/app:1.0)

# --- a second Job is another pod, with nothing but the registry's cache ------------------------------------------------

new_container second cooper
run_pod "$job" cooper
assert_succeeded 'the second Job'
assert_eq "$(digest_of group/app:1.0)" "$first" 'the digest'
assert_contains "$(cat "$work/log")" CACHED 'the log of the second Job'

# --- as a user that the cluster makes up, as OpenShift's do; and from a repository that wants a token ----------------------------

new_container any-user cooper
run_pod "$job" cooper --user 1000680000
assert_succeeded 'the Job of another user'
assert_eq "$(digest_of group/app:1.0)" "$first" 'the digest'

publish_git group/private.git "$work/app"
mkdir -p "$work/objects/secret/git"
printf token-of-git >"$work/objects/secret/git/token"
/usr/bin/python3 - "$job" >"$work/private.yaml" <<'END'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))
container = job["spec"]["template"]["spec"]["containers"][0]
container["args"][-1] = "https://git.example.com/group/private.git#main"
container["args"].insert(1, "--secret=id=GIT_AUTH_TOKEN,env=TOKEN")
container["env"].append({"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "git", "key": "token"}}})
print(yaml.safe_dump(job))
END
new_container private cooper
run_pod "$work/private.yaml" cooper
assert_succeeded 'the Job of a private repository'
sed -i '/id=GIT_AUTH_TOKEN/d' "$work/private.yaml"
new_container private-without-token cooper
run_pod "$work/private.yaml" cooper
[[ $result -ne 0 ]] || fail 'the private repository was read without a token'

# --- and without the secret it says who it was --------------------------------------------------------------------------

echo '{}' >"$work/objects/secret/registry-login/.dockerconfigjson"
new_container stranger cooper
run_pod "$job" cooper
assert_eq "$result" 6 'exit code without a login'
assert_contains "$(cat "$work/log")" "/var/run/registry-login/config.json" 'the places that it looked at'
