"""A stand-in for `cooper ci build`: notes what it was given, to the byte, and hands results back as the real program does.

usage: stand_in.py RECORD CI [ARGUMENT...]

RECORD is a file that gets one JSON object a call: {"arguments", "environment", "directory"}, and the registry configuration with its
modes. CI says which files are written, whatever --ci says. Where the file RECORD.program names a program, that one is then run
in place of the rest of this file: so the tests of the packaging run with the real cooper, too.

The test speaks to it through files only, for the environment is what is tried. RECORD.mode holds "fail" (ends with 17 after it has
written results), "silent" (ends with 0 and writes none), or "wait" (waits for SIGTERM).
"""
import json
import os
import pathlib
import shlex
import signal
import sys

DIGEST = "sha256:" + "5" * 64


def note(record, arguments):
    entry = {"arguments": arguments, "environment": dict(os.environ), "directory": os.getcwd()}
    config = os.environ.get("DOCKER_CONFIG")
    if config and os.path.exists(os.path.join(config, "config.json")):
        path = os.path.join(config, "config.json")
        entry["config"] = json.loads(pathlib.Path(path).read_text())
        entry["config_mode"] = oct(os.stat(path).st_mode & 0o777)
        entry["config_directory_mode"] = oct(os.stat(config).st_mode & 0o777)
    with open(record, "a") as out:
        out.write(json.dumps(entry) + "\n")


def results(succeeded):
    base = os.environ.get("COOPER_IMAGE_BASE") or "registry.example.com/group/app"
    image = {
        "name": "",
        "references": [base + ":main", base + ":latest"],
        "digest": DIGEST,
        "platforms": {},
        "steps_run": 3,
        "steps_cached": 4,
        "seconds": 1.5,
        "size": 1234,
    }
    if succeeded:
        return {"succeeded": True, "images": [image]}
    return {"succeeded": False, "failure": "step 3/4 ended with code 17", "images": []}


def variables(result):
    if not result["images"]:
        return {}
    image = result["images"][0]
    repository = image["references"][0].rsplit(":", 1)[0]
    return {
        "COOPER_IMAGE": image["references"][0],
        "COOPER_DIGEST": image["digest"],
        "COOPER_IMAGE_REF": repository + "@" + image["digest"],
        "COOPER_TAGS": ",".join(name.rsplit(":", 1)[1] for name in image["references"]),
    }


def hand_back(ci, result):
    workspace = {
        "cloudbuild": "/workspace",
        "codebuild": os.environ.get("CODEBUILD_SRC_DIR", "."),
        "jenkins": os.environ.get("WORKSPACE", "."),
    }[ci]
    workspace = pathlib.Path(workspace)
    (workspace / "cooper-result.json").write_text(json.dumps(result, indent=2) + "\n")
    if ci == "cloudbuild":
        output = pathlib.Path(os.environ["BUILDER_OUTPUT"]) / "output"
        output.write_text(json.dumps(result))
    if ci == "codebuild":
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in variables(result).items()]
        (workspace / "cooper.env").write_text("".join(lines))
        failures = 0 if result["succeeded"] else 1
        (workspace / "cooper-junit.xml").write_text(
            f'<testsuites><testsuite name="cooper" tests="1" failures="{failures}"/></testsuites>\n'
        )


def main():
    record, ci, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    note(record, arguments)
    real = pathlib.Path(record + ".program")
    if real.exists():
        program = real.read_text()
        os.execv(program, [program, *arguments])
    mode_file = pathlib.Path(record + ".mode")
    mode = mode_file.read_text() if mode_file.exists() else ""
    if mode == "silent":
        return 0
    if mode == "wait":
        # Blocked before anybody knows that we wait, so that a signal that comes early is not lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        pathlib.Path(record + ".ready").touch()
        signal.sigwait({signal.SIGTERM})
        pathlib.Path(record + ".stopped").touch()
        return 143
    succeeded = mode != "fail"
    try:
        hand_back(ci, results(succeeded))
    except OSError as error:
        print(f"error: cannot write '{error.filename}': {error.strerror}", file=sys.stderr)
        return 7
    return 0 if succeeded else 17


sys.exit(main())
