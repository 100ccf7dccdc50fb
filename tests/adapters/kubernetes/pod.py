#!/usr/bin/python3
"""Writes what a container runtime is told for one container of a pod: BUNDLE/config.json, for runc.

usage: pod.py POD CONTAINER IMAGE-CONFIG BUNDLE [--objects DIRECTORY] [--hosts FILE] [--user UID | --privileged]

POD           a YAML or JSON file: a Pod, or anything with a pod template (a Job)
CONTAINER     the name of one of its containers or init containers
IMAGE-CONFIG  the image's configuration, JSON; its files are in BUNDLE/rootfs
DIRECTORY     has secret/NAME/KEY, configmap/NAME/KEY and claim/NAME/, which the pod's volumes name
UID           runs the container under the "restricted" standard as this user, whatever the pod says; --privileged as
              root with all privileges

Volumes of the pod are BUNDLE/volumes/NAME. As a kubelet does, this mounts hosts, hostname, resolv.conf, the termination log and
the service account over the image's own files. Network, as in the other tests, is the caller's.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import sys

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parents[1] / "sandbox"))
import container_config  # noqa: E402

CALLS = HERE.parents[2] / "core/sandbox/seccomp_table.cpp"


def pod_spec(document):
    """The specification of the pod in a Pod, or in what has a template of one."""
    spec = document["spec"]
    return spec["template"]["spec"] if "template" in spec else spec


def find_container(spec, name):
    for container in spec.get("initContainers", []) + spec["containers"]:
        if container["name"] == name:
            return container
    raise SystemExit(f"pod.py: no container '{name}' in the pod")


def expand(text, variables):
    """$(NAME) of a variable that is known; $$ is a dollar."""
    def value(match):
        if match.group(0) == "$$":
            return "$"
        return variables.get(match.group(1), match.group(0))
    return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)", value, text)


def key_of(objects, kind, selector):
    return (objects / kind / selector["name"] / selector["key"]).read_text()


def environment(container, image, objects):
    variables = dict(item.split("=", 1) for item in image.get("Env") or [])
    for item in container.get("env", []):
        if "secretKeyRef" in item.get("valueFrom", {}):
            variables[item["name"]] = key_of(objects, "secret", item["valueFrom"]["secretKeyRef"])
        else:
            variables[item["name"]] = expand(item.get("value", ""), variables)
    return variables


def arguments(container, image, variables):
    """The words of the process, by Kubernetes' rules for command, args and the image's own."""
    words = container.get("command") or image.get("Entrypoint") or []
    if container.get("args"):
        words = words + container["args"]
    elif not container.get("command"):
        words = words + (image.get("Cmd") or [])
    return [expand(word, variables) for word in words]


def project(source, target, items):
    """A volume's files out of an object's keys: all of them, or some under other names."""
    if not source.is_dir():
        raise SystemExit(f"pod.py: the pod wants the object '{source.name}', which is not there")
    for item in items or [{"key": key, "path": key} for key in os.listdir(source)]:
        path = target / item["path"]
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / item["key"], path)
        path.chmod(0o644)


def make_volume(volume, directory, objects):
    """The host's directory of a volume, and whether a container may write to it."""
    directory.mkdir(parents=True, exist_ok=True)
    if "emptyDir" in volume:
        directory.chmod(0o777)
        return directory, True
    if "persistentVolumeClaim" in volume:
        return objects / "claim" / volume["persistentVolumeClaim"]["claimName"], True
    for source in volume["projected"]["sources"] if "projected" in volume else [volume]:
        if "secret" in source:
            secret = source["secret"]
            project(objects / "secret" / secret.get("secretName", secret.get("name")), directory, secret.get("items"))
        elif "configMap" in source:
            project(objects / "configmap" / source["configMap"]["name"], directory, source["configMap"].get("items"))
        else:
            raise SystemExit(f"pod.py: cannot make a volume like {source}")
    return directory, False


