#!/usr/bin/python3
"""Makes the pod of a TaskRun, as Tekton does: parameters and paths put in, a container for each step.

usage: taskrun.py TASK TASKRUN      writes the pod as JSON to standard output

TASKRUN's parameters and workspaces are checked against TASK's. $(params.NAME) is a text anywhere in a string, $(params.NAME[*]) an
array as an argument of its own, which becomes as many arguments as it has elements; what was put in is not looked at again. Results
are files in /tekton/results, a volume that the steps share.
"""
import json
import pathlib
import re
import sys

import yaml

ARRAY = re.compile(r"\$\((params\.[\w.-]+)\[\*\]\)")
VARIABLE = re.compile(r"\$\(((?:params|workspaces|results|context)\.[\w.\[\]*-]+)\)")
RESULTS = "/tekton/results"


class Mistake(Exception):
    """Tekton would refuse the run."""


def parameter_values(task, run):
    given = {item["name"]: item["value"] for item in run.get("params", [])}
    declared = {item["name"]: item for item in task.get("params", [])}
    for name in given:
        if name not in declared:
            raise Mistake(f"the task has no parameter '{name}'")
    values = {}
    for name, item in declared.items():
        if name not in given and "default" not in item:
            raise Mistake(f"parameter '{name}' is missing")
        value = given.get(name, item.get("default"))
        if isinstance(value, list) != (item.get("type") == "array"):
            raise Mistake(f"parameter '{name}' is of the wrong type")
        values[f"params.{name}"] = value
    return values


def workspaces(task, run):
    """(variables, volumes, mounts) of the task's workspaces."""
    bound = {item["name"]: item for item in run.get("workspaces", [])}
    variables, volumes, mounts = {}, [], []
    for item in task.get("workspaces", []):
        name = item["name"]
        variables[f"workspaces.{name}.bound"] = "true" if name in bound else "false"
        variables[f"workspaces.{name}.path"] = ""
        if name not in bound:
            if not item.get("optional"):
                raise Mistake(f"workspace '{name}' is missing")
            continue
        path = item.get("mountPath", f"/workspace/{name}")
        variables[f"workspaces.{name}.path"] = path
        volume = {key: value for key, value in bound[name].items() if key not in ("name", "subPath")}
        volumes.append({"name": f"ws-{name}", **volume})
        mounts.append({"name": f"ws-{name}", "mountPath": path, "subPath": bound[name].get("subPath", "")})
    return variables, volumes, mounts


def substitute(node, variables):
    """The same tree with all variables replaced. An array stands as an element of a list alone."""
    if isinstance(node, dict):
        return {key: substitute(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        made = []
        for element in node:
            array = ARRAY.fullmatch(element) if isinstance(element, str) else None
            if array:
                made += variables[array[1]]
            else:
                made.append(substitute(element, variables))
        return made
    if isinstance(node, str):
        return VARIABLE.sub(lambda match: text_of(match[1], variables), node)
    return node


def text_of(name, variables):
    value = variables.get(name)
    if not isinstance(value, str):
        raise Mistake(f"'{name}' is no text that the task knows")
    return value


def pod_of(task, run):
    spec, run_spec = task["spec"], run["spec"]
    variables, volumes, mounts = workspaces(spec, run_spec)
    variables.update(parameter_values(spec, run_spec))
    for result in spec.get("results", []):
        variables[f"results.{result['name']}.path"] = f"{RESULTS}/{result['name']}"
    volumes += [{"name": "tekton-results", "emptyDir": {}}, *spec.get("volumes", [])]
    mounts.append({"name": "tekton-results", "mountPath": RESULTS})
    containers = []
    for step in spec["steps"]:
        step = substitute(step, variables)
        if "script" in step:
            raise Mistake("a script is not played here")
        step["volumeMounts"] = mounts + step.get("volumeMounts", [])
        containers.append(step)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "spec": {**run_spec.get("podTemplate", {}), "volumes": volumes, "containers": containers},
    }


def main():
    task, run = (yaml.safe_load(pathlib.Path(path).read_text()) for path in sys.argv[1:3])
    try:
        json.dump(pod_of(task, run), sys.stdout, indent=1)
    except Mistake as mistake:
        sys.exit(f"taskrun.py: {mistake}")


if __name__ == "__main__":
    main()
