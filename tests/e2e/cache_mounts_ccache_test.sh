#!/bin/bash
# A real compile job: ccache in a cache mount answers on an empty machine what the last job compiled.
# runs only: self
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need gcc ccache ldd
with_base
need_run

files=30
# Each with a header of the C library and enough work for the optimiser.
mkdir -p context/src
for ((i = 0; i < files; i++)); do
  cat >"context/src/f$i.c" <<END
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int f$i(char **words, int count) {
  qsort(words, (size_t)count, sizeof *words, compare);
  for (int k = 0; k < count; ++k) printf("%d %s\n", k + $i, words[k]);
  return count * $i;
}
END
done

# The compiler as a root file system: its programs with their libraries, and the headers that the sources include.
compiler_tar() { # compiler_tar OUT.tar
  local root=$work/.compiler program
  mkdir -p "$root/usr/bin" "$root/tmp"
  local programs=(/usr/bin/ccache "$(command -v gcc)" "$(gcc -print-prog-name=cc1)" "$(command -v "$(gcc -print-prog-name=as)")")
  for program in "${programs[@]}"; do
    cp -L --parents "$program" "$root"
    ldd "$program" 2>/dev/null | grep -o '/[^ ]*' | xargs -r -I{} cp -L --parents {} "$root"
  done
  gcc -O2 -M context/src/f0.c | grep -o ' /[^ ]*' | xargs -I{} cp -L --parents {} "$root"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$1" -C "$root" .
}
compiler_tar "$work/compiler.tar"
push_image compiler:latest '{"Env":["PATH=/bin:/usr/bin"]}' "$work/.base.tar" "$work/compiler.tar"

dockerfile context <<END
FROM $REGISTRY/compiler:latest
ENV CCACHE_DIR=/ccache
COPY src /src
ARG TURN
RUN --mount=type=cache,id=ccache,target=/ccache mkdir /out && ccache -z > /dev/null && \
    for f in /src/*.c; do ccache gcc -O2 -c \$f -o /out/\$(basename \$f .c).o || exit 1; done && \
    ccache --print-stats > /stats && sha256sum /out/* > /sums
END
compile() { # compile TURN ARGUMENT...
  rm -rf "$store" tree
  build --cache-mounts=persist --cache-to type=local,dest=saved --build-arg "TURN=$1" -o type=local,dest=tree "${@:2}" context
}
statistic() { awk -v name="$1" '$1 == name { print $2 }' tree/stats; }
hits() { echo $(($(statistic direct_cache_hit) + $(statistic preprocessed_cache_hit))); }

compile 1
assert_eq "$(hits)" 0 'hits of the first job'
assert_eq "$(statistic cache_miss)" "$files" 'misses of the first job'
cp tree/sums sums
compile 2 --cache-from type=local,src=saved
rate=$((100 * $(hits) / files))
echo "ccache answered $(hits) of $files on an empty machine; the save has $(du -sk saved/blobs | cut -f1) kB"
[[ $rate -gt 90 ]] || fail "ccache answered $rate % on an empty machine:"$'\n'"$(cat tree/stats)"
assert_eq "$(cat tree/sums)" "$(cat sums)" 'objects of the second job'
