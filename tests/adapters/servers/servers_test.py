"""The servers of this folder refuse what the platforms' refuse: else a test with them would prove nothing."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = "/computeMetadata/v1/instance/service-accounts/default/token"


class Servers(unittest.TestCase):
    def start(self, server, *options):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        process = subprocess.Popen([sys.executable, str(HERE / server), directory.name, *options])
        self.addCleanup(lambda: (process.terminate(), self.assertEqual(process.wait(10), 0)))
        self.directory = pathlib.Path(directory.name)
        while not (self.directory / "port").exists():
            self.assertIsNone(process.poll())
            time.sleep(0.01)
        self.url = "http://127.0.0.1:" + (self.directory / "port").read_text()

    def ask(self, path, **headers):
        request = urllib.request.Request(self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers

    def test_container_credentials(self):
        self.start("container_credentials.py", "--token", "Basic a b", "--fail-first", "1")
        self.assertEqual(self.ask("/role")[0], 401)
        self.assertEqual(self.ask("/role", Authorization="Basic a")[0], 401)
        self.assertEqual(self.ask("/role", Authorization="Basic a b")[0], 500)
        for number in (1, 2):
            status, body, _ = self.ask("/role", Authorization="Basic a b")
            self.assertEqual((status, json.loads(body)["AccessKeyId"]), (200, f"AKIDEXAMPLE{number}"))
        self.assertEqual(self.ask("/other", Authorization="Basic a b")[0], 404)
        requests = [json.loads(line) for line in (self.directory / "requests").read_text().splitlines()]
        self.assertEqual([r["status"] for r in requests], [401, 401, 500, 200, 200, 404])
        self.assertEqual(requests[3]["headers"]["authorization"], "Basic a b")

    def test_container_credentials_are_what_aws_own_library_takes(self):
        try:
            import botocore.session
        except ImportError:
            self.skipTest("python3-botocore is not installed")
        self.start("container_credentials.py", "--token", "secret")
        script = "import botocore.session; print(botocore.session.get_session().get_credentials().get_frozen_credentials())"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.directory), "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": self.url + "/role", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "secret",
        }
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)
        self.assertIn("AKIDEXAMPLE1", done.stdout, done.stderr)

    def test_metadata(self):
        self.start("metadata.py", "--life", "60")
        self.assertEqual(self.ask(TOKEN)[0], 403)
        self.assertEqual(self.ask(TOKEN, Metadata_Flavor="google")[0], 403)
        self.assertEqual(self.ask(TOKEN, Metadata_Flavor="Google", X_Forwarded_For="10.0.0.1")[0], 403)
        for number in (1, 2):
            status, body, headers = self.ask(TOKEN + "?scopes=x", Metadata_Flavor="Google")
            self.assertEqual((status, headers["Metadata-Flavor"]), (200, "Google"))
            self.assertEqual(json.loads(body), {"access_token": f"token-{number}", "expires_in": 60, "token_type": "Bearer"})
        self.assertEqual(self.ask("/computeMetadata/v1/project/project-id", Metadata_Flavor="Google")[1], "my-project")
        self.assertEqual(self.ask("/computeMetadata/v1/nothing", Metadata_Flavor="Google")[0], 404)

    def test_what_is_no_metadata_server(self):
        self.start("metadata.py", "--no-flavor")
        self.assertIsNone(self.ask(TOKEN, Metadata_Flavor="Google")[2]["Metadata-Flavor"])


if __name__ == "__main__":
    unittest.main()
