"""The Cloud Build packaging, run as Cloud Build runs it; and the runner itself, tried on what the platform documents."""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "runners")]
from program import HOSTILE, ROOT, Program  # noqa: E402
from runner import Build, BuildError, run_file  # noqa: E402
from substitutions import SubstitutionError, Substitutions  # noqa: E402

PACKAGING = ROOT / "adapters" / "cloudbuild"
BUILDER = "europe-west1-docker.pkg.dev/my-project/cooper/builder"
REGISTRY = os.environ.get("COOPER_TEST_REGISTRY", "registry.example.com")
PUSH = {
    "PROJECT_ID": "my-project",
    "LOCATION": "europe-west1",
    "BUILD_ID": "b-1",
    "COMMIT_SHA": "0123456789abcdef0123456789abcdef01234567",
    "SHORT_SHA": "0123456",
    "REVISION_ID": "0123456789abcdef0123456789abcdef01234567",
    "REPO_NAME": "app",
    "REPO_FULL_NAME": "group/app",
    "BRANCH_NAME": "feature/Ü'x",
}


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="cloudbuild-test-")
        self.addCleanup(self.temporary.cleanup)
        top = pathlib.Path(self.temporary.name)
        self.workspace = top / "work space"
        self.workspace.mkdir()
        (self.workspace / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
        self.program = Program(top, "cloudbuild")

    def sample(self, name, built_in=PUSH, images=None, **substitutions):
        images = {BUILDER: str(self.program.path), "tonistiigi/binfmt": "/bin/true", **(images or {})}
        return run_file(
            PACKAGING / "samples" / name,
            workspace=self.workspace,
            images=images,
            built_in=built_in,
            substitutions=substitutions,
            secrets={
                "projects/my-project/secrets/npm-token/versions/latest": "npm $(id) 's3cret'\nline two",
                "projects/my-project/secrets/registry-password/versions/latest": "pa ss\"word",
            },
        )

    def steps(self, *steps, options=None, images=None, **arguments):
        config = {"steps": list(steps), "options": options or {}, **arguments.pop("config", {})}
        return Build(config, workspace=self.workspace, images=images or {"sh": "/bin/sh"}, **arguments)


class Packaging(Case):
    def test_the_simple_sample_gives_the_run_and_the_image(self):
        build = self.sample("simple.yaml", _IMAGE_BASE=f"{REGISTRY}/group/app")
        self.assertEqual(build["status"], "SUCCESS", build)
        call = self.program.only_call()
        self.assertEqual(call["arguments"], ["ci", "build", "--ci=cloudbuild"])
        self.assertEqual(call["directory"], "/workspace")
        for name, value in PUSH.items():
            self.assertEqual(call["environment"][name], value)
        self.assertEqual(call["environment"]["TAG_NAME"], "")
        self.assertEqual(call["environment"]["COOPER_TARGET"], "")
        self.assertEqual(call["environment"]["BUILDER_OUTPUT"], "/builder/outputs")
        result = json.loads((self.workspace / "cooper-result.json").read_text())
        self.assertTrue(result["succeeded"])
        output = json.loads(base64.b64decode(build["results"]["buildStepOutputs"][0]))
        self.assertIn(result["images"][0]["digest"], json.dumps(output))

    def test_the_image_base_is_made_of_the_run(self):
        self.sample("simple.yaml")
        environment = self.program.only_call()["environment"]
        self.assertEqual(environment["COOPER_IMAGE_BASE"], "europe-west1-docker.pkg.dev/my-project/images/app")

    def test_values_arrive_to_the_byte(self):
        arguments = "\n".join(f"ARG{i}={value}" for i, value in enumerate(HOSTILE))
        self.sample("simple.yaml", _BUILD_ARGS=arguments, _TARGET="$(id) ' \"", _DOCKERFILE="a b/Docker file")
        environment = self.program.only_call()["environment"]
        self.assertEqual(environment["COOPER_BUILD_ARG"], arguments)
        self.assertEqual(environment["COOPER_TARGET"], "$(id) ' \"")
        self.assertEqual(environment["COOPER_FILE"], "a b/Docker file")
        self.assertFalse(os.path.exists("/tmp/cooper-injected"))

    def test_a_change_tells_its_number(self):
        self.sample("simple.yaml", _PR_NUMBER="7", _HEAD_BRANCH="topic", _BASE_BRANCH="main", _HEAD_REPO_URL="https://github.com/x/y")
        environment = self.program.only_call()["environment"]
        self.assertEqual(environment["_PR_NUMBER"], "7")
        self.assertEqual(environment["_HEAD_BRANCH"], "topic")
        self.assertEqual(environment["_DEFAULT_BRANCH"], "main")

    def test_several_platforms_wait_for_the_emulators(self):
        self.sample("multi-platform.yaml", images={"tonistiigi/binfmt": "/bin/true"})
        self.assertEqual(self.program.only_call()["environment"]["COOPER_PLATFORM"], "linux/amd64,linux/arm64")
        build = self.sample("multi-platform.yaml", images={"tonistiigi/binfmt": "/bin/false"})
        self.assertEqual([s["status"] for s in build["steps"]], ["FAILURE", "QUEUED"])
        self.assertEqual(len(self.program.calls()), 1)

    def test_secrets_are_variables_and_nothing_else(self):
        self.sample("secrets.yaml")
        call = self.program.only_call()
        self.assertEqual(call["environment"]["NPM_TOKEN"], "npm $(id) 's3cret'\nline two")
        self.assertEqual(call["environment"]["REGISTRY_PASSWORD"], 'pa ss"word')
        self.assertEqual(call["environment"]["COOPER_SECRET"], "id=npm,env=NPM_TOKEN")
        self.assertEqual(
            call["environment"]["COOPER_REGISTRY_AUTH"], "host=registry.example.com,username=ci,password-env=REGISTRY_PASSWORD"
        )
        rest = {k: v for k, v in call["environment"].items() if k not in ("NPM_TOKEN", "REGISTRY_PASSWORD")}
        self.assertNotIn("s3cret", json.dumps([rest, call["arguments"]]))

    def test_the_bucket_has_a_scope_for_each_branch(self):
        self.sample("gcs-cache.yaml")
        environment = self.program.only_call()["environment"]
        place = "type=gcs,bucket=my-project-cooper-cache,prefix=app/,scope=branch-"
        own = place + "feature---x"
        self.assertEqual(environment["COOPER_CACHE_FROM"], f"{own},ttl=14d\n{place}main,ttl=14d")
        self.assertEqual(environment["COOPER_CACHE_TO"], own + ",mode=max")
        self.assertEqual(environment["COOPER_CACHE_MOUNTS"], "persist")

    def test_a_failing_build_fails_and_still_says_why(self):
        self.program.mode("fail")
        build = self.sample("simple.yaml")
        self.assertEqual(build["status"], "FAILURE")
        self.assertEqual(build["steps"][0]["exit_code"], 17)
        self.assertFalse(json.loads(base64.b64decode(build["steps"][0]["output"]))["succeeded"])

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        (self.workspace / "cooper-result.json").mkdir()
        build = self.sample("simple.yaml")
        self.assertEqual(build["status"], "FAILURE")

    def test_the_builder_is_published_by_cooper_itself(self):
        self.program.only_stand_in()
        config = yaml.safe_load((PACKAGING / "cloudbuild.yaml").read_text())
        config["steps"] = config["steps"][1:]
        (self.workspace / "build" / "static").mkdir(parents=True)
        (self.workspace / "build" / "static" / "cooper").symlink_to(self.program.path)
        images = {"debian:12": "/bin/sh"}
        for branch, tag in (("main", None), ("", "europe-west1-docker.pkg.dev/my-project/cooper/builder:latest")):
            built_in = {**PUSH, "BRANCH_NAME": branch}
            build = Build(config, workspace=self.workspace, images=images, built_in=built_in).run()
            self.assertEqual(build["status"], "SUCCESS", build)
            environment = self.program.calls()[-1]["environment"]
            self.assertEqual(environment.get("COOPER_TAG"), tag)
            self.assertEqual(environment["COOPER_FILE"], "adapters/cloudbuild/Dockerfile")
            self.assertTrue((ROOT / environment["COOPER_FILE"]).is_file())


class Runner(Case):
    def test_substitutions(self):
        built_in = {"BRANCH_NAME": "a/b/c", "TAG_NAME": ""}
        user = {"_X": "x", "_Y": "${_X}-${BRANCH_NAME//\\//-}", "_Z": "${TAG_NAME:-none}"}
        values = Substitutions(built_in, user, {}, dynamic=True, loose=False)
        self.assertEqual(values.expand("$_X ${_X} $$_X $$"), "x x $_X $")
        self.assertEqual(values.values["_Y"], "x-a-b-c")
        self.assertEqual(values.values["_Z"], "none")
        self.assertEqual(values.expand("${BRANCH_NAME##*/} ${BRANCH_NAME:0:3} ${BRANCH_NAME^^}"), "c a/b A/B/C")
        with self.assertRaises(SubstitutionError):
            values.expand("$_MISSING")
        self.assertEqual(Substitutions({}, {}, {}, False, True).expand("<$_MISSING>"), "<>")
        with self.assertRaises(SubstitutionError):
            Substitutions(built_in, {}, {}, False, False).expand("${BRANCH_NAME##*/}")
        with self.assertRaises(SubstitutionError):
            Substitutions({}, {"lower": "x"}, {}, False, False)
        with self.assertRaises(SubstitutionError):
            Substitutions({}, {"_A": "$_B", "_B": "$_A"}, {}, True, True)
        with self.assertRaises(SubstitutionError):
            self.steps({"name": "sh"}, config={"substitutions": {"_UNUSED": "x"}})

    def test_nothing_is_mapped_without_automap(self):
        step = {"name": "sh", "entrypoint": "/usr/bin/env"}
        log = self.steps(step, built_in=PUSH).run()["steps"][0]["log"]
        self.assertNotIn("COMMIT_SHA", log)
        log = self.steps({**step, "automapSubstitutions": True}, built_in=PUSH).run()["steps"][0]["log"]
        self.assertIn("COMMIT_SHA=0123", log)

    def test_order_volumes_and_directories(self):
        (self.workspace / "sub").mkdir()
        shared = [{"name": "shared", "path": "/shared/here"}]
        build = self.steps(
            {"name": "sh", "id": "pipe", "script": "mkfifo /workspace/pipe; exec cat /workspace/pipe", "waitFor": ["-"]},
            # Ends only if it runs while "pipe" does.
            {"name": "sh", "id": "writer", "waitFor": ["-"], "volumes": shared,
             "args": ["-c", "until test -p pipe; do sleep 0.01; done; echo $$1 >pipe; pwd >/shared/here/file", "sh", "it's"]},
            {"name": "sh", "id": "reader", "dir": "sub", "volumes": shared, "waitFor": ["writer"], "script": "cat /shared/here/file; pwd"},
            {"name": "sh", "script": "test ! -e /shared/here/file"},
        ).run()
        self.assertEqual(build["status"], "SUCCESS", build)
        self.assertEqual(build["steps"][0]["log"], "it's\n")
        self.assertEqual(build["steps"][2]["log"], "/workspace\n/workspace/sub\n")

    def test_failures_timeouts_and_the_limit_of_outputs(self):
        big = {"name": "sh", "script": "head -c 5000 /dev/zero >$BUILDER_OUTPUT/output; exit 3"}
        build = self.steps({**big, "allowFailure": True}, {**big, "allowExitCodes": [3]}, big, {"name": "sh"}).run()
        self.assertEqual([s["status"] for s in build["steps"]], ["SUCCESS", "SUCCESS", "FAILURE", "QUEUED"])
        self.assertEqual(len(base64.b64decode(build["results"]["buildStepOutputs"][0])), 4096)
        build = self.steps({"name": "sh", "timeout": "0.2s", "entrypoint": "/bin/sleep", "args": ["20"]}).run()
        self.assertEqual(build["status"], "TIMEOUT")

    def test_mistakes_are_refused(self):
        for step in (
            {"name": "missing"},
            {"name": "sh", "arg": []},
            {"name": "sh", "script": "true", "args": ["x"]},
            {"name": "sh", "waitFor": ["later"]},
            {"name": "sh", "secretEnv": ["NONE"]},
            {"name": "sh", "env": ["NO_EQUALS"]},
        ):
            with self.assertRaises(BuildError, msg=step):
                self.steps(step)


def can_run_steps():
    with tempfile.TemporaryDirectory() as directory:
        done = subprocess.run([str(HERE / "root.sh"), directory, "/", "--", "/bin/true"], capture_output=True, text=True)
        return None if done.returncode == 0 else done.stderr.strip()


if __name__ == "__main__":
    reason = can_run_steps()
    if reason:
        print(f"skipped: no mount namespace for the steps: {reason}")
        sys.exit(77)
    unittest.main()
