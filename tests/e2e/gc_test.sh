#!/bin/bash
# The store's limit, and cooper cache ls, prune and verify: small stores stay small, running builds lose nothing, and
# damage is found and mended.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

cache() { "$cooper" cache "$1" --store "$store" "${@:2}"; }
cache_fails() { # cache_fails CODE ACTION ARGUMENT...: standard output in $work/output
  local code=$1 result=0
  shift
  cache "$@" >output 2>log || result=$?
  message=$(cat log)
  assert_eq "$result" "$code" "exit code of cooper cache $*"
}
size() { du -s --block-size=1 "$store" | cut -f1; }
total() { cache ls --json | jq .total; }
layers() { find "$store/layers" -mindepth 1 -maxdepth 1 | wc -l; }
flip() { # flip FILE: its first byte
  printf '#' | dd of="$1" bs=1 count=1 conv=notrunc status=none
}

# --- the limit --------------------------------------------------------------------------------------------------
# Each image has a layer of two megabytes of its own.
dockerfile context <<END
FROM $base
ARG NUMBER
RUN head -c 2000000 /dev/urandom > /data && echo \$NUMBER
RUN cat /data > /copy
END
for number in 1 2 3 4 5 6; do
  build --build-arg NUMBER=$number --store-limit 20M -o "type=oci,dest=image$number.tar" context
  [[ $(size) -le $((20 << 20)) ]] || fail "after build $number the store has $(size) bytes"
  [[ $(total) -le $((20 << 20)) ]] || fail "after build $number the store counts $(total) bytes"
done
assert_contains "$(cat log)" 'store: removed' 'progress of a build that collects'
[[ $(total) -ge $(($(size) * 9 / 10)) ]] || fail "$(total) bytes counted of $(size)"
build --build-arg NUMBER=6 --store-limit 20M -o type=oci,dest=again.tar context
assert_lacks "$(cat log)" 'store: removed' 'progress of a build with nothing to collect'
assert_eq "$(grep -c CACHED log)" 2 'cached steps of the newest image'
cmp image6.tar again.tar || fail 'the newest image is another one from the cache'
COOPER_STORE_LIMIT=0 build --build-arg NUMBER=1 -o type=cacheonly context
COOPER_STORE_LIMIT=0 build --build-arg NUMBER=2 -o type=cacheonly context
[[ $(size) -gt $((20 << 20)) ]] || fail 'without a limit something was removed'
build_fails 2 --store-limit many context
assert_contains "$message" "--store-limit 'many' is no possible size"

# A build that fails collects, too.
dockerfile broken <<END
FROM $base
RUN false
END
build_fails 1 --store-limit 20M broken
[[ $(size) -le $((20 << 20)) ]] || fail "after a failed build the store has $(size) bytes"

# --- ls ---------------------------------------------------------------------------------------------------------
listing=$(cache ls)
assert_contains "$listing" 'RUN cat /data > /copy'
assert_contains "$listing" 'just now'
assert_contains "$listing" 'total: '
assert_eq "$(cache ls --json | jq '[.items[] | select(.kind == "layer")] | length')" "$(layers)" 'listed layers'

# --- verify -----------------------------------------------------------------------------------------------------
dockerfile stable <<END
FROM $base
RUN echo one > /one
RUN --mount=type=cache,target=/cache echo two > /cache/two && cp /cache/two /two
END
digest=$(image_digest stable)
assert_contains "$(cache verify)" 'store is in order: ' 'verdict'
blob=$(find "$store/blobs/sha256" -type f | sort | head -n 1)
record=$(find "$store/records" -path '*/steps' -prune -o -name '*.json' -print | sort | head -n 1)
flip "$blob"
flip "$record"
cache_fails 8 verify
assert_contains "$(cat output)" "blob '$(basename "$blob")'"
assert_contains "$(cat output)" "record 'records/"
assert_contains "$message" 'damaged in 2 places'
cache verify --repair >output
assert_absent "$blob"
assert_absent "$record"
assert_contains "$(cache verify)" 'store is in order: ' 'verdict after the repair'
assert_eq "$(image_digest stable)" "$digest" 'digest after the repair'

# A tree that lacks a byte, and an index that nobody can read.
tree=$(find "$store/trees" -path '*/one' -type f | head -n 1)
truncate -s 1 "$tree"
cache_fails 8 verify
assert_contains "$(cat output)" "'one' has 1 bytes, not 4"
cache verify --repair >output
assert_absent "$tree"
index=$(find "$store/layers" -name index | sort | head -n 1)
flip "$index"
cache_fails 8 verify
assert_contains "$(cat output)" 'layer index is damaged'
cache verify --repair >output
assert_eq "$(image_digest stable)" "$digest" 'digest after repairs of layers'
assert_contains "$(cache verify)" 'store is in order: ' 'verdict at last'

# --- prune ------------------------------------------------------------------------------------------------------
cache prune --until 1h >output
assert_contains "$(cat output)" 'removed 0 items'
cache prune --filter until=1h --keep-storage 1M >output
assert_contains "$(cat output)" 'removed 0 items'
cache_fails 9 prune --filter type=regular
assert_contains "$message" "--filter 'type=regular' is not supported"
cache_fails 2 prune --min-free-space 1G
assert_contains "$message" --min-free-space
cache prune --max-used-space 6M >output
[[ $(total) -le $((6 << 20)) ]] || fail "$(total) bytes left of 6M"

# A build that runs keeps what it has found, whatever is pruned meanwhile: its second step waits until it was.
dockerfile running <<END
FROM $base
RUN echo before > /before
RUN --mount=type=cache,target=/cache mkfifo /cache/go && echo rea''ched && read -r go < /cache/go && rm /cache/go
RUN cat /before
END
build -o type=cacheonly stable
mkfifo progress
"$cooper" build --store "$store" --progress plain -o type=oci,dest=running.tar running >progress 2>&1 &
pid=$!
exec 3<progress
while IFS= read -r line <&3 && [[ $line != *reached* ]]; do :; done
cat <&3 >rest.log &
go=$(find "$store/mounts" -name go)
[[ -p $go ]] || fail "the build is over before its step waits: $(cat rest.log)"
cache prune --all >output 2>log
[[ -p $go ]] || fail 'the cache mount of a running step is gone'
# shellcheck disable=SC2016  # the inner shell expands
timeout 60 sh -c 'echo >"$1"' sh "$go" || fail "the step does not wait any more: $(cat rest.log)"
wait $pid || fail "the build that ran while the store was pruned: $(cat rest.log)"
cache prune --all >output
assert_contains "$(cat output)" 'removed '
assert_eq "$(layers)" 0 'layers after prune --all'
[[ $(total) -le 2000000 ]] || fail "$(total) bytes left after prune --all"
assert_contains "$(cache verify)" 'store is in order: 0 layers, 0 blobs, 0 records'
assert_eq "$(image_digest stable)" "$digest" 'digest on the empty store'

# Builds and prunes, all at once.
pids=()
for number in 1 2 3; do
  "$cooper" build --store "$store" --progress plain --store-limit 5M --build-arg NUMBER=$number \
    -o "type=oci,dest=image$number.tar" context 2>"log$number" &
  pids+=($!)
done
for _ in 1 2 3 4 5; do cache prune --all >/dev/null; done
for number in 1 2 3; do wait "${pids[number - 1]}" || fail "build $number: $(cat "log$number")"; done
assert_contains "$(cache verify)" 'store is in order: ' 'verdict after builds and prunes at once'
