"""The credentials endpoint of an AWS container, such as a CodeBuild build has: give cooper

  AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:PORT/role
  AWS_CONTAINER_AUTHORIZATION_TOKEN=TOKEN     (or …_TOKEN_FILE)

usage: container_credentials.py DIRECTORY [--token TOKEN] [--life SECONDS] [--fail-first N]

Without the token as the Authorization header it answers 401; N requests are answered 500 first. Each answer has other keys,
AKIDEXAMPLE1 and so on, so that a test sees which one was used.
"""
import argparse
import datetime
import sys

from serve import Handler, serve


class Credentials(Handler):
    token, life, fail_first, count = "", 3600, 0, 0

    def answer(self):
        if self.command != "GET" or self.path != "/role":
            return 404, {}, {"message": "not found"}
        if self.token and self.headers.get("Authorization") != self.token:
            return 401, {}, {"code": "Unauthorized", "message": "the authorization token is not valid"}
        Credentials.count += 1
        if Credentials.count <= self.fail_first:
            return 500, {}, {"message": "try again"}
        number = Credentials.count - self.fail_first
        expiration = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.life)
        return 200, {"Content-Type": "application/json"}, {
            "RoleArn": "arn:aws:iam::123456789012:role/codebuild",
            "AccessKeyId": f"AKIDEXAMPLE{number}",
            "SecretAccessKey": f"secret-{number}",
            "Token": f"session-{number}",
            "Expiration": expiration.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory")
    parser.add_argument("--token", default="")
    parser.add_argument("--life", type=int, default=3600)
    parser.add_argument("--fail-first", type=int, default=0)
    given = parser.parse_args()
    Credentials.token, Credentials.life, Credentials.fail_first = given.token, given.life, given.fail_first
    serve(Credentials, given.directory)


if __name__ == "__main__":
    sys.exit(main())
