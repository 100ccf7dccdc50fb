#!/bin/bash
# The orb's command "install": downloads the binary, compares its checksum, puts it on the PATH of the following steps.
set -euo pipefail

if [[ -z $ORB_VERSION ]] && command -v cooper >/dev/null; then
  echo "cooper is there already: $(command -v cooper)"
  exit 0
fi

case $(uname -m) in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *)
    echo "no cooper for this machine, '$(uname -m)'" >&2
    exit 1
    ;;
esac
url=$ORB_LATEST_URL
[[ -z $ORB_VERSION ]] || url=$ORB_URL
url=${url//'{version}'/"v${ORB_VERSION#v}"}
url=${url//'{arch}'/"$architecture"}

download() { curl --fail --silent --show-error --location --retry 3 --output "$2" -- "$1"; }

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
download "$url" "$directory/cooper"
expected=$ORB_SHA256
if [[ -z $expected ]]; then
  download "$url.sha256" "$directory/sha256"
  read -r expected _ <"$directory/sha256"
fi
actual=$(sha256sum "$directory/cooper" | cut -d' ' -f1)
if [[ $actual != "$expected" ]]; then
  echo "'$url' has the checksum $actual, not $expected" >&2
  exit 1
fi

mkdir -p "$HOME/.local/bin"
install -m 0755 "$directory/cooper" "$HOME/.local/bin/cooper"
# shellcheck disable=SC2016  # for the shells of the following steps
echo 'export PATH="$HOME/.local/bin:$PATH"' >>"$BASH_ENV"
echo "installed $url"
