# shellcheck shell=bash
# The surroundings of pods, for tests that play what a cluster or a CI system does: cooper's own images unpacked, containers of them
# in runc, and a network with nothing in it but registry.example.com, gcr.io and git.example.com, over TLS by a private authority.
#
# usage: source lib.sh, with the test's own arguments: [BUILD]. Skips without the portable cooper, BUILD/static/cooper.
if [[ ${COOPER_OWN_NETWORK:-} != yes ]]; then
  # Ports 80 and 443, and the names of real registries, are this test's alone; and its mounts end with it.
  if [[ $(id -u) -ne 0 ]] || ! unshare --net --mount true 2>/dev/null; then
    echo 'skipped: only root can start these containers, in a network of their own'
    exit 77
  fi
  COOPER_OWN_NETWORK=yes exec unshare --net --mount "$0" "$@"
fi
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../packaging/lib.sh"
# shellcheck source=../servers/lib.sh
source "$packaging/../servers/lib.sh"
# shellcheck source=../../../scripts/registry.sh
source "$repository/scripts/registry.sh"
build=$(realpath -m "${1:-$repository/build}")
cooper=$build/static/cooper
[[ -e $cooper ]] || skip "'$cooper' is not there: 'make static' makes it"
need umoci runc jq busybox openssl docker-registry git nginx /usr/bin/python3
/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip "'python3-yaml' is not installed"
busybox ip link set lo up
# An overlay's upper directory cannot be on another overlay.
[[ $(stat -f -c %T "$work") != overlayfs ]] || mount -t tmpfs work "$work"
chmod 0755 "$work"
export SSL_CERT_FILE=$work/authority.pem

