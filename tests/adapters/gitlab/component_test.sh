#!/bin/bash
# The component in real pipelines: gitlab-ci-local includes it from a throw-away repository and runs the jobs.
#
# usage: component_test.sh [BUILD]      with $COOPER set the images are really built and pushed to a registry of loopback
# shellcheck source=../packaging/lib.sh
source "$(dirname "$0")/../packaging/lib.sh"
need git rsync jq
need_npm_tools
record_cooper

registry=registry.example.com
if [[ -n ${COOPER:-} ]]; then
  need docker-registry curl
  # shellcheck source=../../../scripts/registry.sh
  source "$repository/scripts/registry.sh"
  start_registry "$work/registry"
  registry=$REGISTRY
fi

# A project that has the component in its own templates/ and uses it as any project would.
project=$work/project
git init -q -b main "$project"
cd "$project"
git remote add origin git@gitlab.example.com:group/app.git
git config user.name Test
git config user.email test@example.com
cp -r "$repository/adapters/gitlab/templates" .
printf '/.gitlab-ci-local/\n' >.gitignore
mkdir -p 'app dir'
# shellcheck disable=SC2016  # for the Dockerfile
printf 'FROM scratch\nARG WORDS\nARG PRICE\nLABEL words=${WORDS} price=${PRICE}\nCOPY hello /\n' >'app dir/Dockerfile'
echo hello >'app dir/hello'

commit() { # commit: makes standard input the project's pipeline
  cat >.gitlab-ci.yml
  git add -A
  git commit -q --allow-empty -m "A commit's \"title\"; \$(with) hostile words"
  validation=true
}

# Runs all jobs of a pipeline, which is held against GitLab's schema once after each commit. Output is in $work/log.
validation=true
pipeline() { # pipeline [OPTION]...
  "$node" "$tools/node_modules/gitlab-ci-local/dist/index.js" --home "$work/home" \
    --force-shell-executor --shell-isolation --no-color "--json-schema-validation=$validation" \
    --variable "CI_REGISTRY=$registry" --variable "CI_REGISTRY_IMAGE=$registry/group/app" "$@" >"$work/log" 2>&1 || return
  validation=false
}
run() { # run WHAT [OPTION]...
  local what=$1
  shift
  forget_calls
  pipeline "$@" || { cat "$work/log" >&2 && fail "$what: the pipeline failed"; }
}
# Elements of an input that is an array, as cooper reads them: the variable holds a JSON list.
list() { recorded "$1" "$2" | jq -r '.[]'; }

# --- the shortest use: everything is left to cooper ---------------------------------------------------------------

commit <<'END'
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/build@$CI_COMMIT_SHA
    inputs:
      context: app dir
stages: [build, test]
use:
  stage: test
  script:
    - echo "image=$COOPER_IMAGE digest=$COOPER_DIGEST reference=$COOPER_IMAGE_REF tags=$COOPER_TAGS"
    - test "${COOPER_IMAGE_REF#*@}" = "$COOPER_DIGEST"
    - grep -q "$COOPER_DIGEST" cooper-result.json
END
run 'shortest use' --variable CI_COMMIT_BRANCH=main
assert_eq "$(calls)" 1 'calls of cooper'
assert_eq "$(recorded_arguments 0)" 'ci build --ci=gitlab'
assert_eq "$(recorded 0 COOPER_CONTEXT)" 'app dir'
for variable in FILE TARGET IMAGE_BASE PROJECT; do
  assert_eq "$(recorded 0 COOPER_$variable)" '' "COOPER_$variable"
done
for variable in PLATFORM BUILD_ARG SECRET TAG IMAGES; do
  assert_eq "$(recorded 0 COOPER_$variable | jq -c .)" '[]' "COOPER_$variable"
done
assert_eq "$(recorded 0 COOPER_CACHE_TO)" '(unset)'
[[ $(cat "$work/log") =~ image=$registry/group/app:[^\ ]+\ digest=sha256:[0-9a-f]{64}\  ]] || fail "the dotenv did not reach the next job"

