// One place where a cache is kept: named documents, and the blobs that they speak of. Each backend passes the
// same conformance suite (tests/support/cache_backend_suite.h); what documents mean is told in records.h and
// mount_saves.h.
//
// All calls may come from several threads at once, and several processes may use the same place. Documents
// come from places that others can write to: whoever reads one believes nothing.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "oci/descriptor.h"

namespace cooper::cache {

enum class DocumentKind {
  kRecord,  // the result of a step, by its key
  kStep,    // the last record of a step, by a digest of its name
  kMount,   // what a cache mount holds, by its name
};

struct DocumentName {
  DocumentKind kind = DocumentKind::kRecord;
  std::string id;  // 1 to 64 of [a-z0-9]; the hex digits of a digest

  bool operator==(const DocumentName&) const = default;
};

struct Document {
  std::string text;                    // JSON
  std::vector<oci::Descriptor> blobs;  // what is to be there when the document is
};

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;  // for people: "local store"
  // nullopt when there is none. Throws Error{kCorrupt} for what is no document, Error{kRegistry|kAuth|kIo}
  // when the place does not answer.
  virtual std::optional<std::string> read(const DocumentName& name, const std::stop_token& stop) = 0;
  // Blobs first, then the document, which replaces one of its name. Whole or not at all. Throws
  // Error{kRegistry|kAuth|kIo}, and Error{kCorrupt} when a blob is not what its descriptor says.
  virtual void write(const DocumentName& name, const Document& document, const std::stop_token& stop) = 0;
  // The ids of all documents of one kind, in any order. Throws as read().
  virtual std::vector<std::string> list(DocumentKind kind, const std::stop_token& stop) = 0;
  // The compressed bytes of a blob; the caller verifies. Throws Error{kRegistry|kAuth|kIo} when it is gone.
  virtual std::unique_ptr<base::ByteSource> open_blob(const oci::Descriptor& blob,
                                                      const std::stop_token& stop) = 0;
};

}  // namespace cooper::cache
