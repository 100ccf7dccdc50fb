#!/bin/bash
# git over smart HTTP: ADD of repositories, repositories as contexts, and tokens that nobody gets to see.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=git_server.sh
source "$e2e/git_server.sh"
need git busybox jq
trap 'stop_git_servers' EXIT
GIT_TOKEN=t0ken-that-nobody-sees
requests() { grep -c "$1" served/log || true; }

# --- repositories ------------------------------------------------------------------------------------------------

new_repository inner
echo inner >inner/file
inner=$(commit_all inner inner)
publish inner inner.git

new_repository app
mkdir -p app/sub/deep
echo one >app/file
printf '#!/bin/sh\n' >app/run.sh
chmod 0755 app/run.sh
ln -s file app/link
echo deep >app/sub/deep/file
printf 'FROM scratch\nCOPY . /\n' >app/Dockerfile
printf 'FROM scratch\nCOPY deep /from-sub/\n' >app/sub/other.dockerfile
echo 'file' >app/.dockerignore
first=$(commit_all app first)
git_in app tag -a -m first v1
git_in app branch old
echo two >app/file
git_in app config -f .gitmodules submodule.inner.path vendor/inner
git_in app config -f .gitmodules submodule.inner.url ../inner.git
mkdir -p app/vendor/inner
git_in app update-index --add --cacheinfo "160000,$inner,vendor/inner"
second=$(commit_all app second)
publish app app.git
publish app private-app.git
printf '%s\n' private-app.git private-away.git >served/private
start_git_server "$work/served"
app=$GIT_URL/app.git

# --- ADD ---------------------------------------------------------------------------------------------------------

mkdir -p context
dockerfile context <<END
FROM scratch
ADD $app /default/
ADD $app#old /branch/
ADD $app#v1 /tag/
ADD $app#$first /commit/
ADD $app#main:sub /subdir/
ADD $app?ref=v1&subdir=sub/deep /query/
ADD $app?branch=main&submodules=false /plain/
ADD --keep-git-dir=true $app#v1 /kept/
ADD --checksum=$second $app /checked/
ADD --checksum=${first:0:12} $app#v1 /checked-prefix/
ADD --checksum=$(git_in app rev-parse v1) $app#v1 /checked-tag/
END
build_tree tree context
assert_file tree/default/file two
assert_file tree/default/vendor/inner/file inner
assert_absent tree/default/.git
assert_absent tree/default/vendor/inner/.git
assert_file tree/default/.dockerignore file
for kind in branch tag commit checked-prefix checked-tag; do assert_file "tree/$kind/file" one; done
assert_file tree/checked/file two
assert_file tree/subdir/deep/file deep
assert_file tree/query/file deep
assert_absent tree/plain/vendor/inner/file
assert_eq "$(stat -c %a tree/tag/run.sh)" 755 'mode of a program'
assert_eq "$(stat -c %a tree/tag/file)" 644 'mode of a file'
assert_eq "$(readlink tree/tag/link)" file 'link'
assert_eq "$(git_in tree/kept rev-parse HEAD)" "$first" 'HEAD of the kept repository'
assert_eq "$(git_in tree/kept describe)" v1 'tag of the kept repository'
assert_eq "$(git_in tree/kept status --porcelain)" '' 'status of the kept repository'
assert_eq "$(git_in tree/kept config remote.origin.url)" "$app" 'remote of the kept repository'
git_in tree/kept fsck --full --strict

# Cached by the commit: nothing is fetched again, whatever the name of the ref.
posts=$(requests '^POST')
build_tree tree-again context
assert_contains "$(tail -n 1 log)" '11 cached'
assert_eq "$(requests '^POST')" "$posts" 'fetches of a build that changed nothing'
sed -i "s|#old|#$first|" context/Dockerfile
build context
assert_contains "$(tail -n 1 log)" '11 cached'

# Equal commits give equal digests, .git and all.
digest=$(image_digest --source-date-epoch 1700000000 context)
store=$work/another-store
assert_eq "$(image_digest --source-date-epoch 1700000000 context)" "$digest" 'digest built with another store'
store=$E2E_DIRECTORY/store

# --- what cannot be had -------------------------------------------------------------------------------------------

add_fails() { # add_fails CODE ADD-ARGUMENT...
  local code=$1
  shift
  printf 'FROM scratch\nADD %s /\n' "$*" >context/Dockerfile
  build_fails "$code" context
}
add_fails 4 "$app#mian"
assert_contains "$message" "git repository '$app' has no ref 'mian'"
assert_contains "$message" "hint: did you mean 'main'?"
add_fails 4 "$app#${first:0:8}"
assert_contains "$message" 'give all 40 digits'
add_fails 4 "--checksum=$first $app"
assert_contains "$message" "expected checksum to match '$first', got '$second'"
add_fails 4 "--checksum=xyz $app"
assert_contains "$message" "invalid checksum 'xyz'"
add_fails 4 "$app#main:nowhere"
assert_contains "$message" "has no directory 'nowhere' in '$second'"
add_fails 4 "$GIT_URL/none.git"
assert_contains "$message" "git repository '$GIT_URL/none.git' is not there (404)"
git_in app config -f .gitmodules submodule.inner.url "file://$work/inner"
commit_all app 'submodule of this machine' >evil
publish app evil.git
add_fails 4 "$GIT_URL/evil.git"
assert_contains "$message" "the scheme 'file' is not allowed"
assert_contains "$message" "submodule 'vendor/inner' of '$GIT_URL/evil.git'"

# --- contexts -----------------------------------------------------------------------------------------------------

