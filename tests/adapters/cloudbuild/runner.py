"""Runs a cloudbuild.yaml as Cloud Build does, with a program on this machine in the place of each builder image.

usage: runner.py CONFIG --workspace DIR --image NAME=PROGRAM [--substitution K=V] [--built-in K=V] [--secret VERSION=VALUE]

Steps see /workspace, /builder/home and /builder/outputs, run with nothing in their environment but PATH, HOME, BUILDER_OUTPUT and what the
file says, and as early as waitFor allows. Prints the build as the API tells it: status, each step's status and its output.
"""
import argparse
import base64
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from substitutions import SubstitutionError, Substitutions  # noqa: E402

ROOT_SH = pathlib.Path(__file__).resolve().parent / "root.sh"
STEP_FIELDS = set(
    "name args env dir id waitFor entrypoint secretEnv volumes timeout script automapSubstitutions allowFailure allowExitCodes".split()
)
OUTPUT_LIMIT = 4096  # bytes of a step's output that the API keeps


class BuildError(Exception):
    """The build is refused before it starts."""


def seconds(text, default):
    return float(str(text)[:-1]) if text else default


class Build:
    def __init__(self, config, workspace, images, substitutions=None, built_in=None, secrets=None):
        """images: name → program, absolute; secrets: version name → value."""
        self.options = config.get("options") or {}
        loose = self.options.get("substitutionOption") == "ALLOW_LOOSE"
        dynamic = bool(self.options.get("dynamicSubstitutions"))
        self.substitutions = Substitutions(
            built_in or {}, config.get("substitutions") or {}, substitutions or {}, dynamic, loose
        )
        self.workspace, self.images = pathlib.Path(workspace).resolve(), images
        self.secrets = self._secrets(config, secrets or {})
        self.timeout = seconds(config.get("timeout"), 3600)
        self.scratch = None  # a directory for as long as the build runs
        self.steps = [self._step(index, step) for index, step in enumerate(config["steps"])]
        if not self._automaps({}):
            self.substitutions.check_all_used()
        self._check_order()

    def _secrets(self, config, values):
        found = {}
        for entry in (config.get("availableSecrets") or {}).get("secretManager", []):
            version = self.substitutions.expand(entry["versionName"])
            if version not in values:
                raise BuildError(f"no access to secret '{version}'")
            found[entry["env"]] = values[version]
        return found

    def _automaps(self, step):
        return bool(step.get("automapSubstitutions", self.options.get("automapSubstitutions")))

    def _step(self, index, raw):
        unknown = set(raw) - STEP_FIELDS
        if unknown:
            raise BuildError(f"step {index} has an unknown field '{sorted(unknown)[0]}'")
        if "script" in raw and ("args" in raw or "entrypoint" in raw):
            raise BuildError(f"step {index} has a script, and args or entrypoint")
        expand = self.substitutions.expand
        args = raw.get("args") or []
        args = [args] if isinstance(args, str) else args
        if len(args) > 100 or any(len(a) > 4000 for a in args):
            raise BuildError(f"step {index} has too many or too long args")
        step = {**raw, "index": index, "name": expand(raw["name"]), "args": [expand(a) for a in args]}
        if step["name"] not in self.images:
            raise BuildError(f"cannot pull '{step['name']}'")
        step["id"] = raw.get("id") or f"#{index}"
        step["environment"] = self._environment(raw)
        step["dir"] = expand(raw.get("dir") or "")
        return step

    def _environment(self, raw):
        values = dict(self.substitutions.values) if self._automaps(raw) else {}
        for entry in [*(self.options.get("env") or []), *(raw.get("env") or [])]:
            name, equals, value = entry.partition("=")
            if not equals:
                raise BuildError(f"env '{entry}' is not NAME=VALUE")
            values[name] = self.substitutions.expand(value)
        for name in [*(self.options.get("secretEnv") or []), *(raw.get("secretEnv") or [])]:
            if name not in self.secrets:
                raise BuildError(f"secretEnv '{name}' is not among the available secrets")
            if name in values:
                raise BuildError(f"'{name}' is in env and in secretEnv")
            values[name] = self.secrets[name]
        return values

    def _needs(self, step):
        earlier = [other["id"] for other in self.steps[: step["index"]]]
        wanted = step.get("waitFor")
        if wanted is None:
            return earlier
        if wanted == ["-"]:
            return []
        for name in wanted:
            if name not in earlier:
                raise BuildError(f"step '{step['id']}' waits for '{name}', which is no step before it")
        return wanted

    def _check_order(self):
        for step in self.steps:
            step["needs"] = self._needs(step)

    def _command(self, step, outputs):
        program = self.images[step["name"]]
        if "script" in step:
            command = [str(self._script(step))]
        else:
            command = [step.get("entrypoint") or program, *step["args"]]
        root = tempfile.mkdtemp(dir=self.scratch)
        home = self._directory("home")
        binds = [f"{self.workspace}=/workspace", f"{home}=/builder/home", f"{outputs}=/builder/outputs"]
        for volume in [*(self.options.get("volumes") or []), *(step.get("volumes") or [])]:
            path = volume["path"]
            if path.startswith("/workspace") or os.path.exists("/" + path.strip("/").split("/")[0]):
                raise BuildError(f"volume '{path}' hides what is there")
            binds.append(f"{self._directory('volume-' + volume['name'])}={path}")
        return [str(ROOT_SH), root, os.path.join("/workspace", step["dir"]), *binds, "--", *command]

    def _script(self, step):
        return pathlib.Path(self.scratch) / f"script-{step['index']}"

    def _write_scripts(self):
        """Before any step starts: a program that is open for writing, even in a fork of another step's, cannot be run."""
        for step in self.steps:
            if "script" in step:
                text = step["script"]
                self._script(step).write_text(text if text.startswith("#!") else "#!/bin/sh\n" + text)
                self._script(step).chmod(0o700)

    def _directory(self, name):
        path = pathlib.Path(self.scratch) / name
        path.mkdir(exist_ok=True)
        return path

    def _run(self, step):
        outputs = self._directory(f"outputs-{step['index']}")
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/builder/home",
            "BUILDER_OUTPUT": "/builder/outputs",
            **step["environment"],
        }
        limit = min(seconds(step.get("timeout"), self.timeout), self.timeout)
        result = {"id": step["id"], "status": "SUCCESS", "exit_code": 0}
        try:
            done = subprocess.run(
                self._command(step, outputs), env=environment, timeout=limit, stdin=subprocess.DEVNULL, capture_output=True
            )
            result["exit_code"], result["log"] = done.returncode, (done.stdout + done.stderr).decode(errors="replace")
            if done.returncode:
                allowed = step.get("allowFailure") or done.returncode in (step.get("allowExitCodes") or [])
                result["status"] = "SUCCESS" if allowed else "FAILURE"
        except subprocess.TimeoutExpired:
            result["status"] = "TIMEOUT"
        output = outputs / "output"
        content = output.read_bytes()[:OUTPUT_LIMIT] if output.is_file() else b""
        result["output"] = base64.b64encode(content).decode()
        return result

    def run(self):
        with tempfile.TemporaryDirectory(prefix="cloudbuild-") as self.scratch:
            return self._run_steps()

    def _run_steps(self):
        results = {}
        self._write_scripts()
        with concurrent.futures.ThreadPoolExecutor(max_workers=8) as pool:
            pending, failed = {}, None
            waiting = list(self.steps)
            while (waiting and not failed) or pending:
                for step in [] if failed else [s for s in waiting if all(n in results for n in s["needs"])]:
                    waiting.remove(step)
                    pending[pool.submit(self._run, step)] = step
                done, _ = concurrent.futures.wait(pending, return_when=concurrent.futures.FIRST_COMPLETED)
                for future in done:
                    step = pending.pop(future)
                    results[step["id"]] = future.result()
                    if results[step["id"]]["status"] != "SUCCESS":
                        failed = failed or results[step["id"]]["status"]
        steps = [results.get(s["id"], {"id": s["id"], "status": "QUEUED", "output": ""}) for s in self.steps]
        return {
            "status": failed or "SUCCESS",
            "steps": steps,
            "results": {"images": [], "buildStepOutputs": [s["output"] for s in steps]},
        }


def run_file(path, **arguments):
    return Build(yaml.safe_load(pathlib.Path(path).read_text()), **arguments).run()


def pairs(values):
    return dict(value.split("=", 1) for value in values)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config")
    parser.add_argument("--workspace", required=True)
    for name in ("image", "substitution", "built-in", "secret"):
        parser.add_argument("--" + name, action="append", default=[])
    given = parser.parse_args()
    try:
        build = run_file(
            given.config,
            workspace=given.workspace,
            images=pairs(given.image),
            substitutions=pairs(given.substitution),
            built_in=pairs(given.built_in),
            secrets=pairs(given.secret),
        )
    except (BuildError, SubstitutionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(json.dumps(build, indent=2))
    return 0 if build["status"] == "SUCCESS" else 1


if __name__ == "__main__":
    sys.exit(main())
