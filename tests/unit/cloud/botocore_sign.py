"""Signs requests with botocore: a JSON list of requests on stdin, the list of their Authorization headers on stdout."""
import datetime
import json
import sys
from types import SimpleNamespace

try:
    import botocore.auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
except ImportError as error:
    sys.exit(f"no botocore: {error}")

cases = json.load(sys.stdin)
now = None


class FixedTime(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return now


class FixedModule:
    datetime = FixedTime


botocore.auth.datetime = FixedModule
answers = []
for case in cases:
    now = datetime.datetime.utcfromtimestamp(case["time"])
    credentials = Credentials(case["key"], case["secret"], case["token"] or None)
    request = AWSRequest(method=case["method"], url=case["url"], headers=case["headers"], data=case["body"])
    if case["service"] == "s3":
        signer = botocore.auth.S3SigV4Auth(credentials, "s3", case["region"])
        request.context["client_config"] = SimpleNamespace(s3={"payload_signing_enabled": not case["unsigned"]})
    else:
        signer = botocore.auth.SigV4Auth(credentials, case["service"], case["region"])
    signer.add_auth(request)
    answers.append(request.headers["Authorization"])
json.dump(answers, sys.stdout)