# --- the shapes of pipelines: the record is read from what the platform says ---------------------------------------

# gitlab-ci-local names a branch in each of them, GitLab only where a branch is built.
run 'tag' --variable CI_COMMIT_TAG=v1.2.3 --variable CI_COMMIT_BRANCH= --variable CI_COMMIT_REF_NAME=v1.2.3 \
  --variable CI_COMMIT_REF_SLUG=v1-2-3
assert_eq "$(recorded_arguments 0)" 'ci build --ci=gitlab'
assert_eq "$(recorded 0 CI_COMMIT_TAG)$(recorded 0 CI_COMMIT_BRANCH)" v1.2.3
[[ -z ${COOPER:-} || $(cat "$work/log") =~ \ tags=([^ ]*,)?1\.2\.3[,$'\n'] ]] || fail "not tagged 1.2.3: $(cat "$work/log")"
run 'merge request' --variable CI_PIPELINE_SOURCE=merge_request_event --variable CI_MERGE_REQUEST_IID=7 \
  --variable CI_COMMIT_BRANCH= --variable CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=feature \
  --variable CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
assert_eq "$(recorded 0 CI_MERGE_REQUEST_IID)$(recorded 0 CI_COMMIT_BRANCH)" 7
[[ -z ${COOPER:-} || $(cat "$work/log") =~ \ tags=([^ ]*,)?pr-7[,$'\n'] ]] || fail "not tagged pr-7: $(cat "$work/log")"

# --- every input, with what quoting could break --------------------------------------------------------------------

commit <<'END'
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/build@$CI_COMMIT_SHA
    inputs:
      job_name: build app
      stage: image
      context: app dir
      dockerfile: 'app dir/Dockerfile'
      platforms: [linux/amd64]
      build_args:
        - 'WORDS=two words, "quoted", it''s: #1 & <2> $(touch /tmp/cooper-injected) `id`; \n'
        - PRICE=$$5
        - "LINES=first\nsecond"
        - "MESSAGE=$GREETING"
      tags: ["$CI_REGISTRY_IMAGE/app:one", "$CI_REGISTRY_IMAGE/app:two"]
      image_base: $CI_REGISTRY_IMAGE/app
      push: false
stages: [image]
END
run 'every input' --variable 'GREETING=hello; world'
assert_eq "$(recorded_arguments 0)" 'ci build --ci=gitlab --no-push'
assert_eq "$(recorded 0 COOPER_FILE)" 'app dir/Dockerfile'
assert_eq "$(list 0 COOPER_PLATFORM)" 'linux/amd64'
# shellcheck disable=SC2016  # nothing is to be expanded
expected='WORDS=two words, "quoted", it'\''s: #1 & <2> $(touch /tmp/cooper-injected) `id`; \n
PRICE=$5
LINES=first
second
MESSAGE=hello; world'
assert_eq "$(list 0 COOPER_BUILD_ARG)" "$expected" 'build arguments'
assert_eq "$(recorded 0 COOPER_BUILD_ARG | jq length)" 4
assert_eq "$(list 0 COOPER_TAG)" "$registry/group/app/app:one"$'\n'"$registry/group/app/app:two"
assert_eq "$(recorded 0 COOPER_IMAGE_BASE)" "$registry/group/app/app"
[[ ! -e /tmp/cooper-injected ]] || fail 'an input was run'

# --- what is refused -----------------------------------------------------------------------------------------------

refused() { # refused PART INPUT: the pipeline is not even created
  commit <<END
include:
  - component: \$CI_SERVER_FQDN/\$CI_PROJECT_PATH/build@\$CI_COMMIT_SHA
    inputs:
      $2
END
  forget_calls
  if pipeline; then fail "$2: accepted"; fi
  assert_contains "$(cat "$work/log")" "$1"
  assert_eq "$(calls)" 0 'calls of cooper'
}
refused 'not in the list of allowed options' 'cache: everywhere'
refused 'not a array' 'platforms: linux/amd64'
refused 'not a boolean' 'push: sometimes'

