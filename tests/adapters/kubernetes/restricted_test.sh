#!/bin/bash
# The Job that is shipped, under the "restricted" Pod Security Standard, each item of which is tried on a Job that it must refuse, too.
#
# usage: restricted_test.sh [BUILD]
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
here=$repository/tests/adapters/kubernetes
shipped=$repository/adapters/kubernetes
/usr/bin/python3 -c 'import yaml' 2>/dev/null || skip "'python3-yaml' is not installed"

if ! "$here/restricted.py" "$shipped/job.yaml" >"$work/log"; then fail "not restricted: $(cat "$work/log")"; fi

refused() { # refused FAULT PYTHON: the Job, changed by a statement on its pod p and its container c, has this fault
  /usr/bin/python3 - "$shipped/job.yaml" "$2" >"$work/changed.yaml" <<'END'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))
p = job["spec"]["template"]["spec"]
c = p["containers"][0]
exec(sys.argv[2])
print(yaml.safe_dump(job))
END
  if "$here/restricted.py" "$work/changed.yaml" >"$work/log"; then fail "allowed: $2"; fi
  assert_contains "$(cat "$work/log")" "$1" "what is said of $2"
}
refused 'runAsNonRoot is not true' 'del p["securityContext"]["runAsNonRoot"]'
refused 'runAsUser is 0' 'c["securityContext"]["runAsUser"] = 0'
refused 'allowPrivilegeEscalation is not false' 'del c["securityContext"]["allowPrivilegeEscalation"]'
refused 'does not drop ALL' 'c["securityContext"]["capabilities"]["drop"] = ["MKNOD"]'
refused 'adds capabilities' 'c["securityContext"]["capabilities"]["add"] = ["SYS_ADMIN"]'
refused 'no seccomp profile' 'p["securityContext"]["seccompProfile"]["type"] = "Unconfined"'
refused 'no AppArmor profile' 'c["securityContext"]["appArmorProfile"] = {"type": "Unconfined"}'
refused 'privileged' 'c["securityContext"]["privileged"] = True'
refused 'root file system' 'c["securityContext"]["readOnlyRootFilesystem"] = False'
refused 'kind that is not allowed' 'p["volumes"][0] = {"name": "home", "hostPath": {"path": "/"}}'
refused 'hostPID' 'p["hostPID"] = True'
refused 'port of the host' 'c["ports"] = [{"containerPort": 1, "hostPort": 1}]'
refused 'procMount' 'c["securityContext"]["procMount"] = "Unmasked"'
refused 'SELinux' 'p["securityContext"]["seLinuxOptions"] = {"type": "spc_t"}'
refused 'sysctl' 'p["securityContext"]["sysctls"] = [{"name": "kernel.msgmax", "value": "1"}]'
refused "container 'first'" 'p["initContainers"] = [{"name": "first", "image": "x"}]'
refused 'resources' 'del c["resources"]'
