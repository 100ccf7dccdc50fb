#!/bin/bash
# Each kind of build context, main and named: what is in it, what -f and ignore files mean there, what is refused.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
# shellcheck source=file_server.sh
source "$e2e/file_server.sh"
need jq bzip2 xz zstd git

# One application in every wrapping. Owners of an archive are its own; a directory's are 0:0.
mkdir -p app/docker files
dockerfile app <<'END'
FROM scratch
COPY . /app/
END
printf 'FROM scratch\nCOPY main /other\n' >app/docker/Other
printf 'secret\n' >app/.dockerignore
echo main >app/main
echo secret >app/secret
ln -s main app/link
tar --owner=7 --group=8 --numeric-owner --mtime=@1300000000 -cf app.tar -C app .
gzip -n <app.tar >app.tgz
bzip2 <app.tar >app.tbz
xz <app.tar >app.txz
zstd -q <app.tar >app.tzst
cp app.tar app.tgz files/
start_file_server "$work/files"

check() { # check TREE IGNORED: what every wrapping must give; whether `secret` was left out
  assert_file "$1/app/main" main
  assert_eq "$(readlink "$1/app/link")" main 'link'
  if [[ $2 == ignored ]]; then assert_absent "$1/app/secret"; else assert_file "$1/app/secret" secret; fi
  rm -rf "$1"
  assert_eq "$(find "$store/tmp" -mindepth 1)" '' 'temporary files of the context'
}
owner() { # owner ARGUMENT...: who owns `main` in the image
  rm -rf image
  build -o type=oci,dest=image.tar "$@"
  oci_open image.tar image
  oci_layer_list image 0 | awk '$NF == "app/main" { print $2 }'
}

# --- a directory, a tar file, standard input ----------------------------------------------------------------------

build_tree out app
check out ignored
for archive in app.tar app.tgz app.tbz app.txz app.tzst; do
  build_tree out "$archive"
  check out ignored
  build_tree out - <"$archive"
  check out ignored
done
build_tree out <(cat app.tgz) # a pipe will do
check out ignored
assert_eq "$(owner app)" 0/0 'owner in a directory'
assert_eq "$(owner app.tgz)" 7/8 'owner in a tar'

printf 'FROM scratch\nCOPY <<END /file\nfrom stdin\nEND\n' | build_tree out -
assert_file out/file 'from stdin'
printf 'FROM scratch\nCOPY main /piped\n' | build_tree out -f - app
assert_file out/piped main
printf 'FROM scratch\nCOPY main /piped\n' | build_tree out -f - app.tgz
assert_file out/piped main
rm -rf out

# --- URLs ---------------------------------------------------------------------------------------------------------

build_tree out "$FILES/app.tgz"
check out all # ignore files do not apply
assert_eq "$(owner "$FILES/app.tar")" 7/8 'owner in a tar from a URL'
build_tree out "$FILES/app.tgz"
check out all
assert_eq "$(served '200 /app.tgz')" 1 'transfers of one context'
printf 'FROM scratch\nCOPY context /itself\n' >files/Dockerfile.app
build_tree out "$FILES/Dockerfile.app"
assert_file out/itself "$(cat files/Dockerfile.app)"
printf 'FROM scratch\nCOPY main /from-url\n' >files/Only
build_tree out -f "$FILES/Only" app
assert_file out/from-url main

# --- -f, per kind -------------------------------------------------------------------------------------------------

for context in app.tgz "$FILES/app.tgz"; do
  build_tree out -f docker/Other "$context"
  assert_file out/other main
  build_tree out -f "$work/app/docker/Other" "$context"
  assert_file out/other main
  build_fails 4 -o out -f docker/Gone "$context"
  assert_contains "$message" "has no Dockerfile 'docker/Gone'"
