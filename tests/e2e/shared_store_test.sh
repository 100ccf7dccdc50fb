#!/bin/bash
# Several builds at once on one store: all succeed, all give the same image, nothing is left half-written.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

dockerfile context <<END
FROM $base AS left
RUN mkdir /out && for i in \$(seq 50); do echo \$i > /out/\$i; done
FROM $base AS right
RUN echo right > /right
FROM $base
COPY --from=left /out /out
COPY --from=right /right /
RUN cat /out/* /right > /all
END
pids=()
for number in 1 2 3 4; do
  "$cooper" build --store "$store" --progress plain -o "type=oci,dest=image$number.tar" \
    --metadata-file "metadata$number.json" context 2>"log$number" &
  pids+=($!)
done
for number in 1 2 3 4; do
  wait "${pids[number - 1]}" || fail "build $number: $(cat "log$number")"
done
digest=$(jq -r '."containerimage.digest"' metadata1.json)
for number in 2 3 4; do
  assert_eq "$(jq -r '."containerimage.digest"' "metadata$number.json")" "$digest" "digest of build $number"
done
oci_open image1.tar image
oci_verify image
store_verify "$store"
assert_eq "$(find "$store/tmp" -mindepth 2 2>/dev/null | head -n 3)" '' 'temporary files'
