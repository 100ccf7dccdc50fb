#!/bin/bash
# Who we are to a registry: login and logout, helpers, the flag, and the files and variables of others. No secret may
# appear in anything that is said.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need docker-registry curl jq
secret='open sesame'
encoded=$(printf 'builder:%s' "$secret" | base64)

mkdir -p secured
# shellcheck disable=SC2016  # bcrypt of "open sesame"
echo 'builder:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW' >secured/htpasswd
REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test REGISTRY_AUTH_HTPASSWD_PATH=$PWD/secured/htpasswd \
  start_registry "$work/secured"
dockerfile context <<END
FROM scratch
COPY file /
END
echo content >context/file
config=$DOCKER_CONFIG/config.json

# Runs cooper with the first argument on standard input; what it says goes to $said, its exit code to $code.
run() { # run INPUT ARGUMENT...
  local input=$1
  shift
  code=0
  said=$(printf '%s' "$input" | "$cooper" "$@" 2>&1) || code=$?
  assert_lacks "$said" "$secret" 'what was said'
  assert_lacks "$said" "$encoded" 'what was said'
}
succeeds() { [[ $code -eq 0 ]] || fail "exit code $code: $said"; }
push_works() {
  build "$@" -t "$REGISTRY/app" --push context
  assert_lacks "$(cat log)" "$secret" 'log'
}
push_fails() { # push_fails PART ARGUMENT...
  local part=$1
  shift
  build_fails 6 "$@" -t "$REGISTRY/app" --push context
  assert_contains "$message" "$part"
  assert_lacks "$message" "$secret"
}

# A wrong password is refused and nothing is kept.
run "wrong" login -u builder --password-stdin "$REGISTRY"
assert_eq "$code" 6 'exit code of a wrong password'
assert_contains "$said" "log in to '$REGISTRY'"
assert_absent "$config"
push_fails 'without credentials'

# The right one is kept as docker keeps it, beside what is there.
mkdir -p "$DOCKER_CONFIG"
echo '{"psFormat":"table","auths":{"other.example":{"auth":"eDp5"}},"HttpHeaders":{"X":"1"}}' >"$config"
chmod 644 "$config"
run "$secret"$'\n' login --username builder --password-stdin "http://$REGISTRY/v1/"
succeeds
assert_contains "$said" 'Login Succeeded'
assert_contains "$said" "kept unencrypted in '$config'"
assert_eq "$(stat -c %a "$config")" 600 'mode of the file'
assert_eq "$(jq -c . "$config")" "$(jq -c -n --arg host "$REGISTRY" --arg auth "$encoded" \
  '{psFormat: "table", auths: {"other.example": {auth: "eDp5"}, ($host): {auth: $auth}}, HttpHeaders: {X: "1"}}')"
push_works
run '' login --get-login "$REGISTRY"
succeeds
assert_eq "$said" builder 'who we are'

run '' logout "$REGISTRY"
succeeds
assert_eq "$(jq -c .auths "$config")" '{"other.example":{"auth":"eDp5"}}'
push_fails 'without credentials'
run '' logout "$REGISTRY"
succeeds
assert_contains "$said" 'Not logged in'
run '' login --get-login "$REGISTRY"
assert_eq "$code" 6 'exit code of nobody'

# What cannot be asked is said to be missing.
run '' login -u builder "$REGISTRY"
assert_eq "$code" 2
assert_contains "$said" '--password-stdin'
run "$secret" login --password-stdin "$REGISTRY"
assert_eq "$code" 2
run "$secret" login -u builder --password-stdin 'no registry'
assert_eq "$code" 2
run '' login -u builder -p "$secret" "$REGISTRY"
succeeds
assert_contains "$said" 'use --password-stdin'
run '' logout "$REGISTRY"

# At a terminal it asks, and the password is not shown.
if command -v script >/dev/null; then
  at_terminal() { # at_terminal TYPED: as run
    coproc TERMINAL { timeout 60 script -qec "'$cooper' login -u builder '$REGISTRY'" /dev/null || exit; }
    # shellcheck disable=SC2154  # set by coproc
    local terminal=$TERMINAL_PID
    IFS= read -r -t 30 -d : -u "${TERMINAL[0]}" said || fail "no question: $said"
    assert_eq "$said" Password 'the question'
    printf '%s' "$1" >&"${TERMINAL[1]}"
    said=$(cat <&"${TERMINAL[0]}")
    code=0
    wait "$terminal" || code=$?
  }
  at_terminal $'half a pass\003'
  assert_eq "$code" 130 'exit code of Ctrl-C'
  assert_lacks "$said" 'half a pass' 'what was shown'
  at_terminal "$secret"$'\n'
  succeeds
  assert_lacks "$said" "$secret" 'what was shown'
  assert_contains "$said" 'Login Succeeded'
  run '' logout "$REGISTRY"
