#!/bin/bash
# Does in a Debian tree what steps of builds do: once natively, as root in a chroot, and once as an ordinary user
# without any privilege through the stub; then compares what was printed and every path of the two trees.
#
# usage: tests/sandbox/stub_fidelity.sh STUB_RUN BASE.tar WORK_DIRECTORY [STEP...]
#
# BASE.tar comes from scripts/debian-base.sh; all steps of stub_fidelity/ by default. Needs root, and a network for
# the packages (once: they are kept in WORK_DIRECTORY). Prints the times of both, and exits 1 when something differs.
set -euo pipefail
stub_run=$(realpath "$1")
base=$(realpath "$2")
mkdir -p "$3"
work=$(realpath "$3")
shift 3
steps=$(realpath "$(dirname "$0")")/stub_fidelity
if [[ $# -gt 0 ]]; then names=("$@"); else mapfile -t names < <(cd "$steps" && ls); fi
packages=(gcc libc6-dev make python3 perl git libcap2-bin busybox-static cron file sudo acl attr)

# A mount namespace of its own: nothing is left behind, whatever happens.
natively() {
  # shellcheck disable=SC2016  # the inner shell's own
  unshare -m --propagation private bash -c '
    root=$1; shift
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"; mount --rbind /sys "$root/sys"; mount --rbind /dev "$root/dev"
    source "$0"
    as_step chroot "$root" "$@"' "$(dirname "$steps")/step_capabilities.sh" "$work/native" \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

through_stub() {
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    "$stub_run" --owners "$work/owners" --save-owners "$work/owners.new" --changes "$work/out/changes" \
    --bind "$work/shm:/dev/shm" "$work/stub" "$@" && mv "$work/owners.new" "$work/owners"
}

prepare() {
  rm -rf "$work/native" "$work/stub" "$work/out"
  mkdir -p "$work/native" "$work/out"
  tar xpf "$base" -C "$work/native"
  mkdir -p "$work/native"/{proc,sys,dev}
  cp /etc/resolv.conf /etc/hosts "$work/native/etc/"
  if [[ ! -d $work/packages ]]; then
    natively apt-get -qq update
    natively apt-get -qq -y -d install --no-install-recommends "${packages[@]}"
    mkdir "$work/packages"
    cp -a "$work/native/var/cache/apt/archives/." "$work/packages/"
    cp -a "$work/native/var/lib/apt/lists" "$work/lists"
  fi
  rm -f "$work/native/etc/apt/apt.conf.d/docker-clean"
  cp -a "$work/packages/." "$work/native/var/cache/apt/archives/"
  rm -rf "$work/native/var/lib/apt/lists"
  cp -a "$work/lists" "$work/native/var/lib/apt/lists"
  mkdir "$work/native/steps"
  cp "$steps"/* "$work/native/steps/"
  echo "${packages[*]}" >"$work/native/steps/packages"
  # What a builder does when it makes a tree of a layer.
  cp -a "$work/native" "$work/stub"
  (cd "$work/stub" && find . -mindepth 1 -printf '%U %G %m %P\n') >"$work/owners"
  rm -rf "$work/stub"/{proc,sys,dev} && mkdir "$work/stub/dev"
  chown -hR 65534:65534 "$work/stub"
  chmod -R u+rwX "$work/stub"
  find "$work/stub" -type f -perm /7000 -exec chmod a-s {} +
  mkdir -p "$work/shm"
  chmod a+rwx "$work" "$work/out" "$work/shm"
}

# Type, mode, owners, size of files, target of links, content. Without what depends on the moment or on chance.
list() {
  cat <<'LIST'
cd / && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./etc/resolv.conf -o -path ./etc/hosts \
  -o -path ./var/log -o -path ./run/sudo/ts -o -path ./var/cache/ldconfig/aux-cache -o -path './var/cache/apt/*.bin' -o -path ./etc/machine-id \
  -o -path './var/lib/apt/lists/*' -o -name '.git' \) -prune -o -printf '%p %y %m %U:%G %l\n' | sort >/tmp/listing
find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./etc/resolv.conf -o -path ./etc/hosts -o -path ./var/log \
  -o -path ./run/sudo/ts -o -path ./tmp/listing -o -path ./var/cache/ldconfig/aux-cache -o -path './var/cache/apt/*.bin' -o -path ./etc/machine-id \
  -o -path './var/lib/apt/lists/*' -o -name .git \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum >>/tmp/listing
cat /tmp/listing; rm /tmp/listing
LIST
}

same() {
  if cmp -s "$work/out/$1.native" "$work/out/$1.stub"; then return 0; fi
  echo "FAIL: $1 differs (native, stub):"
  diff "$work/out/$1.native" "$work/out/$1.stub" | head -n 40 || true
  failed=1
}

timed() {
  local start end status=0
  start=$(date +%s%N)
  "$@" || status=$?
  end=$(date +%s%N)
  milliseconds=$(((end - start) / 1000000))
  return "$status"
}

failed=0
prepare
for name in "${names[@]}"; do
  timed natively bash -e "/steps/$name" >"$work/out/$name.native" 2>"$work/out/$name.native.err" || {
    echo "native '$name' failed:"
    tail -n 5 "$work/out/$name.native.err"
    exit 2
  }
  native=$milliseconds
  timed through_stub /bin/bash -e "/steps/$name" >"$work/out/$name.stub" 2>"$work/out/$name.stub.err" || {
    echo "FAIL: '$name' failed in the stub:"
    tail -n 10 "$work/out/$name.stub.err"
    failed=1
  }
  echo "$name: native $native ms, stub $milliseconds ms"
  same "$name"
done
list >"$work/native/steps/list"
cp "$work/native/steps/list" "$work/stub/steps/list"
natively bash /steps/list >"$work/out/tree.native"
through_stub /bin/bash /steps/list >"$work/out/tree.stub"
echo "paths compared: $(wc -l <"$work/out/tree.native")"
same tree
exit "$failed"
