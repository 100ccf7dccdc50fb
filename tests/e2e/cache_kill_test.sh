#!/bin/bash
# SIGKILL at any moment of builds that write a store and a cache: the next build gives the image of a clean one, and
# nothing half-written or left behind stays.
# runs only: self user
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

wanted=200 # builds that were really killed
[[ $(id -u) -eq 0 ]] || wanted=50
batch=20
RANDOM=${SEED:=$RANDOM}
echo "SEED=$SEED"

dockerfile context <<END
FROM $base AS one
ARG ROUND
RUN for i in \$(seq 40); do echo \$ROUND > /tmp/\$i; done
COPY data /data
FROM $base AS two
ARG ROUND
COPY data /data
RUN --mount=type=cache,target=/k date >> /k/log; echo \$ROUND | sha256sum > /sum
FROM $base
COPY --from=one /tmp /made
RUN rm -rf /var/lib/demo && ls /made > /list
COPY --from=two /data /sum /
END
head -c 300000 /dev/urandom >context/data

arguments() { # arguments CACHE ROUND
  printf '%s\0' build --progress plain --build-arg "ROUND=$2" --cache-from "$1" --cache-to "${1/src=/dest=},mode=max"
}

# A tenth of a second is as long as a build takes: the moments come from the length that builds of the same kind have just
# had (`new`, or `again`, of what a build before was to make), whatever else this machine does.
"$cooper" build --store "$work/measured" -o type=image context 2>log || fail "$(cat log)" # the base is pulled once
begin=${EPOCHREALTIME/./}
"$cooper" build --store "$work/measured" --progress plain --build-arg ROUND=measured \
  --cache-to "type=local,dest=$work/measured-cache,mode=max" -o type=image context 2>log || fail "$(cat log)"
longest=$((${EPOCHREALTIME/./} - begin)) # microseconds of a build with everything to do
declare -A length=([new]=$longest [again]=$longest)

# Kills one build. Timeout's 137 says that it was in time.
kill_one() { # kill_one CACHE ROUND KIND
  local moment=$((RANDOM * length[$3] / 32768)) result=0 words begin=${EPOCHREALTIME/./}
  mapfile -d '' words < <(arguments "$1" "$2")
  timeout --foreground -s KILL "$(printf '%d.%06d' $((moment / 1000000)) $((moment % 1000000)))" \
    "$cooper" "${words[@]}" --store "$store" -o type=image context 2>log </dev/null || result=$?
  case $result in
    0 | 124) length[$3]=$((${EPOCHREALTIME/./} - begin)) ;; # it was done, if only just
    137)
      killed=$((killed + 1))
      # It may have become slower: the next moments reach a little further.
      length[$3]=$((length[$3] * 9 / 8 < 4 * longest ? length[$3] * 9 / 8 : 4 * longest))
      ;;
    *) fail "a build after others were killed: exit code $result: $(cat log)" ;;
  esac
}

# What only the last build of a batch may say.
digest_after() { # digest_after CACHE ROUND STORE
  local words
  mapfile -d '' words < <(arguments "$1" "$2")
  "$cooper" "${words[@]}" --store "$3" -o type=image --metadata-file metadata.json context 2>log || fail "$(cat log)"
  jq -r '."containerimage.digest"' metadata.json
}

killed=0
attempts=0
round=0
while [[ $killed -lt $wanted ]]; do
  # Every batch has the other kind of cache, every second pair of them a store that knows nothing yet.
  cache=type=local,src=$work/cache
  [[ $((attempts / batch % 2)) -eq 0 ]] || cache=type=registry,ref=$REGISTRY/cache
  [[ $((attempts / batch % 4)) -ne 0 ]] || store=$E2E_DIRECTORY/store-$attempts
  for ((i = 0; i < batch; i++)); do
    # A few builds of the same, so that one goes on from what the one before it left.
    kind=again
    [[ $((i % 4)) -ne 0 ]] || { kind=new && round=$((round + 1)); }
    kill_one "$cache" "$round" "$kind"
    attempts=$((attempts + 1))
  done
  [[ $attempts -le $((wanted * 4)) ]] || fail "only $killed of $attempts builds were killed in time"
  clean=$(store=$work/clean image_digest --no-cache --build-arg "ROUND=$round" context)
  assert_eq "$(digest_after "$cache" "$round" "$store")" "$clean" "digest after $attempts builds"
  assert_eq "$(digest_after "$cache" "$round" "$work/empty")" "$clean" "digest from the cache alone"
  rm -rf "$work/empty" 2>/dev/null || unshare --map-root-user --map-auto -- rm -rf "$work/empty"
done
echo "$killed of $attempts builds killed, within $((length[new] / 1000)) and $((length[again] / 1000)) ms"

# One more, so that what dead ones left in the cache directory is swept, too.
digest_after "type=local,src=$work/cache" last "$store" >/dev/null
for place in "$E2E_DIRECTORY"/store-* "$work/cache"; do
  [[ $place == "$work/cache" ]] || store=$place build --build-arg ROUND=last -o type=image context
  assert_eq "$(find "$place/tmp" -mindepth 1 2>/dev/null | head -n 3)" '' "temporary files in $place"
  assert_eq "$(find "$place" -name '*.tmp' -o -path "$place/probe-*" | head -n 3)" '' "drafts in $place"
  store_verify "$place"
  find "$place" -name '*.json' -print0 | xargs -0 jq -e . >/dev/null || fail "a record in $place is cut short"
done
