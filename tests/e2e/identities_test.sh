#!/bin/bash
# The same Dockerfile as root, as an ordinary user with a range of ids, and with a single id: the same digest.
# runs only: self
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
[[ $(id -u) -eq 0 ]] || skip 'only root can become the others'
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

dockerfile context <<END
FROM $base AS made
RUN mkdir -p /out/dir && echo x > /out/dir/x && ln /out/dir/x /out/hard && ln -s dir/x /out/soft && chmod 4755 /out/dir/x
RUN rm -rf /var/lib/demo && mkdir /var/lib/demo && mkfifo /out/pipe
FROM $base
COPY --from=made /out /out
COPY --from=made --chown=app:staff /etc/passwd /owned/
ADD --chown=77:88 file /added
RUN echo more >> /etc/passwd && rm /etc/group && touch /var/lib/demo/new
END
echo content >context/file
chmod -R a+rX "$E2E_DIRECTORY" 2>/dev/null || true

digest_as() { # digest_as IDENTITY
  local directory=$E2E_DIRECTORY/as-$1
  mkdir -p "$directory"/{home,work,tmp}
  cp -r context "$directory/context"
  # `user` lives in a mount namespace of its own, so the whole build happens in there.
  if ! E2E_DIRECTORY=$directory bash "$e2e/become.sh" "$1" "$cooper" build --store "$directory/store" --progress plain \
    -o "type=oci,dest=$directory/work/image.tar" --metadata-file "$directory/work/metadata.json" "$directory/context" \
    >"$directory/log" 2>&1; then
    grep -qE '^skipped:' "$directory/log" && { echo skipped; return; }
    cat "$directory/log" >&2
    fail "the build as '$1' failed"
  fi
  jq -r '."containerimage.digest"' "$directory/work/metadata.json"
}
root=$(digest_as self)
compared=0
for identity in user single; do
  digest=$(digest_as "$identity")
  [[ $digest != skipped ]] || continue
  assert_eq "$digest" "$root" "digest as '$identity'"
  compared=$((compared + 1))
done
[[ $compared -gt 0 ]] || skip 'no other identity is possible here'
