#!/bin/bash
# Measures cooper beside Debian's dockerd (BuildKit) and buildah, in one run on one machine, and prints the ratios. Numbers
# of different machines or runs do not compare; ratios do, more or less. Asserts nothing.
#
# Every cold run has a store of its own, never used before: emptying one makes the file system slow for what follows.
# Environment: RUNS (3), COOPER (build/static/cooper), KEEP=1 keeps the work directory, WORK (build/bench) is where it is made,
# ONLY some parts: limits (the machine's own), builds (whole builds of PROJECTS, docs/performance.md), rows (one property
# each), registry (pushes and pulls), isolation (what RUN costs where nothing can be mounted), growth (1, 4 and 16 times the
# work). PROJECTS: of builds, all.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/registry.sh
source tests/bench/workloads.sh
source tests/bench/registry.sh
source tests/bench/isolation.sh
source tests/bench/peers.sh
source tests/bench/builds.sh
source tests/bench/growth.sh
source tests/bench/rows.sh
source tests/bench/limits.sh

runs=${RUNS:-3}
cooper=$(realpath "${COOPER:-build/static/cooper}")
results=$PWD/build/bench
mkdir -p "$results"
rm -f "$results"/*.json
work=$(mktemp -d "${WORK:-$results}/cooper-bench.XXXXXX")
cleanup() {
  end_peers
  stop_registry
  [[ -z ${KEEP:-} ]] || return 0
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work" 2>/dev/null || unshare --map-root-user --map-auto -- rm -rf "$work" 2>/dev/null || true
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# --- the two builders -------------------------------------------------------------------------------------------

# The commands are files, so that hyperfine can start them without a shell's cost and they read their store's name.
mkdir -p "$work/bin" "$work/stores"
cat >"$work/bin/fresh" <<FRESH
#!/bin/bash
mktemp -d "$work/stores/XXXXXX" >"$work/current"
FRESH
cat >"$work/bin/buildah" <<BUILDAH
#!/bin/bash
store=\$(cat "$work/current")
exec buildah --root "\$store/root" --runroot "\$store/run" --storage-driver overlay \\
  build --layers --tls-verify=false --isolation "\${BUILDAH_ISOLATION:-oci}" --quiet "\$@"
BUILDAH
cat >"$work/bin/cooper" <<COOPER
#!/bin/bash
exec "$cooper" build --store "\$(cat "$work/current")" --progress quiet "\$@"
COOPER
chmod +x "$work"/bin/*
fresh() { "$work/bin/fresh"; }

median() { # median NAME COMMAND...: seconds; hyperfine's whole result goes to build/bench/NAME.json
  local name=$1 prepare=()
  shift
  [[ -z ${PREPARE:-} ]] || prepare=(--prepare "$PREPARE")
  if ! hyperfine -N --runs "$runs" --warmup "${WARMUP:-0}" "${prepare[@]}" --style none \
    --export-json "$results/$name.json" "$*" >"$results/$name.log" 2>&1; then
    tail -n 5 "$results/$name.log" >&2
    echo nan
    return
  fi
  jq -r '.results[0].median' "$results/$name.json"
}

peak() { # peak COMMAND...: MiB of the largest process
  local file=$work/peak
  if ! /usr/bin/time -f %M -o "$file" "$@" >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    echo nan
    return
  fi
  awk 'END { printf "%.0f", $1 / 1024 }' "$file"
}

calculate() { # calculate EXPRESSION: of numbers; nan when one of them was not measured
  if [[ $1 == *nan* ]]; then echo nan; else awk "BEGIN { print ($1) }"; fi
}

rows=()
row() { # row WHAT UNIT COOPER PEER BOUND: a bound of - means none
  local verdict=-
  if [[ $5 != - ]]; then verdict=$(awk -v a="$3" -v b="$5" 'BEGIN { print (a != "nan" && a + 0 <= b + 0) ? "met" : "MISSED" }'); fi
  rows+=("$(awk -v what="$1" -v unit="$2" -v a="$3" -v p="$4" -v bound="$5" -v verdict="$verdict" '
  function shown(n) { return n == "nan" ? "-" : sprintf("%.4g", n) }
  BEGIN {
    ratio = (a != "nan" && p != "nan" && a > 0) ? sprintf("%.1f x", p / a) : "-"
    printf "%-40s %10s %10s %9s %10s  %-6s %s", what, shown(a), shown(p), ratio,
      bound == "-" ? "-" : sprintf("%.4g", bound), verdict, unit }')")
  jq -n --arg what "$1" --arg unit "$2" --arg cooper "$3" --arg peer "$4" --arg bound "$5" --arg verdict "$verdict" \
    '$ARGS.named' >>"$results/summary.json"
  echo "  $1: $3 (peer: $4) $2"
}

print_rows() {
  printf '\n%-40s %10s %10s %9s %10s\n' '' cooper buildah ratio bound
  printf '%s\n' "${rows[@]}"
}

# --- set-up -----------------------------------------------------------------------------------------------------

echo "preparing"
REGISTRY_QUIET=true start_registry "$work/registry"
mkdir -p "$work/base/root/bin"
cp "$(command -v busybox)" "$work/base/root/bin/busybox"
for applet in sh sleep true cat echo; do ln -s busybox "$work/base/root/bin/$applet"; done
printf 'FROM scratch\nCOPY root /\n' >"$work/base/Dockerfile"
fresh
base=$REGISTRY/base
"$work/bin/cooper" -t "$base" --push "$work/base"

for part in ${ONLY:-limits builds growth rows registry}; do "bench_$part"; done
[[ ${#rows[@]} -eq 0 ]] || print_rows
printf '\nmedians of %s; buildah %s; %s cores; load at the end: %s\n' "$runs" "$(buildah --version | awk '{ print $3 }')" "$(nproc)" \
  "$(cut -d' ' -f1-3 /proc/loadavg)"