fi

# podman's file.
run "$secret" login -u builder --password-stdin --authfile "$work/auth.json" "$REGISTRY"
succeeds
assert_eq "$(stat -c %a auth.json)" 600 'mode of the file'
assert_lacks "$(cat "$config")" "$REGISTRY" 'the usual file'
push_works --authfile "$work/auth.json"
REGISTRY_AUTH_FILE=$work/auth.json push_works
DOCKER_AUTH_CONFIG=$work/auth.json push_works
DOCKER_AUTH_CONFIG=$(cat auth.json) push_works
XDG_RUNTIME_DIR=$work/run
mkdir -p "$XDG_RUNTIME_DIR/containers"
cp auth.json "$XDG_RUNTIME_DIR/containers/auth.json"
XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR push_works
rm -r "$XDG_RUNTIME_DIR"
push_fails "config.json has nothing for '$REGISTRY'"

# The flag: by reference only.
printf '%s\n' "$secret" >password
push_works --registry-auth "host=$REGISTRY,username=builder,password-file=$work/password"
SECRET=$secret push_works --registry-auth "host=$REGISTRY/app,username=builder,password-env=SECRET"
COOPER_REGISTRY_AUTH="host=$REGISTRY,username=builder,password-file=$work/password" push_works
push_fails 'without credentials' --registry-auth "host=$REGISTRY/other,username=builder,password-file=$work/password"
build_fails 2 --registry-auth "host=$REGISTRY,username=builder,password=$secret" -t "$REGISTRY/app" --push context
assert_contains "$message" 'password-env='
assert_lacks "$message" "$secret"

# CI variables.
CI_REGISTRY=$REGISTRY CI_REGISTRY_USER=builder CI_REGISTRY_PASSWORD=$secret push_works
CI_REGISTRY=$REGISTRY CI_REGISTRY_USER=builder CI_REGISTRY_PASSWORD='wrong sesame' push_fails 'CI_REGISTRY_PASSWORD'
assert_lacks "$message" 'wrong sesame'

# An old login in a file does not stand before a good one behind it.
jq -n --arg host "$REGISTRY" --arg auth "$(printf 'builder:old' | base64)" '{auths: {($host): {auth: $auth}}}' >old.json
CI_REGISTRY=$REGISTRY CI_REGISTRY_USER=builder CI_REGISTRY_PASSWORD=$secret push_works --registry-auth "$work/old.json"

# A helper keeps the secret: the file only says that there is one.
mkdir -p bin
cat >bin/docker-credential-test <<'END'
#!/bin/sh
cd "$(dirname "$0")" || exit 1
echo "$1" >>calls
case $1 in
  store) cat >kept ;;
  get) cat >server; if [ -f kept ]; then cat kept; else echo 'credentials not found in native keychain'; exit 1; fi ;;
  erase) cat >server; rm -f kept ;;
esac
END
chmod +x bin/docker-credential-test
export PATH=$work/bin:$PATH
echo '{"credsStore":"test"}' >"$config"
run "$secret" login -u builder --password-stdin "$REGISTRY"
succeeds
assert_lacks "$said" unencrypted 'what was said'
assert_eq "$(jq -c . "$config")" "{\"credsStore\":\"test\",\"auths\":{\"$REGISTRY\":{}}}"
assert_eq "$(jq -c '[.ServerURL, .Username, .Secret]' bin/kept)" "[\"$REGISTRY\",\"builder\",\"$secret\"]"
push_works
assert_eq "$(cat bin/server)" "$REGISTRY" 'what the helper was asked'
run '' logout "$REGISTRY"
succeeds
assert_absent bin/kept
assert_eq "$(jq -c .auths "$config")" '{}'
push_fails "docker-credential-test has nothing for '$REGISTRY'"
echo '{"credsStore":"not-there"}' >"$config"
push_fails 'docker-credential-not-there is not installed'
run "$secret" login -u builder --password-stdin "$REGISTRY"
assert_eq "$code" 2
assert_contains "$said" 'docker-credential-not-there, which is not installed'

# Nothing of it was left in the store.
! grep -rqF "$secret" "$store" || fail 'the secret is in the store'
