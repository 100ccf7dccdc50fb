#!/bin/bash
# Measures cooper beside Debian's buildah, in one run on one machine, and prints the ratios. Numbers of different
# machines or runs do not compare; ratios do, more or less. Asserts nothing.
#
# Every cold run has a store of its own, never used before: emptying one makes the file system slow for what follows.
# Environment: RUNS (3), COOPER (build/cooper), KEEP=1 keeps the work directory, WORK (build/bench) is where it is made,
# ONLY=registry measures pushes and pulls only, ONLY=isolation what RUN costs where nothing can be mounted.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/registry.sh
source tests/bench/workloads.sh
source tests/bench/registry.sh
source tests/bench/isolation.sh

runs=${RUNS:-3}
cooper=$(realpath "${COOPER:-build/cooper}")
results=$PWD/build/bench
mkdir -p "$results"
rm -f "$results"/*.json
work=$(mktemp -d "${WORK:-$results}/cooper-bench.XXXXXX")
cleanup() {
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

if [[ ${ONLY:-} == registry ]]; then
  bench_registry
  print_rows
  exit 0
fi

if [[ ${ONLY:-} == isolation ]]; then
  bench_isolation
  exit 0
fi

# buildah wants runc and cgroups for its usual isolation; where they are not to be had, chroot.
peer=$work/bin/buildah
export BUILDAH_ISOLATION=oci
workload_steps "$work/probe" "$base" 1
fresh
if ! "$peer" "$work/probe" >/dev/null 2>&1; then
  export BUILDAH_ISOLATION=chroot
  if ! "$peer" "$work/probe" >"$work/log" 2>&1; then
    echo "buildah does not work here, so there is nothing beside: $(tail -n 1 "$work/log")"
    peer=""
  fi
fi
beside() { # beside COMMAND...: nan without a peer
  if [[ -n $peer ]]; then "$@"; else echo nan; fi
}

# --- what is measured -------------------------------------------------------------------------------------------

echo "200 RUN steps"
workload_steps "$work/steps1" "$base" 1
workload_steps "$work/steps21" "$base" 21
workload_steps "$work/steps201" "$base" 201
fresh
"$work/bin/cooper" "$work/steps1"
one=$(median cooper-steps-1 "$work/bin/cooper" --no-cache "$work/steps1")
many=$(median cooper-steps-201 "$work/bin/cooper" --no-cache "$work/steps201")
# Twenty steps are enough to see what one costs buildah, which takes minutes for two hundred.
beside "$peer" "$work/steps1" >/dev/null
peer_one=$(beside median buildah-steps-1 "$peer" --no-cache "$work/steps1")
peer_many=$(beside median buildah-steps-21 "$peer" --no-cache "$work/steps21")
row 'one more RUN true' ms "$(calculate "($many - $one) * 1000 / 200")" "$(calculate "($peer_many - $peer_one) * 1000 / 20")" 10

echo "everything cached"
"$work/bin/cooper" -t "$REGISTRY/cached" --push "$work/steps21"
cached=$(WARMUP=1 median cooper-cached "$cooper" build --store "$(cat "$work/current")" --progress quiet -t "$REGISTRY/cached" --push "$work/steps21")
beside "$peer" "$work/steps21" >/dev/null
peer_cached=$(beside median buildah-cached "$peer" "$work/steps21")
row 'rebuild of 21 steps, all cached' ms "$(calculate "$cached * 1000")" "$(calculate "$peer_cached * 1000")" 150

echo "100 steps from caches"
workload_steps "$work/steps100" "$base" 100
cache=type=registry,ref=$REGISTRY/steps-cache
fresh
"$work/bin/cooper" -t "$REGISTRY/steps-cache" --push --cache-to "$cache,mode=max" "$work/steps100"
cached=$(WARMUP=1 median cooper-cached-100 "$work/bin/cooper" -t "$REGISTRY/steps-cache" --push "$work/steps100")
row 'rebuild of 100 steps, local store' ms "$(calculate "$cached * 1000")" nan 150
cached=$(PREPARE=$work/bin/fresh WARMUP=1 median cooper-remote-100 "$work/bin/cooper" -t "$REGISTRY/steps-cache" --push \
  --cache-from "$cache" "$work/steps100")
row 'the same on an empty machine, registry' ms "$(calculate "$cached * 1000")" nan 500

echo "four stages of three seconds"
workload_stages "$work/stages" "$base"
fresh
stages=$(median cooper-stages "$work/bin/cooper" --no-cache "$work/stages")
peer_stages=$(beside median buildah-stages "$peer" --no-cache --jobs 4 "$work/stages")
row 'four independent 3-second stages' s "$stages" "$peer_stages" 4.5

echo "50,000 files"
workload_files "$work/files"
reference=$(WARMUP=1 median reference-files bash -c "'tar -C $work/files -c tree | sha256sum'")
files=$(PREPARE=$work/bin/fresh median cooper-files "$work/bin/cooper" "$work/files")
peer_files=$(PREPARE=$work/bin/fresh beside median buildah-files "$peer" "$work/files")
row 'COPY of 50,000 files, cold' s "$files" "$peer_files" "$(calculate "$reference * 3")"

echo "a layer of 1 GiB"
workload_large "$work/large"
fresh
memory=$(peak "$work/bin/cooper" -t "$REGISTRY/large" --push "$work/large")
peer_memory=$(beside peak "$peer" -t "$REGISTRY/large" "$work/large")
row 'memory, COPY of 1 GiB and push' MiB "$memory" "$peer_memory" 200
printf 'FROM %s/large\nCOPY --from=%s /bin /bin\nRUN true\n' "$REGISTRY" "$base" >"$work/probe/Dockerfile"
fresh
memory=$(peak "$work/bin/cooper" "$work/probe")
peer_memory=$(beside peak "$peer" "$work/probe")
row 'memory, RUN on a base of 1 GiB' MiB "$memory" "$peer_memory" 200
large=$(PREPARE=$work/bin/fresh median cooper-large "$work/bin/cooper" -t "$REGISTRY/large2" --push "$work/large")
row 'COPY of 1 GiB and push, cold' s "$large" nan -

with_cache=$(PREPARE=$work/bin/fresh median cooper-large-cache "$work/bin/cooper" -t "$REGISTRY/large3" --push \
  --cache-to "type=registry,ref=$REGISTRY/large3,mode=max" "$work/large")
row 'what writing the cache adds to that' % "$(calculate "($with_cache - $large) * 100 / $large")" nan 5

bench_registry

echo "the Dockerfile language"
language() { # language NAME: milliseconds
  "$(dirname "$cooper")/tests/bench/bench_language" --benchmark_filter="$1" --benchmark_format=json 2>"$work/log" |
    jq -r '.benchmarks[0].real_time'
}
row 'parse and lower 2,000 lines' ms "$(language parse_and_lower)" nan 20
row '100,000 paths, 100 ignore patterns' ms "$(language ignore_patterns)" nan 150

print_rows
printf '\nmedians of %s; buildah %s, isolation %s; %s cores; load at the end: %s\n' "$runs" \
  "$(buildah --version | awk '{ print $3 }')" "$BUILDAH_ISOLATION" "$(nproc)" "$(cut -d' ' -f1-3 /proc/loadavg)"
