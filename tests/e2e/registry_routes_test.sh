#!/bin/bash
# Where registries really are and how they are spoken to: private authorities, client certificates, mirrors, proxies.
#
# "registry.localhost" is no loopback name to cooper, so it is spoken to over TLS and through proxies, and libcurl
# resolves it without a name server.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need openssl perl
servers=()
stop_all() {
  local pid
  for pid in "${servers[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
}
trap stop_all EXIT
with_base
servers+=("$REGISTRY_PID")
plain=$REGISTRY

# Another registry with the same images; sets REGISTRY.
start_copy() { # start_copy NAME
  mkdir -p "$E2E_DIRECTORY/$1"
  cp -a "$E2E_DIRECTORY/registry/data" "$E2E_DIRECTORY/$1/"
  start_registry "$E2E_DIRECTORY/$1"
  servers+=("$REGISTRY_PID")
}
requests_of() { # requests_of NAME: how many requests it answered
  grep -c '"GET /v2/\|"HEAD /v2/' "$E2E_DIRECTORY/$1/log" || true
}
count=0
fresh_store() { # nothing is known of any image
  count=$((count + 1))
  store=$E2E_DIRECTORY/store.$count
}
# Builds FROM the name in a store that knows nothing.
pull() { # pull NAME ARGUMENT...
  fresh_store
  printf 'FROM %s\n' "$1" >Dockerfile
  shift
  rm -rf tree
  build_tree tree "$@" -f Dockerfile .
  assert_file tree/var/lib/demo/file base
}
pull_fails() { # pull_fails CODE NAME ARGUMENT...
  local code=$1
  fresh_store
  printf 'FROM %s\n' "$2" >Dockerfile
  shift 2
  build_fails "$code" "$@" -o type=local,dest=none -f Dockerfile .
}

# --- authorities --------------------------------------------------------------------------------------------------

