#include "snapshot/file_contents.h"

#include <fcntl.h>
#include <optional>

#include "base/error.h"
#include "os/fd.h"
#include "snapshot/parent_directory.h"

namespace cooper::snapshot {

namespace {

constexpr std::uint64_t kLarge = 1 << 20;  // bytes from which reading ahead pays

class TreeContents final : public FileContents {
 public:
  explicit TreeContents(const std::string& tree) : tree_(tree), parents_(tree) {}

  void begin(const Entry& file) override {
    const std::string name(base_name(file.path));
    constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    file_ = os::Fd(base::check(::openat(parents_.parent_of(file.path).get(), name.c_str(), kFlags), "open",
                               shown(file)));
    if (file.size > kLarge) ::posix_fadvise(file_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    source_.emplace(file_.get(), shown(file));
  }
  std::size_t read(base::MutableByteSpan buffer) override { return source_->read(buffer); }
  std::string shown(const Entry& file) const override { return tree_ + "/" + file.path; }

 private:
  const std::string tree_;
  ParentDirectory parents_;
  os::Fd file_;
  std::optional<os::FdSource> source_;
};

class PackContents final : public FileContents {
 public:
  explicit PackContents(std::shared_ptr<const FilePack> pack) : pack_(std::move(pack)) {}

  void begin(const Entry& file) override {
    file_ = &file;
    offset_ = 0;
  }
  std::size_t read(base::MutableByteSpan buffer) override {
    const std::size_t count = pack_->read(*file_, offset_, buffer);
    offset_ += count;
    return count;
  }
  std::string shown(const Entry& file) const override { return pack_->path() + " at " + file.path; }

 private:
  const std::shared_ptr<const FilePack> pack_;
  const Entry* file_ = nullptr;
  std::uint64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<FileContents> contents_of_tree(const std::string& tree) {
  return std::make_unique<TreeContents>(tree);
}

std::unique_ptr<FileContents> contents_of_pack(std::shared_ptr<const FilePack> pack) {
  return std::make_unique<PackContents>(std::move(pack));
}

}  // namespace cooper::snapshot
