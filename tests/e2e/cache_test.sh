#!/bin/bash
# The local cache: a second build runs nothing, a change runs what lies below it, and a hit is never wrong.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

# A random number a step: it stays the same exactly when the step did not run again.
dockerfile context <<END
FROM $base AS one
ARG VERSION=1
RUN cat /proc/sys/kernel/random/uuid > /a
COPY file /file
RUN cat /proc/sys/kernel/random/uuid > /b
FROM $base AS two
RUN cat /proc/sys/kernel/random/uuid > /c; echo two > /two
FROM scratch
COPY --from=one /a /b /file /
COPY --from=two /c /
END
echo content >context/file

round=0
ids() { # ids ARGUMENT...: the three numbers, as $a $b $c
  round=$((round + 1))
  build_tree "tree$round" "$@" context
  read -r a b c < <(cat "tree$round"/{a,b,c} | tr '\n' ' '; echo)
}
ids
first_a=$a first_b=$b first_c=$c
ids
assert_eq "$a $b $c" "$first_a $first_b $first_c" 'an unchanged build'
assert_contains "$(cat log)" CACHED 'progress'

# Not the time of a file, but its content and its mode.
touch -d '2001-02-03' context/file
ids
assert_eq "$a $b $c" "$first_a $first_b $first_c" 'a file with another time'
echo changed >context/file
ids
assert_eq "$a $c" "$first_a $first_c" 'steps above the change'
assert_ne "$b" "$first_b" 'the step below the change'
assert_file "tree$round/file" changed
changed_b=$b
echo content >context/file
ids
assert_eq "$b" "$first_b" 'the earlier content again'

# An ARG in scope is part of what a RUN sees.
ids --build-arg VERSION=2
assert_ne "$a" "$first_a" 'RUN with another ARG'
assert_eq "$c" "$first_c" 'RUN without that ARG'

ids --no-cache
assert_ne "$a" "$first_a" '--no-cache'
assert_ne "$c" "$first_c" '--no-cache'
assert_ne "$a" "$changed_b" '--no-cache'

# The base image moved: everything on it runs again.
echo more >"$work/.busybox/etc/more"
tar --owner=0 --group=0 -cf moved.tar -C "$work/.busybox" .
push_image base:latest '{}' moved.tar
ids
assert_ne "$a" "$first_a" 'RUN on a new base'

# Cached or not, the image is the same.
dockerfile stable <<END
FROM $base
COPY file /
RUN cp /file /copy && ln -s copy /link && rm /etc/group
END
cp context/file stable/
cold=$(image_digest stable)
assert_eq "$(image_digest stable)" "$cold" 'digest of the cached build'
assert_eq "$(image_digest --no-cache stable)" "$cold" 'digest of an uncached build'
store=$E2E_DIRECTORY/store2
assert_eq "$(image_digest stable)" "$cold" 'digest on an empty store'

# A damaged store costs time, never correctness: every file of it cut to nothing, one kind at a time.
for kind in records layers blobs; do
  [[ -d $store/$kind ]] || continue
  find "$store/$kind" -type f -size +0 -exec truncate -s 0 {} +
  assert_eq "$(image_digest stable)" "$cold" "digest after damage to $kind"
done