build_tree context-main "$app"
assert_file context-main/file two
assert_file context-main/.dockerignore file
build_tree context-tag "$app#v1"
assert_file context-tag/file one
build_tree context-sub -f other.dockerfile "$app#main:sub"
assert_file context-sub/from-sub/file deep
build_fails 4 -f none.dockerfile "$app#main:sub"
assert_contains "$message" "the build context has no Dockerfile 'none.dockerfile'"
printf 'FROM scratch\nCOPY file /given\n' >given.dockerfile
build_tree context-given -f "$work/given.dockerfile" "$app#v1"
assert_file context-given/given one
build_tree context-kept --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1 "$app#v1"
assert_eq "$(git_in context-kept rev-parse HEAD)" "$first" 'HEAD of the kept context'
printf 'FROM scratch\nCOPY --from=sources /file /named\n' >context/Dockerfile
build_tree context-named --build-context "sources=$app#v1" context
assert_file context-named/named one

# A server that only has the files of a repository.
mkdir -p served/www/plain
cp -r served/app.git served/www/plain/loose.git
cp -r served/app.git served/www/plain/packed.git
git_in served/www/plain/packed.git gc -q
for repository in loose packed; do
  git_in "served/www/plain/$repository.git" update-server-info
  plain=${GIT_URL%/cgi-bin/git}/plain/$repository.git
  printf 'FROM scratch\nADD %s?submodules=false /main/\nADD --keep-git-dir=true %s#v1 /tag/\n' "$plain" "$plain" >context/Dockerfile
  build_tree "plain-$repository" context
  assert_file "plain-$repository/main/file" two
  assert_file "plain-$repository/tag/file" one
  assert_eq "$(git_in "plain-$repository/tag" describe)" v1 'tag of the kept repository'
done

# The commit's time is the image's.
build -o type=oci,dest=dated.tar "$app#v1"
oci_open dated.tar dated
assert_eq "$(jq -r .created "$(oci_config dated)")" 2023-11-14T22:13:20Z 'created'

# --- the token ----------------------------------------------------------------------------------------------------

private=$GIT_URL/private-app.git
build_fails 6 "$private"
assert_contains "$message" "git repository '$private': the server asks for credentials (401)"
assert_contains "$message" '--secret id=GIT_AUTH_TOKEN.127.0.0.1:'
GIT_AUTH_TOKEN=wrong-t0ken build_fails 6 --secret id=GIT_AUTH_TOKEN "$private"
assert_contains "$message" "refuses secret 'GIT_AUTH_TOKEN' (401)"
assert_lacks "$message" wrong-t0ken
printf '%s\n' "$GIT_TOKEN" >token
export GIT_AUTH_TOKEN=$GIT_TOKEN
host=${GIT_URL#http://}
for secret in id=GIT_AUTH_TOKEN id=GIT_AUTH_TOKEN,src=token "id=GIT_AUTH_TOKEN.${host%%/*},src=token"; do
  rm -rf "$work/private-store" private.tar
  cat > context/Dockerfile <<END
FROM scratch
ADD --keep-git-dir=true $private#v1 /kept/
ADD $private /app/
END
  "$cooper" build --store "$work/private-store" --progress plain --explain --secret "$secret" \
    --metadata-file private.json -o type=oci,dest=private.tar context >private.log 2>&1 || { cat private.log; fail "$secret"; }
  rm -rf private-image
  oci_open private.tar private-image
  for layer in 0 1; do
    gzip -dc "$(oci_blob private-image "$(jq -r ".layers[$layer].digest" "$(oci_manifest private-image)")")" >"private-layer$layer"
  done
  for text in "$GIT_TOKEN" "$(printf 'x-access-token:%s' "$GIT_TOKEN" | base64 -w 0)"; do
    if grep -rqF -- "$text" private-store private-image private-layer0 private-layer1 private.log private.json; then
      fail "$secret: the token is in: $(grep -rlF -- "$text" private-store private-image private-layer* private.log private.json)"
    fi
  done
done
# A token in the URL of a context goes where it belongs, and is seen as little.
rm -rf "$work/private-store"
"$cooper" build --store "$work/private-store" --progress plain -o type=local,dest=private-tree \
  --build-arg BUILDKIT_CONTEXT_KEEP_GIT_DIR=1 "http://x-access-token:$GIT_TOKEN@${private#http://}#v1" >private.log 2>&1 ||
  { cat private.log; fail 'a token in the URL'; }
assert_eq "$(git_in private-tree config remote.origin.url)" "$private" 'remote without credentials'
if grep -rqF -- "$GIT_TOKEN" private-store private-tree private.log; then
  fail "the token of the URL is in: $(grep -rlF -- "$GIT_TOKEN" private-store private-tree private.log)"
fi
build_fails 6 "http://x-access-token:wrong-t0ken@${private#http://}"
assert_contains "$message" 'refuses the credentials in the URL (401)'
assert_lacks "$message" wrong-t0ken
# The plain id is for the server that was asked for, not for one that its submodules name.
mkdir -p elsewhere
cp -r served/inner.git elsewhere/private-inner.git
echo private-inner.git >elsewhere/private
mine=$GIT_URL
start_git_server "$work/elsewhere"
git_in app config -f .gitmodules submodule.inner.url "$GIT_URL/private-inner.git"
commit_all app 'submodule elsewhere' >/dev/null
publish app private-away.git
printf 'FROM scratch\nADD %s /\n' "$mine/private-away.git" >context/Dockerfile
build_fails 6 --secret id=GIT_AUTH_TOKEN context
assert_contains "$message" "'$GIT_URL/private-inner.git': the server asks for credentials (401)"
# In clear text nothing goes to another server, not even what was meant for it.
host=${GIT_URL#http://}
build_fails 6 --secret id=GIT_AUTH_TOKEN --secret "id=GIT_AUTH_TOKEN.${host%%/*},src=token" context
assert_contains "$message" 'asks for credentials (401)'
