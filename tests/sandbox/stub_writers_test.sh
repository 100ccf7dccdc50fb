#!/bin/bash
# Processes are killed while they hold the table's lock, in the middle of what they write: the others go on, and the
# table keeps what it is told.
#
# usage: stub_writers_test.sh STUB_RUN STUB_WRITERS
# shellcheck source=tests/sandbox/stub_root.sh
source "$(dirname "$0")/stub_root.sh"

mkdir -p "$root"
cp "$2" "$root/writers"
give_away "$root"
printed=$(unprivileged timeout 110 "$work/stub_run" --kill-writers 50 "$root" /writers 2>&1) || echo "FAIL: it ended with $?"
expect "how many were killed with the lock" 50 "$(cat "$root/enough")"
expect "what became of the table" "torn 0, wrong 0" "$printed"

# A file and whose it is appear, and go, at once.
mkdir "$root/made" && give_away "$root/made"
echo "5 5 755 made" >"$work/owners"
expect "files of a user whose processes use them at once" "refused 0, lost 0" \
  "$(unprivileged timeout 60 "$work/stub_run" --uid 5 --gid 5 --owners "$work/owners" "$root" /writers race 2>&1)"
exit "$failed"
