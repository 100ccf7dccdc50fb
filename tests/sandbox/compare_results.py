"""Compares what two runs of the same test suites came to, test by test.

usage: compare_results.py ONE OTHER      directories of JUnit files, as test_suites/run leaves them

Prints every test that ended otherwise, or was run once only, and exits 1 when there is one that is not expected. Why a
test was skipped counts: a test that is skipped for another reason has found another system.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as tree


# What differs for a reason that has nothing to do with how calls are answered.
EXPECTED = {
    "testHostnameRes": "nothing in the test's container says which address its host name has",
    "testSockName": "the same",
    "test_preexec_fork_failure": "limits on processes count for whom the kernel does not take for root",
}


def outcome(case):
    for kind in ("error", "failure", "skipped"):
        found = case.find(kind)
        if found is not None:
            text = (found.text or found.get("message") or "").strip()
            # Names of files with a process's number in them are each run's own.
            return kind + (": " + re.sub(r"_[0-9]+_", "_N_", text.splitlines()[-1]) if text else "")
    return "passed"


def read(directory):
    results = {}
    for path in sorted(pathlib.Path(directory).glob("*.xml")):
        for case in tree.parse(path).iter("testcase"):
            results[f"{path.stem} {case.get('name')}"] = outcome(case)
    for path in sorted(pathlib.Path(directory).glob("*.ends")):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, code = line.rpartition(": ")
            results[f"{name}, as a whole"] = f"exit code {code}"
    return results


def main(one, other):
    first, second = read(one), read(other)
    differing = [name for name in sorted(first.keys() | second.keys()) if first.get(name) != second.get(name)]
    unexpected = 0
    for name in differing:
        reason = EXPECTED.get(name.rpartition(".")[2])
        unexpected += reason is None
        print(f"{name}\n  {first.get(name, 'not run')}\n  {second.get(name, 'not run')}")
        if reason:
            print(f"  expected: {reason}")
    counts = {kind: sum(value.startswith(kind) for value in first.values()) for kind in ("passed", "skipped")}
    print(f"{len(first)} and {len(second)} results, {counts['passed']} passed and {counts['skipped']} skipped in the "
          f"first: {len(differing)} differ, {unexpected} of them unexpectedly")
    return 1 if unexpected or not first else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
