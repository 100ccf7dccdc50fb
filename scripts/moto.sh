#!/bin/bash
# Unpacks moto, a double of AWS's services that others wrote, into the build tree for the tests that ask it.
#
# usage: scripts/moto.sh [BUILD]      makes BUILD/moto/serve, which listens on a free port of 127.0.0.1 and names it
#
# Debian 12 has no moto, Debian 13 has: its packages and all below them are unpacked, not installed, into a root file
# system of their own. Where the archive or mmdebstrap is missing the tests skip and say so.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-build}/moto
suite=trixie
packages=base-files,python3-moto,python3-flask,python3-flask-cors

[[ $(cat "$directory/recipe" 2>/dev/null) != "$suite $packages" ]] || exit 0
give_up() {
  echo "no moto, so nothing is tried on it: $*"
  exit 0
}
command -v mmdebstrap >/dev/null || give_up "mmdebstrap is not installed"

# Debian's archive as this machine's apt reaches it; without package lists apt does not know an origin.
# shellcheck disable=SC2016  # the dollars are for apt
archive=$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(COMPONENT)' 'Created-By: Packages' |
  awk '($1 == "Debian" || $1 == "$(ORIGIN)") && $2 ~ /\/debian\/?$/ && $3 == "main" { print $2; exit }')
[[ -n $archive ]] || give_up "apt on this machine has no source for Debian"
options=()
while IFS= read -r line; do options+=("--aptopt=${line%;}"); done < <(
  apt-config dump | grep -E '^Acquire::(https?::([^ ]*::)?Proxy[^ ]*|Check-Valid-Until|Check-Date) ' | grep -v ' "";$' || true)

rm -rf "$directory"
mkdir -p "$directory"
mmdebstrap --variant=extract --include="$packages" "${options[@]}" "$suite" "$directory/root" \
  "deb $archive $suite main" >"$directory/log" 2>&1 || give_up "$(tail -n 1 "$directory/log")"
# What ca-certificates would do when it is installed; Python wants the file to be there.
cat "$directory"/root/usr/share/ca-certificates/mozilla/*.crt >"$directory/root/etc/ssl/certs/ca-certificates.crt"
cat >"$directory/serve" <<'SERVE'
#!/bin/bash
# Ends with its caller's signal: everything is exec.
root=$(dirname "$(realpath "$0")")/root
enter=(chroot "$root")
[[ $(id -u) -eq 0 ]] || enter=(unshare --map-root-user chroot "$root")
exec env -i PATH="$PATH" HOME=/tmp PYTHONUNBUFFERED=1 "${enter[@]}" /usr/bin/python3 /usr/bin/moto_server -H 127.0.0.1 -p 0
SERVE
chmod +x "$directory/serve"
printf '%s\n' "$suite $packages" >"$directory/recipe"
