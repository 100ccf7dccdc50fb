#!/bin/bash
# --check and --call: the answer on standard output, everything else on standard error, and nothing is built.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

call() { # call CODE ARGUMENT...: leaves standard output in $answer, standard error in $message
  local code=$1 result=0
  shift
  answer=$("$cooper" build --store "$store" --progress plain "$@" 2>"$work/log") || result=$?
  message=$(cat "$work/log")
  assert_eq "$result" "$code" "exit code of $*"
}

dockerfile context <<'END'
# app is what is shipped
FROM scratch AS app
ARG VERSION=1
COPY Dockerfile /
RUN --mount=type=secret,id=token,required=true no-such-program
CMD ["/app"]
END

# What a build would fail at is not looked at: nothing runs.
call 0 --check context
assert_eq "$answer" 'Check complete, no warnings found.'
assert_eq "$message" ''
call 0 --call=check context
call 0 --check --push --load -o type=oci,dest=never.tar --iidfile never context
assert_absent never.tar
assert_absent never

call 0 --call=outline --build-arg VERSION=2 context
assert_contains "$answer" 'is what is shipped'
assert_contains "$answer" 'VERSION     2'
assert_contains "$answer" 'token    true'
call 0 --call=targets context
assert_contains "$answer" 'app (default)   is what is shipped'
call 0 --call=targets,format=json context
assert_contains "$answer" '"base": "scratch"'

# Warnings fail a check and no build.
dockerfile warned <<'END'
# syntax=docker/dockerfile:1
FROM scratch AS Base
COPY Dockerfile /
CMD echo
END
call 1 --check warned
assert_contains "$answer" 'Check complete, 2 warnings have been found!'
assert_contains "$answer" 'WARNING: StageNameCasing - https://docs.docker.com/go/dockerfile/rule/stage-name-casing/'
assert_contains "$answer" '>>> CMD echo'
assert_lacks "$answer" 'answered by the built-in frontend'
assert_contains "$message" "syntax 'docker/dockerfile:1' is answered by the built-in frontend"
call 0 --call=check,ignorestatus=true warned
call 1 --call=check,format=json --metadata-file metadata.json warned
assert_contains "$answer" '"ruleName": "JSONArgsRecommended"'
assert_contains "$(cat metadata.json)" '"result.json"'
call 0 --check --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=all warned
call 0 --check --target base --build-arg BUILDKIT_DOCKERFILE_CHECK=skip=StageNameCasing,JSONArgsRecommended warned
build -o out warned
log=$(cat "$work/log")
assert_contains "$log" '2 warnings found (use --check to expand):'
assert_contains "$log" 'warned/Dockerfile:4: JSONArgsRecommended:'
assert_contains "$log" 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/'
rm -r out

# error=true fails the build before its first step.
build_fails 3 -o out --build-arg BUILDKIT_DOCKERFILE_CHECK=error=true warned
assert_contains "$message" '2 warnings found'
assert_contains "$message" 'violations of StageNameCasing, JSONArgsRecommended'
assert_absent out

# An error stops a check: what was found before it goes to standard output, the error to standard error.
printf 'FROM scratch AS Base\nCOYP a b\n' >warned/Dockerfile
call 3 --check warned
assert_contains "$answer" StageNameCasing
assert_lacks "$answer" "'COYP'"
assert_contains "$message" "Dockerfile:2:1: unknown instruction 'COYP'"
call 3 --call=check,format=json,ignorestatus=true warned
assert_contains "$answer" '"buildError"'
call 3 --call=targets warned
assert_eq "$answer" ''

# A base that is not there; one that is, with an environment that the linter needs to know.
with_base
printf 'FROM %s/no-such-image\n' "$REGISTRY" >warned/Dockerfile
call 5 --check warned
assert_contains "$message" 'Dockerfile:1:6: image'
# shellcheck disable=SC2016  # the variable is the Dockerfile's
printf 'FROM %s\nLABEL path=$PATH\n' "$base" >warned/Dockerfile
call 0 --check warned
assert_eq "$answer" 'Check complete, no warnings found.'
[[ -z $(find "$store" -size +100k) ]] || fail "layers were pulled for a check"

# What cannot be meant.
call 2 --call=lnit context
call 2 --call=check,format=xml context
call 2 --check --call=outline context
printf '# syntax=example.com/other\nFROM scratch\n' >warned/Dockerfile
call 9 --check warned
assert_contains "$message" 'Dockerfile:1:10: frontend'
assert_contains "$message" 'FROM scratch' 'the lines around the error'
build_fails 9 -o out warned
build_fails 9 -o out --build-arg BUILDKIT_SYNTAX=example.com/other context

# Consent is asked for before anything runs.
printf 'FROM scratch\nRUN first\nRUN --security=insecure second\nRUN --network=host third\n' >warned/Dockerfile
build_fails 2 -o out warned
assert_contains "$message" 'Dockerfile:3:5'
assert_contains "$message" '--allow security.insecure'
build_fails 2 -o out --allow security.insecure warned
assert_contains "$message" '--allow network.host'
if can_run; then
  build_fails 127 -o out --allow security.insecure --allow network.host warned
  printf 'FROM %s\nRUN --security=insecure --network=host true\n' "$base" >warned/Dockerfile
  if has_mounts; then
    build -o out --allow security.insecure --network host warned
  else
    build_fails 9 -o out --allow security.insecure --network host warned
    assert_contains "$message" "isolation '$(isolation)' has no privileges to give"
  fi
fi
