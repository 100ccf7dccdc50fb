#include "cache/local.h"

#include <filesystem>
#include <fmt/format.h>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"
#include "cache/document_file.h"
#include "os/fd.h"

namespace cooper::cache {
namespace {

namespace fs = std::filesystem;

void add_ids(const std::string& directory, std::vector<std::string>& ids) {
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(directory, error)) {
    if (item.path().extension() == kDocumentSuffix) ids.push_back(item.path().stem().string());
  }
}

}  // namespace

LocalBackend::LocalBackend(std::shared_ptr<store::Store> store)
    : store_(std::move(store)), temporary_(store_->make_temp("records-")) {}

std::string LocalBackend::path_of(const DocumentName& name) const {
  std::string folder =
      name.kind == DocumentKind::kRecord ? name.id.substr(0, 2) : std::string(document_folder(name.kind));
  return fmt::format("{}/{}/{}{}", store_->records_path(), folder, name.id, kDocumentSuffix);
}

std::optional<std::string> LocalBackend::read(const DocumentName& name, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  const std::string path = path_of(name);
  if (!store_->use(path)) return std::nullopt;
  return read_document_file(path);
}

void LocalBackend::write(const DocumentName& name, const Document& document, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  const std::string draft = fmt::format("{}/{}", temporary_.path(), next_++);
  os::write_file_atomically(draft, document.text);
  place_document_file(draft, path_of(name));
}

std::vector<std::string> LocalBackend::list(DocumentKind kind, const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  std::vector<std::string> ids;
  if (kind != DocumentKind::kRecord) {
    add_ids(fmt::format("{}/{}", store_->records_path(), document_folder(kind)), ids);
    return ids;
  }
  std::error_code error;
  for (const fs::directory_entry& item : fs::directory_iterator(store_->records_path(), error)) {
    if (item.path().filename().string().size() == 2) add_ids(item.path().string(), ids);
  }
  return ids;
}

std::unique_ptr<base::ByteSource> LocalBackend::open_blob(const oci::Descriptor& blob,
                                                          const std::stop_token& stop) {
  base::throw_if_stopped(stop);
  return std::make_unique<os::FileSource>(store_->open_blob(blob.digest), blob.digest.str());
}

}  // namespace cooper::cache
