#!/bin/bash
# ADD of URLs: fetched once, asked for again only by condition, verified, and with credentials for their host only.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=file_server.sh
source "$e2e/file_server.sh"
need jq curl xz

mkdir -p files/dir packed context
echo hello >files/hello.txt
echo deep >files/dir/deep.txt
echo member >packed/member
tar --owner=7 --group=8 --numeric-owner -cf - -C packed . | gzip -n >files/app.tgz
tar --owner=7 --group=8 --numeric-owner -cf - -C packed . | xz >files/app.bin
touch -d @1000000000 files/hello.txt
start_file_server "$work/files"

dockerfile context <<END
FROM scratch
ADD $FILES/hello.txt /
ADD $FILES/hello.txt /renamed
ADD --chmod=755 --chown=3:4 $FILES/hello.txt $FILES/dir/deep.txt /two/
ADD $FILES/app.tgz /copied/
ADD --unpack $FILES/app.tgz /unpacked/
ADD --unpack=true $FILES/app.bin /sniffed/
ADD --unpack $FILES/hello.txt /no-archive/
ADD $FILES/hello.txt?query=1#fragment /query/
END
build -o type=local,dest=tree -o type=oci,dest=image.tar context
assert_file tree/hello.txt hello
assert_file tree/renamed hello
assert_file tree/two/hello.txt hello
assert_file tree/two/deep.txt deep
cmp tree/copied/app.tgz files/app.tgz
assert_file tree/unpacked/member member
assert_file tree/sniffed/member member
assert_file tree/no-archive/hello.txt hello
assert_file tree/query/hello.txt hello
oci_open image.tar image
listing() { oci_layer_list image "$1"; }
grep -qE '^-rw------- 0/0 +6 2001-09-09 .* hello.txt$' <(listing 0) || fail "attributes: $(listing 0)"
grep -qE '^-rwxr-xr-x 3/4 .* two/deep.txt$' <(listing 2) || fail "chmod and chown: $(listing 2)"
grep -qE '^-rw-r--r-- 7/8 .* unpacked/member$' <(listing 4) || fail "owners of an archive: $(listing 4)"
assert_eq "$(served '200 /hello.txt')" 2 'transfers of one file (with and without a query)'

# Nothing changed: the server is asked, sends nothing, and no step runs.
build -o type=local,dest=tree context
assert_contains "$(cat log)" '0 steps ran'
assert_eq "$(served '200 /hello.txt')" 2 'transfers of an unchanged file'
assert_eq "$(served '304 /hello.txt')" 2 'conditional requests'

# The same digest with a warm store, with a cold one, and after a touch, as there is an epoch.
digest() { image_digest --source-date-epoch 1100000000 context; }
warm=$(digest)
touch -d @1050000000 files/hello.txt
assert_eq "$(digest)" "$warm" 'digest after a touch'
store=$E2E_DIRECTORY/clean-store
assert_eq "$(digest)" "$warm" 'digest of a clean build'
echo HELLO >files/hello.txt
assert_ne "$(digest)" "$warm" 'digest after a change'

# A blob that was damaged in the store is had anew.
blob=$store/blobs/sha256/$(digest_of files/hello.txt)
printf 'DAMAGE' >"$blob"
dockerfile again <<END
FROM scratch
ADD $FILES/hello.txt /
FROM scratch
ADD --chmod=600 $FILES/hello.txt /other
END
build_tree tree again
assert_file tree/other HELLO
cmp "$blob" files/hello.txt

# A checksum: nothing is asked while the store has the file, and a wrong one names both.
right=sha256:$(digest_of files/dir/deep.txt)
printf 'FROM scratch\nADD --checksum=%s %s/dir/deep.txt /sealed\n' "$right" "$FILES" >again/Dockerfile
before=$(wc -l <"$FILES_LOG")
build_tree tree again
assert_file tree/sealed deep
assert_eq "$(wc -l <"$FILES_LOG")" "$before" 'requests for a file that the store has'
store=$E2E_DIRECTORY/second-store
build_tree tree again
assert_file tree/sealed deep
wrong=sha256:$(printf x | sha256sum | cut -d' ' -f1)
printf 'FROM scratch\nADD --checksum=%s %s/dir/deep.txt /sealed\n' "$wrong" "$FILES" >again/Dockerfile
build_fails 8 -o out again
assert_contains "$message" "$right"
assert_contains "$message" "$wrong"
assert_contains "$message" 'Dockerfile:2'
printf 'FROM scratch\nADD --checksum=md5:00 %s/dir/deep.txt /sealed\n' "$FILES" >again/Dockerfile
build_fails 3 -o out again
printf 'FROM scratch\nADD --checksum=%s %s/dir/deep.txt %s/hello.txt /sealed/\n' "$right" "$FILES" "$FILES" >again/Dockerfile
build_fails 3 -o out again

# What is not there, and who is not there.
printf 'FROM scratch\nADD %s/gone?token=hush /\n' "$FILES" >again/Dockerfile
build_fails 4 -o out again
assert_contains "$message" "'$FILES/gone?token=***': the server answered 404"
assert_contains "$message" 'Dockerfile:2'
printf 'FROM scratch\nADD http://127.0.0.1:9/x /\n' >again/Dockerfile
build_fails 4 -o out again
assert_contains "$message" 'http://127.0.0.1:9/x'
printf 'FROM scratch\nCOPY %s/hello.txt /\n' "$FILES" >again/Dockerfile
build_fails 3 -o out again
assert_contains "$message" 'use ADD'

# Credentials come from secrets, for that host, and are seen nowhere.
echo guarded >files/guarded
echo 'Bearer open-sesame' >files/guarded.auth
printf 'FROM scratch\nADD %s/guarded /\n' "$FILES" >again/Dockerfile
build_fails 6 -o out again
assert_contains "$message" 'HTTP_AUTH_TOKEN_127.0.0.1'
TOKEN=other build_fails 6 --secret id=HTTP_AUTH_TOKEN_elsewhere,env=TOKEN -o out again
echo open-sesame >token
build_tree tree --secret id=HTTP_AUTH_TOKEN_127.0.0.1,src=token again
assert_file tree/guarded guarded
assert_lacks "$(cat log)" open-sesame
store=$E2E_DIRECTORY/third-store
HEADER='Bearer open-sesame' build_tree tree --secret id=HTTP_AUTH_HEADER_127.0.0.1,env=HEADER again
if grep -r open-sesame "$store" >/dev/null; then fail 'a credential lies in the store'; fi

# A large file is streamed: memory stays small.
if command -v /usr/bin/time >/dev/null; then
  truncate -s 300M files/large
  printf 'FROM scratch\nADD %s/large /\n' "$FILES" >again/Dockerfile
  /usr/bin/time -f %M -o peak "$cooper" build --store "$store" --progress plain again 2>log || fail "$(cat log)"
  [[ $(tail -n 1 peak) -lt 200000 ]] || fail "a file of 300 MB took $(tail -n 1 peak) KiB of memory"
fi
for each in "$store" "$E2E_DIRECTORY/second-store"; do
  assert_eq "$(find "$each/tmp" -mindepth 1)" '' 'temporary files'
  store_verify "$each"
done
