# shellcheck shell=bash
# The builders that `make bench` sets side by side, each as a command of its own in $work/peers, so that hyperfine starts it
# without a shell's cost. Meant to be sourced by scripts/bench.sh, which sets $work, $cooper and $REGISTRY.
#
#   fresh              an empty file system at $work/cold, where every builder keeps its state: a run after it is cold.
#                      Emptying an old one would make what follows slower. Where nothing can be mounted, a new directory.
#   NAME-build CONTEXT REPOSITORY [FLAG...]         builds and pushes; NAME is cooper, docker or buildah
#   docker-fresh       `fresh`, and dockerd started anew on it; its start is not part of what is measured
# shellcheck disable=SC2154  # those

make_peers() {
  mkdir -p "$work/peers" "$work/cold"
  cat >"$work/peers/fresh" <<FRESH
#!/bin/bash
set -e
"$work/peers/docker-stop"
cd "$work"
if mountpoint -q cold; then umount -R cold; fi
rm -f cold.img
if [[ \$(id -u) == 0 ]]; then
  truncate -s 24G cold.img
  mkfs.ext4 -q -F -N 1000000 cold.img
  mount -o loop,noinit_itable cold.img cold 2>/dev/null && exit
  rm -f cold.img
fi
mkdir -p stores
rm -rf cold
ln -sfn "\$(mktemp -d "$work/stores/XXXXXX")" cold
FRESH
  cat >"$work/peers/cooper-build" <<COOPER
#!/bin/bash
context=\$1 name=$REGISTRY/\$2
shift 2
exec "$cooper" build --store "$work/cold/store" --progress quiet -t "\$name" --push "\$@" "\$context"
COOPER
  cat >"$work/peers/buildah-build" <<BUILDAH
#!/bin/bash
set -e
context=\$1 name=$REGISTRY/\$2
shift 2
flags=(--root "$work/cold/root" --runroot "$work/cold/run" --storage-driver overlay)
buildah "\${flags[@]}" build --layers --jobs 4 --tls-verify=false --isolation "\${BUILDAH_ISOLATION:-oci}" --quiet -t "\$name" "\$@" "\$context"
buildah "\${flags[@]}" push --tls-verify=false --quiet "\$name"
BUILDAH
  cat >"$work/peers/docker-build" <<DOCKER
#!/bin/bash
set -e
context=\$1 name=$REGISTRY/\$2
shift 2
export DOCKER_BUILDKIT=1 DOCKER_CONFIG=$work/docker DOCKER_HOST=unix://$work/docker.sock
/usr/bin/docker build --quiet --network none -t "\$name" "\$@" "\$context"
/usr/bin/docker push --quiet "\$name"
DOCKER
  # dockerd says in its log when it listens.
  cat >"$work/peers/docker-fresh" <<DAEMON
#!/bin/bash
set -e
"$work/peers/fresh"
log=$work/dockerd.log
: >"\$log"
setsid dockerd --data-root "$work/cold/docker" --exec-root "$work/docker-run" --pidfile "$work/dockerd.pid" \\
  --host "unix://$work/docker.sock" --bridge none --iptables=false --ip6tables=false --storage-driver overlay2 \\
  >"\$log" 2>&1 </dev/null &
echo \$! >"$work/docker.pid"
if ! timeout 60 tail -n +1 --pid=\$! -f "\$log" | grep -qm 1 'API listen on'; then
  tail -n 3 "\$log" >&2
  exit 1
fi
DAEMON
  cat >"$work/peers/docker-stop" <<STOP
#!/bin/bash
if [[ -s $work/docker.pid ]]; then
  pid=\$(cat "$work/docker.pid")
  children=\$(pgrep -P "\$pid")
  kill "\$pid" 2>/dev/null
  # Its containerd, too, has files open there.
  for one in \$pid \$children; do tail --pid="\$one" -f /dev/null; done
  rm -f "$work/docker.pid"
fi
exit 0
STOP
  chmod +x "$work"/peers/*
}

end_peers() {
  if [[ -x $work/peers/docker-stop ]]; then "$work/peers/docker-stop"; fi
  if mountpoint -q "$work/cold"; then umount -R "$work/cold"; fi
}

# prepare_of BUILDER: what makes its next run a cold one.
prepare_of() {
  case $1 in
    docker) echo "$work/peers/docker-fresh" ;;
    *) echo "$work/peers/fresh" ;;
  esac
}

# CPU seconds that dockerd and its containerd have used, with the children they have waited for.
daemon_seconds() {
  local pid
  pid=$(cat "$work/docker.pid")
  # shellcheck disable=SC2046  # one file a process
  awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); sum += $12 + $13 + $14 + $15 } END { print sum / hz }' \
    $(printf '/proc/%s/stat ' "$pid" $(pgrep -P "$pid"))
}

# MiB that they have held at most.
daemon_peak() {
  local pid
  pid=$(cat "$work/docker.pid")
  # shellcheck disable=SC2046
  awk '/^VmHWM/ { sum += $2 } END { print sum / 1024 }' $(printf '/proc/%s/status ' "$pid" $(pgrep -P "$pid"))
}
