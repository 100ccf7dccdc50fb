#!/bin/bash
# What people see: plain lines in a log, a live tree on a terminal, silence when asked, and a failure explained.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run

dockerfile context <<END
FROM $base AS first
RUN echo spoken
FROM $base
# a comment
RUN for i in \$(seq 1 40); do echo "line \$i"; done; \\
    exit 7
COPY --from=first /etc/passwd /
END
build_fails 7 context
for part in 'Dockerfile:5' 'line 40' 'exit code' 7 'RUN for i in'; do assert_contains "$message" "$part"; done
assert_eq "$(cat output)" '' 'standard output'
assert_lacks "$message" $'\033' 'plain progress'

build --target first context
assert_contains "$(cat log)" spoken
"$cooper" build --store "$store" --target first --no-cache --progress quiet context 2>log || fail "quiet: $(cat log)"
assert_lacks "$(cat log)" spoken 'quiet progress'

result=0
"$cooper" build --store "$store" --progress rawjson --target first --no-cache context 2>log >output || result=$?
assert_eq "$result" 0 'rawjson progress'
jq -es 'length > 0' <(cat log output) >/dev/null || fail 'json progress is not a line of JSON each'

# A terminal, as script(1) makes one, gets colours and cursor movements.
if command -v script >/dev/null; then
  script -qec "stty rows 24 cols 80; '$cooper' build --store '$store' --target first --no-cache '$work/context'" /dev/null >terminal </dev/null
  assert_contains "$(cat terminal)" $'\033' 'the terminal'
  assert_contains "$(cat terminal)" 'RUN echo spoken' 'the terminal'
fi