# --- GitLab's own cache, over two pipelines --------------------------------------------------------------------------

commit <<'END'
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/build@$CI_COMMIT_SHA
    inputs:
      context: app dir
      cache: gitlab
      push: false
stages: [build]
END
run 'cold cache'
assert_eq "$(recorded 0 COOPER_CACHE_TO)" 'type=local,dest=.cooper-cache,mode=max'
assert_eq "$(recorded 0 COOPER_CACHE_FROM)" 'type=local,src=.cooper-cache'
kept=$(find "$project/.gitlab-ci-local/cache" -path '*/.cooper-cache/root')
[[ $kept == */build-image-* ]] || fail "the cache was not kept under the job's name: '$kept'"
run 'warm cache'
if [[ -z ${COOPER:-} ]]; then
  [[ -e $record/0.cached ]] || fail 'the cache did not come back'
else
  assert_eq "$(find "$project/.gitlab-ci-local/artifacts/build-image" -name cooper-result.json -exec \
    jq '.images[0].steps_run' {} +)" 0 'steps that ran with a warm cache'
fi

# --- two inclusions in one pipeline; a job that fails ------------------------------------------------------------------

commit <<'END'
include:
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/build@$CI_COMMIT_SHA
    inputs: {job_name: one, context: app dir, image_base: $CI_REGISTRY_IMAGE/one}
  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/build@$CI_COMMIT_SHA
    inputs: {job_name: two, stage: test, context: app dir, image_base: $CI_REGISTRY_IMAGE/two}
stages: [build, test]
one:
  variables: {COOPER_LABEL: added=here}
END
run 'two inclusions'
assert_eq "$(calls)" 2 'calls of cooper'
assert_eq "$(recorded 0 COOPER_LABEL) $(recorded 1 COOPER_LABEL)" 'added=here (unset)'
# The first job's results reach the second, as variables that must not be taken for its inputs.
assert_contains "$(recorded 1 COOPER_IMAGE)" "$registry/group/app/one:"
assert_eq "$(recorded 1 COOPER_IMAGE_BASE)" "$registry/group/app/two"
assert_eq "$(list 1 COOPER_IMAGES)" ''

if [[ -z ${COOPER:-} ]]; then
  touch "$work/fails"
  forget_calls
  if pipeline; then fail 'a failed build is a green pipeline'; fi
  assert_eq "$(calls)" 1 'calls of cooper'
  assert_eq "$(jq .succeeded "$project/.gitlab-ci-local/artifacts/one/cooper-result.json")" false
  rm "$work/fails"
else
  for name in one two; do
    tag=$(curl -sS -f "http://$registry/v2/group/app/$name/tags/list" | jq -r '.tags[0]')
    [[ -n $tag && $tag != null ]] || fail "'$name' is not in the registry"
  done
fi
# --- the component project's own pipeline ---------------------------------------------------------------------------------

rm -rf "$project"
cp -r "$repository/adapters/gitlab" "$project"
cd "$project"
git init -q -b main .
git remote add origin git@gitlab.example.com:cooper/gitlab.git
git config user.name Test
git config user.email test@example.com
printf '/.gitlab-ci-local/\n' >.gitignore
git add -A
git commit -q -m 'The component project'
run 'own pipeline'
assert_eq "$(calls)" 1 'calls of cooper'
assert_eq "$(list 0 COOPER_BUILD_ARG)" 'GREETING=hello, world'
assert_contains "$(cat "$work/log")" 'PASS  check-results'
if grep -q 'PASS  publish' "$work/log"; then fail 'a branch is published'; fi
git tag 1.2.3
run 'own pipeline of a tag' --variable CI_COMMIT_TAG=1.2.3
assert_contains "$(cat "$work/log")" 'PASS  publish'

echo "the component works in $([[ -n ${COOPER:-} ]] && echo "pipelines that build" || echo "pipelines with a stand-in for cooper")"
