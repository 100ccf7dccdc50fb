#!/bin/bash
# cooper ci: one commit seen by five CI systems gives one image and one set of tags, and each gets its results back.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need git
with_base

# A repository with two commits, checked out.
mkdir -p "$work/repo space@2"
cd "$work/repo space@2"
git init -q -b main .
git config user.email ci@example.com
git config user.name CI
git remote add origin https://user:secret@git.example.com/Group/App.git
printf 'FROM %s\nCOPY file /file\nCMD ["/file"]\n' "$base" >Dockerfile
echo content >file
printf '*\n!file\n' >.dockerignore
git add -A
GIT_COMMITTER_DATE=2026-01-02T03:04:05Z git commit -qm first
git tag v1.2.3
commit=$(git rev-parse HEAD)
repo=$PWD

# ci NAME=VALUE... -- ARGUMENT...: runs cooper ci in an environment of its own.
ci() {
  local variables=()
  while [[ $1 != -- ]]; do
    variables+=("$1")
    shift
  done
  shift
  env -i PATH="$PATH" HOME="$HOME" TMPDIR="$TMPDIR" COOPER_STORE="$store" "${variables[@]}" "$cooper" ci "$@" 2>"$work/log" ||
    { cat "$work/log" >&2; return 1; }
}
builds() { ci "$@" -- build --progress plain || fail "cooper ci build: $(cat "$work/log")"; }

