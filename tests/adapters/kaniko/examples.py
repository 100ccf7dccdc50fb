#!/usr/bin/python3
"""Reads an example that was written for Kaniko, and says as a pod what the CI system would start.

usage: examples.py gitlab FILE JOB [VARIABLE=VALUE...]       a job, with the variables that GitLab gives it
       examples.py cloudbuild FILE [NAME=VALUE...]           a build, with the values of its substitutions
       examples.py jenkins FILE                              a Jenkinsfile: JSON, [{"container": NAME, "script": TEXT}...]

The pod goes to standard output as JSON. Images stay as the example names them. Claims are named as the platform's
directories: "builds" is GitLab's, "workspace" and "builder" are Cloud Build's.
"""
import json
import pathlib
import re
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent / "cloudbuild"))
from substitutions import Substitutions  # noqa: E402

GITLAB_PROJECT = "/builds/group/app"


def literal(value):
    """A value that Kubernetes does not expand."""
    return str(value).replace("$", "$$")


def pod(containers, **claims):
    """Containers that all have these volumes: the name of a claim, and its path."""
    for container in containers:
        container["volumeMounts"] = [{"name": name, "mountPath": path} for name, path in claims.items()]
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    return {"apiVersion": "v1", "kind": "Pod", "spec": {"containers": containers, "volumes": volumes}}


def gitlab_job(document, name):
    """The job's keys over those of what it extends."""
    job = document[name]
    if "extends" in job:
        job = {**gitlab_job(document, job["extends"]), **job}
    return job


def gitlab(path, name, *given):
    """GitLab's runner starts the image with a shell as its command, and gives that the script."""
    job = gitlab_job(yaml.safe_load(path.read_text()), name)
    variables = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": GITLAB_PROJECT, **job.get("variables", {})}
    variables.update(item.split("=", 1) for item in given)
    script = "\n".join(["set -eo pipefail", *job.get("before_script", []), *job["script"]])
    shell = ["sh", "-c", literal(script)]
    container = {
        "name": "build",
        "image": job["image"]["name"],
        "env": [{"name": key, "value": literal(value)} for key, value in variables.items()],
        "workingDir": GITLAB_PROJECT,
    }
    if job["image"].get("entrypoint") == [""]:
        container["command"] = shell
    else:
        container["args"] = shell
    return pod([container], builds="/builds")


def cloudbuild(path, *given):
    document = yaml.safe_load(path.read_text())
    values = Substitutions(dict(item.split("=", 1) for item in given), document.get("substitutions", {}), {}, False, False)
    containers = [
        {
            "name": f"step-{index}",
            "image": values.expand(step["name"]),
            "args": [literal(values.expand(argument)) for argument in step["args"]],
            "env": [{"name": "HOME", "value": "/builder/home"}, {"name": "BUILDER_OUTPUT", "value": "/builder/outputs"}],
            "workingDir": "/workspace",
        }
        for index, step in enumerate(document["steps"])
    ]
    return pod(containers, workspace="/workspace", builder="/builder")


def jenkins(path):
    step = re.compile(r"container\(name: '([^']+)'[^)]*\) \{\s*sh '''(.*?)'''", re.DOTALL)
    return [{"container": name, "script": script} for name, script in step.findall(path.read_text())]


def main():
    readers = {"gitlab": gitlab, "cloudbuild": cloudbuild, "jenkins": jenkins}
    if len(sys.argv) < 3 or sys.argv[1] not in readers:
        sys.exit(__doc__.strip())
    json.dump(readers[sys.argv[1]](pathlib.Path(sys.argv[2]), *sys.argv[3:]), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
