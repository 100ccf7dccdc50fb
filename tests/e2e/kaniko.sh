# shellcheck shell=bash
# The vocabulary of the tests of Kaniko's command line; source it after lib.sh.
#
#   executor, warmer      cooper under Kaniko's names; KANIKO_DIR is the test's own
#   kaniko ARGUMENT...    runs the executor; standard error goes to $work/log, standard output to $work/output
#   kaniko_fails CODE ARGUMENT...   expects a failure with this exit code; the message is $message
# shellcheck disable=SC2154  # $work and $cooper are lib.sh's

export KANIKO_DIR=$work/kaniko
mkdir -p "$KANIKO_DIR"
executor=$KANIKO_DIR/executor
warmer=$KANIKO_DIR/warmer
cp "$cooper" "$executor"
ln "$executor" "$warmer"

kaniko() {
  local result=0
  "$executor" "$@" >"$work/output" 2>"$work/log" || result=$?
  [[ $result -eq 0 ]] || { cat "$work/log" >&2 && fail "executor $*: exit code $result"; }
}

kaniko_fails() {
  local code=$1 result=0
  shift
  "$executor" "$@" >"$work/output" 2>"$work/log" || result=$?
  message=$(cat "$work/log")
  [[ $result -eq $code ]] || fail "executor $*: exit code $result, expected $code:"$'\n'"$message"
  assert_lacks "$message" 'terminate called' 'standard error'
}

registry_manifest() { # registry_manifest REPOSITORY TAG
  curl -sS -f -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' "http://$REGISTRY/v2/$1/manifests/$2"
}
tag_digest() { # tag_digest REPOSITORY TAG
  echo "sha256:$(registry_manifest "$1" "$2" | sha256sum | cut -d' ' -f1)"
}