done
build_tree out -f docker/Other - <app.tgz
assert_file out/other main
build_fails 4 -o out -f docker/Other app # with a directory it is relative to where we are
cp app/docker/Other local-other
build_tree out -f local-other app
assert_file out/other main
printf 'link\n' >app/docker/Other.dockerignore # the ignore file of the Dockerfile wins, in a tar too
tar -cf ignores.tar -C app .
printf 'FROM scratch\nCOPY . /app/\n' >app/docker/Other
tar -cf ignores.tar -C app .
build_tree out -f docker/Other ignores.tar
assert_file out/app/secret secret
assert_absent out/app/link
rm -rf out

# --- images and layouts -------------------------------------------------------------------------------------------

build -t "$REGISTRY/app:1" --push app.tgz
printf 'FROM scratch\nCOPY /app/main /from-image\n' | build_tree out -f - "docker-image://$REGISTRY/app:1"
assert_file out/from-image main
printf 'FROM scratch\nCOPY data /kept\n' >base.Dockerfile
echo layout >app/data
build -f base.Dockerfile -o type=oci,dest=layout.tar -t r.example/base:two app
oci_open layout.tar layout
printf 'FROM scratch\nCOPY kept /from-layout\n' | build_tree out -f - oci-layout://layout
assert_file out/from-layout layout
rm -rf out

# --- named contexts -----------------------------------------------------------------------------------------------

mkdir -p lib
echo lib >lib/file
echo hidden >lib/hidden
echo hidden >lib/.dockerignore
tar -cf lib.tar -C lib .
echo fetched >files/data
digest=$(jq -r '.manifests[0].digest' layout/index.json)
dockerfile named <<'END'
FROM image.invalid/base:1 AS base
COPY --from=stage file /stage
FROM image.invalid/stage AS stage
FROM base
COPY --from=tar . /tar/
COPY --from=url context /url
COPY --from=image /app/main /image
COPY --from=nothing . /nothing/
END
build_tree out --build-context image.invalid/base:1=oci-layout://layout --build-context stage=lib \
  --build-context tar=lib.tar --build-context "url=$FILES/data" --build-context "image=docker-image://$REGISTRY/app:1" \
  --build-context nothing=docker-image://scratch named
assert_file out/kept layout
assert_file out/stage lib
assert_file out/tar/file lib
assert_absent out/tar/hidden
assert_file out/url fetched
assert_file out/image main
rm -rf out
printf 'FROM base\n' | build_tree out --build-context "base=oci-layout://layout:two" -
assert_file out/kept layout
printf 'FROM base\nCOPY <<END /more\nx\nEND\n' | build_tree out --build-context "base=oci-layout://layout@$digest" -
assert_file out/kept layout
printf 'FROM lib AS x\nFROM scratch\nCOPY --from=x / /\n' | build_tree out2 --build-context lib=lib -
assert_file out2/file lib
assert_absent out2/hidden
# A base out of a layout can be pushed, its layers with it.
printf 'FROM base\nCOPY <<END /more\nx\nEND\n' | build --build-context base=oci-layout://layout -t "$REGISTRY/on-layout" --push -
printf 'FROM %s/on-layout\n' "$REGISTRY" | build_tree out3 -
assert_file out3/kept layout
assert_file out3/more x

if can_run; then
  printf 'FROM %s\nRUN --mount=from=url,target=/mnt cp /mnt/context /copied\nRUN --mount=target=/ctx cp /ctx/main /bound\n' "$base" >run.Dockerfile
  build_tree out4 -f - --build-context "url=$FILES/data" "$FILES/app.tgz" <run.Dockerfile
  assert_file out4/copied fetched
  assert_file out4/bound main
fi

# --- the time that a context gives --------------------------------------------------------------------------------

created() { # created SOURCE ARGUMENT...
  local source=$1
  shift
  rm -rf image
  build -o type=oci,dest=image.tar --build-arg "SOURCE_DATE_EPOCH=$source" "$@"
  oci_open image.tar image
  jq -r .created "$(oci_config image)"
}
touch -d @1400000000 files/app.tgz
assert_eq "$(created context app.tar)" 2011-03-13T07:06:40Z 'newest file of a tar'
assert_eq "$(created context "$FILES/app.tgz")" 2014-05-13T16:53:20Z 'Last-Modified of a URL'
assert_eq "$(created lib --build-context "lib=$FILES/app.tgz" app)" 2014-05-13T16:53:20Z 'Last-Modified of a named URL'
git -c init.defaultBranch=main init -q lib
git -C lib add -A
GIT_COMMITTER_DATE='1200000000 +0000' GIT_AUTHOR_DATE='1200000000 +0000' \
  git -C lib -c user.name=t -c user.email=t@example.invalid -c commit.gpgsign=false commit -q -m one
