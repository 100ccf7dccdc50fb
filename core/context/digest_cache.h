// Digests of context files that did not change since an earlier build.
//
// An entry is believed only while path, device, inode, size, mtime and ctime are the same. A file that was
// changed within two seconds before it was hashed could change again without a trace in its times, so such
// entries serve the running build and are not saved (what git calls racily clean). A damaged cache file is an
// empty cache: its content is framed by its own digest. Several builds may look at different parts of one
// directory, so what one of them did not ask for stays, until kMostIdleSaves saves in a row had no use for
// it.
#pragma once

#include <atomic>
#include <compare>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/digest.h"
#include "base/guarded.h"

namespace cooper::context {

// What tells one state of a file from another without reading it.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;       // bytes
  std::int64_t mtime_nsec = 0;  // nanoseconds since the epoch
  std::int64_t ctime_nsec = 0;

  bool operator==(const FileIdentity&) const = default;
};

inline constexpr std::uint64_t kMostIdleSaves = 16;

class DigestCache {
 public:
  // Takes what the file at `path` holds, before anything is asked; one that is missing, unreadable or damaged
  // holds nothing.
  void load(const std::string& path);
  // Whether there is anything to save that a loaded file did not hold.
  bool has_news() const;
  // What may be believed later, as load() reads it.
  std::string serialize() const;

  std::optional<base::Digest> find(const std::string& path, const FileIdentity& identity) const;
  // `hashed_at_nsec`: when reading the file began, nanoseconds since the epoch.
  void put(const std::string& path, const FileIdentity& identity, const base::Digest& digest,
           std::int64_t hashed_at_nsec);

 private:
  struct Entry {
    FileIdentity identity;
    base::Digest digest;
    bool settled = false;  // old enough to be saved
  };
  // What a file held, in place: an entry is read once and written never, and asking needs no lock.
  struct Loaded {
    std::string_view path;  // in text_
    FileIdentity identity;
    base::Digest digest;
    std::uint64_t idle = 0;  // how many saves in a row it was of no use
  };
  struct Fresh {
    std::unordered_map<std::string, Entry> by_path;
    bool has_news = false;
  };

  std::size_t find_loaded(std::string_view path) const;  // loaded_.size() for none

  std::string text_;
  std::vector<Loaded> loaded_;                 // by path
  std::unique_ptr<std::atomic<bool>[]> used_;  // of loaded_: asked for since
  base::Guarded<Fresh> fresh_;                 // put since
};

}  // namespace cooper::context
