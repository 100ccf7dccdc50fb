"""What the tests of all packagings share: the program that stands in for cooper, and values that break careless quoting."""
import json
import os
import pathlib
import shlex
import stat
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]

HOSTILE = [
    "two words",
    " edges ",
    "it's \"quoted\"",
    "$(touch /tmp/cooper-injected) `id` ${HOME} $HOME",
    "a;b & c | d > e < f",
    "back\\slash \\n \\",
    "*?[a-z]{1,2}~!#%",
    "ümlaut ✓ ",
    "--flag=value",
]


class Program:
    """A program in `directory` that notes its calls and then behaves as cooper on `ci` does; see stand_in.py."""

    def __init__(self, directory, ci, name="cooper"):
        self.path = pathlib.Path(directory) / name
        self.record = pathlib.Path(directory) / (name + ".calls")
        command = ["/usr/bin/python3", "-I", str(HERE / "stand_in.py"), str(self.record), ci]
        self.path.write_text("#!/bin/sh\nexec " + shlex.join(command) + ' "$@"\n')
        self.path.chmod(self.path.stat().st_mode | stat.S_IXUSR)
        self.is_real = bool(os.environ.get("COOPER"))
        if self.is_real:
            self._beside("program").write_text(os.environ["COOPER"])

    def _beside(self, suffix):
        return self.record.with_name(self.record.name + "." + suffix)

    def only_stand_in(self):
        """Skips a test that the real program cannot pass: it needs a failure on command, or a cloud."""
        if self.is_real:
            raise unittest.SkipTest("needs the stand-in")

    def mode(self, mode):
        self.only_stand_in()
        self._beside("mode").write_text(mode)

    def calls(self):
        if not self.record.exists():
            return []
        return [json.loads(line) for line in self.record.read_text().splitlines()]

    def only_call(self):
        calls = self.calls()
        assert len(calls) == 1, f"cooper was called {len(calls)} times"
        return calls[0]
