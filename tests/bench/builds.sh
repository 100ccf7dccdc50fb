# shellcheck shell=bash
# Whole builds of every kind, cooper beside dockerd (BuildKit) and buildah: medians, CPU seconds and peak memory. Meant to be
# sourced by scripts/bench.sh.
#
# Every run builds and pushes. Cold runs push to a repository of their own, so that no registry has the layers already.
# dockerd's BuildKit keeps its cache in the pushed image (inline), as it cannot in a registry.

# shellcheck disable=SC2154  # what scripts/bench.sh sets

# The builders that work here, cooper first.
builders=(cooper)

bench_builds() {
  local wanted
  read -ra wanted <<<"${PROJECTS:-stages sleepers modules archive large steps}"
  make_peers
  echo "bases"
  make_bases "${wanted[@]}"
  find_peers
  local project
  for project in "${wanted[@]}"; do
    echo "$project"
    tests/bench/projects.py "$project" "$work/$project" --bases "$REGISTRY"
    "build_$project"
  done
  print_builds
}

# debian, busybox and, when a project wants it, large: built and pushed by cooper, which all builders then pull.
make_bases() {
  local root=$work/bases
  mkdir -p "$root"/{debian,busybox/root/bin,large}
  scripts/debian-base.sh "$root/debian/root.tar" minbase ca-certificates >/dev/null
  printf 'FROM scratch\nADD root.tar /\nENV PATH=/usr/sbin:/usr/bin:/sbin:/bin\nCMD ["bash"]\n' >"$root/debian/Dockerfile"
  cp "$(command -v busybox)" "$root/busybox/root/bin/busybox"
  local applet
  for applet in $("$root/busybox/root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -sf busybox "$root/busybox/root/bin/$applet"
  done
  mkdir -p "$root/busybox/root"/{etc,tmp,root}
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/busybox/root/etc/passwd"
  printf 'FROM scratch\nCOPY root /\nENV PATH=/bin\nCMD ["sh"]\n' >"$root/busybox/Dockerfile"
  "$work/peers/fresh"
  "$work/peers/cooper-build" "$root/debian" debian
  "$work/peers/cooper-build" "$root/busybox" busybox
  [[ " $* " == *' large '* ]] || return 0
  tests/bench/projects.py parts "$root/large"
  { echo "FROM $REGISTRY/debian"; printf 'COPY %d /\n' 0 1 2 3; } >"$root/large/Dockerfile"
  "$work/peers/cooper-build" "$root/large" large
}

# runc and cgroups are not to be had everywhere; who cannot build the smallest project is left out, and why is said.
find_peers() {
  local peer
  mkdir -p "$work/smallest"
  printf 'FROM %s/busybox\nRUN true\n' "$REGISTRY" >"$work/smallest/Dockerfile"
  for peer in ${PEERS-docker buildah}; do
    if "$(prepare_of "$peer")" >"$work/log" 2>&1 && "$work/peers/$peer-build" "$work/smallest" smallest >"$work/log" 2>&1; then
      builders+=("$peer")
    else
      echo "$peer does not work here: $(tail -n 1 "$work/log")"
    fi
  done
}

# --- the projects --------------------------------------------------------------------------------------------------

build_stages() {
  cold_row 'four stages, cold' stages 0.4
  again_row 'again, local cache' stages 0.5
  remote_row 'again, registry cache only' stages 0.5
}
build_sleepers() { cold_row 'four stages that sleep 3 s' sleepers 0.65; }
build_modules() {
  cold_row '50,000 files, cold' modules 0.25
  again_row 'again, local cache' modules 0.25
  edit_row 'one file changed' modules 0.3
  remote_row 'again, registry cache only' modules 0.15
}
build_archive() { cold_row 'a layer of 1 GiB, cold' archive 0.4; }
build_large() { cold_row 'one RUN on a base of 1 GB, cold' large 0.35; }
build_steps() { cold_row '100 RUN steps, cold' steps 0.08; }

# Each: WHAT PROJECT GOAL, the goal as a part of dockerd's time.
cold_row() {
  local builder
  for builder in "${builders[@]}"; do
    measure "$builder" "$2-cold" "$(prepare_of "$builder")" "$work/peers/$builder-build" "$work/$2" "$2-cold-$builder"
  done
  keep_row "$1" "$2-cold" "$3"
}

again_row() {
  local builder
  for builder in "${builders[@]}"; do
    warm "$builder" "$2"
    measure "$builder" "$2-again" - "$work/peers/$builder-build" "$work/$2" "$2-warm-$builder"
  done
  keep_row "$1" "$2-again" "$3"
}

edit_row() {
  local builder
  cat >"$work/peers/edit" <<EDIT
#!/bin/bash
exec "$PWD/tests/bench/projects.py" $2 "$work/$2" --edit "\$(date +%s%N)"
EDIT
  chmod +x "$work/peers/edit"
  for builder in "${builders[@]}"; do
    warm "$builder" "$2"
    measure "$builder" "$2-edit" "$work/peers/edit" "$work/peers/$builder-build" "$work/$2" "$2-warm-$builder"
  done
  keep_row "$1" "$2-edit" "$3"
}

remote_row() {
  local builder
  for builder in "${builders[@]}"; do
    [[ $builder != buildah ]] || continue
    local name=$2-remote-$builder
    "$(prepare_of "$builder")"
    # shellcheck disable=SC2046  # several words
    "$work/peers/$builder-build" "$work/$2" "$name" $(to_registry "$builder" "$name") >"$work/log" 2>&1
    # shellcheck disable=SC2046
    measure "$builder" "$2-remote" "$(prepare_of "$builder")" "$work/peers/$builder-build" "$work/$2" "$name" $(from_registry "$builder" "$name")
  done
  keep_row "$1" "$2-remote" "$3"
}

to_registry() {
  case $1 in
    cooper) echo "--cache-to type=registry,ref=$REGISTRY/$2-cache,mode=max" ;;
    docker) echo "--build-arg BUILDKIT_INLINE_CACHE=1" ;;
  esac
}
from_registry() {
  case $1 in
    cooper) echo "--cache-from type=registry,ref=$REGISTRY/$2-cache" ;;
    docker) echo "--build-arg BUILDKIT_INLINE_CACHE=1 --cache-from $REGISTRY/$2" ;;
  esac
}