def volume_mounts(spec, container, bundle, objects):
    made = {}
    for volume in spec.get("volumes", []):
        made[volume["name"]] = make_volume(volume, bundle / "volumes" / volume["name"], objects)
    for mount in container.get("volumeMounts", []):
        directory, writable = made[mount["name"]]
        source = directory / mount.get("subPath", "")
        writable = writable and not mount.get("readOnly", False)
        yield container_config.mount(mount["mountPath"], "bind", "rbind", "rw" if writable else "ro", source=str(source))


def kubelet_mounts(spec, container, bundle, hosts):
    directory = bundle / "kubelet"
    (directory / "account").mkdir(parents=True, exist_ok=True)
    (directory / "account/token").write_text("token-of-the-service-account")
    (directory / "hosts").write_text(hosts)
    (directory / "hostname").write_text("pod\n")
    (directory / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    log = directory / "termination-log"
    log.touch()
    log.chmod(0o666)
    for name in ("hosts", "hostname", "resolv.conf"):
        yield container_config.mount(f"/etc/{name}", "bind", "bind", "rw", source=str(directory / name))
    yield container_config.mount(container.get("terminationMessagePath", "/dev/termination-log"), "bind", "bind", "rw", source=str(log))
    if spec.get("automountServiceAccountToken", True):
        yield container_config.mount("/var/run/secrets/kubernetes.io/serviceaccount", "bind", "bind", "ro", source=str(directory / "account"))


def security(spec, container, image, given):
    """User and kind of container: what the pod's and the container's security contexts come to."""
    context = {**spec.get("securityContext", {}), **container.get("securityContext", {})}
    if given.user is not None:
        return int(given.user), "restricted", context
    if given.privileged:
        return 0, "privileged", context
    uid = context.get("runAsUser", int(image.get("User") or 0))
    if context.get("runAsNonRoot") and uid == 0:
        raise SystemExit("pod.py: the pod must not run as root, and nothing says as whom it does")
    if context.get("privileged"):
        return uid, "privileged", context
    drops = "ALL" in context.get("capabilities", {}).get("drop", [])
    if drops and not context.get("allowPrivilegeEscalation", True):
        return uid, "restricted", context
    return uid, "docker-root" if uid == 0 else "docker-user", context


def configuration(given):
    spec = pod_spec(yaml.safe_load(given.pod.read_text()))
    container = find_container(spec, given.container)
    image = json.loads(given.image.read_text())["config"]
    variables = environment(container, image, given.objects)
    uid, kind, context = security(spec, container, image, given)
    config = container_config.config(kind, "", str(given.bundle / "rootfs"), CALLS, arguments(container, image, variables))
    process = config["process"]
    process["user"] = {"uid": uid, "gid": context.get("runAsGroup", uid if given.user else 0)}
    process["env"] = [f"{name}={value}" for name, value in variables.items()]
    process["cwd"] = container.get("workingDir") or image.get("WorkingDir") or "/"
    config["root"]["readonly"] = bool(context.get("readOnlyRootFilesystem"))
    config["mounts"] = [mount for mount in config["mounts"] if not mount["destination"].startswith("/mnt")]
    hosts = given.hosts.read_text() if given.hosts else "127.0.0.1 localhost\n"
    config["mounts"] += kubelet_mounts(spec, container, given.bundle, hosts)
    config["mounts"] += volume_mounts(spec, container, given.bundle, given.objects)
    return config


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("pod", "image", "bundle"):
        parser.add_argument(name, type=pathlib.Path)
        if name == "pod":
            parser.add_argument("container")
    parser.add_argument("--objects", type=pathlib.Path, default=pathlib.Path("/nonexistent"))
    parser.add_argument("--hosts", type=pathlib.Path)
    parser.add_argument("--user")
    parser.add_argument("--privileged", action="store_true")
    given = parser.parse_args()
    given.bundle = given.bundle.resolve()
    (given.bundle / "config.json").write_text(json.dumps(configuration(given), indent=1))


if __name__ == "__main__":
    main()
