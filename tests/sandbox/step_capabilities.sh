# shellcheck shell=bash
# Sourced: `as_step COMMAND...` runs a command, which root must do, with no more than the capabilities that a step has.
as_step() {
  setpriv --inh-caps=-all --bounding-set=-all,+chown,+dac_override,+fsetid,+fowner,+mknod,+net_raw,+setgid,+setuid,+setfcap,+setpcap,+net_bind_service,+sys_chroot,+kill,+audit_write \
    "$@"
}
