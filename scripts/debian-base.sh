#!/bin/bash
# Makes the root file system of a Debian base image as a tar, from the archives that this machine's apt uses.
#
# usage: scripts/debian-base.sh OUT.tar VARIANT PACKAGE...     variants as in mmdebstrap(1)
#
# Works as root and as an ordinary user (mmdebstrap then uses a user namespace, or fakechroot). OUT.tar is left
# alone when the same base was made before.
set -euo pipefail
out=$1
variant=$2
shift 2
packages=$(IFS=,; echo "$*")
# shellcheck source=/dev/null
release=$(. /etc/os-release && echo "$VERSION_CODENAME")

recipe="$release $variant $packages"
if [[ -s $out && $(cat "$out.recipe" 2>/dev/null) == "$recipe" ]]; then
  echo "kept from an earlier run"
  exit 0
fi

# Only Debian's own archives: what else the machine uses may need keys and proxies of its own. Without package
# lists apt does not know an archive's origin yet and leaves the word as it is.
# shellcheck disable=SC2016  # the dollars are for apt
sources=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v release="$release" '($1 == "Debian" || $1 == "$(ORIGIN)") && index($3, release) == 1 {
    print "deb " $2 " " $3 " " $4 }' | sort -u)
if [[ -z $sources ]]; then
  echo "cannot make a base image: apt on this machine has no source for Debian '$release'" >&2
  exit 1
fi

# The machine's way to the archives is part of its sources.
options=()
while IFS= read -r line; do options+=("--aptopt=${line%;}"); done < <(
  apt-config dump | grep -E '^Acquire::(https?::([^ ]*::)?Proxy[^ ]*|Check-Valid-Until|Check-Date) ' | grep -v ' "";$' || true)

mkdir -p "$(dirname "$out")"
log=$out.log
# Documentation and translations are of no use in a build; without them the image is a third smaller.
if ! mmdebstrap --format=tar --variant="$variant" --include="$packages" "${options[@]}" \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --skip=output/dev \
  "$release" "$out.part" - >"$log" 2>&1 <<<"$sources"; then
  tail -n 20 "$log" >&2
  rm -f "$out.part"
  exit 1
fi
# What mmdebstrap took from this machine has no place in an image.
tar --delete -f "$out.part" ./etc/apt/apt.conf.d/99mmdebstrap ./etc/dpkg/dpkg.cfg.d/99mmdebstrap \
  ./etc/resolv.conf ./etc/hostname
printf '%s\n' "$recipe" >"$out.recipe"
mv "$out.part" "$out"
echo "made with mmdebstrap, $(du -h "$out" | cut -f1)"
