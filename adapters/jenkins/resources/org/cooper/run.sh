#!/bin/sh
# Runs `cooper ci build` for the step cooperBuild. Everything comes in the environment; nothing secret is an argument or is printed.
#
# COOPERBUILD_PROGRAM, COOPERBUILD_NO_PUSH        the program, and 1 to build without pushing
# COOPERBUILD_CONFIG                              a directory to make, use as DOCKER_CONFIG and remove
# COOPERBUILD_REGISTRIES, COOPERBUILD_HOST_n      how many registries there are, and their names
# CREDENTIAL_n_USERNAME, CREDENTIAL_n_PASSWORD    who we are there
#
# Ends as cooper does; with 125 when cooper was not started, since what lies in the workspace is no result of ours.
set -eu

# Only our own names reach eval.
value_of() { eval "printf %s \"\${$1}\""; }

write_config() {
  printf '{"auths":{'
  number=0
  while [ "$number" -lt "$COOPERBUILD_REGISTRIES" ]; do
    [ "$number" -eq 0 ] || printf ','
    auth=$(printf '%s:%s' "$(value_of "CREDENTIAL_${number}_USERNAME")" "$(value_of "CREDENTIAL_${number}_PASSWORD")" | base64 | tr -d '\n')
    printf '"%s":{"auth":"%s"}' "$(value_of "COOPERBUILD_HOST_$number")" "$auth"
    number=$((number + 1))
  done
  printf '}}\n'
}

child=
trap '[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true' TERM INT HUP
trap 'rm -rf -- "$COOPERBUILD_CONFIG"' EXIT

if [ "$COOPERBUILD_REGISTRIES" -gt 0 ]; then
  (
    umask 077
    mkdir -p -- "${COOPERBUILD_CONFIG%/*}"
    mkdir -- "$COOPERBUILD_CONFIG"
    write_config >"$COOPERBUILD_CONFIG/config.json"
  )
  export DOCKER_CONFIG="$COOPERBUILD_CONFIG"
  number=0
  while [ "$number" -lt "$COOPERBUILD_REGISTRIES" ]; do
    unset "CREDENTIAL_${number}_USERNAME" "CREDENTIAL_${number}_PASSWORD"
    number=$((number + 1))
  done
fi

# What an earlier run left behind must not pass for ours.
if ! rm -f -- "$WORKSPACE/cooper-result.json"; then
  echo "error: 'cooper-result.json' in the workspace cannot be replaced" >&2
  exit 125
fi

set -- ci build --ci=jenkins
[ -z "${COOPERBUILD_NO_PUSH:-}" ] || set -- "$@" --no-push
"${COOPERBUILD_PROGRAM:-cooper}" "$@" &
child=$!
# A signal ends `wait` early; the build then has been told, and is waited for again.
while :; do
  status=0
  wait "$child" || status=$?
  kill -0 "$child" 2>/dev/null || break
done
exit "$status"