assert_eq "$(created lib --build-context lib=lib app)" 2008-01-10T21:20:00Z 'the commit of a named work tree'
# git archive writes a tar with a global header, and its commit's time on every file.
git -C lib archive HEAD >archived.tar
printf 'FROM scratch\nCOPY file /\n' >archived.Dockerfile
assert_eq "$(created context -f "$work/archived.Dockerfile" archived.tar)" 2008-01-10T21:20:00Z 'the commit of git archive'
created context app >/dev/null
assert_contains "$(cat log)" "SOURCE_DATE_EPOCH names 'context', which has no time"

# --- wrong uses ---------------------------------------------------------------------------------------------------

refuse() { # refuse CODE PART ARGUMENT...
  local code=$1 part=$2
  shift 2
  build_fails "$code" -o refused "$@"
  assert_contains "$message" "$part"
  assert_absent refused
}
refuse 2 'both the context and the Dockerfile' -f - - <app.tgz
refuse 2 'standard input holds a Dockerfile, and -f names another' -f docker/Other - <app/Dockerfile
refuse 2 'is a Dockerfile, and -f names another' -f docker/Other "$FILES/Dockerfile.app"
refuse 4 'is neither a directory nor a tar' app/main
refuse 4 "has no Dockerfile 'Dockerfile'" lib.tar
head -c 4096 /dev/urandom >noise
refuse 4 'neither a tar nor a Dockerfile' noise
refuse 4 'neither a tar nor a Dockerfile' - <noise
head -c 3000 app.tar >cut.tar
refuse 8 'cut.tar' cut.tar
refuse 4 'the server answered 404' "$FILES/gone.tgz"
refuse 4 'does not exist' no-such-directory
refuse 2 "'ftp://' is no kind of context" ftp://example.com/app.tar
refuse 4 'does not exist' oci-layout://no-such-layout
refuse 4 'is not a directory' oci-layout://layout.tar
refuse 2 'is no digest' oci-layout://layout@sha256:12
refuse 4 'choose among the tags two' --build-context x=oci-layout://layout:three -f - app <<<'FROM x'
refuse 4 '--build-context x' --build-context x=no-such-directory app
refuse 2 '--build-context x' --build-context x=- app
refuse 2 "the name 'context' is taken" --build-context context=lib app
refuse 2 'x' --build-context x app

# A layout that lies: its manifest is not what index.json says.
cp -r layout lying
echo ' ' >>"lying/blobs/sha256/${digest#sha256:}"
store=$E2E_DIRECTORY/second-store
refuse 8 "${digest#sha256:}" --build-context x=oci-layout://lying -f - app <<<'FROM x'
assert_eq "$(find "$store/tmp" -mindepth 1)" '' 'temporary files'

# --- waiting ------------------------------------------------------------------------------------------------------

# A context that never comes is waited for, and a signal ends the wait.
mkfifo never
exec {held}<>never
store=$E2E_DIRECTORY/waiting-store
for context in - never; do
  set -m
  "$cooper" build --store "$store" --progress plain "$context" <never 2>"$work/log" &
  pid=$!
  set +m
  # It is about to read once it has its part of the store.
  timeout 60 sh -c "until ls -d '$store'/tmp/*-* >/dev/null 2>&1; do sleep 0.05; done" || fail "no start: $(cat log)"
  kill -TERM "$pid"
  result=0
  wait "$pid" || result=$?
  assert_eq "$result" 143 "exit code after SIGTERM while reading '$context'"
  rm -rf "$store"
done
exec {held}>&-
