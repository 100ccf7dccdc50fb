"""Google's metadata server, as a step of Cloud Build sees it: give cooper GCE_METADATA_HOST=127.0.0.1:PORT.

usage: metadata.py DIRECTORY [--life SECONDS] [--no-flavor] [--project NAME] [--email ADDRESS] [--token TEXT]

Answers 403 to a request without "Metadata-Flavor: Google", and to one that came through a proxy (X-Forwarded-For), as Google's does.
Tokens are token-1, token-2 and so on, or all TEXT. --no-flavor leaves the header out of the answers, as what is no metadata server would.
"""
import argparse
import sys
import urllib.parse

from serve import Handler, serve

ACCOUNT = "/computeMetadata/v1/instance/service-accounts/"


class Metadata(Handler):
    life, flavor, project, email, count = 3599, True, "my-project", "build@my-project.iam.gserviceaccount.com", 0
    token = None

    def answer(self):
        headers = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"} if self.flavor else {}
        if self.headers.get("Metadata-Flavor") != "Google" or self.headers.get("X-Forwarded-For"):
            return 403, headers, "missing or wrong request header"
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        if self.command != "GET":
            return 405, headers, "method not allowed"
        if url.path in ("/", "/computeMetadata/v1/"):
            return 200, headers, "instance/\nproject/\n"
        if url.path == "/computeMetadata/v1/project/project-id":
            return 200, headers, self.project
        for name in ("default", self.email):
            if url.path == ACCOUNT + name + "/email":
                return 200, headers, self.email
            if url.path == ACCOUNT + name + "/token":
                Metadata.count += 1
                body = {"access_token": self.token or f"token-{Metadata.count}", "expires_in": self.life, "token_type": "Bearer"}
                return 200, {**headers, "Content-Type": "application/json"}, body
            if url.path == ACCOUNT + name + "/identity" and query.get("audience"):
                return 200, headers, "identity-of." + query["audience"][0] + ".signature"
        return 404, headers, "not found"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--life", type=int, default=Metadata.life)
    parser.add_argument("--no-flavor", action="store_true")
    parser.add_argument("--project", default=Metadata.project)
    parser.add_argument("--email", default=Metadata.email)
    parser.add_argument("--token")
    given = parser.parse_args()
    Metadata.token = given.token
    Metadata.life, Metadata.flavor = given.life, not given.no_flavor
    Metadata.project, Metadata.email = given.project, given.email
    serve(Metadata, given.directory)


if __name__ == "__main__":
    sys.exit(main())