processes=()
running=()
stop_all() {
  local pid
  end_containers
  for bundle in "$work"/containers/*; do umount --lazy "$bundle/rootfs" 2>/dev/null || true; done
  for pid in "${processes[@]}"; do kill "$pid" 2>/dev/null || true; done
  umount --lazy "$work" 2>/dev/null || true
  on_exit
}
trap stop_all EXIT

# --- the network ----------------------------------------------------------------------------------------------------

hosts=(registry.example.com gcr.io git.example.com metadata.google.internal)
known_to_registry() { # known_to_registry USER PASSWORD: a line for htpasswd, bcrypt at its lowest cost
  # shellcheck disable=SC2016  # the dollars are bcrypt's
  /usr/bin/python3 -W ignore -c 'import crypt, sys; print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], "$2b$04$abcdefghijklmnopqrstuu"))' "$@"
}

# $work/hosts is what containers have as /etc/hosts.
start_network() {
  local name
  echo '127.0.0.1 localhost' >"$work/hosts"
  for name in "${hosts[@]}"; do echo "127.0.0.1 $name" >>"$work/hosts"; done
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=private authority' \
    -addext "subjectAltName=$(printf 'DNS:%s,' "${hosts[@]}" | sed 's/,$//')" \
    -keyout "$work/key.pem" -out "$work/authority.pem" 2>/dev/null
  {
    known_to_registry ci ci-password
    known_to_registry oauth2accesstoken token-of-the-machine
  } >"$work/htpasswd"
  REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test REGISTRY_AUTH_HTPASSWD_PATH=$work/htpasswd \
    start_registry "$work/registry"
  start_git
  start_server metadata.py "$work/metadata" --token token-of-the-machine
  processes+=("$server_pid")
  start_nginx
  mkdir -p "$work/plain"
  login_file "$REGISTRY" >"$work/plain/config.json"
}
login_file() { # login_file HOST: a config.json with the login of user "ci"
  jq -n --arg host "$1" --arg auth "$(printf 'ci:ci-password' | base64)" '{auths: {($host): {auth: $auth}}}'
}

# git over smart HTTP: busybox' httpd with git's own CGI program, for repositories in $work/git. Of these group/private.git wants
# a token, "token-of-git".
start_git() {
  mkdir -p "$work/git" "$work/www/cgi-bin"
  cat >"$work/www/cgi-bin/git" <<END
#!/bin/sh
GIT_PROJECT_ROOT='$work/git' GIT_HTTP_EXPORT_ALL=1 HOME=/nonexistent GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory \
  GIT_CONFIG_VALUE_0='*' exec git http-backend
END
  chmod +x "$work/www/cgi-bin/git"
  echo '/cgi-bin/git/group/private.git:x-access-token:token-of-git' >"$work/httpd.conf"
  busybox httpd -f -p 127.0.0.1:8080 -h "$work/www" -c "$work/httpd.conf" &
  processes+=("$!")
}
publish_git() { # publish_git NAME DIRECTORY: the directory's files as the branch main of https://git.example.com/NAME
  local work_tree=$work/work-tree
  rm -rf "$work_tree"
  cp -a "$2" "$work_tree"
  git -C "$work_tree" init -q -b main
  git -C "$work_tree" add -A
  GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' \
    git -C "$work_tree" -c user.name=Somebody -c user.email=somebody@example.com commit -qm sources
  git clone -q --bare "$work_tree" "$work/git/$1"
}

# TLS for all names. It listens before it goes into the background.
start_nginx() {
  mkdir -p "$work/nginx"
  cat >"$work/nginx/nginx.conf" <<END
user root;
pid $work/nginx/pid;
error_log $work/nginx/error;
events {}
http {
  access_log $work/nginx/access;
  client_body_temp_path $work/nginx; proxy_temp_path $work/nginx; fastcgi_temp_path $work/nginx;
  uwsgi_temp_path $work/nginx; scgi_temp_path $work/nginx;
  client_max_body_size 0;
  ssl_certificate $work/authority.pem; ssl_certificate_key $work/key.pem;
  proxy_set_header Host \$host; proxy_set_header X-Forwarded-Proto https;
  server { listen 127.0.0.1:443 ssl; server_name registry.example.com gcr.io;
    location / { proxy_pass http://$REGISTRY; proxy_request_buffering off; } }
  server { listen 127.0.0.1:443 ssl; server_name git.example.com; location / { proxy_pass http://127.0.0.1:8080/cgi-bin/git/; } }
  server { listen 127.0.0.1:80; server_name metadata.google.internal; location / { proxy_pass http://127.0.0.1:$server_port; } }
}
END
  nginx -c "$work/nginx/nginx.conf" -p "$work/nginx"
  processes+=("$(cat "$work/nginx/pid")")
}

# --- images and containers ------------------------------------------------------------------------------------------

# Makes cooper's own images; each is then $work/images/NAME/rootfs and .../config.json, and trusts the private authority only
# where the test says so.
make_images() { # make_images NAME...: of cooper, debug, kaniko, kaniko-debug
  local name tag
  if ! BUILD=$work/build COOPER=$cooper "$repository/scripts/image.sh" >"$work/log" 2>&1; then
    cat "$work/log" >&2
    fail 'scripts/image.sh'
  fi
  for name in "$@"; do
    tag=latest-$name
    [[ $name != cooper ]] || tag=latest
    umoci unpack --image "$work/build/image/$name:$tag" "$work/images/$name" 2>/dev/null
    "$cooper" image inspect --config "oci-layout://$work/build/image/$name" >"$work/images/$name/config.json"
  done
}
# A user of the images adds the authority to them.
trust_authority() { # trust_authority IMAGE...
  local name
  for name in "$@"; do cat "$work/authority.pem" >>"$work/images/$name/rootfs/etc/ssl/certs/ca-certificates.crt"; done
}

# As a runtime makes it: an overlay on the image's files. What the container writes is in $bundle/written.
new_container() { # new_container NAME IMAGE: sets $bundle
  bundle=$work/containers/$1
  mkdir -p "$bundle"/{rootfs,overlay,written}
  mount -t overlay -o "lowerdir=$work/images/$2/rootfs,upperdir=$bundle/written,workdir=$bundle/overlay" container "$bundle/rootfs"
  cp "$work/images/$2/config.json" "$bundle/image.json"
}
# Runs a container of a pod in $bundle to its end; sets $result, and leaves what it printed in $work/log.
run_pod() { # run_pod POD CONTAINER [OPTION OF pod.py]...
  write_pod "$@"
  result=0
  runc --root "$work/runc" run --bundle "$bundle" "$(container_id)" >"$work/log" 2>&1 </dev/null || result=$?
}
write_pod() { # write_pod POD CONTAINER [OPTION OF pod.py]...
  /usr/bin/python3 "$repository/tests/adapters/kubernetes/pod.py" "$1" "$2" "$bundle/image.json" "$bundle" \
    --hosts "$work/hosts" --objects "$work/objects" "${@:3}"
}
# Starts one that waits, for processes that enter it later; what it reads is this file or pipe. Sets $container.
start_pod() { # start_pod INPUT POD CONTAINER [OPTION OF pod.py]...
  write_pod "${@:2}"
  container=$(container_id)
  running+=("$container")
  runc --root "$work/runc" run --detach --bundle "$bundle" "$container" <"$1" >"$work/waiting" 2>&1
}
# Runs a process in it; sets $result, and leaves what it printed in $work/log.
enter_pod() { # enter_pod [OPTION OF runc exec]... -- PROGRAM [ARGUMENT]...
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  shift
  result=0
  runc --root "$work/runc" exec "${options[@]}" "$container" "$@" >"$work/log" 2>&1 </dev/null || result=$?
}
end_containers() {
  local id
  for id in "${running[@]}"; do runc --root "$work/runc" delete --force "$id" 2>/dev/null || true; done
  running=()
}
container_id() { echo "cooper-pod-$$-$(basename "$bundle")"; }
assert_succeeded() { # assert_succeeded WHAT
  [[ $result -eq 0 ]] || fail "$1: exit code $result:"$'\n'"$(cat "$work/log")"
}

# What the registry has, asked for with the right login over TLS.
registry() { # registry PATH [CURL OPTION]...
  local path=$1
  shift
  curl --silent --show-error --fail --cacert "$work/authority.pem" --resolve registry.example.com:443:127.0.0.1 --user ci:ci-password \
    --header 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json' \
    "$@" "https://registry.example.com/v2/$path"
}
digest_of() { # digest_of REPOSITORY:TAG
  registry "${1%:*}/manifests/${1##*:}" --head | tr -d '\r' | sed -n 's/^[Dd]ocker-[Cc]ontent-[Dd]igest: //p'
}
config_of() { # config_of REPOSITORY:TAG: the image's configuration
  registry "${1%:*}/blobs/$(registry "${1%:*}/manifests/${1##*:}" | jq -r .config.digest)"
}
files_of() { # files_of REPOSITORY:TAG DIRECTORY: unpacks the image, over plain HTTP at the registry's own port
  rm -rf "$2"
  DOCKER_CONFIG=$work/plain "$cooper" image copy "$REGISTRY/$1" "oci-layout://$2/layout:copied" >/dev/null 2>&1
  umoci unpack --image "$2/layout:copied" "$2/unpacked" 2>/dev/null
  mv "$2/unpacked/rootfs" "$2/rootfs"
}
push_base() { # push_base NAME:TAG DIRECTORY: an image of the directory's files, pushed with the login of "ci"
  printf 'FROM scratch\nCOPY . /\nENV PATH=/bin\n' |
    DOCKER_CONFIG=$work/plain "$cooper" build --store "$work/store" -q -f - --push --tag "$REGISTRY/$1" "$2" >/dev/null
}
