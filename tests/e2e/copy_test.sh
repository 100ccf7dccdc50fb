#!/bin/bash
# COPY alone, on scratch: no privilege, no mount; what arrives, with which metadata, and always the same digest.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq skopeo

mkdir -p context/dir/sub context/empty
echo one >context/dir/one
echo two >context/dir/sub/two
chmod 0640 context/dir/one
printf '#!/bin/sh\n' >context/script
chmod 0755 context/script
ln -s sub/two context/dir/link
ln -s /nowhere context/dir/dangling
touch "context/dir/with blank" "context/dir/"$'new\nline' "context/dir/"$'\xff\xfe'
truncate -s 16M context/dir/sparse
echo ignored >context/dir/ignored.log
echo kept >context/dir/kept.log
printf '# logs\n**/*.log\n!dir/kept.log\n' >context/.dockerignore
dockerfile context <<'END'
FROM scratch
COPY dir /data/
COPY --chown=12:34 --chmod=4711 script /bin/tool
COPY empty /empty
COPY dir/o* dir/sub/two /several/
COPY <<one <<two /written/
first
one
second
two
WORKDIR /made/for/us
COPY script .
END

build -o type=oci,dest=image.tar -t demo:latest --iidfile iid --metadata-file metadata.json context
oci_open image.tar image
oci_verify image
skopeo --insecure-policy inspect oci-archive:image.tar >/dev/null

mkdir list
for ((layer = 0; layer < $(oci_layer_count image); layer++)); do oci_layer_list image "$layer"; done >listing
expect() { grep -qE -- "$1" listing || fail "no line '$1' in:"$'\n'"$(cat listing)"; }
expect '^-rw-r----- 0/0 .* data/one$'
expect '^-rw-r--r-- 0/0 .* data/sub/two$'
expect '^lrwxrwxrwx 0/0 .* data/link -> sub/two$'
expect '^lrwxrwxrwx 0/0 .* data/dangling -> /nowhere$'
expect '^-.* data/with blank$'
expect '^-.* data/new\\nline$'
expect '^-.* data/\\377\\376$'
expect '^-rw-r--r-- 0/0 +16777216 .* data/sparse$'
expect '^-rws--x--x 12/34 .* bin/tool$'
expect '^drwxr-xr-x 0/0 .* empty/$'
expect '^-.* several/one$'
expect '^-.* several/two$'
expect '^-rw-r--r-- 0/0 +6 .* written/one$'
expect '^drwxr-xr-x 0/0 .* made/for/us/$'
expect '^-rwxr-xr-x 0/0 .* made/for/us/script$'
expect '^-.* data/kept\.log$'
assert_lacks "$(cat listing)" ignored.log 'the image'
assert_lacks "$(cat listing)" script/ 'the image'

# The config's digest is the image id; the manifest's digest is the image's.
assert_eq "$(cat iid)" "sha256:$(digest_of "$(oci_config image)")" 'image id'
assert_eq "$(jq -r '."containerimage.digest"' metadata.json)" "$(jq -r '.manifests[0].digest' image/index.json)" 'digest'

# Other times, another place, another umask, an empty store: the same bytes.
cp -r context elsewhere
find elsewhere -exec touch -h -d '2001-02-03 04:05:06' {} +
export SOURCE_DATE_EPOCH=1700000000
first=$(image_digest context)
store=$E2E_DIRECTORY/store2
assert_eq "$(image_digest elsewhere)" "$first" 'digest of the same files with other times'

# Another content, another name or another mode is another image.
chmod 0600 elsewhere/dir/one
assert_ne "$(image_digest elsewhere)" "$first" 'digest after chmod'
