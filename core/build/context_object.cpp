#include "build/context_object.h"

#include <fmt/format.h>

#include "base/error.h"
#include "build/fetching.h"
#include "cache/azure_store.h"
#include "cache/gcs_store.h"
#include "cache/s3_store.h"

namespace cooper::build {

namespace {

std::shared_ptr<cache::ObjectStore> open_store(const ContextObject& context, Toolbox& tools) {
  cloud::CloudContext cloud;
  cloud.http = tools.http;
  cloud.environment = tools.environment;
  cloud.on_retry = [&tools](const std::string& line) { warn(tools, line); };
  if (context.type == "s3") return cache::make_s3_store(context.attributes, cloud);
  if (context.type == "gcs") return cache::make_gcs_store(context.attributes, cloud);
  if (context.type == "azblob") return cache::make_azure_store(context.attributes, cloud);
  throw base::Error(base::ErrorKind::kInternal, fmt::format("no object store '{}'", context.type));
}

// Reads from a store that it keeps alive.
class ObjectSource final : public base::ByteSource {
 public:
  ObjectSource(std::shared_ptr<cache::ObjectStore> store, std::unique_ptr<base::ByteSource> bytes)
      : store_(std::move(store)), bytes_(std::move(bytes)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return bytes_->read(buffer); }

 private:
  std::shared_ptr<cache::ObjectStore> store_;
  std::unique_ptr<base::ByteSource> bytes_;
};

}  // namespace

OpenedObject open_context_object(const ContextObject& context, Toolbox& tools, const std::stop_token& stop) {
  std::shared_ptr<cache::ObjectStore> store = open_store(context, tools);
  std::string name = fmt::format("{}/{}", store->name(), context.object);
  if (!store->exists(context.object, stop)) {
    throw base::Error(base::ErrorKind::kContext, fmt::format("build context '{}' does not exist", name))
        .hint("check the bucket and the object's name");
  }
  auto bytes = store->open(context.object, stop);
  return {std::move(name), std::make_unique<ObjectSource>(std::move(store), std::move(bytes))};
}

}  // namespace cooper::build
