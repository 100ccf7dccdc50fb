# shellcheck shell=bash
# Tars that try to write elsewhere, made in $work; source it after lib.sh.
#
# Set $outside to a directory that they aim at, and let $work/made be there. Afterwards `hostile` maps each kind
# to its tar.
# shellcheck disable=SC2034,SC2154  # `hostile` is for the test, $outside is from it

# Each function writes one hostile tar. GNU tar keeps hostile names with -P; --transform makes what no disk has.
member() { # member TAR NAME [TAR-OPTION...]: appends a file of that name
  local tar=$1 name=$2
  shift 2
  echo evil >made/payload
  tar -rPf "$tar" --owner=0 --group=0 --transform "s|^payload\$|$name|" "$@" -C made payload
}
link_member() { # link_member TAR NAME TARGET: appends a symbolic link
  rm -f made/link
  ln -s "$3" made/link
  tar -rPf "$1" --owner=0 --group=0 --transform "flags=r;s|^link\$|$2|" -C made link
}
hard_member() { # hard_member TAR NAME TARGET: appends a hard link; its target need not exist
  rm -rf made/hard && mkdir made/hard
  echo x >made/hard/a && ln made/hard/a made/hard/b
  # Two members, a and a link to it; only the link is kept, renamed at both ends.
  tar -cPf made/pair.tar --owner=0 --group=0 --transform "flags=r;s|^b\$|$2|;flags=h;s|^a\$|$3|" -C made/hard a b
  tar --delete -Pf made/pair.tar a
  tar -APf "$1" made/pair.tar
}

declare -A hostile=()
make() { # make KIND COMMAND...
  local kind=$1
  shift
  tar -cf "$kind.tar" -T /dev/null
  "$@" "$kind.tar"
  hostile[$kind]=$kind.tar
}
up=../../../../../../../../../../../..
dotdot() { member "$1" "a/$up$outside/dotdot"; }
absolute() { member "$1" "$outside/absolute"; }
symlink_dir() { link_member "$1" door "$outside"; member "$1" door/through; }
symlink_relative() { link_member "$1" door "$up$outside"; member "$1" door/through; }
symlink_file() { link_member "$1" file "$outside/victim"; member "$1" file; }
symlink_chain() { link_member "$1" a b; link_member "$1" b c; link_member "$1" c "$outside"; member "$1" a/through; }
symlink_loop() { link_member "$1" a b; link_member "$1" b a; member "$1" a/through; }
hardlink_outside() { hard_member "$1" stolen "$outside/victim"; member "$1" stolen; }
hardlink_dotdot() { hard_member "$1" stolen "$up$outside/victim"; member "$1" stolen; }
hardlink_symlink() { link_member "$1" door "$outside"; hard_member "$1" stolen door/victim; member "$1" stolen; }
whiteout_dotdot() { member "$1" "x/$up$outside/.wh.victim"; }
whiteout_symlink() { link_member "$1" door "$outside"; member "$1" door/.wh.victim; }
whiteout_of_dots() { member "$1" "x/.wh..."; member "$1" "x/.wh.."; }
opaque_symlink() { link_member "$1" door "$outside"; member "$1" door/.wh..wh..opq; }
file_over_directory() { member "$1" thing/inside; member "$1" thing; member "$1" thing/again; }
root_replaced() { link_member "$1" . "$outside"; member "$1" through; }
# What a later member opens for writing must not be what an earlier one made of it. The node itself is only /dev/null.
device() { tar -rPf "$1" --owner=0 --group=0 --transform 's|^null$|disk|' -C /dev null; member "$1" disk; }
fifo() { rm -f made/pipe; mkfifo made/pipe; tar -rPf "$1" --owner=0 --group=0 -C made pipe; member "$1" pipe; }
long_name() { member "$1" "$(printf 'd%.0s/' {1..2500})end"; }
longer_component() { member "$1" "$(printf 'c%.0s' {1..300})"; }
cut_off() { member "$1" fine; truncate -s 514 "$1"; } # in the middle of the file's bytes
garbage() { member "$1" fine; head -c 4096 /dev/urandom >>"$1"; printf 'x%.0s' {1..512} | dd of="$1" conv=notrunc status=none; }
huge_size() { # a header that promises 8 EiB
  member "$1" fine
  python3 - "$1" <<'END'
import sys
path = sys.argv[1]
data = bytearray(open(path, "rb").read())
data[124:136] = b"\x80\x00\x00\x00\x7f" + b"\xff" * 7
data[148:156] = b" " * 8
data[148:156] = b"%06o\0 " % sum(data[:512])
open(path, "wb").write(data)
END
}

kinds=(dotdot absolute symlink_dir symlink_relative symlink_file symlink_chain symlink_loop hardlink_outside
  hardlink_dotdot hardlink_symlink whiteout_dotdot whiteout_symlink whiteout_of_dots opaque_symlink
  file_over_directory root_replaced device fifo long_name longer_component cut_off garbage)
if command -v python3 >/dev/null; then kinds+=(huge_size); fi
for kind in "${kinds[@]}"; do make "$kind" "$kind"; done
rm -rf made/*
