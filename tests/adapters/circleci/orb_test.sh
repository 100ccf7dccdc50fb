#!/bin/bash
# The orb: its source is packed and validated as CircleCI does, then its jobs are run step by step under bash with what the
# platform sets, and hostile parameters: what reaches cooper is exactly what went in.
#
# usage: orb_test.sh [BUILD]      with $COOPER set the images are really built and pushed to a registry of loopback
# shellcheck source=../packaging/lib.sh
source "$(dirname "$0")/../packaging/lib.sh"
need git jq
need_npm_tools
record_cooper
source_of_orb=$repository/adapters/circleci/src
orb() { "$node" "$repository/tests/adapters/circleci/orb.js" "$@"; }

image_base=registry.example.com/team/app
if [[ -n ${COOPER:-} ]]; then
  need docker-registry curl
  # shellcheck source=../../../scripts/registry.sh
  source "$repository/scripts/registry.sh"
  start_registry "$work/registry"
  image_base=$REGISTRY/team/app
fi

# --- packing and validation ----------------------------------------------------------------------------------------------

orb check "$source_of_orb" "$repository"/adapters/circleci/.circleci/{config,test-deploy}.yml
orb pack "$source_of_orb" >"$work/orb.yml"
if grep -n 'include(' "$work/orb.yml"; then fail 'the packed orb has unresolved includes'; fi
if grep -nE '[^\\]<<' "$work/orb.yml" | grep -vE '<< (parameters|pipeline)\.[a-z_.0-9]+ >>'; then fail 'an unescaped << is packed'; fi
if grep -n 'setup_remote_docker' "$work/orb.yml"; then fail 'remote docker is asked for'; fi
# What is wrong is found, so the check above says something.
broken() { # broken WHAT FILE SED
  cp -r "$source_of_orb" "$work/broken"
  sed -i "$3" "$work/broken/$2"
  if orb check "$work/broken" 2>"$work/log"; then fail "$1: accepted"; fi
  rm -r "$work/broken"
}
broken 'a step that there is not' commands/build.yml 's/store_artifacts/store_artefacts/'
broken 'an executor without an image' executors/machine.yml '/^  image: <</d'
broken 'a parameter that the command lacks' jobs/build.yml 's/^      target: /      no_such: /'
broken 'a parameter whose name is taken' jobs/build.yml 's/^  target:$/  context:/; s/parameters.target/parameters.context/'
broken 'an include that is missing' commands/install.yml 's/install\.sh/no_such.sh/'
broken 'a parameter of an example that there is not' examples/push.yml 's/image_base/image_bass/'

# --- running -----------------------------------------------------------------------------------------------------------------

project=$work/project
git init -q -b main "$project"
cd "$project"
git config user.name Test
git config user.email test@example.com
mkdir -p 'app dir'
printf 'FROM scratch\nARG WORDS\nCOPY hello /\n' >'app dir/Dockerfile'
echo hello >'app dir/hello'
git add -A
git commit -q -m 'A commit'

# Runs a command or job of the orb as CircleCI runs steps: each `run` in a bash of its own, whose BASH_ENV is the job's, and
# caches by key. Sets $artifacts to the paths that were stored, $saved to the key of the cache, $later to a later step's words.
run_steps() { # run_steps KIND/NAME PARAMETERS [VARIABLE=VALUE]...
  local what=$1 parameters=$2 step
  shift 2
  forget_calls
  rm -rf cooper-* cooper.* "$work/bash_env"
  : >"$work/bash_env"
  printf '%s' "$parameters" >"$work/parameters.json"
  orb steps "$source_of_orb" "$what" "$work/parameters.json" >"$work/steps.json"
  artifacts='' saved='' result=0
  local platform=(CI=true CIRCLECI=true CIRCLE_BRANCH=main "CIRCLE_SHA1=$(git rev-parse HEAD)" CIRCLE_NODE_INDEX=0
    CIRCLE_NODE_TOTAL=1 CIRCLE_PROJECT_USERNAME=team CIRCLE_PROJECT_REPONAME=app "CIRCLE_WORKING_DIRECTORY=$project"
    "HOME=$work/home" "PATH=$PATH" "BASH_ENV=$work/bash_env")
  while IFS= read -r step; do
    case $(jq -r 'keys[0]' <<<"$step") in
      run)
        [[ $result -eq 0 ]] || continue
        mapfile -t -d '' variables < <(jq -j '.run.environment // {} | to_entries[] | "\(.key)=\(.value)\u0000"' <<<"$step")
        env -i "${platform[@]}" "$@" "${variables[@]}" bash -eo pipefail -c "$(jq -r .run.command <<<"$step")" \
          >>"$work/log" 2>&1 </dev/null || result=$?
        ;;
      restore_cache)
        # Keys are tried in turn, the newest with that prefix wins.
        restore_cache "$(jq -r '.restore_cache.keys[]' <<<"$step")"
        ;;
      save_cache) [[ $result -ne 0 ]] || save_cache "$(jq -r .save_cache.key <<<"$step")" "$(jq -r '.save_cache.paths[0]' <<<"$step")" ;;
      store_artifacts) artifacts=$(find "$(jq -r .store_artifacts.path <<<"$step")" -type f 2>/dev/null | sort | paste -sd' ' || true) ;;
      checkout) ;;
      *) fail "a step that is not known: $step" ;;
    esac
  done < <(jq -c '.[]' "$work/steps.json")
  # shellcheck disable=SC2016  # for the later step
  later=$(env -i "${platform[@]}" bash -c 'echo "$COOPER_IMAGE $COOPER_DIGEST $COOPER_IMAGE_REF"')
}
runs() { # runs KIND/NAME PARAMETERS [VARIABLE=VALUE]...
  run_steps "$@"
  [[ $result -eq 0 ]] || { cat "$work/log" >&2 && fail "$1: exit code $result"; }
}

