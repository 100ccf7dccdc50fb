"""Compares the trees in two tars: type, mode, owners, link target, device, capability and content of every path.

usage: compare_trees.py ONE.tar OTHER.tar

Prints what differs, and exits 1 when that is more than the content of files which hold a time or a random number.
"""

import fnmatch
import hashlib
import sys
import tarfile

# What two installations of the same packages have each of their own.
OF_THE_MOMENT = [
    "etc/ssl/certs/java/cacerts",
    "etc/shadow*",
    "var/cache/apt/*.bin",
    "var/cache/ldconfig/aux-cache",
    "var/lib/apt/extended_states",
    "var/log/*",
    "home/bob/repo/.git/*",
    # They hold the times of what they are made of.
    "venv/*.pyc",
    "home/dev/.local/*.pyc",
    "src/build/*",
    "tmp/jest_*/*",
    "wheels/*.whl",
]


def read(path):
    entries = {}
    with tarfile.open(path) as tar:
        for member in tar:
            content = hashlib.sha256(tar.extractfile(member).read()).hexdigest() if member.isfile() else ""
            is_device = member.ischr() or member.isblk()
            entries[member.name.rstrip("/")] = (
                (
                    member.type,
                    oct(member.mode),
                    member.uid,
                    member.gid,
                    member.linkname,
                    (member.devmajor, member.devminor) if is_device else None,
                    member.pax_headers.get("SCHILY.xattr.security.capability"),
                ),
                content,
            )
    return entries


def main(one, other):
    first, second = read(one), read(other)
    failed = False
    for path in sorted(first.keys() | second.keys()):
        a, b = first.get(path), second.get(path)
        if a == b:
            continue
        expected = a and b and a[0] == b[0] and any(fnmatch.fnmatch(path, pattern) for pattern in OF_THE_MOMENT)
        if not expected:
            failed = True
            print(f"{path}: {a} and {b}")
    print(f"{len(first)} and {len(second)} paths: {'they differ' if failed else 'the same'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
