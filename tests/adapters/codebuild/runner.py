"""Runs a buildspec of version 0.2 as CodeBuild does, on this machine.

usage: runner.py BUILDSPEC --source DIR [--variable K=V] [--codebuild K=V] [--secret ID=VALUE] [--program DIR]

All commands of a build run in one shell, so that what one exports the next one has; `finally` runs whatever happened. A phase
that fails ends install and pre_build, but post_build runs after a failed build, with CODEBUILD_BUILD_SUCCEEDING=0. The variables that are
exported have the values that they have at the end of post_build. Prints status, phases and exported variables as JSON.
"""
import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile

import yaml

FIELDS = set("version run-as env proxy batch phases reports artifacts cache".split())
ENV_FIELDS = set("shell variables parameter-store secrets-manager exported-variables git-credential-helper".split())
PHASES = ["install", "pre_build", "build", "post_build"]
PHASE_FIELDS = set("run-as on-failure runtime-versions commands finally".split())


class BuildspecError(Exception):
    """CodeBuild would refuse the file."""


def check(spec):
    if spec.get("version") != 0.2:
        raise BuildspecError("version is not 0.2")
    phases = spec.get("phases") or {}
    places = [("the buildspec", spec, FIELDS), ("env", spec.get("env") or {}, ENV_FIELDS), ("phases", phases, set(PHASES))]
    places += [(name, phase, PHASE_FIELDS) for name, phase in phases.items()]
    for where, found, known in places:
        if set(found) - known:
            raise BuildspecError(f"{where} has an unknown field '{sorted(set(found) - known)[0]}'")
    for name, phase in phases.items():
        if not all(isinstance(command, str) for command in phase.get("commands") or []):
            raise BuildspecError(f"a command of {name} is no string")
    for name in (spec.get("env") or {}).get("exported-variables") or []:
        if name.startswith("AWS_"):
            raise BuildspecError(f"'{name}' cannot be exported")
    if len(spec.get("reports") or {}) > 5:
        raise BuildspecError("more than five report groups")


