#!/bin/bash
# Stands on PATH as `cooper`: records each call, then runs $RECORDED_COOPER, or, where that is empty, does what
# `cooper ci build` leaves behind for a CI system, so that packaging can be tried without building an image.
#
# Variables: RECORD, a directory: N.arguments and N.environment (COOPER_*, CI_*, CIRCLE_*) of call N, NUL after each.
#            STAND_IN_FAILS, a file: while it exists, builds fail with exit code 7.
set -euo pipefail
# The shell executor of gitlab-ci-local does not work in the directory that this variable names.
if [[ -n ${CI_PROJECT_DIR:-} && ! -d $CI_PROJECT_DIR ]]; then export CI_PROJECT_DIR=$PWD; fi
mkdir -p "$RECORD"
call=$(find "$RECORD" -name '*.arguments' | wc -l)
printf '%s\0' "$@" >"$RECORD/$call.arguments"
env -0 | grep -zE '^(COOPER|CI|CIRCLE)_' | sort -z >"$RECORD/$call.environment" || true
if [[ -n ${RECORDED_COOPER:-} ]]; then exec "$RECORDED_COOPER" "$@"; fi

image=${COOPER_IMAGE_BASE:-${CI_REGISTRY_IMAGE:-registry.example.com/stand-in}}:stand-in
digest=sha256:$(printf '%s' "$image" | sha256sum | cut -d' ' -f1)
reference=${image%:*}@$digest

# A local cache as cooper writes one: its root changes only with what it holds.
if [[ ${COOPER_CACHE_TO:-} =~ dest=([^,]*) ]]; then
  cache=${BASH_REMATCH[1]}
  if [[ -e $cache/root ]]; then touch "$RECORD/$call.cached"; fi
  mkdir -p "$cache"
  echo "$digest" >"$cache/root"
  [[ " $* " != *' --ci=circleci '* ]] || cp "$cache/root" cooper-cache-root
fi

succeeded=true
[[ ! -e ${STAND_IN_FAILS:-/nonexistent} ]] || succeeded=false
cat >cooper-result.json <<END
{"succeeded": $succeeded, "images": [{"name": "", "references": ["$image"], "digest": "$digest"}]}
END
[[ $succeeded == true ]] || exit 7

variables="COOPER_IMAGE=$image
COOPER_DIGEST=$digest
COOPER_IMAGE_REF=$reference
COOPER_TAGS=stand-in"
case " $* " in
  *' --ci=gitlab '*)
    echo "$variables" >cooper.env
    echo '{"Images": [{"external_link": {"label": "stand-in", "url": "https://registry.example.com"}}]}' >cooper-annotations.json
    ;;
  *' --ci=circleci '*)
    while IFS='=' read -r name value; do printf "export %s=%q\n" "$name" "$value"; done <<<"$variables" >>"$BASH_ENV"
    mkdir -p cooper-artifacts
    echo "$digest" >cooper-artifacts/digest.txt
    cp cooper-result.json cooper-artifacts/result.json
    ;;
esac
