"""The CodeBuild packaging, run as CodeBuild runs it; and the runner itself, tried on what the platform documents."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "runners")]
from program import HOSTILE, ROOT, Program  # noqa: E402
from runner import Build, BuildspecError, run_batch  # noqa: E402

PACKAGING = ROOT / "adapters" / "codebuild"
REGISTRY = os.environ.get("COOPER_TEST_REGISTRY", "registry.example.com")
PUSH = {
    "CODEBUILD_BUILD_ARN": "arn:aws:codebuild:eu-west-1:123456789012:build/app:1-2",
    "CODEBUILD_BUILD_ID": "app:1-2",
    "CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef0123456789abcdef01234567",
    "CODEBUILD_WEBHOOK_TRIGGER": "branch/feature/Ü'x",
    "CODEBUILD_SOURCE_REPO_URL": "https://github.com/group/app",
}


class Case(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="codebuild-test-")
        self.addCleanup(self.temporary.cleanup)
        self.top = pathlib.Path(self.temporary.name)
        self.tools = self.top / "tools"
        self.tools.mkdir()
        self.source = self.checkout("source code")
        self.program = Program(self.tools, "codebuild")

    def checkout(self, name):
        directory = self.top / name
        directory.mkdir()
        (directory / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
        return directory

    def spec(self, name):
        return yaml.safe_load((PACKAGING / name).read_text())

    def build(self, name="buildspec-image.yml", codebuild=PUSH, **project):
        project = {"COOPER_IMAGE_BASE": f"{REGISTRY}/group/app", **project}
        return Build(self.spec(name), self.source, project, codebuild, path=[str(self.tools)]).run()

    def phases(self, phases, **more):
        return Build({"version": 0.2, "phases": phases, **more}, self.source).run()


class Packaging(Case):
    def test_a_build_exports_what_it_pushed(self):
        result = self.build()
        self.assertEqual(result["status"], "SUCCEEDED", result)
        written = json.loads((self.source / "cooper-result.json").read_text())
        image = written["images"][0]
        repository = f"{REGISTRY}/group/app"
        self.assertEqual(result["exported"]["COOPER_DIGEST"], image["digest"])
        self.assertEqual(result["exported"]["COOPER_IMAGE_REF"], repository + "@" + image["digest"])
        self.assertEqual(result["exported"]["COOPER_IMAGE"], image["references"][0])
        self.assertEqual(result["exported"]["COOPER_TAGS"], ",".join(name.rsplit(":", 1)[1] for name in image["references"]))
        self.assertEqual(result["reports"], {"cooper": ["cooper-junit.xml"]})
        self.assertEqual(result["artifacts"], ["cooper-result.json"])
        call = self.program.only_call()
        self.assertEqual(call["arguments"], ["ci", "build", "--ci=codebuild"])
        self.assertEqual(call["directory"], str(self.source))
        for name, value in PUSH.items():
            self.assertEqual(call["environment"][name], value)
        store = pathlib.Path(call["environment"]["COOPER_STORE"])
        self.assertNotIn(self.source, store.parents)
        self.assertNotIn("COOPER_CACHE_TO", call["environment"])

    def test_values_arrive_to_the_byte(self):
        arguments = "\n".join(f"ARG{i}={value}" for i, value in enumerate(HOSTILE))
        for name in ("buildspec-image.yml", "buildspec-download.yml"):
            self.build(name, **self.download(), COOPER_BUILD_ARG=arguments, COOPER_TARGET="$(id) ' \"", COOPER_FILE="a b/File")
            environment = self.program.calls()[-1]["environment"]
            self.assertEqual(environment["COOPER_BUILD_ARG"], arguments)
            self.assertEqual(environment["COOPER_TARGET"], "$(id) ' \"")
            self.assertEqual(environment["COOPER_FILE"], "a b/File")
        self.assertEqual(len(self.program.calls()), 2)
        self.assertFalse(os.path.exists("/tmp/cooper-injected"))

    def test_cooper_chooses_the_scope_in_the_bucket(self):
        self.build(CACHE_BUCKET="cache")
        environment = self.program.only_call()["environment"]
        self.assertEqual(environment["COOPER_CACHE"], "type=s3,bucket=cache,region=eu-west-1,prefix=cooper/")
        self.assertNotIn("COOPER_CACHE_TO", environment)

    def test_a_failing_build_exports_nothing_and_still_reports(self):
        self.program.mode("fail")
        result = self.build()
        self.assertEqual(result["status"], "FAILED")
        self.assertEqual(result["phases"], {"install": 0, "pre_build": 0, "build": 17, "post_build": 0})
        self.assertEqual(set(result["exported"].values()), {""})
        self.assertEqual(result["reports"], {"cooper": ["cooper-junit.xml"]})
        self.assertFalse(json.loads((self.source / "cooper-result.json").read_text())["succeeded"])

    def test_results_of_another_run_count_for_nothing(self):
        for name in ("cooper-result.json", "cooper.env", "cooper-junit.xml"):
            (self.source / name).write_text("COOPER_DIGEST=old\n")
        self.program.mode("silent")
        result = self.build()
        self.assertEqual(result["status"], "FAILED")
        self.assertEqual(set(result["exported"].values()), {""})
        self.assertNotEqual(result["phases"]["post_build"], 0)

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        (self.source / "cooper-result.json").mkdir()
        self.assertEqual(self.build()["status"], "FAILED")

    def download(self, name="cooper"):
        program = self.tools / name
        return {
            "DOWNLOAD_URL": program.as_uri(),
            "DOWNLOAD_SHA256": hashlib.sha256(program.read_bytes()).hexdigest(),
        }

    def test_a_downloaded_program_is_checked_first(self):
        download = self.download()
        (self.tools / "cooper").rename(self.tools / "elsewhere")
        download["DOWNLOAD_URL"] = (self.tools / "elsewhere").as_uri()
        result = self.build("buildspec-download.yml", **download)
        self.assertEqual(result["status"], "SUCCEEDED", result)
        self.assertEqual(len(self.program.calls()), 1)
        with open(self.tools / "elsewhere", "a") as out:
            out.write("# changed\n")
        result = self.build("buildspec-download.yml", **download)
        self.assertEqual(result["status"], "FAILED")
        self.assertEqual(list(result["phases"]), ["install"])
        self.assertEqual(len(self.program.calls()), 1)

    def batch(self, **project):
        self.program.only_stand_in()
        spec = self.spec("buildspec-batch.yml")
        project = {"COOPER_IMAGE_BASE": f"{REGISTRY}/group/app", "CACHE_BUCKET": "cache", **project}
        return run_batch(spec, self.checkout, project=project, codebuild=PUSH, path=[str(self.tools)])

    def test_a_batch_builds_each_platform_and_then_the_index(self):
        results = self.batch()
        self.assertEqual({n: r["status"] for n, r in results.items()}, {n: "SUCCEEDED" for n in ("amd64", "arm64", "index")})
        calls = self.program.calls()
        self.assertEqual(
            [(c["environment"]["COOPER_PLATFORM"], "--no-push" in c["arguments"]) for c in calls],
            [("linux/amd64", True), ("linux/arm64", True), ("linux/amd64,linux/arm64", False)],
        )
        self.assertEqual(len({c["environment"]["COOPER_CACHE_TO"] for c in calls}), 1)
        own = calls[0]["environment"]["COOPER_CACHE_FROM"].split("\n")[0]
        self.assertEqual(own + ",mode=max,ignore-error=false", calls[0]["environment"]["COOPER_CACHE_TO"])
        self.assertEqual(set(results["amd64"]["exported"].values()), {""})
        self.assertTrue(results["index"]["exported"]["COOPER_DIGEST"].startswith("sha256:"))

    def test_no_index_without_all_its_platforms(self):
        self.program.mode("fail")
        self.assertEqual(self.batch()["index"]["status"], "NOT_STARTED")

    def test_a_batch_without_a_cache_is_refused(self):
        self.assertEqual(self.batch(CACHE_BUCKET="")["amd64"]["phases"], {"install": 0, "pre_build": 1})
        self.assertEqual(self.program.calls(), [])

    def test_the_policy_allows_what_a_build_does_and_no_more(self):
        policy = json.loads((PACKAGING / "iam-policy.json").read_text())
        actions = {}
        for statement in policy["Statement"]:
            self.assertEqual(statement["Effect"], "Allow")
            listed = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            for action in listed:
                self.assertTrue(re.fullmatch(r"[a-z0-9]+:[A-Z][A-Za-z]+", action), action)
                actions[action] = statement["Resource"]
        for action in ("InitiateLayerUpload", "UploadLayerPart", "CompleteLayerUpload", "PutImage", "BatchCheckLayerAvailability"):
            self.assertIn("repository/", actions["ecr:" + action])
        for action in ("BatchGetImage", "GetDownloadUrlForLayer"):
            self.assertIn("ecr:" + action, actions)
        self.assertEqual([a for a, resource in actions.items() if resource == "*"], ["ecr:GetAuthorizationToken"])
        prefix = self.spec("buildspec-image.yml")["env"]["variables"]["CACHE_PREFIX"]
        self.assertTrue(actions["s3:PutObject"].endswith("/" + prefix + "*"))


class Runner(Case):
    def test_commands_share_a_shell(self):
        result = self.phases({"install": {"commands": ["x=kept; cd /", "f() { echo \"$x in $PWD\"; }"]}, "build": {"commands": ["f"]}})
        self.assertEqual(result["log"], "kept in /\n")

    def test_phases_after_a_failure(self):
        late = {"post_build": {"commands": ["echo post $CODEBUILD_BUILD_SUCCEEDING"]}}
        fails = {"commands": ["false", "echo never"], "finally": ["echo finally"]}
        self.assertEqual(self.phases({"build": fails, **late})["log"], "finally\npost 0\n")
        self.assertEqual(self.phases({"build": {**fails, "on-failure": "ABORT"}, **late})["log"], "finally\n")
        self.assertEqual(self.phases({"pre_build": fails, "build": {"commands": ["echo build"]}, **late})["log"], "finally\n")
        going_on = {"pre_build": {**fails, "on-failure": "CONTINUE"}, "build": {"commands": ["echo build"]}, **late}
        self.assertEqual(self.phases(going_on)["log"], "finally\nbuild\npost 0\n")
        self.assertEqual(self.phases({"build": {"commands": ["exit 3"]}, **late})["phases"]["build"], 3)

    def test_variables_do_not_name_one_another_and_the_project_wins(self):
        spec = {
            "version": 0.2,
            "env": {"variables": {"A": "a", "B": "$A/$(id)", "C": "spec"}, "secrets-manager": {"S": "id:key"}, "exported-variables": ["B", "C", "D"]},
            "phases": {"post_build": {"commands": ["export D=1", "D=2", "echo $S"], "finally": ["D=3"]}},
        }
        result = Build(spec, self.source, {"C": "project"}, stored={"id:key": "secret"}).run()
        self.assertEqual(result["exported"], {"B": "$A/$(id)", "C": "project", "D": "3"})
        self.assertEqual(result["log"], "secret\n")
        with self.assertRaises(BuildspecError):
            Build(spec, self.source)

    def test_missing_files_fail_the_upload(self):
        for more in ({"reports": {"g": {"files": ["*.xml"]}}}, {"artifacts": {"files": ["**/*.json"]}}):
            self.assertEqual(self.phases({"build": {"commands": ["true"]}}, **more)["status"], "FAILED")
            self.assertEqual(self.phases({"build": {"commands": ["touch a.xml a.json"]}}, **more)["status"], "SUCCEEDED")
            (self.source / "a.xml").unlink()
            (self.source / "a.json").unlink()

    def test_mistakes_are_refused(self):
        for more in (
            {"version": 0.1},
            {"phase": {}},
            {"phases": {"test": {}}},
            {"phases": {"build": {"command": ["x"]}}},
            {"phases": {"build": {"commands": [{"a": "b"}]}}},
            {"env": {"exported-variables": ["AWS_REGION"]}},
        ):
            with self.assertRaises(BuildspecError, msg=more):
                Build({"version": 0.2, "phases": {}, **more}, self.source)


if __name__ == "__main__":
    if not shutil.which("curl"):
        print("skipped: 'curl' is not installed")
        sys.exit(77)
    unittest.main()
