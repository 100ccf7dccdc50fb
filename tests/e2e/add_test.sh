#!/bin/bash
# ADD: archives of every compression are unpacked, everything else is copied.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq bzip2 xz zstd

mkdir -p content/dir context
echo packed >content/dir/file
ln -s file content/dir/link
ln content/dir/file content/dir/hard
tar --owner=7 --group=8 --numeric-owner -cf context/plain.tar -C content .
gzip -c context/plain.tar >context/a.tgz
bzip2 -c context/plain.tar >context/b.tbz
xz -c context/plain.tar >context/c.data
zstd -qc context/plain.tar >context/d.zst
echo 'not an archive' >context/fake.tar.gz
gzip -c context/fake.tar.gz >context/text.gz
dockerfile context <<'END'
FROM scratch
ADD plain.tar /plain/
ADD a.tgz /gzip/
ADD b.tbz /bzip2/
ADD c.data /xz/
ADD d.zst /zstd/
ADD --chown=1:2 fake.tar.gz text.gz /copied/
COPY a.tgz /as-it-is/
END
build_tree tree -o type=oci,dest=image.tar context
for kind in plain gzip bzip2 xz zstd; do
  assert_file "tree/$kind/dir/file" packed
  assert_eq "$(readlink "tree/$kind/dir/link")" file "link of $kind"
  assert_eq "$(stat -c %i "tree/$kind/dir/hard")" "$(stat -c %i "tree/$kind/dir/file")" "hard link of $kind"
done
assert_file tree/copied/fake.tar.gz 'not an archive'
cmp tree/copied/text.gz context/text.gz
cmp tree/as-it-is/a.tgz context/a.tgz
oci_open image.tar image
grep -qE '^-.* 7/8 .* plain/dir/file$' <(oci_layer_list image 0) || fail 'the archive lost its owners'
grep -qE '^h.* plain/dir/(hard|file)( link to |.*)' <(oci_layer_list image 0) || fail 'the hard link became a copy'
