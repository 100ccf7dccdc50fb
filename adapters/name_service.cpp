#include "adapters/name_service.h"

#ifdef COOPER_STATIC
#include <nss.h>
#endif

namespace cooper::adapters {

void pin_name_services() {
#ifdef COOPER_STATIC
  // glibc manual, "NSS Basics"; the only failure is that of memory, and then the system's settings hold.
  for (const char* database : {"passwd", "group"}) __nss_configure_lookup(database, "files");
  __nss_configure_lookup("hosts", "files dns");
#endif
}

}  // namespace cooper::adapters
