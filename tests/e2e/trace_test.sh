#!/bin/bash
# --trace: a document in Chrome's format with what the build did, of a good build and of one that failed, without its secrets.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run

dockerfile context <<END
FROM $base
RUN --mount=type=secret,id=password cat /run/secrets/password > /seen
COPY Dockerfile /copy
END
names() { jq -r '[.traceEvents[] | "\(.cat)/\(.name)"] | unique | .[]' trace.json; }

password=hunter2-in-the-trace build --secret id=password,env=password --trace trace.json -t "$REGISTRY/traced:1" --push context
for name in 'pass/solve' 'step/run' 'step/process' 'layer/pack and compress' 'registry/push blob' 'http/request'; do
  assert_contains "$(names)" "$name"
done
assert_eq "$(jq '[.traceEvents[] | select(.ph != "X" or .dur < 0 or .ts < 0)] | length' trace.json)" 0 'events that are none'
assert_contains "$(jq -r '.traceEvents[].args.of // empty' trace.json)" 'COPY Dockerfile /copy'

# A secret that a step's own text shows is masked there, too.
printf 'FROM %s\nRUN echo hunter2-in-the-trace && exit 3\n' "$base" | dockerfile failing
password=hunter2-in-the-trace build_fails 3 --secret id=password,env=password --trace failed.json failing
assert_contains "$(cat failed.json)" 'RUN echo'
assert_lacks "$(cat failed.json)" hunter2-in-the-trace 'secret in the trace'

build_fails 7 --trace missing/trace.json context
assert_contains "$message" 'missing/trace.json'