class Shell:
    """One shell for all commands: `run` gives the exit code of one, and a command that leaves the shell ends it."""

    def __init__(self, shell, directory, environment, scratch):
        self.scratch, self.count = pathlib.Path(scratch), 0
        self.log = self.scratch / "log"
        self.start = lambda: subprocess.Popen(
            [shell], cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.process = self.start()

    def run(self, command):
        self.count += 1
        script = self.scratch / f"command-{self.count}"
        script.write_text(command + "\n")
        line = f". {shlex.quote(str(script))} </dev/null >>{shlex.quote(str(self.log))} 2>&1; printf '%s\\n' \"$?\"\n"
        self.process.stdin.write(line)
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer:
            return int(answer)
        self.close()
        code = self.process.returncode
        self.process = self.start()
        return code

    def variables(self):
        path = self.scratch / "variables"
        self.run(f"env -0 >{shlex.quote(str(path))}")
        return dict(entry.split("=", 1) for entry in path.read_text().split("\0") if "=" in entry)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Build:
    def __init__(self, spec, source, project=None, codebuild=None, stored=None, path=None):
        """project: variables of the project or of StartBuild; stored: what parameter store and secrets manager hold."""
        check(spec)
        self.spec, self.source = spec, pathlib.Path(source).resolve()
        self.env = spec.get("env") or {}
        stored = stored or {}
        values = {name: str(value) for name, value in (self.env.get("variables") or {}).items()}
        for kind in ("parameter-store", "secrets-manager"):
            for name, place in (self.env.get(kind) or {}).items():
                if place not in stored:
                    raise BuildspecError(f"cannot read '{place}'")
                values[name] = stored[place]
        self.environment = {
            "PATH": os.pathsep.join([*(path or []), "/usr/local/bin:/usr/bin:/bin"]),
            "HOME": "/root",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            **values,
            **(project or {}),
            **(codebuild or {}),
            "CODEBUILD_SRC_DIR": str(self.source),
            "CODEBUILD_BUILD_SUCCEEDING": "1",
        }
        self.phases, self.succeeding, self.goes_on = {}, True, True

    def _phase(self, shell, name):
        phase = (self.spec.get("phases") or {}).get(name) or {}
        code = 0
        for command in phase.get("commands") or []:
            code = shell.run(command)
            if code:
                break
        # What fails in `finally` fails the phase, too.
        for command in phase.get("finally") or []:
            code = shell.run(command) or code
        self.phases[name] = code
        if code:
            self.succeeding = False
            shell.run("export CODEBUILD_BUILD_SUCCEEDING=0")
            self.goes_on = phase.get("on-failure") == "CONTINUE" or (name == "build" and phase.get("on-failure") != "ABORT")

    def _files(self, entry):
        base = self.source / (entry.get("base-directory") or "")
        return [str(path.relative_to(base)) for glob in entry["files"] for path in sorted(base.glob(glob)) if path.is_file()]

    def _upload(self, what, entry, found):
        found += self._files(entry)
        if not found:
            self.phases["upload_artifacts"] = f"no file of {what} was found"
            self.succeeding = False

    def run(self):
        reports, artifacts = {}, []
        with tempfile.TemporaryDirectory(prefix="codebuild-") as scratch:
            shell = Shell(self.env.get("shell", "sh"), self.source, self.environment, scratch)
            for name in PHASES:
                if self.goes_on:
                    self._phase(shell, name)
            variables = shell.variables()
            shell.close()
            log = (pathlib.Path(scratch) / "log").read_text(errors="replace")
        if "post_build" in self.phases:
            for group, entry in (self.spec.get("reports") or {}).items():
                self._upload(f"report '{group}'", entry, reports.setdefault(group, []))
            if self.spec.get("artifacts"):
                self._upload("artifacts", self.spec["artifacts"], artifacts)
        exported = {name: variables.get(name, "") for name in self.env.get("exported-variables") or []}
        status = "SUCCEEDED" if self.succeeding else "FAILED"
        return {
            "status": status, "phases": self.phases, "exported": exported, "reports": reports, "artifacts": artifacts, "log": log
        }


def run_batch(spec, source_of, **arguments):
    """Runs build-graph in order; source_of(identifier) is a fresh checkout. Builds after a failed one are not started."""
    nodes, results = {node["identifier"]: node for node in spec["batch"]["build-graph"]}, {}
    while len(results) < len(nodes):
        ready = [n for n in nodes if n not in results and all(d in results for d in nodes[n].get("depend-on") or [])]
        if not ready:
            raise BuildspecError("build-graph has a circle, or depends on what is not there")
        for name in ready:
            if any(results[d]["status"] != "SUCCEEDED" for d in nodes[name].get("depend-on") or []):
                results[name] = {"status": "NOT_STARTED"}
                continue
            own = {**(arguments.get("project") or {}), **((nodes[name].get("env") or {}).get("variables") or {})}
            known = {**(arguments.get("codebuild") or {}), "CODEBUILD_BATCH_BUILD_IDENTIFIER": name}
            build = Build(spec, source_of(name), **{**arguments, "project": own, "codebuild": known})
            results[name] = build.run()
    return results


def pairs(values):
    return dict(value.split("=", 1) for value in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("buildspec")
    parser.add_argument("--source", required=True)
    parser.add_argument("--program", action="append", default=[])
    for name in ("variable", "codebuild", "secret"):
        parser.add_argument("--" + name, action="append", default=[])
    given = parser.parse_args()
    spec = yaml.safe_load(pathlib.Path(given.buildspec).read_text())
    try:
        build = Build(
            spec, given.source, pairs(given.variable), pairs(given.codebuild), pairs(given.secret), given.program
        ).run()
    except BuildspecError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(build, indent=2))
    return 0 if build["status"] == "SUCCEEDED" else 1


if __name__ == "__main__":
    sys.exit(main())
