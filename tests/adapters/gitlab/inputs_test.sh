#!/bin/bash
# Inputs as GitLab itself puts them into the component, as text: no quote, colon or hash of a value means anything in the
# YAML that comes out. The component keeps to the catalog's rules, and the Functions' two spellings say the same.
# shellcheck source=../packaging/lib.sh
source "$(dirname "$0")/../packaging/lib.sh"
need jq
need_npm_tools
gitlab=$repository/adapters/gitlab
template=$gitlab/templates/build.yml

interpolate() { # interpolate JSON: prints the jobs
  printf '%s' "$1" >"$work/inputs.json"
  "$node" "$repository/tests/adapters/gitlab/interpolate.js" "$template" "$work/inputs.json"
}

# Every text and every element of a list is a value that ends something in YAML, JSON or a shell.
# shellcheck disable=SC2016  # nothing is to be expanded
hostile='a: "b'\''" #c & <d> * | > %e @f `g` $(h) \n [i] {j}'
inputs=$(jq -n --arg hostile "$hostile" '{context: $hostile, dockerfile: $hostile, target: $hostile, image_base: $hostile,
  project: $hostile, platforms: [$hostile], build_args: [$hostile, "two\nlines", ""], secrets: [$hostile], tags: [$hostile],
  images: [$hostile], push: false, cache: "gitlab", job_name: "build the app", stage: "images"}')
jobs=$(interpolate "$inputs")
assert_eq "$(jq -c keys <<<"$jobs")" '[".build the app:cache-gitlab",".build the app:cache-registry","build the app"]'
variables=$(jq '."build the app".variables' <<<"$jobs")
for name in CONTEXT FILE TARGET IMAGE_BASE PROJECT; do
  assert_eq "$(jq -r ".COOPER_$name" <<<"$variables")" "$hostile" "COOPER_$name"
done
for name in PLATFORM SECRET TAG IMAGES; do
  assert_eq "$(jq -r ".COOPER_$name | fromjson | .[]" <<<"$variables")" "$hostile" "COOPER_$name"
done
assert_eq "$(jq -c '.COOPER_BUILD_ARG | fromjson' <<<"$variables")" "$(jq -c .build_args <<<"$inputs")" 'COOPER_BUILD_ARG'
# No value of an input is part of a command.
assert_eq "$(jq -c '."build the app".script | length' <<<"$jobs")" 1
[[ $(jq -r '."build the app".script[0]' <<<"$jobs") != *'#c'* ]] || fail 'an input is part of the script'

for refused in '{"cache": "everywhere"}' '{"platforms": "linux/amd64"}' '{"push": "no"}' '{"job_name": "a: b"}' '{"no_such": 1}'; do
  if interpolate "$refused" 2>"$work/log" >&2; then fail "$refused: accepted"; fi
done

# The catalog's rules: jobs only, no global keyword, an image whose entrypoint is none.
jobs=$(interpolate '{}')
assert_eq "$(jq -c keys <<<"$jobs")" '[".build-image:cache-gitlab",".build-image:cache-registry","build-image"]'
assert_eq "$(jq -c '."build-image".image.entrypoint' <<<"$jobs")" '[""]'
assert_eq "$(jq -c '."build-image" | [.artifacts.when, .artifacts.reports.dotenv, .artifacts.reports.annotations]' <<<"$jobs")" \
  '["always","cooper.env","cooper-annotations.json"]'
assert_eq "$(jq -c '."build-image" | has("cache")' <<<"$jobs")" false

# Each input is explained on the page that people copy from.
while IFS= read -r name; do
  grep -q "\`$name\`" "$repository/docs/gitlab.md" || fail "docs/gitlab.md lacks the input '$name'"
done < <(sed -n '/^  inputs:$/,/^---$/s/^    \([a-z_]*\):$/\1/p' "$template")

# --- the Function ------------------------------------------------------------------------------------------------------

assert_eq "$(sed -e '1,/^spec:$/d' -e 's/func_dir/step_dir/' "$gitlab/function/func.yml")" \
  "$(sed '1,/^spec:$/d' "$gitlab/function/step.yml")" 'step.yml beside func.yml'

unset COOPER
record_cooper
mkdir "$work/job"
cd "$work/job"
# shellcheck disable=SC2016  # nothing is to be expanded
COOPER_BUILD_ARG='["A=two words; $(id)"]' COOPER_IMAGE_BASE=registry.example.com/app \
  sh "$gitlab/function/build.sh" "$work/outputs" false
assert_eq "$(recorded_arguments 0)" 'ci build --ci=gitlab --no-push'
# shellcheck disable=SC2016
assert_eq "$(recorded 0 COOPER_BUILD_ARG)" '["A=two words; $(id)"]'
digest=$(jq -r '.images[0].digest' cooper-result.json)
assert_eq "$(jq -rs 'map("\(.name)=\(.value)") | join(" ")' "$work/outputs")" \
  "image=registry.example.com/app:stand-in digest=$digest image_ref=registry.example.com/app@$digest tags=stand-in"
touch "$work/fails"
if sh "$gitlab/function/build.sh" "$work/outputs" true; then fail 'a failed build is a Function that succeeded'; fi
assert_eq "$(recorded_arguments 1)" 'ci build --ci=gitlab'
echo 'inputs of the component and of the Function arrive as they were given'
