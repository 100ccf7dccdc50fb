#!/bin/bash
# Cache mounts that outlive the job: an empty machine finds in them what the last job left.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

mounts=persist
# A build on a machine that knows nothing; $cache is where it looks and where it writes.
elsewhere() { # elsewhere ARGUMENT...
  rm -rf "$store"
  build --cache-from "$from" --cache-to "$to" "--cache-mounts=$mounts" "$@"
}
# The steps run again when TURN is another.
turn=0
next_turn() { # next_turn CONTEXT ARGUMENT...
  local context=$1
  shift
  turn=$((turn + 1))
  rm -rf tree
  elsewhere --build-arg "TURN=$turn" -o type=local,dest=tree "$@" "$context"
}
log() { cat "$work/log"; }

dockerfile grow <<END
FROM $base
ARG TURN
RUN --mount=type=cache,id=grow,target=/cache echo "turn \$TURN" >> /cache/turns && cp /cache/turns /turns
END
for place in local registry; do
  case $place in
    local) from=type=local,src=saved to=type=local,dest=saved ;;
    registry) from=type=registry,ref=$REGISTRY/saved to=$from ;;
  esac
  turn=0
  next_turn grow
  assert_file tree/turns 'turn 1'
  assert_contains "$(log)" "cache mount 'grow'" "$place: what is said of the save"
  next_turn grow
  assert_file tree/turns $'turn 1\nturn 2'
  assert_contains "$(log)" "cache mount 'grow' restored" "$place: what is said of the restore"
  next_turn grow --no-cache
  assert_file tree/turns $'turn 1\nturn 2\nturn 3'
  # With the step cached nothing is restored, and nothing saved.
  elsewhere --build-arg TURN=3 grow
  assert_lacks "$(log)" "cache mount" "$place: a build without the step"
done

# A small change is a small upload, also when what was there is large.
from=type=local,src=delta to=type=local,dest=delta
dockerfile large <<END
FROM $base
ARG TURN
RUN --mount=type=cache,id=large,target=/cache [ -e /cache/large ] || head -c 3000000 /dev/urandom > /cache/large; \
    echo "turn \$TURN" > /cache/small; rm -f /cache/first; [ "\$TURN" != 1 ] || echo x > /cache/first; \
    sha256sum /cache/* > /sums
END
blob_bytes() { find "$1/blobs" -type f -printf '%s\n' | awk '{ sum += $1 } END { print sum + 0 }'; }
turn=0
next_turn large
assert_contains "$(cat tree/sums)" /cache/first 'files of the first turn'
sum=$(grep /cache/large tree/sums)
whole=$(blob_bytes delta)
next_turn large
grown=$(($(blob_bytes delta) - whole))
[[ $grown -lt 10000 ]] || fail "a small change added $grown bytes to a save of $whole"
assert_eq "$(jq '.layers | length' delta/mounts/*.json)" 2 'layers of the save'
next_turn large
assert_contains "$(cat tree/sums)" "$sum" 'the large file after two restores'
assert_lacks "$(cat tree/sums)" /cache/first 'a file that was deleted'
mounts=persist,max-size=1m
elsewhere --build-arg TURN=4 large
assert_contains "$(log)" "cache mount 'large' not saved: it holds 3.0 MB" 'the warning about a large mount'
# Only those that are named.
mounts=persist=other
elsewhere --build-arg TURN=5 large
assert_lacks "$(log)" "cache mount 'large'" 'a mount that is not named'
assert_contains "$(log)" "--cache-mounts=persist=other: no RUN has a cache mount of this id" 'the warning about an unknown id'
mounts=persist

# Each way of sharing; both stages run at once, and of private copies only the first is kept.
for sharing in shared private locked; do
  from=type=local,src=$sharing to=type=local,dest=$sharing
  dockerfile "$sharing-context" <<END
FROM $base AS one
ARG TURN
RUN --mount=type=cache,id=both,target=/cache,sharing=$sharing echo "one \$TURN" >> /cache/one; cat /cache/* > /seen
FROM $base AS two
ARG TURN
RUN --mount=type=cache,id=both,target=/cache,sharing=$sharing echo "two \$TURN" >> /cache/two; cat /cache/* > /seen
FROM $base
COPY --from=one /seen /one
COPY --from=two /seen /two
END
  turn=0
  next_turn "$sharing-context"
  next_turn "$sharing-context"
  seen=$(cat tree/one tree/two)
  if [[ $sharing == private ]]; then
    assert_contains "$seen" ' 1' "$sharing: what is left of the first turn"
  else
    assert_contains "$(cat tree/one)" 'one 1' "$sharing: the first turn of one"
    assert_contains "$(cat tree/two)" 'two 1' "$sharing: the first turn of two"
  fi
done

# What a failing build did is kept: the next one goes on from there.
from=type=local,src=failing to=type=local,dest=failing
dockerfile failing <<END
FROM $base
ARG TURN
RUN --mount=type=cache,id=failing,target=/cache,mode=0700 stat -c %a /cache > /mode; \
    [ -e /cache/tried ] || { touch /cache/tried; exit 3; }
END
rm -rf "$store"
build_fails 3 --cache-mounts=persist --cache-to "$to" failing
next_turn failing
assert_file tree/mode 700

# A seed fills only what was never saved.
from=type=local,src=seeded to=type=local,dest=seeded
dockerfile seeded <<END
FROM $base AS seed
RUN mkdir /seed && date +%N > /seed/file
FROM $base
ARG TURN
RUN --mount=type=cache,from=seed,source=/seed,target=/cache cat /cache/* > /seen; echo "turn \$TURN" > /cache/turn
END
turn=0
next_turn seeded
first=$(cat tree/seen)
assert_lacks "$first" turn 'the seed'
next_turn seeded
assert_file tree/seen "$first"$'\nturn 1'

# A saved blob that is damaged costs a warning and the content, never the build.
from=type=local,src=saved to=type=local,dest=saved
for blob in $(jq -r '.layers[].blob.digest' saved/mounts/*.json); do
  printf 'damage' | dd of="saved/blobs/sha256/${blob#sha256:}" conv=notrunc status=none
done
turn=10
next_turn grow
assert_contains "$(log)" "cache mount 'grow' cannot be restored" 'the warning about a damaged blob'
assert_file tree/turns 'turn 11'
next_turn grow
assert_file tree/turns $'turn 11\nturn 12'
echo '{' >"$(echo saved/mounts/*.json)"
next_turn grow
assert_contains "$(log)" "cache mount 'grow' cannot be restored" 'the warning about a damaged document'
assert_file tree/turns 'turn 13'

# The flag alone says nothing of a place.
build_fails 2 --cache-mounts=persist grow
assert_contains "$message" 'no cache to keep them in'
build_fails 2 --cache-mounts=forever --cache-to "$to" grow
assert_contains "$message" "unknown option 'forever'"
