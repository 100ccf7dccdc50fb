#!/bin/bash
# The orb's command "build": parameters (ORB_*) become the variables that cooper reads. Nothing is evaluated or split: a list
# is handed on as it is, one value a line. An empty parameter leaves the job's own COOPER_* variable alone.
set -euo pipefail

for name in CONTEXT FILE TARGET PLATFORM BUILD_ARG SECRET TAG IMAGE_BASE PROJECT IMAGES; do
  parameter=ORB_$name
  if [[ -n ${!parameter:-} ]]; then export "COOPER_$name=${!parameter}"; fi
  unset "$parameter"
done

# CircleCI spells a boolean in the environment as 1 and 0, or as the word.
is_true() { [[ $1 == true || $1 == 1 ]]; }

if is_true "${ORB_ON_DEFAULT_BRANCH:-false}"; then export COOPER_ON_DEFAULT_BRANCH=true; fi

# Outside of the working directory, so that it is no part of a context.
if [[ ${ORB_CACHE:-registry} == circleci ]]; then
  export COOPER_CACHE_FROM=type=local,src=$HOME/.cooper-cache
  export COOPER_CACHE_TO=type=local,dest=$HOME/.cooper-cache,mode=max
fi

# A role that trusts the job's identity: cooper reads that from a file, as AWS's own programs do. mktemp's is ours alone.
if [[ -n ${AWS_ROLE_ARN:-} && -z ${AWS_WEB_IDENTITY_TOKEN_FILE:-} && -n ${CIRCLE_OIDC_TOKEN_V2:-} ]]; then
  AWS_WEB_IDENTITY_TOKEN_FILE=$(mktemp)
  export AWS_WEB_IDENTITY_TOKEN_FILE
  trap 'rm -f "$AWS_WEB_IDENTITY_TOKEN_FILE"' EXIT
  printf '%s' "$CIRCLE_OIDC_TOKEN_V2" >"$AWS_WEB_IDENTITY_TOKEN_FILE"
fi

arguments=(ci build --ci=circleci)
is_true "${ORB_PUSH:-true}" || arguments+=(--no-push)
unset ORB_ON_DEFAULT_BRANCH ORB_CACHE ORB_PUSH
cooper "${arguments[@]}"