key_options=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
authority() { # authority NAME
  openssl req -x509 "${key_options[@]}" -keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" 2>/dev/null
}
issue() { # issue AUTHORITY NAME EXTENSION
  openssl req "${key_options[@]}" -keyout "$2.key" -out "$2.csr" -subj "/CN=$2" 2>/dev/null
  openssl x509 -req -in "$2.csr" -CA "$1.crt" -CAkey "$1.key" -CAcreateserial -days 2 -out "$2.pem" \
    -extfile <(echo "$3") 2>/dev/null
}
mkdir pki
cd pki
authority private
authority stranger
issue private server 'subjectAltName=DNS:registry.localhost,DNS:localhost,IP:127.0.0.1'
issue private client 'extendedKeyUsage=clientAuth'
cd ..
pki=$work/pki
export REGISTRY_HTTP_TLS_CERTIFICATE=$pki/server.pem REGISTRY_HTTP_TLS_KEY=$pki/server.key
start_copy tls
unset REGISTRY_HTTP_TLS_CERTIFICATE REGISTRY_HTTP_TLS_KEY
port=${REGISTRY##*:}
secure_host=registry.localhost
secure=$secure_host:$port

for arguments in '' "--registry-ca $secure=$pki/stranger.crt"; do
  # shellcheck disable=SC2086  # two words
  pull_fails 5 "$secure/base" $arguments
  assert_contains "$message" "$secure"
  assert_contains "$message" 'certificate'
  assert_contains "$message" '--registry-ca'
  assert_lacks "$message" 'attempt 2'
done
pull_fails 2 "$secure/base" --registry-ca "$secure=$pki/none.crt"
assert_contains "$message" "$pki/none.crt"
pull_fails 2 "$secure/base" --registry-ca "$secure=$pki/private.key"
assert_contains "$message" "$pki/private.key"

pull "$secure/base" --registry-ca "$secure=$pki/private.crt"
pull "$secure/base" --registry-ca "$pki/stranger.crt" --registry-ca "$pki/private.crt"
pull "$secure/base" --registry-skip-tls-verify "$secure"
COOPER_REGISTRY_CA=$secure=$pki/private.crt pull "$secure/base"
SSL_CERT_FILE=$pki/private.crt pull "$secure/base"
mkdir authorities
cp pki/stranger.crt pki/private.crt authorities/
SSL_CERT_DIR=$work/authorities pull "$secure/base"
# A push goes there, too; and what is uploaded can be pulled again.
fresh_store
printf 'FROM %s/base\nCOPY pki/private.crt /added\n' "$secure" >Dockerfile
build --registry-ca "$secure=$pki/private.crt" -t "$secure/pushed:1" --push -f Dockerfile .
pull "$secure/pushed:1" --registry-ca "$secure=$pki/private.crt"
cmp tree/added pki/private.crt

# Loopback is spoken to over TLS once somebody says how.
loopback=127.0.0.1:$port
pull_fails 5 "$loopback/base"
assert_contains "$message" 'HTTPS'
assert_contains "$message" '--registry-ca'
pull "$loopback/base" --registry-ca "$loopback=$pki/private.crt"
pull "localhost:$port/base" --registry-skip-tls-verify "localhost:$port"
mkdir -p "$HOME/.docker/certs.d/$loopback" "$HOME/.docker/certs.d/$secure"
cp pki/private.crt "$HOME/.docker/certs.d/$loopback/ca.crt"
cp pki/private.crt "$HOME/.docker/certs.d/$secure/ca.crt"
pull "$loopback/base"
pull "$secure/base"
rm -r "$HOME/.docker/certs.d"

# A plain registry where TLS was expected.
misnamed=registry.localhost:${plain##*:}
pull_fails 5 "$misnamed/base"
assert_contains "$message" '--registry-insecure'
assert_lacks "$message" 'attempt 2'
pull "$misnamed/base" --registry-insecure "$misnamed"
printf '[[registry]]\nlocation = "%s"\ninsecure = true\n[[registry]]\nlocation = "%s"\ninsecure = true\n' \
  "$misnamed" "$secure" >insecure.conf
pull "$misnamed/base" --registry-config insecure.conf
pull "$secure/base" --registry-config insecure.conf

# --- client certificates ------------------------------------------------------------------------------------------

export REGISTRY_HTTP_TLS_CERTIFICATE=$pki/server.pem REGISTRY_HTTP_TLS_KEY=$pki/server.key
REGISTRY_HTTP_TLS_CLIENTCAS="[$pki/private.crt]" start_copy mutual
unset REGISTRY_HTTP_TLS_CERTIFICATE REGISTRY_HTTP_TLS_KEY
mutual=registry.localhost:${REGISTRY##*:}
trust=(--registry-ca "$mutual=$pki/private.crt")
pull_fails 5 "$mutual/base" "${trust[@]}"
assert_contains "$message" '--registry-client-cert'
pull "$mutual/base" "${trust[@]}" --registry-client-cert "$mutual=$pki/client.pem,$pki/client.key"
pull_fails 5 "$mutual/base" "${trust[@]}" --registry-client-cert "$mutual=$pki/client.pem,$pki/server.key"
certificates=$HOME/.config/containers/certs.d/$mutual
mkdir -p "$certificates"
cp pki/private.crt "$certificates/ca.crt"
cp pki/client.pem "$certificates/client.cert"
pull_fails 2 "$mutual/base"
assert_contains "$message" "$certificates/client.cert"
cp pki/client.key "$certificates/client.key"
pull "$mutual/base"
rm -r "$HOME/.config/containers"

# --- mirrors ------------------------------------------------------------------------------------------------------

# What docker.io would have, under a prefix, as pull-through caches hold it. Nobody can reach docker.io itself here.
start_copy mirror
mirror=$REGISTRY
push_image hub/library/demo:latest '{}' "$work/.base.tar"
pull demo --registry-mirror "$mirror/hub"
pull demo:latest --registry-map "index.docker.io=$mirror/hub"
COOPER_REGISTRY_MIRROR=$mirror/hub pull docker.io/library/demo
pull demo --registry-mirror "$mirror/hub" --no-registry-fallback
pull_fails 5 missing --registry-mirror "$mirror/hub" --no-registry-fallback
assert_contains "$message" missing

cat >registries.conf <<END
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "$mirror/hub"
END
printf '[registry."docker.io"]\nmirrors = ["%s/hub"]\n' "$mirror" >buildkitd.toml
pull demo --registry-config registries.conf
pull demo --registry-config buildkitd.toml
CONTAINERS_REGISTRIES_CONF=$work/registries.conf pull demo
mkdir -p "$HOME/.config/containers" "$HOME/.config/buildkit"
cp registries.conf "$HOME/.config/containers/"
pull demo
rm -r "$HOME/.config/containers"
cp buildkitd.toml "$HOME/.config/buildkit/"
pull demo
rm -r "$HOME/.config/buildkit"
printf '[[registry]]\nlocation = \n' >broken.conf
pull_fails 2 demo --registry-config broken.conf
assert_contains "$message" broken.conf:2
printf '[[registry]]\nlocation = "docker.io"\nblocked = true\n' >blocked.conf
pull_fails 2 demo --registry-config blocked.conf
assert_contains "$message" blocked.conf:1

# A dead mirror costs one line; one that lacks the image another; pushes do not go to mirrors.
start_copy gone
gone=$REGISTRY
stop_registry
before=$(requests_of mirror)
pull "$plain/base" --registry-mirror "$plain=$gone" --registry-mirror "$plain=$mirror/nothing"
assert_eq "$(grep -c "'$gone" log)" 1 'lines about the dead mirror'
assert_contains "$(grep "$gone" log)" 'passed over'
[[ $(requests_of mirror) -gt $before ]] || fail 'the second mirror was not asked'
fresh_store
printf 'FROM scratch\nCOPY Dockerfile /\n' >Dockerfile
build --registry-mirror "$plain=$mirror" -t "$plain/only-there:1" --push -f Dockerfile .
curl -sf -o /dev/null "http://$plain/v2/only-there/manifests/1" -H 'Accept: application/vnd.oci.image.manifest.v1+json'
assert_eq "$(curl -s -o /dev/null -w '%{http_code}' "http://$mirror/v2/only-there/tags/list")" 404 'pushed image at the mirror'
pull_fails 5 "$gone/base" --registry-mirror "$gone=$mirror/nothing"
assert_contains "$message" "$mirror/nothing/base"
assert_contains "$message" "$gone"

# A mirror that damages a small layer is passed over; with a large one, of which bytes were handed out already, the
# error names it.
damage() { # damage DIGEST: in the mirror
  printf 'X' | dd of="$E2E_DIRECTORY/mirror/data/docker/registry/v2/blobs/sha256/${1:7:2}/${1:7}/data" \
    bs=1 seek=64 conv=notrunc status=none
}
damage "$(jq -r '.layers[0].digest' .manifest)"
pull "$plain/base" --registry-mirror "$plain=$mirror"
assert_contains "$(grep "$mirror" log)" 'passed over'
mkdir large
head -c 3000000 /dev/urandom >large/noise
tar -cf large.tar -C large .
for REGISTRY in "$plain" "$mirror"; do push_image large:latest '{}' large.tar; done
damage "$(jq -r '.layers[0].digest' .manifest)"
pull_fails 8 "$plain/large" --registry-mirror "$plain=$mirror"
assert_contains "$message" "$mirror/large"

# --- proxies ------------------------------------------------------------------------------------------------------

start_proxy() { # start_proxy LOG [LOGIN]: sets proxy
  local output
  exec {output}< <(exec perl "$e2e/connect_proxy.pl" "$@" </dev/null)
  servers+=($!)
  read -r -t 30 -u "$output" proxy
  exec {output}<&-
}
trust=(--registry-ca "$secure=$pki/private.crt")
start_proxy "$work/open.log"
https_proxy=http://127.0.0.1:$proxy pull "$secure/base" "${trust[@]}"
assert_contains "$(cat open.log)" "200 $secure"
: >open.log
for bypass in "$secure_host" .localhost localhost '*'; do
  no_proxy=$bypass https_proxy=http://127.0.0.1:$proxy pull "$secure/base" "${trust[@]}"
done
https_proxy=http://127.0.0.1:$proxy http_proxy=http://127.0.0.1:$proxy pull "$plain/base"
assert_eq "$(cat open.log)" '' 'what went through the proxy'
ALL_PROXY=http://127.0.0.1:$proxy pull "$secure/base" "${trust[@]}"
assert_contains "$(cat open.log)" "200 $secure"

start_proxy "$work/login.log" 'ci:hush hush'
HTTPS_PROXY="http://ci:hush%20hush@127.0.0.1:$proxy" pull "$secure/base" "${trust[@]}"
assert_lacks "$(cat log)" hush
HTTPS_PROXY="http://ci:wrong-password@127.0.0.1:$proxy" pull_fails 5 "$secure/base" "${trust[@]}"
assert_contains "$message" 407
assert_lacks "$message" wrong-password
HTTPS_PROXY='http://ci:wrong-password@bad host:1' pull_fails 2 "$secure/base" "${trust[@]}"
assert_lacks "$message" wrong-password
