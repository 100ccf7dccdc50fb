# shellcheck shell=bash
# How cost grows with the work: files, bytes, steps and stages at a quarter, once and four times, so 1, 4 and 16. Sourced by
# scripts/bench.sh, after builds.sh.
# shellcheck disable=SC2154  # what scripts/bench.sh sets

bench_growth() {
  make_peers
  make_bases
  printf '\n%-28s %18s %18s %18s %10s\n' 'wall s / CPU s' 'x 1' 'x 4' 'x 16' 'exponent'
  growth_row 'files copied (12,500)' modules
  growth_row 'bytes written (256 MiB)' archive
  growth_row 'RUN steps (25)' steps
  growth_row 'stages in a row (4)' many
}

# The exponent is that of CPU time between x 1 and x 16: 1 is in step with the work.
growth_row() { # growth_row WHAT PROJECT
  local times cells=''
  for times in 0.25 1 4; do
    rm -rf "$work/grown"
    tests/bench/projects.py "$2" "$work/grown" --bases "$REGISTRY" --times "$times"
    measure cooper "growth-$2-$times" "$work/peers/fresh" "$work/peers/cooper-build" "$work/grown" "growth-$2-$times" >/dev/null
    cells+=" $(cat "$work/result-growth-$2-$times-cooper")"
  done
  awk -v what="$1" -v cells="$cells" 'BEGIN {
    split(cells, n, " ")
    printf "%-28s %18s %18s %18s %10.2f\n", what, sprintf("%.2f / %.2f", n[1], n[2]), sprintf("%.2f / %.2f", n[4], n[5]),
      sprintf("%.2f / %.2f", n[7], n[8]), log(n[8] / n[2]) / log(16) }'
}
