#!/usr/bin/python3
"""Holds pods against Kubernetes' "restricted" Pod Security Standard, item by item, and against what cooper's own files promise besides.

usage: restricted.py FILE...      a line on standard output for each fault, which then end it with 1

Reads Pods, whatever has a pod template, and Tekton's Tasks, whose steps become containers.
"""
import pathlib
import sys

import yaml

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
SYSCTLS = {
    "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
}
SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
PROFILES = {"RuntimeDefault", "Localhost"}


def pod_of(document):
    spec = document["spec"]
    if document["kind"] == "Task":
        return {"containers": spec["steps"], "volumes": spec.get("volumes", []), "initContainers": spec.get("sidecars", [])}
    return spec["template"]["spec"] if "template" in spec else spec


def check_pod(spec):
    """Faults of what the containers share."""
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield f"{name} is true"
    for volume in spec.get("volumes", []):
        kinds = set(volume) - {"name"}
        if not kinds or not kinds <= VOLUMES:
            yield f"volume '{volume['name']}' is of a kind that is not allowed: {sorted(kinds)}"
    for sysctl in spec.get("securityContext", {}).get("sysctls", []):
        if sysctl["name"] not in SYSCTLS:
            yield f"sysctl '{sysctl['name']}'"


def check_container(container, shared):
    """Faults of one container; `shared` is the pod's security context, which it may override."""
    own = container.get("securityContext", {})
    context = {**shared, **own}
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation") is not False:
        yield "allowPrivilegeEscalation is not false"
    if own.get("capabilities", {}).get("drop") != ["ALL"]:
        yield "does not drop ALL capabilities"
    if not set(own.get("capabilities", {}).get("add", [])) <= {"NET_BIND_SERVICE"}:
        yield "adds capabilities"
    if context.get("runAsNonRoot") is not True:
        yield "runAsNonRoot is not true"
    if context.get("runAsUser") == 0:
        yield "runAsUser is 0"
    if context.get("seccompProfile", {}).get("type") not in PROFILES:
        yield "has no seccomp profile"
    if context.get("appArmorProfile", {"type": "RuntimeDefault"}).get("type") not in PROFILES:
        yield "has no AppArmor profile"
    if own.get("procMount", "Default") != "Default":
        yield "procMount is not Default"
    options = context.get("seLinuxOptions", {})
    if options.get("type", "") not in SELINUX_TYPES or options.get("user") or options.get("role"):
        yield "has SELinux options of its own"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield "is a host process"
    for port in container.get("ports", []):
        if port.get("hostPort"):
            yield "has a port of the host"
    probes = [container.get(name, {}) for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    probes += container.get("lifecycle", {}).values()
    if any(probe.get(kind, {}).get("host") for probe in probes for kind in ("httpGet", "tcpSocket")):
        yield "has a probe of another host"


def check_promises(container):
    """Not part of the standard: what cooper's files say of themselves."""
    if container.get("securityContext", {}).get("readOnlyRootFilesystem") is not True:
        yield "its root file system is not read-only"
    resources = container.get("resources") or container.get("computeResources") or {}
    if "memory" not in resources.get("limits", {}) or not {"cpu", "memory"} <= set(resources.get("requests", {})):
        yield "its resources are not said"


def faults_of(document):
    spec = pod_of(document)
    yield from check_pod(spec)
    containers = spec["containers"] + spec.get("initContainers", []) + spec.get("ephemeralContainers", [])
    if not containers:
        yield "has no container"
    for container in containers:
        for fault in [*check_container(container, spec.get("securityContext", {})), *check_promises(container)]:
            yield f"container '{container['name']}': {fault}"


def main():
    faults = [
        f"{path}: {fault}"
        for path in sys.argv[1:]
        for document in yaml.safe_load_all(pathlib.Path(path).read_text())
        for fault in faults_of(document)
    ]
    print("\n".join(faults), end="\n" if faults else "")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
