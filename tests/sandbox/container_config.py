#!/usr/bin/env python3
"""Writes an OCI runtime configuration for a kind of CI container to standard output.

usage: container_config.py KIND DIRECTORY ROOTFS CALLS ARGUMENT...

KIND       docker-root, docker-user, restricted, podman-root, podman-user, circleci or privileged
DIRECTORY  shown read-only at /mnt/cooper; its directory `volume` is writable at /mnt/volume
ROOTFS     the container's root, read-only
CALLS      a C++ file whose string literals hold the names of the calls that Docker's default profile allows

What the kinds are is in docs/isolation.md. No profile is a copy of anybody's: they differ from Docker's list
in what decides about isolation only.
"""

import json
import re
import sys

# Docker's default capabilities; Podman's lack three of them.
DOCKER_CAPABILITIES = [
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
    "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
]
PODMAN_CAPABILITIES = [
    name for name in DOCKER_CAPABILITIES if name not in ("CAP_MKNOD", "CAP_NET_RAW", "CAP_AUDIT_WRITE")
]
ALL_CAPABILITIES = DOCKER_CAPABILITIES + [
    "CAP_DAC_READ_SEARCH", "CAP_LINUX_IMMUTABLE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
    "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT",
    "CAP_SYS_NICE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_LEASE", "CAP_AUDIT_CONTROL", "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ",
]
NAMESPACE_FLAGS = 0x7E020000
MOUNT_CALLS = [
    "mount", "umount", "umount2", "pivot_root", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "open_tree",
    "mount_setattr",
]
EPERM, ENOSYS = 1, 38


def docker_calls(path):
    """The names in the literals of the table's first constant."""
    with open(path, encoding="utf-8") as file:
        table = file.read().split("kAllowed", 1)[1].split(";", 1)[0]
    return sorted({name for text in re.findall(r'"([^"]*)"', table) for name in text.split()})


def allow(names, *conditions):
    rule = {"names": names, "action": "SCMP_ACT_ALLOW"}
    if conditions:
        rule["args"] = list(conditions)
    return rule


def refuse(name, number):
    return {"names": [name], "action": "SCMP_ACT_ERRNO", "errnoRet": number}


def argument(index, value, operator="SCMP_CMP_EQ", second=0):
    return {"index": index, "value": value, "valueTwo": second, "op": operator}


def profile(default, rules):
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": default,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        "syscalls": rules,
    }


def common_rules(calls, capabilities):
    rules = [allow([name for name in calls if name != "chroot" or "CAP_SYS_CHROOT" in capabilities])]
    rules += [allow(["personality"], argument(0, value)) for value in (0, 8, 0x20000, 0x20008, 0xFFFFFFFF)]
    rules.append(allow(["socket"], argument(0, 40, "SCMP_CMP_LT")))
    return rules


def docker_profile(calls, capabilities):
    rules = common_rules(calls, capabilities)
    rules.append(allow(["clone"], argument(0, NAMESPACE_FLAGS, "SCMP_CMP_MASKED_EQ", 0)))
    rules.append(refuse("clone3", ENOSYS))
    return profile(EPERM, rules)


def circleci_profile(calls, capabilities):
    """Docker's, with what makes namespaces, and without what mounts in them."""
    rules = common_rules(calls, capabilities)
    rules.append(allow(["clone", "clone3", "unshare", "setns"]))
    return profile(EPERM, rules)


def podman_profile(calls, capabilities):
    rules = common_rules(calls, capabilities)
    rules.append(allow(["clone", "clone3", "unshare", "keyctl", "pidfd_getfd", "sethostname", "setdomainname"]))
    rules.append(allow(MOUNT_CALLS))
    rules += [refuse(name, EPERM) for name in ("bpf", "perf_event_open", "userfaultfd", "setns")]
    return profile(ENOSYS, rules)


# Kind: user id, capabilities, no_new_privs, profile.
KINDS = {
    "docker-root": (0, DOCKER_CAPABILITIES, False, docker_profile),
    "docker-user": (1000, [], False, docker_profile),
    "restricted": (65534, [], True, docker_profile),
    "podman-root": (0, PODMAN_CAPABILITIES, False, podman_profile),
    "podman-user": (1000, [], False, podman_profile),
    "circleci": (0, DOCKER_CAPABILITIES, False, circleci_profile),
    "privileged": (0, ALL_CAPABILITIES, False, None),
}

MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/scsi",
          "/sys/firmware", "/sys/devices/virtual/powercap"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]


def mount(destination, kind, *options, source=None):
    return {"destination": destination, "type": kind, "source": source or kind, "options": list(options)}


def mounts(directory):
    return [
        mount("/proc", "proc"),
        mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
        mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k", source="shm"),
        mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"),
        mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        mount("/mnt", "tmpfs", "nosuid", "nodev", "mode=755"),
        mount("/mnt/cooper", "bind", "bind", "ro", source=directory),
        mount("/mnt/volume", "bind", "bind", "rw", source=f"{directory}/volume"),
    ]


def config(kind, directory, rootfs, calls_path, arguments):
    user, capabilities, no_new_privs, seccomp = KINDS[kind]
    linux = {"namespaces": [{"type": name} for name in ("pid", "mount", "ipc", "uts")],
             "resources": {"devices": [{"allow": kind == "privileged", "access": "rwm"}]}}
    if kind != "privileged":
        linux.update(maskedPaths=MASKED, readonlyPaths=READ_ONLY,
                     seccomp=seccomp(docker_calls(calls_path), capabilities))
    sets = ("bounding", "permitted", "effective") if user == 0 else ("bounding",)
    bounding = capabilities if user == 0 or no_new_privs else DOCKER_CAPABILITIES
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": user, "gid": user},
            "args": arguments,
            "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/mnt/volume/home",
                    "TMPDIR=/mnt/volume/tmp"],
            "cwd": "/mnt/volume",
            "capabilities": {name: bounding if name == "bounding" else capabilities for name in sets},
            "noNewPrivileges": no_new_privs,
        },
        "root": {"path": rootfs, "readonly": True},
        "hostname": "container",
        "mounts": mounts(directory),
        "linux": linux,
    }


def main():
    if len(sys.argv) < 6 or sys.argv[1] not in KINDS:
        sys.exit(__doc__.strip())
    json.dump(config(sys.argv[1], *sys.argv[2:5], sys.argv[5:]), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
