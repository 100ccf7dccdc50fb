#!/bin/bash
# Contexts that try to write or read elsewhere: refused with a clear error, or kept inside; nothing is left behind.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=file_server.sh
source "$e2e/file_server.sh"

outside=$work/outside
mkdir outside made files
echo untouched >outside/victim
chmod 0644 outside/victim
watch() { (cd "$work" && find outside made -printf '%P %y %m %s %T@ %l\n' | sort; cat outside/victim); }
# shellcheck source=hostile_tars.sh
source "$e2e/hostile_tars.sh"
start_file_server "$work/files"

# Every hostile tar gets a Dockerfile that copies all of it, at its beginning, so that it is a context.
printf 'FROM scratch\nCOPY . /\n' >Dockerfile
before=$(watch)
try() { # try WHAT ARGUMENT...
  local what=$1 result=0
  shift
  timeout 60 "$cooper" build --store "$store" --progress plain -o type=local,dest=out -o type=oci,dest=out.tar "$@" 2>log || result=$?
  assert_eq "$(watch)" "$before" "files outside after $what"
  assert_eq "$(find "$store/tmp" -mindepth 1 | head -n 3)" '' "temporary files after $what"
  case $result in
    0) ;;
    4 | 7 | 8 | 9) [[ -s log ]] || fail "$what: refused without a word" ;;
    *) fail "$what: exit code $result: $(cat log)" ;;
  esac
  assert_lacks "$(cat log)" 'terminate called' "$what"
  if [[ -d out ]]; then
    assert_absent out/outside
    if [[ -f out/victim ]]; then assert_ne "$(cat out/victim)" untouched "$what read outside"; fi
    chmod -R u+rwX out && rm -rf out
  fi
  verdicts+=("$what=$result")
}

verdicts=()
for kind in "${!hostile[@]}"; do
  tar -cf context.tar Dockerfile
  case $kind in
    cut_off | garbage | huge_size) # not to be joined by tar: broken members first, or after a whole one
      { head -c 1024 context.tar; cat "${hostile[$kind]}"; } >joined.tar
      mv joined.tar context.tar
      ;;
    *) tar -APf context.tar "${hostile[$kind]}" ;;
  esac
  try "stdin $kind" - <context.tar
  gzip -nc context.tar >files/context.tgz
  try "url $kind" "$FILES/context.tgz"
  try "named $kind" --build-context "x=${hostile[$kind]}" -f - . <<<$'FROM scratch\nCOPY --from=x . /'
done
for what in 'stdin dotdot' 'stdin hardlink_outside' 'stdin hardlink_dotdot' 'stdin cut_off' 'stdin garbage' 'url dotdot'; do
  [[ " ${verdicts[*]} " == *" $what=8 "* ]] || fail "'$what' was not refused: ${verdicts[*]}"
done

# Links that point out of the context are resolved inside it: for COPY, for the Dockerfile, for the ignore file.
mkdir links
ln -s "$outside/victim" links/leak
ln -s "$outside/victim" links/.dockerignore
printf 'FROM scratch\nCOPY leak /leak\n' >links/Dockerfile
tar -cf links.tar -C links .
try 'a link out of the context' links.tar
assert_contains "${verdicts[*]}" 'a link out of the context=4'
ln -sf "$outside/victim" links/Dockerfile
tar -cf links.tar -C links .
build_fails 4 -o out links.tar
assert_contains "$message" "has no Dockerfile 'Dockerfile'"
assert_lacks "$message" untouched

# Bombs: much of nothing, many members, a name without end. Bounded memory, and nothing left.
measured() { # measured WHAT FILE: result and memory
  local result=0
  if command -v /usr/bin/time >/dev/null; then
    /usr/bin/time -f %M -o peak "$cooper" build --store "$store" --progress plain -o type=local,dest=out - <"$2" 2>log || result=$?
    [[ $(tail -n 1 peak) -lt 400000 ]] || fail "$1: $(tail -n 1 peak) KiB of memory"
  else
    "$cooper" build --store "$store" --progress plain -o type=local,dest=out - <"$2" 2>log || result=$?
  fi
  assert_eq "$(find "$store/tmp" -mindepth 1 | head -n 3)" '' "temporary files after $1"
  echo "$result"
}
truncate -s 768M zeros
printf 'FROM scratch\nCOPY Dockerfile /\n' >Dockerfile
tar --owner=0 --group=0 -cf - Dockerfile zeros | gzip -n1 >bomb.tgz
rm zeros
result=$(measured 'a bomb' bomb.tgz)
[[ $result -eq 0 || $result -eq 7 ]] || fail "a bomb: exit code $result: $(cat log)"
{
  tar -cf - Dockerfile | head -c 1024
  tar --owner=0 --group=0 --transform 's|.*|many|' -cf one.tar Dockerfile
  head -c 1024 one.tar >members
  for ((i = 0; i < 17; i++)); do # doubles to 131,072 members of one name
    cat members members >doubled
    mv doubled members
  done
  cat members
} | gzip -n1 >many.tgz
result=$(measured 'many members' many.tgz)
[[ $result -eq 0 || $result -eq 8 ]] || fail "many members: exit code $result: $(cat log)"
if command -v python3 >/dev/null; then
  python3 - >endless.tar <<'END'
import io, sys, tarfile
out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
out.add("Dockerfile")
out.addfile(tarfile.TarInfo("d/" * 400000 + "end"))
out.close()
END
  result=$(measured 'an endless name' endless.tar)
  assert_eq "$result" 8 'exit code for an endless name'
fi

# A build that is killed while it reads its context leaves nothing after the next one.
mkfifo slow
"$cooper" build --store "$store" --progress plain -o out slow 2>log &
pid=$!
{
  head -c 100000 bomb.tgz
  # It reads: its part of the store is there.
  while [[ -z $(find "$store/tmp" -mindepth 2 -name 'context-*' -print -quit) ]]; do sleep 0.05; done
  kill -KILL "$pid"
} >slow
wait "$pid" || true
build -o out .
assert_eq "$(find "$store/tmp" -mindepth 1)" '' 'temporary files after a kill'
