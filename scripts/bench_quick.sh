#!/bin/bash
# Counts the instructions of five small builds and prints their ratios to the recorded ones: a number that does not depend
# on what else the machine does, so that a change's cost shows before anybody measures seconds.
#
# usage: scripts/bench_quick.sh        $COOPER (build/cooper); UPDATE_BASELINE=1 records what was counted
#
# Informs, and fails only when a build does. Counts of one binary differ by a percent or so from run to run (threads), and
# by more between compilers and processors: the libraries choose their code by what the processor has.
set -euo pipefail
cd "$(dirname "$0")/.."
cooper=$(realpath "${COOPER:-build/cooper}")
baseline=tests/bench/baseline.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# count STORE FLAG...: instructions of one build, all threads.
count() {
  local store=$1
  shift
  if ! valgrind --tool=callgrind --callgrind-out-file="$work/counts" "$cooper" build --store "$work/$store" --isolation none \
    --progress quiet "$@" >"$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    return 1
  fi
  sed -n 's/^\(summary\|totals\): //p' "$work/counts" | head -n 1
}

measured='{}'
result() { # result CASE STORE FLAG...
  local before now
  now=$(count "${@:2}")
  before=$(jq -r --arg case "$1" '.[$case] // empty' "$baseline" 2>/dev/null || true)
  measured=$(jq --arg case "$1" --argjson count "$now" '.[$case] = $count' <<<"$measured")
  awk -v what="$1" -v now="$now" -v before="$before" 'BEGIN {
    printf "  %-44s %8.1f million %s\n", what, now / 1e6, before == "" ? "(no baseline)" : sprintf("%6.3f x the baseline", now / before) }'
}

make_projects() {
  mkdir -p "$work"/{language,files,layer,copy}
  { printf 'FROM scratch\nENV V0=x\n'; for ((i = 1; i < 400; i++)); do echo "ENV V$i=\${V$((i - 1))}"; done; } >"$work/language/Dockerfile"
  local directory file
  for ((directory = 0; directory < 20; directory++)); do
    mkdir -p "$work/files/tree/$directory"
    for ((file = 0; file < 50; file++)); do echo "$directory $file" >"$work/files/tree/$directory/$file"; done
  done
  find "$work/files/tree" -exec touch -d @1700000000 {} +
  printf 'FROM scratch\nCOPY tree /tree\n' >"$work/files/Dockerfile"
  seq 700000 >"$work/layer/large"
  printf 'FROM scratch\nCOPY large /large\n' >"$work/layer/Dockerfile"
  printf 'FROM base\nCOPY --from=base /large /copy\n' >"$work/copy/Dockerfile"
}

make_projects
printf 'instructions of small builds\n'
result 'a Dockerfile of 400 instructions, checked' language --check "$work/language"
result '1,000 files copied, cold' files -o "type=oci,dest=$work/files.oci" "$work/files"
result 'the same, cached' files -o "type=oci,dest=$work/files.oci" "$work/files"
result 'a layer of 5 MB made and compressed' layer -o "type=oci,dest=$work/layer.oci,tar=false" "$work/layer"
result 'the same layer unpacked and copied from' \
  copy --build-context "base=oci-layout://$work/layer.oci" -o "type=oci,dest=$work/copy.oci" "$work/copy"

if [[ -n ${UPDATE_BASELINE:-} ]]; then
  jq . <<<"$measured" >"$baseline"
  echo "recorded in $baseline"
fi
