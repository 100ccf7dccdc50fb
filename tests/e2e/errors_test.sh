#!/bin/bash
# What people get wrong, and what they then read: one clear line, a hint, the documented exit code.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

dockerfile context <<'END'
FROM scratch
COPY file /
END

echo content >context/file
build -o plain context

refuse() { # refuse CODE PART DOCKERFILE-TEXT
  printf '%s\n' "$3" >context/Dockerfile
  build_fails "$1" -o out context
  assert_contains "$message" "$2"
  assert_absent out
}
refuse 3 "'COYP'" $'FROM scratch\nCOYP file /'
assert_contains "$message" 'Dockerfile:2'
assert_contains "$message" "hint: "
assert_contains "$message" 'COPY'
refuse 3 'Dockerfile' ''
refuse 3 'Dockerfile:1' 'COPY file /'
refuse 3 '--chwon' $'FROM scratch\nCOPY --chwon=1 file /'
refuse 3 'Dockerfile:2' $'FROM scratch\nENV'
refuse 3 'not terminated' $'FROM scratch\nCOPY <<END /file\nnever ends'
refuse 4 'missing' $'FROM scratch\nCOPY missing /'
assert_contains "$message" 'Dockerfile:2'
refuse 4 'gone' $'FROM scratch AS a\nCOPY file /\nFROM scratch\nCOPY --from=a /gone /'

printf 'FROM scratch\nCOPY file /\n' >context/Dockerfile
build_fails 2 --no-such-flag context
assert_contains "$message" no-such-flag
build_fails 2
build_fails 2 --platform not/a/real/platform -o out context
build_fails 2 --push context
build_fails 2 -t 'UPPER CASE' -o out context
assert_contains "$message" 'UPPER CASE'
build_fails 4 -f NoSuchFile -o out context
assert_contains "$message" NoSuchFile
build_fails 4 -o out no-such-directory
assert_contains "$message" no-such-directory
# A registry that is not there: port 9 (discard) of loopback has no server.
printf 'FROM 127.0.0.1:9/nothing\n' >context/Dockerfile
build_fails 5 -o out context
assert_contains "$message" '127.0.0.1:9'
printf 'FROM scratch\nCOPY file /\n' >context/Dockerfile
build_fails 5 -t 127.0.0.1:9/nothing --push context

# And one that is there, without the image.
with_base
printf 'FROM %s/no-such-image\n' "$REGISTRY" >context/Dockerfile
build_fails 5 -o out context
assert_contains "$message" no-such-image

# A program that is not in the image, a step that fails: as a shell would have it.
if can_run; then
  refuse 127 'no-such-program' "FROM $base"$'\nRUN no-such-program'
  refuse 127 'no-such-program' "FROM $base"$'\nRUN ["/no-such-program"]'
  refuse 3 'three' "FROM $base"$'\nRUN echo one; echo two; echo three; exit 3'
  refuse 137 'RUN' "FROM $base"$'\nRUN kill -9 $$'
fi
