# shellcheck shell=bash
# What this machine can do at all, beside which builds are to be read: hashing, compressing, files. Sourced by
# scripts/bench.sh, which has $work and $cooper.
# shellcheck disable=SC2154  # those

bench_limits() {
  echo "limits of this machine"
  BENCH_DIRECTORY=$work "build/tests/bench/bench_limits" --benchmark_format=json \
    --benchmark_out="$results/limits.json" >"$work/log" 2>&1
  jq -r '.benchmarks[] | select(.run_type == "iteration") | [.name,
    (if .bytes_per_second then "\(.bytes_per_second / 1e6 | round) MB/s" else "\(.items_per_second | round) a second" end),
    (if .ratio then "shrinks \(.ratio * 100 | round / 100) x" else "" end)] | @tsv' "$results/limits.json" |
    awk -F'\t' '{ printf "  %-44s %16s  %s\n", $1, $2, $3 }'
}
