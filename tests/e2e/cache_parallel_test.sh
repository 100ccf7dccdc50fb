#!/bin/bash
# Eight jobs at once: on eight machines with one registry cache, and on one store. No entry of the cache is lost, and
# every image is that of a clean build.
# runs only: self user
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

branches=(1 2 3 4 5 6 7 8)
# The steps of all branches begin alike; the random number tells when one ran again.
for branch in "${branches[@]}"; do
  dockerfile "branch$branch" <<END
FROM $base AS build
COPY source /source
RUN sort -r /source > /sorted
RUN mkdir /many && for i in \$(seq 30); do echo \$i > /many/\$i; done
RUN echo $branch > /branch && cat /proc/sys/kernel/random/uuid > /id
FROM $base
COPY --from=build /sorted /many /out/
RUN cat /out/* > /all
COPY --from=build /branch /id /
RUN cat /branch /id > /last-$branch
END
  seq 500 >"branch$branch/source"
done

# Builds all branches at once, each with these arguments; "BRANCH" in them is the branch's number.
build_all() { # build_all NAME ARGUMENT...
  local name=$1 branch pids=()
  shift
  for branch in "${branches[@]}"; do
    "$cooper" build --progress plain --metadata-file "$name-$branch.json" -o type=image "${@//BRANCH/$branch}" \
      "branch$branch" 2>"$name-$branch.log" </dev/null &
    pids+=($!)
  done
  for branch in "${branches[@]}"; do
    wait "${pids[branch - 1]}" || fail "branch $branch: $(cat "$name-$branch.log")"
  done
}
digest() { jq -r '."containerimage.digest"' "$1.json"; }

assert_all_cached() { # assert_all_cached FIRST AGAIN
  local branch
  for branch in "${branches[@]}"; do
    assert_eq "$(digest "$2-$branch")" "$(digest "$1-$branch")" "digest of branch $branch"
    assert_contains "$(cat "$2-$branch.log")" ': 0 steps ran' "branch $branch again"
    assert_lacks "$(cat "$1-$branch.log")" 'not written' "branch $branch"
  done
}

# 1. Eight machines that know nothing, one cache.
cache=type=registry,ref=$REGISTRY/cache
build_all first --store "$E2E_DIRECTORY/machine-BRANCH" --cache-from "$cache" --cache-to "$cache,mode=max"
build_all again --store "$work/empty-BRANCH" --cache-from "$cache"
assert_all_cached first again
for branch in "${branches[@]}"; do store_verify "$E2E_DIRECTORY/machine-$branch"; done

# 2. One machine, one store, and a directory for a cache, too.
cache=type=local,src=$work/cache
build_all together --store "$store" --cache-to "type=local,dest=$work/cache,mode=max"
build_all after --store "$store"
assert_all_cached together after
build_all elsewhere --store "$work/other-BRANCH" --cache-from "$cache"
assert_all_cached together elsewhere
store_verify "$store"
store_verify "$work/cache"
assert_eq "$(find "$store/tmp" "$work/cache/tmp" -mindepth 1 | head -n 3)" '' 'temporary files'
