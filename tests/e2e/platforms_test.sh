#!/bin/bash
# Several platforms in one build: the index, stages that run once on the build's own platform, outputs split by platform,
# and RUN for a foreign machine with and without an emulator.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base

native=linux/$(image_architecture)
foreign=linux/arm64
[[ $native != "$foreign" ]] || foreign=linux/amd64

# An arm64 Linux program of three instructions: mov x8,#93; mov x0,#CODE; svc #0.
arm64_exit() { # arm64_exit CODE OUT
  local code
  printf -v code '%08x' $((0xd2800000 | $1 << 5))
  {
    printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0'
    printf '\170\0\100\0\0\0\0\0\100\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\70\0\1\0\0\0\0\0\0\0'
    printf '\1\0\0\0\5\0\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0\0\0\0\0\100\0\0\0\0\0'
    printf '\204\0\0\0\0\0\0\0\204\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0'
    printf '\250\013\200\322'
    printf '%b' "\\x${code:6:2}\\x${code:4:2}\\x${code:2:2}\\x${code:0:2}"
    printf '\1\0\0\324'
  } >"$2"
  chmod 0755 "$2"
}

# --- an index, and a stage that runs once ---------------------------------------------------------------------------

if can_run; then
  dockerfile both <<END
FROM --platform=\$BUILDPLATFORM $base AS build
RUN echo built-natively > /out
FROM scratch
ARG TARGETARCH
COPY --from=build /out /out
COPY --from=build /etc/passwd /from-\$TARGETARCH
ENV ARCH=\$TARGETARCH
END
  build --platform "$native,$foreign" -o type=oci,dest=both.tar both
  assert_eq "$(grep -c 'RUN echo built-natively' log)" 1 'the native stage is planned once'
  oci_open both.tar both.oci
  index=$(oci_blob both.oci "$(jq -r '.manifests[0].digest' both.oci/index.json)")
  assert_eq "$(jq -r '[.manifests[].platform | .os + "/" + .architecture] | join(" ")' "$index")" "$native $foreign" index
  for digest in $(jq -r '.manifests[].digest' "$index"); do
    config=$(oci_blob both.oci "$(jq -r .config.digest "$(oci_blob both.oci "$digest")")")
    architecture=$(jq -r .architecture "$config")
    assert_contains "$(jq -r '.config.Env | join(" ")' "$config")" "ARCH=$architecture" 'TARGETARCH of each platform'
  done
  build --platform "$native,$foreign" -t "$REGISTRY/both" --push both
  for platform in "$native" "$foreign"; do
    assert_eq "$(skopeo inspect --tls-verify=false --override-arch "${platform#linux/}" "docker://$REGISTRY/both" |
      jq -r .Architecture)" "${platform#linux/}" "what a pull for $platform gets"
  done

  # Outputs of trees.
  build --platform "$native,$foreign" -o type=local,dest=split both
  for platform in "$native" "$foreign"; do
    assert_file "split/${platform/\//_}/out" built-natively
    [[ -s split/${platform/\//_}/from-${platform#linux/} ]] || fail "no tree of $platform"
  done
  build_fails 2 --platform "$native,$foreign" -o type=local,dest=together,platform-split=false both
  assert_contains "$message" "'/out' is in the results for $native and for $foreign" 'one name for two files'
  sed -i '/\/out \/out/d' both/Dockerfile
  build --platform "$native,$foreign" -o type=local,dest=together,platform-split=false both
  [[ -s together/from-amd64 && -s together/from-arm64 ]] || fail 'platform-split=false: both trees in one'
  build --platform "$native" -o type=local,dest=split-one,platform-split=true both
  [[ -s split-one/${native/\//_}/from-${native#linux/} ]] || fail 'platform-split=true for one platform'
  build --platform "$native,$foreign" -o type=tar,dest=split.tar both
  assert_contains "$(tar -tf split.tar)" "${foreign/\//_}/from-${foreign#linux/}" 'the tar of two platforms'
fi

# --- RUN for another machine ------------------------------------------------------------------------------------------

need_run
[[ $foreign == linux/arm64 ]] || skip 'the rest runs programs of arm64, which this machine is'
mkdir -p emulated
arm64_exit 0 emulated/program
arm64_exit 7 emulated/fails
dockerfile emulated <<'END'
FROM scratch
COPY program fails /
ARG PROGRAM=/program
RUN ["/program"]
END
# A handler may be registered on the machine that runs this.
emulation=$(head -n 1 /proc/sys/fs/binfmt_misc/qemu-aarch64 2>/dev/null || true)
if [[ $emulation != enabled ]]; then
  build_fails 9 --platform linux/arm64 emulated
  assert_contains "$message" "cannot run programs of linux/arm64 on this $native machine" error
  assert_contains "$message" 'emulated/Dockerfile:4' place
  assert_contains "$message" 'hint: register an emulator with binfmt_misc' hint
fi

# User namespaces have handlers of their own since Linux 6.7, so the machine's are left alone.
need qemu-aarch64-static
# shellcheck disable=SC2016  # the inner shell expands
register='
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  magic="\\x7f\\x45\\x4c\\x46\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
  mask="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
  echo ":cooper-arm64:M::$magic:$mask:$(command -v qemu-aarch64-static):F" >/proc/sys/fs/binfmt_misc/register
  exec "$@"'
in_namespace=(unshare --user --mount --propagation private)
with_emulator() { # with_emulator COMMAND...: in a user namespace, with all the ids that we have
  if [[ $(id -u) -ne 0 ]]; then
    "${in_namespace[@]}" --map-root-user "${ids[@]}" -- bash -euc "$register" emulate "$@"
    return
  fi
  # Root maps its ids itself, from outside: newuidmap would want a line in /etc/subuid.
  rm -f ready go
  mkfifo ready go
  # shellcheck disable=SC2016  # the inner shell expands
  "${in_namespace[@]}" -- bash -euc 'echo >ready; read -r _ <go; eval "$0"' "$register" "$@" &
  local pid=$!
  read -r _ <ready
  awk '{ print $1, $1, $3 }' /proc/self/uid_map >"/proc/$pid/uid_map"
  awk '{ print $1, $1, $3 }' /proc/self/gid_map >"/proc/$pid/gid_map"
  echo >go
  wait "$pid"
}
ids=()
[[ $(isolation) != userns ]] || ids=(--map-auto)
with_emulator true 2>/dev/null || skip 'no binfmt_misc in a user namespace here (Linux 6.7 has it)'
build_emulated() { # build_emulated ISOLATION ARGUMENT...
  local isolation=$1
  shift
  with_emulator "$cooper" build --store "$work/emulated-store" --isolation "$isolation" --progress plain \
    --platform linux/arm64 "$@" emulated 2>log
}
if has_mounts; then
  build_emulated auto -o type=oci,dest=emulated.tar || { cat log >&2; fail 'RUN under an emulator'; }
  oci_open emulated.tar emulated.oci
  assert_eq "$(jq -r .architecture "$(oci_config emulated.oci)")" arm64 architecture
  sed -i 's,RUN .*,RUN ["/fails"],' emulated/Dockerfile
  result=0
  build_emulated auto || result=$?
  assert_eq "$result" 7 'the exit code of an emulated program'
fi

# Where paths are translated inside each process, there is no place for an emulator.
result=0
build_emulated emulated || result=$?
assert_eq "$result" 9 'the exit code where nothing can be mounted'
assert_contains "$(cat log)" 'cannot run programs of linux/arm64 where nothing can be mounted' error
