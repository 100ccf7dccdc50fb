#!/bin/bash
# Layers and archives that try to write elsewhere: refused with a clear error, or kept inside; never outside.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base

outside=$work/outside
mkdir outside made context
echo untouched >outside/victim
chmod 0644 outside/victim
watch() { (cd "$work" && find outside made -printf '%P %y %m %s %T@ %l\n' | sort; cat outside/victim); }

# shellcheck source=hostile_tars.sh
source "$e2e/hostile_tars.sh"
before=$(watch)

try() { # try WHAT CONTEXT
  local what=$1 result=0
  timeout 60 "$cooper" build --store "$store" --progress plain -o "type=local,dest=out" -o type=oci,dest=out.tar "$2" 2>log || result=$?
  assert_eq "$(watch)" "$before" "files outside after $what"
  case $result in
    0) ;;
    # A clear refusal: of the data (8), of the archive as a part of the context (4), of names that no layer can hold
    # (9), or by the file system (7).
    4 | 7 | 8 | 9) [[ -s log ]] || fail "$what: refused without a word" ;;
    *) fail "$what: exit code $result: $(cat log)" ;;
  esac
  if [[ -d out ]]; then
    # What was exported must not lead through a link of the archive either.
    assert_absent out/outside
    chmod -R u+rwX out && rm -rf out
  fi
  verdicts+=("$what=$result")
}

verdicts=()
for kind in "${!hostile[@]}"; do
  push_image "hostile:$kind" '{}' "$work/${hostile[$kind]}"
  printf 'FROM %s/hostile:%s\nCOPY file /added\n' "$REGISTRY" "$kind" >context/Dockerfile
  echo content >context/file
  try "layer $kind" context
  printf 'FROM scratch\nADD %s /\n' "${hostile[$kind]}" >context/Dockerfile
  cp "${hostile[$kind]}" context/
  try "ADD $kind" context
  rm "context/${hostile[$kind]}"
done

# These are broken beyond doubt: they must be refused, not guessed at.
for kind in cut_off garbage; do
  [[ " ${verdicts[*]} " == *" layer $kind=8 "* ]] || fail "layer $kind was not refused: ${verdicts[*]}"
done

# A symbolic link in the base is resolved inside the image when something is copied through it.
mkdir trap
ln -s "$outside" trap/door
ln -s "$outside/victim" trap/file
tar --owner=0 --group=0 -cf trap.tar -C trap .
push_image hostile:trap '{}' "$work/.base.tar" trap.tar
printf 'FROM %s/hostile:trap\nCOPY file /door/copied\nCOPY file /file\nADD tiny.tar /door/\nWORKDIR /door/made\n' "$REGISTRY" >context/Dockerfile
tar -cf context/tiny.tar -C context file
try 'COPY through a link' context

# So is a link in the context that points out of it.
ln -s "$outside/victim" context/leak
printf 'FROM scratch\nCOPY leak /leak\n' >context/Dockerfile
result=0
"$cooper" build --store "$store" --progress plain -o out context 2>log || result=$?
[[ $result -eq 4 ]] || fail "a link out of the context: exit code $result: $(cat log)"
printf 'FROM scratch\nCOPY ../outside/victim /leak\n' >context/Dockerfile
build_fails 4 -o out context

# A bomb: a small layer of very much nothing. It is unpacked within bounds of memory, or refused.
truncate -s 768M zeros
tar --owner=0 --group=0 -cf - zeros | gzip -n1 >bomb.gz
rm zeros
push_image hostile:bomb '{}' "$work/.base.tar" "$work/bomb.gz"
printf 'FROM %s/hostile:bomb\nCOPY file /added\n' "$REGISTRY" >context/Dockerfile
if command -v /usr/bin/time >/dev/null; then
  result=0
  /usr/bin/time -f %M -o peak "$cooper" build --store "$store" --progress plain -t "$REGISTRY/bomb" --push context 2>log || result=$?
  [[ $result -eq 0 || $result -eq 7 || $result -eq 8 ]] || fail "bomb: exit code $result: $(cat log)"
  [[ $(tail -n 1 peak) -lt 400000 ]] || fail "bomb: $(tail -n 1 peak) KiB of memory"
fi
