#!/bin/bash
# Cooper's own image: built by cooper, twice the same, with nothing in it that should not be; and in it, in a container with
# Docker's capabilities, cooper builds as root, as a user that /etc/passwd knows, and as one that it does not.
#
# usage: image_test.sh [BUILD]      skips without the portable cooper, BUILD/static/cooper, that `make static` makes
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
# shellcheck source=../servers/lib.sh
source "$packaging/../servers/lib.sh"
portable=$(realpath -m "${1:-$repository/build}")/static/cooper
[[ -e $portable ]] || skip "'$portable' is not there: 'make static' makes it"
need umoci runc jq busybox openssl
[[ $(id -u) -eq 0 ]] || skip 'only root can start these containers'

build_images() { # build_images DIRECTORY
  if ! BUILD=$1 COOPER=$portable "$repository/scripts/image.sh" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    fail 'scripts/image.sh'
  fi
}

# --- the images -----------------------------------------------------------------------------------------------------

build_images "$work/one"
build_images "$work/two"
for target in cooper debug kaniko kaniko-warmer kaniko-debug; do
  assert_eq "$(cat "$work/two/image/$target/index.json")" "$(cat "$work/one/image/$target/index.json")" "digests of $target"
done
umoci unpack --image "$work/one/image/cooper:latest" "$work/cooper" 2>/dev/null
umoci unpack --image "$work/one/image/debug:latest-debug" "$work/debug" 2>/dev/null
assert_eq "$(cd "$work/cooper/rootfs" && find . -not -type d | sort | tr '\n' ' ')" \
  './etc/group ./etc/passwd ./etc/ssl/certs/ca-certificates.crt ./usr/local/bin/cooper ' 'files of the image'
assert_eq "$(stat -c '%a %u %g' "$work/cooper/rootfs"/{tmp,home/cooper,usr/local/bin/cooper} | tr '\n' ' ')" \
  '1777 0 0 1777 0 0 755 0 0 ' 'modes and owners'
config=$("$portable" image inspect --config "oci-layout://$work/one/image/cooper")
assert_eq "$(jq -c .config.Entrypoint <<<"$config")" '["/usr/local/bin/cooper"]' 'entry point'
assert_eq "$(jq -r '.config.Labels."org.opencontainers.image.title"' <<<"$config")" cooper 'title'
if revision=$(git -C "$repository" rev-parse HEAD 2>/dev/null); then
  assert_eq "$(jq -r '.config.Labels."org.opencontainers.image.revision"' <<<"$config")" "$revision" 'revision'
fi

# Cloud Build's builder is made of the one with a shell.
"$portable" build --store "$work/store" -q --build-context "cooper=oci-layout://$work/one/image/debug" \
  -o "type=oci,dest=$work/builder,tar=false" "$repository/adapters/cloudbuild" >/dev/null
config=$("$portable" image inspect --config "oci-layout://$work/builder")
assert_eq "$(jq -c '[.config.Entrypoint, .config.WorkingDir]' <<<"$config")" '[["/usr/local/bin/cooper"],"/workspace"]' 'builder'

# Alone in a directory, without a /proc, a /dev or a library, the program starts.
mkdir "$work/alone"
cp "$portable" "$work/alone/cooper"
assert_contains "$(chroot "$work/alone" /cooper --version)" 'cooper ' 'version in an empty file system'

# --- in a container -------------------------------------------------------------------------------------------------

docker_capabilities='["CHOWN","DAC_OVERRIDE","FSETID","FOWNER","MKNOD","NET_RAW","SETGID","SETUID","SETFCAP","SETPCAP",
  "NET_BIND_SERVICE","SYS_CHROOT","KILL","AUDIT_WRITE"]'
# Runs a command of the bundle's shell as UID, on the host's network, and prints what it prints.
in_container() { # in_container BUNDLE UID COMMAND
  jq --argjson uid "$2" --arg command "$3" --argjson capabilities "$docker_capabilities" '
    .process.terminal = false | .process.noNewPrivileges = false | .process.user = {uid: $uid, gid: $uid}
    | .process.args = ["/bin/sh", "-euc", $command]
    | .process.env = ["PATH=/usr/local/bin:/bin:/busybox", "HOME=/home/cooper"]
    | .linux.namespaces = [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}]
    | .process.capabilities[] = (if $uid == 0 then ($capabilities | map("CAP_" + .)) else [] end)' \
    "$1/config.json" >"$1/config.new"
  mv "$1/config.new" "$1/config.json"
  local result=0
  runc --root "$work/runc" run --bundle "$1" "cooper-image-$$-$2" >"$work/log" 2>&1 </dev/null || result=$?
  [[ $result -eq 0 ]] || fail "in the container, as $2: $3: exit code $result:"$'\n'"$(cat "$work/log")"
  cat "$work/log"
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=files.example \
  -addext subjectAltName=DNS:files.example -keyout "$work/key.pem" -out "$work/certificate.pem" 2>/dev/null
start_server https_files.py "$work/files" --certificate "$work/certificate.pem" --key "$work/key.pem"
trap 'kill "$server_pid"; on_exit' EXIT

mkdir -p "$work/context/run"
cp "$(command -v busybox)" "$work/context/run/sh"
printf 'FROM scratch\nCOPY Dockerfile /copied\nADD https://files.example:%s/fetched /fetched\n' "$server_port" >"$work/context/Dockerfile"
printf 'FROM scratch\nCOPY sh /bin/sh\nRUN ["/bin/sh", "-c", "echo ran >/out"]\n' >"$work/context/run/Dockerfile"

for uid in 0 1000 65534 123456; do
  bundle=$work/as-$uid
  cp -a "$work/debug" "$bundle"
  cp -a "$work/context" "$bundle/rootfs/context"
  chmod -R a+rX "$bundle/rootfs/context"
  # Another place for the authorities, as on Fedora; and name services of a system that this program is not part of.
  mkdir -p "$bundle/rootfs/etc/pki/tls/certs"
  cp "$work/certificate.pem" "$bundle/rootfs/etc/pki/tls/certs/ca-bundle.crt"
  rm -r "$bundle/rootfs/etc/ssl"
  echo '127.0.0.1 files.example' >"$bundle/rootfs/etc/hosts"
  printf 'hosts: mymachines resolve files dns\npasswd: sss files\ngroup: sss files\n' >"$bundle/rootfs/etc/nsswitch.conf"
  # Whoever opens these to load them waits for ever.
  mkdir -p "$bundle/rootfs/lib/x86_64-linux-gnu"
  for service in mymachines resolve sss; do mkfifo "$bundle/rootfs/lib/x86_64-linux-gnu/libnss_$service.so.2"; done

  in_container "$bundle" "$uid" 'cooper build --progress plain -o type=local,dest=/tmp/out /context' >/dev/null
  assert_eq "$(cat "$bundle/rootfs/tmp/out/fetched")" /fetched "what was fetched over HTTPS as $uid"
  cmp "$work/context/Dockerfile" "$bundle/rootfs/tmp/out/copied"
  in_container "$bundle" "$uid" 'cooper build --progress plain -o type=local,dest=/tmp/ran /context/run' >/dev/null
  assert_eq "$(cat "$bundle/rootfs/tmp/ran/out")" ran "what RUN wrote as $uid"
done