# warm BUILDER PROJECT: its state is that after a build, whatever ran before.
warm() {
  "$(prepare_of "$1")"
  "$work/peers/$1-build" "$work/$2" "$2-warm-$1" >"$work/log" 2>&1
}

# --- measuring -----------------------------------------------------------------------------------------------------

# measure BUILDER ROW PREPARE COMMAND...: the wall time is hyperfine's median, CPU and memory are those of one run more.
measure() {
  local builder=$1 row=$2 prepare=$3 before=0 file=$work/usage daemon='0 0'
  shift 3
  local seconds
  if [[ $prepare == - ]]; then
    seconds=$(median "$row-$builder" "$*")
  else
    seconds=$(PREPARE=$prepare median "$row-$builder" "$*")
    "$prepare" >/dev/null
  fi
  [[ $builder != docker ]] || before=$(daemon_seconds)
  /usr/bin/time -f '%U %S %M' -o "$file" "$@" >"$work/log" 2>&1 || true
  [[ $builder != docker ]] || daemon="$(awk -v a="$(daemon_seconds)" -v b="$before" 'BEGIN { print a - b }') $(daemon_peak)"
  awk -v seconds="$seconds" -v daemon="$daemon" '
    END { split(daemon, of, " "); print seconds, $1 + $2 + of[1], $3 / 1024 + of[2] }' "$file" >"$work/result-$row-$builder"
  echo "  $row, $builder: $(cat "$work/result-$row-$builder")"
}

build_rows=()
keep_row() { # keep_row WHAT ROW GOAL
  local builder cells=''
  for builder in cooper docker buildah; do
    cells+=" $(cat "$work/result-$2-$builder" 2>/dev/null || echo '- - -')"
  done
  build_rows+=("$1|$3|$cells")
  jq -n --arg what "$1" --arg goal "$3" --arg cells "$cells" '{what: $what, goal: $goal, cells: ($cells | split(" ") | map(select(. != "")))}' \
    >>"$results/builds.json"
}

print_builds() {
  printf '\n%-34s %-22s %-22s %-22s %8s %6s\n' 'wall s / CPU s / peak MiB' cooper 'dockerd (BuildKit)' buildah 'ratio' goal
  printf '%s\n' "${build_rows[@]}" | awk -F'|' '
    function cell(wall, cpu, peak) { return wall == "-" ? "-" : sprintf("%.2f / %.2f / %.0f", wall, cpu, peak) }
    {
      split($3, n, " ")
      ratio = (n[4] + 0 > 0 && n[1] + 0 > 0) ? sprintf("%.2f", n[1] / n[4]) : "-"
      verdict = ratio == "-" ? "" : (ratio + 0 <= $2 + 0 ? "met" : "MISSED")
      printf "%-34s %-22s %-22s %-22s %8s %6s %s\n", $1, cell(n[1], n[2], n[3]), cell(n[4], n[5], n[6]),
        cell(n[7], n[8], n[9]), ratio, $2, verdict
    }'
}
