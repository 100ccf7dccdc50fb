#include "archives.h"

#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <memory>
#include <stdexcept>
#include <sys/stat.h>

namespace cooper::conformance {
namespace {

using nlohmann::json;

void require(archive* handle, int result) {
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN) return;
  const char* text = archive_error_string(handle);
  throw std::runtime_error(text != nullptr ? text : "broken archive");
}

std::string text_or_empty(const char* text) {
  return text != nullptr ? text : "";
}

std::string type_of(archive_entry* entry) {
  if (archive_entry_hardlink(entry) != nullptr) return "hardlink";
  switch (archive_entry_filetype(entry)) {
    case AE_IFDIR:
      return "dir";
    case AE_IFLNK:
      return "symlink";
    case AE_IFCHR:
      return "char";
    case AE_IFBLK:
      return "block";
    case AE_IFIFO:
      return "fifo";
    default:
      return "file";
  }
}

std::string rooted(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  if (path.starts_with("./")) path.erase(0, 1);
  return path.starts_with('/') ? path : "/" + path;
}

TarMember member_of(archive* handle, archive_entry* entry) {
  TarMember member;
  member.path = rooted(text_or_empty(archive_entry_pathname(entry)));
  member.type = type_of(entry);
  member.mode = archive_entry_perm(entry);
  member.uid = archive_entry_uid(entry);
  member.gid = archive_entry_gid(entry);
  member.mtime = archive_entry_mtime(entry);
  member.target =
      text_or_empty(member.type == "hardlink" ? archive_entry_hardlink(entry) : archive_entry_symlink(entry));
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    member.xattrs[name] = std::string(static_cast<const char*>(value), size);
  }
  std::array<char, 1 << 16> buffer{};
  while (true) {
    la_ssize_t length = archive_read_data(handle, buffer.data(), buffer.size());
    if (length < 0) require(handle, static_cast<int>(length));
    if (length <= 0) break;
    member.content.append(buffer.data(), static_cast<std::size_t>(length));
  }
  return member;
}

void add_member(archive* handle, const json& member) {
  std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                      archive_entry_free);
  std::string type = member.value("type", "file");
  std::string content = member.value("content", "");
  archive_entry_set_pathname(entry.get(), member["name"].get<std::string>().c_str());
  archive_entry_set_perm(entry.get(), member.value("mode", 0644U));
  archive_entry_set_uid(entry.get(), member.value("uid", 0));
  archive_entry_set_gid(entry.get(), member.value("gid", 0));
  // The reference was recorded with archives whose members have no time, whatever the row says.
  archive_entry_set_mtime(entry.get(), 0, 0);
  archive_entry_set_filetype(entry.get(), type == "dir" ? AE_IFDIR : type == "symlink" ? AE_IFLNK : AE_IFREG);
  if (type == "symlink") archive_entry_set_symlink(entry.get(), member["target"].get<std::string>().c_str());
  if (type == "hardlink")
    archive_entry_set_hardlink(entry.get(), member["target"].get<std::string>().c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
  require(handle, archive_write_header(handle, entry.get()));
  if (!content.empty()) archive_write_data(handle, content.data(), content.size());
}

la_ssize_t append(archive* /*handle*/, void* out, const void* data, std::size_t size) {
  static_cast<std::string*>(out)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}

}  // namespace

std::vector<TarMember> read_tar(const std::string& bytes) {
  std::unique_ptr<archive, decltype(&archive_read_free)> handle(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(handle.get());
  archive_read_support_format_tar(handle.get());
  archive_read_support_format_empty(handle.get());
  require(handle.get(), archive_read_open_memory(handle.get(), bytes.data(), bytes.size()));
  std::vector<TarMember> members;
  archive_entry* entry = nullptr;
  while (true) {
    int result = archive_read_next_header(handle.get(), &entry);
    if (result == ARCHIVE_EOF) return members;
    require(handle.get(), result);
    members.push_back(member_of(handle.get(), entry));
  }
}

std::string write_tar(const json& members, bool gzip) {
  std::string bytes;
  std::unique_ptr<archive, decltype(&archive_write_free)> handle(archive_write_new(), archive_write_free);
  archive_write_set_format_pax_restricted(handle.get());
  if (gzip) {
    archive_write_add_filter_gzip(handle.get());
    archive_write_set_filter_option(handle.get(), "gzip", "timestamp", nullptr);
  }
  archive_write_set_bytes_in_last_block(handle.get(), 1);
  require(handle.get(), archive_write_open(handle.get(), &bytes, nullptr, append, nullptr));
  for (const json& member : members) add_member(handle.get(), member);
  require(handle.get(), archive_write_close(handle.get()));
  return bytes;
}

bool is_computed(const json& entry) {
  return entry.contains("expr");
}

std::string content_of(const json& entry) {
  if (entry.contains("text")) return entry["text"];
  if (entry.contains("tar")) return write_tar(entry["tar"], false);
  if (entry.contains("gzip")) {
    const json& inner = entry["gzip"];
    if (inner.contains("tar")) return write_tar(inner["tar"], true);
  }
  if (is_computed(entry)) throw std::runtime_error("the content of a file is computed by the test's program");
  return "";
}

}  // namespace cooper::conformance
