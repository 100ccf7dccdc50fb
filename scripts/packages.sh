#!/bin/bash
# Installs the Debian packages that a task needs and that are missing.
#
# usage: scripts/packages.sh SET...      sets: build static image test fuzz lint demo bench bench-quick
#
# Asks dpkg first, so that nothing happens, and no privilege is needed, when all is there.
set -euo pipefail

# Debian 12 has the command and the daemon in one package; later releases and Ubuntu have it alone. One that was
# installed in another way will do.
docker_command() {
  if command -v docker >/dev/null; then
    return
  elif apt-cache show docker-cli >/dev/null 2>&1; then
    echo docker-cli
  else
    echo docker.io
  fi
}

packages_of() {
  case $1 in
    build)
      echo g++ cmake ninja-build ccache mold pkg-config
      echo libcurl4-openssl-dev libarchive-dev libssl-dev nlohmann-json3-dev libfmt-dev libzstd-dev libisal-dev libdeflate-dev
      echo libseccomp-dev libcli11-dev libgit2-dev libxml2-dev libtomlplusplus-dev libyaml-cpp-dev
      # cooper itself: CA certificates for registries, newuidmap for a range of ids without root.
      echo ca-certificates uidmap
      ;;
    static)
      # What cooper and its libraries are linked with, as archives, and what builds the rest: see static_deps.sh.
      echo libnghttp2-dev libidn2-dev libunistring-dev zlib1g-dev libbz2-dev liblzma-dev libpcre2-dev libhttp-parser-dev
      echo dpkg-dev make nasm binutils
      ;;
    image) echo ca-certificates busybox-static git jq ;;
    test)
      echo libgtest-dev libgmock-dev git openssh-client busybox-static docker-registry skopeo umoci jq curl openssl
      echo util-linux zstd xz-utils bzip2 qemu-user-static python3-botocore mmdebstrap nginx-light rsync runc
      # The packaging: Cloud Build and CodeBuild files are YAML, the Jenkins library is Groovy.
      echo python3-yaml groovy default-jre-headless
      # Containers as CI systems start them, files with capabilities, and the docker command, which calls plugins without
      # a daemon.
      echo runc libcap2-bin "$(docker_command)"
      ;;
    fuzz) echo clang-14 libclang-rt-14-dev ;;
    lint) echo clang-format-14 clang-tidy-14 shellcheck ;;
    demo) echo mmdebstrap docker-registry skopeo jq curl util-linux ;;
    bench)
      echo mmdebstrap libbenchmark-dev hyperfine buildah docker.io docker-registry busybox-static openssl jq curl time
      echo python3 zlib1g-dev e2fsprogs procps
      ;;
    bench-quick) echo valgrind jq ;;
    *)
      echo "packages.sh: unknown set '$1'" >&2
      echo "hint: use one of build, static, image, test, fuzz, lint, demo, bench, bench-quick" >&2
      exit 2
      ;;
  esac
}

missing_of() {
  local installed
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' || true)
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

if ! command -v dpkg-query >/dev/null; then
  echo "packages.sh: not a Debian system: install these yourself, or build in a debian:12 container:" >&2
  for set in "$@"; do packages_of "$set" >&2; done
  exit 1
fi

wanted=()
for set in "$@"; do
  list=$(packages_of "$set")
  read -r -d '' -a names <<<"$list" || true
  wanted+=("${names[@]}")
done
mapfile -t missing < <(missing_of "${wanted[@]}")
[[ ${#missing[@]} -eq 0 ]] && exit 0

as_root=()
if [[ $(id -u) -ne 0 ]]; then
  if ! command -v sudo >/dev/null; then
    echo "packages.sh: missing packages, and neither root nor sudo to install them: ${missing[*]}" >&2
    echo "hint: run as root: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
install() { apt install --no-install-recommends "${missing[@]}"; }

echo "installing: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# With no package lists, or old ones, the first try fails; only then is the network asked for new lists.
if ! install >"$log" 2>&1; then
  if ! { apt update && install; } >"$log" 2>&1; then
    cat "$log" >&2
    echo "packages.sh: cannot install: ${missing[*]}" >&2
    exit 1
  fi
fi

# Debian starts an open registry on port 5000 with this package, and docker's daemon with that one; only the programs
# are wanted here.
for package in docker-registry docker.io; do
  if [[ " ${missing[*]} " == *" $package "* && -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --now "${package%.io}".{service,socket} >/dev/null 2>&1 || true
  fi
done
