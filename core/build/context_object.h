// A build context in an object store: its bytes as they arrive.
#pragma once

#include <memory>
#include <stop_token>

#include "base/bytes.h"
#include "build/request.h"
#include "build/toolbox.h"

namespace cooper::build {

struct OpenedObject {
  std::string name;  // for people: "s3 bucket/path/context.tar.gz"
  std::unique_ptr<base::ByteSource> bytes;
};

// Credentials are found as for a cache in such a store. Throws Error{kUsage} for attributes that say nothing,
// Error{kContext} where there is no such object, Error{kAuth} where the store refuses us.
OpenedObject open_context_object(const ContextObject& context, Toolbox& tools, const std::stop_token& stop);

}  // namespace cooper::build