# shellcheck disable=SC2034  # used by name
gitlab=(GITLAB_CI=true CI_COMMIT_SHA="$commit" CI_COMMIT_BRANCH=main CI_DEFAULT_BRANCH=main CI_PROJECT_PATH=Group/App
  CI_PROJECT_URL=https://git.example.com/Group/App CI_PROJECT_DIR="$repo" CI_COMMIT_REF_PROTECTED=true
  CI_REGISTRY_IMAGE="$REGISTRY/gitlab" CI_JOB_URL=https://git.example.com/job/1 CI_PIPELINE_ID=1 CI_JOB_ID=1)
# shellcheck disable=SC2034
circleci=(CIRCLECI=true CIRCLE_SHA1="$commit" CIRCLE_BRANCH=main CIRCLE_PROJECT_USERNAME=Group CIRCLE_PROJECT_REPONAME=App
  CIRCLE_REPOSITORY_URL=https://git.example.com/Group/App CIRCLE_WORKING_DIRECTORY="$repo" CIRCLE_BUILD_NUM=2
  BASH_ENV="$work/bash_env" COOPER_DEFAULT_BRANCH=main COOPER_IMAGE_BASE="$REGISTRY/circleci")
# shellcheck disable=SC2034
cloudbuild=(BUILDER_OUTPUT="$work/builder" COMMIT_SHA="$commit" BRANCH_NAME=main _DEFAULT_BRANCH=main REPO_FULL_NAME=Group/App
  BUILD_ID=3 PROJECT_ID=p COOPER_IMAGE_BASE="$REGISTRY/cloudbuild")
# shellcheck disable=SC2034
codebuild=(CODEBUILD_BUILD_ARN=arn:aws:codebuild:eu-west-1:123456789012:build/app:4 CODEBUILD_BUILD_ID=app:4
  CODEBUILD_RESOLVED_SOURCE_VERSION="$commit" CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main CODEBUILD_WEBHOOK_TRIGGER=branch/main
  CODEBUILD_SOURCE_REPO_URL=https://git.example.com/Group/App.git CODEBUILD_SRC_DIR="$repo" COOPER_DEFAULT_BRANCH=main COOPER_IMAGE_BASE="$REGISTRY/codebuild")
# shellcheck disable=SC2034
jenkins=(JENKINS_URL=https://jenkins.example.com/ BUILD_TAG=j-5 GIT_COMMIT="$commit" BRANCH_NAME=main BRANCH_IS_PRIMARY=true
  GIT_URL=https://user:secret@git.example.com/Group/App.git WORKSPACE="$repo" BUILD_NUMBER=5 COOPER_IMAGE_BASE="$REGISTRY/jenkins")
touch "$work/bash_env"
mkdir "$work/builder"

config_of() { curl -sf "http://$REGISTRY/v2/$1/manifests/$2" -H 'Accept: application/vnd.oci.image.manifest.v1+json' | jq -r .config.digest; }
wanted=
for name in gitlab circleci cloudbuild codebuild jenkins; do
  declare -n environment_of_ci=$name
  builds "${environment_of_ci[@]}"
  tags=$(curl -sf "http://$REGISTRY/v2/$name/tags/list" | jq -r '.tags | sort | join(" ")')
  assert_contains " $tags " " sha-${commit:0:12} " "$name's tags"
  found="$tags $(config_of "$name" "sha-${commit:0:12}")"
  assert_eq "$found" "${wanted:=$found}" "tags and image of $name"
  assert_eq "$(jq -r .succeeded cooper-result.json)" true "$name's result"
  assert_lacks "$(cat "$work/log" cooper-result.json)" secret "$name's log"
done
assert_contains " $wanted " ' main '


# Results, in each one's own way.
# shellcheck disable=SC2016  # of the other shell
assert_eq "$(bash -c '. "$1" && echo "${COOPER_IMAGE_REF%@*}"' - "$work/bash_env")" "$REGISTRY/circleci" 'CircleCI'
assert_eq "$(jq -r .digest "$work/builder/output")" "$(curl -sfI "http://$REGISTRY/v2/cloudbuild/manifests/main" \
  -H 'Accept: application/vnd.oci.image.manifest.v1+json' | tr -d '\r' | sed -n 's/^Docker-Content-Digest: //p')" 'Cloud Build'
[[ $(stat -c %s "$work/builder/output") -le 4096 ]] || fail 'Cloud Build gets too much'
assert_contains "$(cat cooper.env)" "COOPER_DIGEST="
[[ -s cooper-junit.xml ]] || fail 'CodeBuild has no report'
[[ -s cooper-annotations.json ]] || fail 'GitLab has no annotations'

# A second run comes out of the cache.
builds "${gitlab[@]}"
assert_contains "$(cat "$work/log")" 'section_start:'
assert_eq "$(jq -r '.images[0].steps_run' cooper-result.json)" 0 'steps of the second run'

# What it would do, and who says so; env and flags come before the CI.
ci "${gitlab[@]}" COOPER_TARGET=x -- explain --label a=b >said
assert_contains "$(cat said)" "\$COOPER_TARGET"
assert_contains "$(cat said)" 'the command line'
assert_contains "$(cat said)" "$REGISTRY/gitlab:main"
assert_eq "$(ci "${gitlab[@]}" -- env | jq -r .commit)" "$commit"

# Several images in one file share what they have in common.
cat >.cooper.yml <<END
version: 1
images:
  api: {target: api, platforms: linux/amd64}
  worker: {target: worker, platforms: linux/amd64}
END
printf 'FROM %s AS common\nCOPY file /common\nFROM common AS api\nCOPY file /api\nFROM common AS worker\nCOPY file /worker\n' \
  "$base" >Dockerfile
rm -rf "$store"
builds "${gitlab[@]}"
assert_eq "$(jq -r '[.images[].name] | join(" ")' cooper-result.json)" 'api worker' 'images'
assert_eq "$(jq -r '[.images[].steps_run] | add' cooper-result.json)" 3 'steps of both images that ran'
assert_contains "$(cat "$work/log")" 'api | '
curl -sfI -o /dev/null "http://$REGISTRY/v2/gitlab/worker/manifests/main" -H "Accept: application/vnd.oci.image.manifest.v1+json"

# A fork's merge request is built and not pushed; its project file names no places.
printf 'version: 1\nimage: %s/evil\ntags: [%s/evil:latest]\ntarget: api\n' "$REGISTRY" "$REGISTRY" >.cooper.yml
fork=("${gitlab[@]}" CI_COMMIT_BRANCH= CI_COMMIT_REF_PROTECTED=false CI_MERGE_REQUEST_IID=7 CI_PROJECT_ID=1
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME=topic CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main
  CI_MERGE_REQUEST_SOURCE_PROJECT_ID=2 CI_MERGE_REQUEST_PROJECT_ID=1)
builds "${fork[@]}"
assert_contains "$(cat "$work/log")" 'not trusted'
assert_eq "$(jq -r '.images[0].references | length' cooper-result.json)" 0 'names that a fork pushed'
! curl -sfI -o /dev/null "http://$REGISTRY/v2/evil/tags/list" || fail "the fork's own place was pushed to"

# Bad input is named.
rm .cooper.yml
! ci "${gitlab[@]}" CI_COMMIT_SHA=nonsense -- build 2>/dev/null || fail 'a commit that is none was believed'
assert_contains "$(cat "$work/log")" CI_COMMIT_SHA
echo 'contxt: .' >.cooper.yml
! ci "${gitlab[@]}" -- build 2>/dev/null || fail 'an unknown key was ignored'
assert_contains "$(cat "$work/log")" '.cooper.yml:1:1'
# A build that fails says so in its results, too.
printf 'version: 1\ntarget: nowhere\n' >.cooper.yml
! ci "${gitlab[@]}" -- build 2>/dev/null || fail 'an unknown target was built'
assert_eq "$(jq -r .succeeded cooper-result.json)" false 'the result of a failed build'
