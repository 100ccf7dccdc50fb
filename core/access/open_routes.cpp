#include "access/open_routes.h"

namespace cooper::access {

std::shared_ptr<const registry::Routes> open_routes(const RouteOptions&) {
  return std::make_shared<registry::DirectRoutes>();
}

}  // namespace cooper::access
