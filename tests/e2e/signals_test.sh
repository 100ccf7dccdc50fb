#!/bin/bash
# SIGINT, SIGTERM and SIGKILL at any moment: no process, no mount, no broken store; the next build works.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

# 1. In the middle of a RUN that ignores what it is asked.
dockerfile context <<END
FROM $base
RUN trap '' INT TERM; (trap '' INT TERM; sleep 3600) & echo started; sleep 3600
END
for signal in INT TERM KILL; do
  # A job of its own process group, with the default reaction to SIGINT, which bash's & would take away.
  set -m
  "$cooper" build --store "$store" --progress plain context 2>"$work/log" </dev/null &
  pid=$!
  set +m
  # `timeout` bounds the wait for the step's own word.
  timeout 60 sh -c "until grep -q ' started\|^started' '$work/log'; do sleep 0.05; done" ||
    fail "the step never started: $(cat log)"
  kill -s "$signal" "$pid"
  result=0
  wait "$pid" 2>/dev/null || result=$?
  case $signal in
    KILL) assert_eq "$result" 137 'exit code after SIGKILL' ;;
    INT) assert_eq "$result" 130 'exit code after SIGINT' ;;
    TERM) assert_eq "$result" 143 'exit code after SIGTERM' ;;
  esac
  "$e2e/leftovers.sh" "$store" 10 || fail "left behind after SIG$signal"
done

# 2. At moments all over a whole build: pull, unpack, RUN, COPY, compress, push. The build's own length gives the
# moments, so that they spread over it on any machine.
dockerfile whole <<END
FROM $base AS one
RUN for i in \$(seq 300); do echo \$i > /tmp/\$i; done
FROM $base AS two
COPY data /data
RUN cat /data | sha256sum > /sum
FROM $base
COPY --from=one /tmp /made
COPY --from=two /data /sum /
RUN ls /made | wc -l > /count
END
head -c 8M /dev/urandom >whole/data
started=$(date +%s%N)
expected=$(image_digest whole)
length=$(($(date +%s%N) - started))
moments=6
for signal in INT KILL; do
  store=$E2E_DIRECTORY/store-$signal
  for ((moment = 1; moment <= moments; moment++)); do
    set -m
    "$cooper" build --store "$store" --progress plain -t "$REGISTRY/whole:$signal" --push whole 2>"$work/log" </dev/null &
    pid=$!
    set +m
    sleep "$(awk -v l="$length" -v m="$moment" -v n="$moments" 'BEGIN { print l / 1e9 * m / (n + 1) }')"
    kill -s "$signal" "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    "$e2e/leftovers.sh" "$store" 10 || fail "left behind after SIG$signal at moment $moment"
    # Every second time the killed build's store is started anew, so that early moments come again.
    [[ $((moment % 2)) -eq 0 ]] || continue
    assert_eq "$(image_digest whole)" "$expected" "digest after SIG$signal at moment $moment"
    store_verify "$store"
    store=$E2E_DIRECTORY/store-$signal-$moment
  done
done
build -t "$REGISTRY/whole:done" --push whole
