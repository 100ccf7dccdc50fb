#include "ops/remote_source.h"

#include "base/error.h"
#include "ops/services.h"

namespace cooper::ops {

RemoteSource* find_remote_source(const graph::Op& op, const Services& services) {
  bool is_http = std::holds_alternative<graph::HttpSource>(op);
  bool is_git = std::holds_alternative<graph::GitSource>(op);
  if (!is_http && !is_git) return nullptr;
  RemoteSource* source = is_http ? services.http_sources : services.git_sources;
  if (source != nullptr) return source;
  throw base::Error(base::ErrorKind::kUnsupported, is_http ? "ADD of a URL" : "ADD of a git repository");
}

}  // namespace cooper::ops