template() { # template KEY: as CircleCI fills it in, or nothing when the checksum's file is missing
  local key=$1
  key=${key//'{{ arch }}'/arch1-linux-amd64}
  key=${key//'{{ .Branch }}'/main}
  if [[ $key =~ \{\{\ checksum\ \"([^\"]*)\"\ \}\} ]]; then
    [[ -e ${BASH_REMATCH[1]} ]] || return 0
    key=${key/"${BASH_REMATCH[0]}"/$(sha256sum "${BASH_REMATCH[1]}" | cut -d' ' -f1)}
  fi
  echo "$key"
}
caches=$work/caches
mkdir -p "$caches"
restore_cache() {
  local key found
  while IFS= read -r key; do
    key=$(template "$key")
    found=$(find "$caches" -name "$key*" -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2-)
    [[ -z $found ]] || break
  done <<<"$1"
  [[ -z $found ]] || tar -xPf "$found"
}
save_cache() {
  saved=$(template "$1")
  [[ -n $saved ]] || fail "no key for the cache: '$1' names a file that is not there"
  [[ -e $caches/$saved ]] || tar -cPf "$caches/$saved" "${2/#'~'/$work/home}"
}

# The shortest use.
runs jobs/build "$(jq -n --arg base "$image_base" '{path: "app dir", image_base: $base}')"
assert_eq "$(calls)" 1 'calls of cooper'
assert_eq "$(recorded_arguments 0)" 'ci build --ci=circleci'
assert_eq "$(recorded 0 COOPER_CONTEXT)" 'app dir'
for variable in FILE TARGET PLATFORM BUILD_ARG SECRET TAG PROJECT IMAGES CACHE_TO ON_DEFAULT_BRANCH; do
  assert_eq "$(recorded 0 COOPER_$variable)" '(unset)' "COOPER_$variable"
done
assert_eq "$artifacts" 'cooper-artifacts/digest.txt cooper-artifacts/result.json'
digest=$(cat cooper-artifacts/digest.txt)
assert_contains "$later" " $digest $image_base@$digest" 'what a later step has'
assert_eq "$saved" '' 'the cache that is saved without being asked for'

# Every parameter, hostile.
# shellcheck disable=SC2016  # nothing is to be expanded
hostile=' a  "b'\'' $(touch '"$work"'/injected) `touch '"$work"'/injected` ${HOME} $HOME * ? ~ \n \\ ; | & # '
lines=$(printf 'ONE=%s\nTWO=second\n\nTHREE= x' "$hostile")
for refused in '{"cache": "everywhere"}' '{"push": "no"}' '{"no_such": ""}'; do
  printf '%s' "$refused" >"$work/refused.json"
  if orb steps "$source_of_orb" commands/build "$work/refused.json" >"$work/log" 2>&1; then fail "$refused: accepted"; fi
done
if [[ -z ${COOPER:-} ]]; then
  runs commands/build "$(jq -n --arg one "$hostile" --arg lines "$lines" '{path: $one, dockerfile: $one, target: $one,
    image_base: $one, project: $one, platforms: $lines, build_args: $lines, secrets: $lines, tags: $lines, images: $lines,
    push: false, on_default_branch: true}')"
  assert_eq "$(recorded_arguments 0)" 'ci build --ci=circleci --no-push'
  for variable in CONTEXT FILE TARGET IMAGE_BASE PROJECT; do
    assert_eq "$(recorded 0 COOPER_$variable)" "$hostile" "COOPER_$variable"
  done
  for variable in PLATFORM BUILD_ARG SECRET TAG IMAGES; do
    assert_eq "$(recorded 0 COOPER_$variable)" "$lines" "COOPER_$variable"
  done
  assert_eq "$(recorded 0 COOPER_ON_DEFAULT_BRANCH)" true
  [[ ! -e $work/injected ]] || fail 'a parameter was run'
fi

# The job's own variables hold where a parameter is empty.
runs commands/build '{"path": "app dir", "push": false}' 'COOPER_BUILD_ARG=WORDS=of the job' COOPER_TARGET= "COOPER_IMAGE_BASE=$image_base"
assert_eq "$(recorded 0 COOPER_BUILD_ARG)" 'WORDS=of the job'

# CircleCI's cache: nothing at first, then what was saved; unchanged it is not saved again.
cache=$work/home/.cooper-cache
cached=$(jq -n --arg base "$image_base" '{path: "app dir", image_base: $base, cache: "circleci", push: false}')
runs commands/build "$cached"
assert_eq "$(recorded 0 COOPER_CACHE_FROM) $(recorded 0 COOPER_CACHE_TO)" "type=local,src=$cache type=local,dest=$cache,mode=max"
[[ $saved == cooper-v1-arch1-linux-amd64-main-* ]] || fail "the cache's key: '$saved'"
first=$saved
rm -rf "$cache" "$work/home/.cache"
runs commands/build "$cached"
assert_eq "$saved" "$first" 'key of an unchanged cache'
if [[ -z ${COOPER:-} ]]; then
  [[ -e $record/0.cached ]] || fail 'the cache did not come back'
else
  assert_eq "$(jq '.images[0].steps_run' cooper-result.json)" 0 'steps that ran with a warm cache'
fi

# A build that fails fails the job, and its artifacts are stored all the same.
if [[ -z ${COOPER:-} ]]; then
  touch "$work/fails"
  run_steps commands/build '{}'
  assert_eq "$result" 7 'exit code of a failed build'
  rm "$work/fails"
fi

# --- install -------------------------------------------------------------------------------------------------------------------

# Files by their place, so that no server is needed: curl reads them as it reads https.
releases=$work/releases/v1.2.3
mkdir -p "$releases"
printf '#!/bin/sh\necho downloaded\n' >"$releases/cooper-linux-amd64"
cp "$releases/cooper-linux-amd64" "$releases/cooper-linux-arm64"
for file in "$releases"/cooper-linux-*; do (cd "$releases" && sha256sum "$(basename "$file")" >"$file.sha256"); done
if command -v curl >/dev/null; then
  install=$(jq -n --arg url "file://$work/releases/{version}/cooper-linux-{arch}" '{version: "1.2.3", url: $url}')
  runs commands/install "$install"
  # shellcheck disable=SC2016  # for the later step
  assert_eq "$(env -i HOME="$work/home" PATH=/usr/bin:/bin BASH_ENV="$work/bash_env" bash -c cooper)" downloaded
  rm "$work/home/.local/bin/cooper"
  run_steps commands/install "$(jq '.sha256 = "0"' <<<"$install")"
  assert_eq "$result" 1 'exit code of a binary with another checksum'
  [[ ! -e $work/home/.local/bin/cooper ]] || fail 'a binary with another checksum was installed'
  run_steps commands/install "$(jq '.version = "9.9.9"' <<<"$install")"
  [[ $result -ne 0 ]] || fail 'a version that there is not: installed'
fi
runs commands/install '{}'
[[ ! -e $work/home/.local/bin/cooper ]] || fail 'cooper is downloaded although it is there'

# Each parameter is explained on the page that people copy from.
while IFS= read -r name; do
  grep -q "\`$name\`" "$repository/docs/circleci.md" || fail "docs/circleci.md lacks the parameter '$name'"
done < <(sed -n '/^parameters:$/,/^[a-z]*: /s/^  \([a-z_0-9]*\):$/\1/p' "$source_of_orb"/{jobs/build,commands/install}.yml | sort -u)
echo "the orb works with $([[ -n ${COOPER:-} ]] && echo cooper || echo "a stand-in for cooper")"
