// How the portable cooper looks names up.
#pragma once

namespace cooper::adapters {

// A statically linked glibc has the name services "files" and "dns" built in, and would load any other that
// /etc/nsswitch.conf names (mymachines, sss, systemd) from the system around it, whose glibc is another one:
// a crash. This pins hosts to files and dns, users and groups to files. In an ordinary build it does nothing:
// there the system's settings hold. Call it before any thread exists.
void pin_name_services();

}  // namespace cooper::adapters
