#!/bin/bash
# Files that are links to what other trees have too are never written in place; and what a step changed is listed.
#
# usage: stub_shared_test.sh STUB_RUN
# shellcheck source=tests/sandbox/stub_root.sh
source "$(dirname "$0")/stub_root.sh"

files=(append cut mode time link rename owner remove attribute open read)
make_root "$root"
mkdir "$work/store"
for file in "${files[@]}"; do
  echo "$file content" >"$work/store/$file"
  chmod 640 "$work/store/$file"
  touch -d @1000000 "$work/store/$file"
  ln "$work/store/$file" "$root/$file"
done
give_away "$root" "$work/store"
touch "$work/changes"
give_away "$work/changes"

store_now() { (cd "$work/store" && stat -c '%n %Y %a %u %g %s' -- * && cat -- *); }
before=$(store_now)

script='stat -c "%n %h %a" /append
echo more >>/append; truncate -s 3 /cut; chmod 4711 /mode; touch -d @5 /time; ln /link /second; mv /rename /renamed
chown 5:6 /owner; rm /remove; exec 3</open; rm /open; touch -d @9 /proc/self/fd/3 2>/dev/null || echo refused; cat /read >/dev/null
stat -c "%n %h %a" /append /cut /mode /time /link /second /renamed /owner
stat -c %Y /time; cat /append /cut; echo; echo both >>/link; cat /second; stat -c %u:%g /owner'
expected='/append 1 640
refused
/append 1 640
/cut 1 640
/mode 1 4711
/time 1 640
/link 2 640
/second 2 640
/renamed 1 640
/owner 1 640
5
append content
more
cut
link content
both
5:6'
expect "what the step sees" "$expected" "$(in_root --changes "$work/changes" -- "$script")"
expect "the store" "$before" "$(store_now)"
expect "the changes" "pappend pcut plink pmode popen powner premove prename prenamed psecond ptime" \
  "$(tr '\0' '\n' <"$work/changes" | sort -u | tr '\n' ' ' | sed 's/ $//')"
expect "what was not written is shared still" "$(stat -c %i "$work/store/read")" "$(stat -c %i "$root/read")"
expect "no copy is left" "" "$(find "$root" -name '.cooper*')"

# The same with real owners.
if [[ $(id -u) -eq 0 ]]; then
  rm -rf "$root"
  make_root "$root"
  for file in "${files[@]}"; do ln "$work/store/$file" "$root/$file"; done
  expect "what root's step sees" "$expected" \
    "$(env -i PATH=/bin "$work/stub_run" --real --changes "$work/changes" "$root" /bin/sh -c "$script" 2>&1)"
  expect "the store, after root's step" "$before" "$(store_now)"
  expect "the owner on disk" 5:6 "$(stat -c %u:%g "$root/owner")"
  expect "a copy's owner" 65534:65534 "$(stat -c %u:%g "$root/append")"
fi
exit "$failed"
