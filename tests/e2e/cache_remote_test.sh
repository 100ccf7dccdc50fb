#!/bin/bash
# The cache on an empty machine: results come from a registry, a directory or the image itself, nothing runs and
# nothing is fetched that is not needed.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

dockerfile context <<END
FROM $base AS build
RUN mkdir /out && head -c 100000 /dev/urandom > /out/random && date +%N > /out/time
COPY src /src
RUN cat /src/a /out/time > /out/all
FROM $base
RUN echo ready > /ready
COPY --from=build /out /out
ENV A=b
RUN cat /out/all > /copy
END
mkdir context/src
echo one >context/src/a

digest() { jq -r '."containerimage.digest"' metadata.json; }
# A build on a machine that knows nothing.
elsewhere() { # elsewhere ARGUMENT...
  rm -rf "$work/empty"
  "$cooper" build --store "$work/empty" --progress plain --metadata-file metadata.json "$@" context 2>log || {
    cat log >&2
    fail "cooper build $*"
  }
}

from_cache() { # from_cache NAME FROM TO...: a first build there, then another machine
  local name=$1 from=$2 first
  shift 2
  rm -rf "$store"
  build --metadata-file metadata.json -t "$REGISTRY/app-$name:1" --push "$@" context
  first=$(digest)
  # Pushed again: all of it is there already.
  elsewhere --cache-from "$from" -t "$REGISTRY/app-$name:2" --push
  assert_eq "$(digest)" "$first" "$name: digest"
  assert_contains "$(cat log)" '0 steps ran, 3 cached' "$name: summary"
  assert_eq "$(find "$work/empty/blobs" -size +32k | wc -l)" 0 "$name: fetched layers"
  # Kept in the store under its name, it has to be whole.
  elsewhere --cache-from "$from" -t "app-$name:3"
  assert_eq "$(digest)" "$first" "$name: digest in the store"
  assert_contains "$(cat log)" '0 steps ran, 3 cached' "$name: summary in the store"
  # A change below: what is above comes from the cache and is fetched, because a step needs its files.
  echo two >context/src/a
  elsewhere --cache-from "$from" -t "$REGISTRY/app-$name:3" --push
  assert_contains "$(cat log)" '4 steps ran, 2 cached' "$name: after a change"
  assert_ne "$(digest)" "$first" "$name: digest after a change"
  echo one >context/src/a
}
from_cache registry "type=registry,ref=$REGISTRY/cache" --cache-to "type=registry,ref=$REGISTRY/cache,mode=max"
from_cache local type=local,src=cache --cache-to type=local,dest=cache,mode=max
assert_file cache/root "$(cat cache/root)"

# Only the image's own layers: the stage is not needed when all of the image is there.
rm -rf "$store"
build --metadata-file metadata.json -t "$REGISTRY/inline:1" --push --cache-to type=inline context
first=$(digest)
elsewhere --cache-from "$REGISTRY/inline:1" --cache-to type=inline -t "$REGISTRY/inline:2" --push
assert_eq "$(digest)" "$first" 'inline: digest'
assert_contains "$(cat log)" '0 steps ran, 3 cached' 'inline: summary'

# What an empty machine asks for, when nothing has changed: one question a step, and no layer.
steps=20
{
  echo "FROM $base"
  for ((i = 1; i < steps; i++)); do echo "RUN echo $i > /step-$i"; done
  echo 'COPY src /src'
} | dockerfile long
cp -a context/src long/
long=type=registry,ref=$REGISTRY/long-cache
build --metadata-file metadata.json --cache-to "$long,mode=max" -t "$REGISTRY/long:1" --push long
first=$(digest)
: >"$E2E_DIRECTORY/registry/log"
store=$work/empty-long build --metadata-file metadata.json --cache-from "$long" -t "$REGISTRY/long:2" --push long
assert_eq "$(digest)" "$first" 'twenty steps: digest'
assert_contains "$(cat log)" "0 steps ran, $steps cached" 'twenty steps: summary'
# The access log: '127.0.0.1 - - [time] "GET /v2/... HTTP/1.1" 200 ...'
requests=$(sed -n 's/^[^"]* "\([A-Z]* [^ ]*\) HTTP.*/\1/p' "$E2E_DIRECTORY/registry/log")
count=$(wc -l <<<"$requests")
[[ $count -gt $steps && $count -le $((steps + 10)) ]] || fail "$count requests for $steps steps:"$'\n'"$requests"
config=$(curl -sS -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
  "http://$REGISTRY/v2/base/manifests/latest" | jq -r .config.digest)
assert_eq "$(grep '^GET .*/blobs/' <<<"$requests")" "GET /v2/base/blobs/$config" 'fetched blobs'

# Caches are named with their registry, and what is unknown is refused.
build_fails 2 --cache-from type=registry,ref=team/cache context
assert_contains "$message" 'names no registry'
build_fails 2 --cache-from type=gha context
assert_contains "$message" 'there is no cache of this type'
build_fails 2 --cache-to "type=registry,ref=$REGISTRY/cache,color=red" context
assert_contains "$message" "no attribute 'color'"

# All of a store's results elsewhere and back.
rm -rf "$store" "$work/second" "$work/all"
build --metadata-file metadata.json -o type=image context
first=$(digest)
"$cooper" cache export --store "$store" --to "type=local,dest=$work/all" >log
assert_contains "$(cat log)" '6 written'
"$cooper" cache import --store "$work/second" --from "type=local,src=$work/all" >log
assert_contains "$(cat log)" '6 results brought'
rm -rf "$store" "$work/all"
"$cooper" cache prune --store "$work/second" >log
"$cooper" build --store "$work/second" --progress plain --metadata-file metadata.json -o type=image context 2>log
assert_eq "$(digest)" "$first" 'export and import: digest'
assert_contains "$(cat log)" '0 steps ran, 3 cached' 'export and import: summary'
"$cooper" cache verify --store "$work/second" >log
assert_contains "$(cat log)" 'in order'
