#!/bin/bash
# The time of the image: a flag, the environment, or the commit of a git work tree.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq git

dockerfile context <<'END'
FROM scratch
COPY file /
END
echo content >context/file
created() { # created ARGUMENT...: the image's time and the newest file's
  rm -rf image image.tar
  build -o type=oci,dest=image.tar "$@" context
  oci_open image.tar image
  jq -r .created "$(oci_config image)"
  tar --utc --full-time -tvf <(gzip -dc "$(oci_blob image "$(jq -r '.layers[0].digest' "$(oci_manifest image)")")") | awk '{ print $4 "T" $5 }' | sort | tail -n 1
}
assert_eq "$(created --source-date-epoch 1000000000)" $'2001-09-09T01:46:40Z\n2001-09-09T01:46:40' 'the flag'
assert_eq "$(SOURCE_DATE_EPOCH=1100000000 created)" $'2004-11-09T11:33:20Z\n2004-11-09T11:33:20' 'the environment'
assert_eq "$(SOURCE_DATE_EPOCH=1100000000 created --source-date-epoch 1000000000 | head -n 1)" 2001-09-09T01:46:40Z 'the flag wins'

git -c init.defaultBranch=main init -q context
git -C context add -A
GIT_COMMITTER_DATE='1200000000 +0000' GIT_AUTHOR_DATE='1200000000 +0000' \
  git -C context -c user.name=t -c user.email=t@example.invalid -c commit.gpgsign=false commit -q -m one
assert_eq "$(created | head -n 1)" 2008-01-10T21:20:00Z 'the commit'
build_fails 2 --source-date-epoch yesterday -o out context
