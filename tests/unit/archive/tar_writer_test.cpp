#include "archive/tar_writer.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <vector>

#include "archive/tar_reader.h"
#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

using namespace std::string_literals;
using base::ErrorKind;
using fixtures::bytes;
using fixtures::expect_error;

struct File {
  TarEntry entry;
  std::string content;
};

File file(const std::string& path, const std::string& content) {
  File made;
  made.entry.path = path;
  made.entry.mode = 0644;
  made.entry.size = content.size();
  made.content = content;
  return made;
}

File other(const std::string& path, EntryType type, const std::string& target = "") {
  File made = file(path, "");
  made.entry.type = type;
  made.entry.link_target = target;
  return made;
}

std::string write(const std::vector<File>& files) {
  base::StringSink out;
  TarWriter writer(out);
  for (const File& each : files) {
    if (each.entry.type == EntryType::kFile) {
      base::MemorySource content{std::string_view(each.content)};
      writer.add(each.entry, content);
    } else {
      writer.add(each.entry);
    }
  }
  writer.finish();
  return out.take();
}

// One of everything, at the limits of what ustar can hold and beyond.
std::vector<File> samples() {
  std::vector<File> files;
  files.push_back(other("dir", EntryType::kDirectory));
  files.push_back(file("dir/small", "hello\n"));
  files.push_back(file("dir/empty", ""));
  files.push_back(file("dir/block", std::string(512, 'b')));
  files.push_back(file("big", fixtures::random_bytes(300'000)));
  files.push_back(file(std::string(100, 'n'), "exactly 100"));
  files.push_back(file(std::string(101, 'n'), "101 without a slash"));
  files.push_back(file(std::string(155, 'p') + "/" + std::string(100, 'n'), "the most that ustar holds"));
  files.push_back(file(std::string(156, 'p') + "/" + std::string(100, 'n'), "one more"));
  files.push_back(file(std::string(50, 'p') + "/" + std::string(101, 'n'), "name too long for any split"));
  files.push_back(file("grüße/日本", "not ascii"));
  files.push_back(file("bytes\xff\xfe", "not utf-8"));
  files.push_back(file("new\nline", "control"));
  files.push_back(other("link", EntryType::kSymlink, "dir/small"));
  files.push_back(other("long-link", EntryType::kSymlink, std::string(101, 't')));
  files.push_back(other("hard", EntryType::kHardlink, "dir/small"));
  files.push_back(other("hard-utf8", EntryType::kHardlink, "grüße/日本"));
  files.push_back(other("fifo", EntryType::kFifo));
  files.push_back(other("null", EntryType::kCharDevice));
  files.back().entry.device_major = 1;
  files.back().entry.device_minor = 3;
  files.push_back(other("disk", EntryType::kBlockDevice));
  files.back().entry.device_major = 4095;
  files.back().entry.device_minor = 1'048'575;
  files.push_back(file("owned", "x"));
  files.back().entry.uid = 07777777;
  files.back().entry.gid = 07777777 + 1;
  files.push_back(file("nobody", "x"));
  files.back().entry.uid = 4'294'967'294U;
  files.push_back(file("setuid", "x"));
  files.back().entry.mode = 04755;
  files.push_back(file("timed", "x"));
  files.back().entry.mtime = 1'700'000'000;
  files.back().entry.mtime_nsec = 123'456'789;
  files.push_back(file("before-1970", "x"));
  files.back().entry.mtime = -5;
  files.push_back(file("far-future", "x"));
  files.back().entry.mtime = 077777777777LL + 1;
  files.push_back(file("attributed", "x"));
  files.back().entry.xattrs = {{"security.capability", std::string("\x01\x00\x00\x02\x00", 5)},
                               {"user.empty", ""}};
  return files;
}

void expect_same(const TarEntry& got, const TarEntry& wanted) {
  SCOPED_TRACE(wanted.path);
  EXPECT_EQ(got.path, wanted.path);
  EXPECT_EQ(got.type, wanted.type);
  EXPECT_EQ(got.mode, wanted.mode);
  EXPECT_EQ(got.uid, wanted.uid);
  EXPECT_EQ(got.gid, wanted.gid);
  EXPECT_EQ(got.mtime, wanted.mtime);
  EXPECT_EQ(got.mtime_nsec, wanted.mtime_nsec);
  EXPECT_EQ(got.size, wanted.size);
  EXPECT_EQ(got.link_target, wanted.link_target);
  EXPECT_EQ(got.device_major, wanted.device_major);
  EXPECT_EQ(got.device_minor, wanted.device_minor);
  EXPECT_EQ(got.xattrs, wanted.xattrs);
}

class SourceOfReader final : public base::ByteSource {
 public:
  explicit SourceOfReader(TarReader& reader) : reader_(reader) {}
  std::size_t read(base::MutableByteSpan buffer) override { return reader_.read(buffer); }

 private:
  TarReader& reader_;
};

TEST(ArchiveTarWriter, OwnReaderGivesBackEveryField) {
  std::string tar = write(samples());
  EXPECT_EQ(tar.size() % tar::kBlockSize, 0U);
  base::MemorySource in{std::string_view(tar)};
  TarReader reader(in);
  SourceOfReader content(reader);
  for (const File& wanted : samples()) {
    std::optional<TarEntry> got = reader.next();
    ASSERT_TRUE(got);
    expect_same(*got, wanted.entry);
    EXPECT_TRUE(fixtures::read_whole(content, 777) == wanted.content) << wanted.entry.path;
  }
  EXPECT_FALSE(reader.next());
}

TEST(ArchiveTarWriter, LibarchiveReadsEveryField) {
  std::string tar = write(samples());
  struct archive* in = archive_read_new();
  archive_read_support_format_tar(in);
  ASSERT_EQ(archive_read_open_memory(in, tar.data(), tar.size()), ARCHIVE_OK);
  for (const File& wanted : samples()) {
    SCOPED_TRACE(wanted.entry.path);
    archive_entry* got = nullptr;
    ASSERT_GE(archive_read_next_header(in, &got), ARCHIVE_WARN) << archive_error_string(in);
    EXPECT_EQ(archive_entry_pathname(got),
              wanted.entry.path + (wanted.entry.type == EntryType::kDirectory ? "/" : ""));
    EXPECT_EQ(archive_entry_perm(got), wanted.entry.mode);
    EXPECT_EQ(archive_entry_uid(got), wanted.entry.uid);
    EXPECT_EQ(archive_entry_gid(got), wanted.entry.gid);
    EXPECT_EQ(archive_entry_mtime(got), wanted.entry.mtime);
    EXPECT_EQ(archive_entry_mtime_nsec(got), wanted.entry.mtime_nsec);
    EXPECT_EQ(archive_entry_size(got), wanted.entry.size);
    EXPECT_EQ(archive_entry_rdevmajor(got), wanted.entry.device_major);
    EXPECT_EQ(archive_entry_rdevminor(got), wanted.entry.device_minor);
    if (wanted.entry.type == EntryType::kSymlink) {
      EXPECT_EQ(archive_entry_symlink(got), wanted.entry.link_target);
    }
    if (wanted.entry.type == EntryType::kHardlink) {
      EXPECT_EQ(archive_entry_hardlink(got), wanted.entry.link_target);
    }
    EXPECT_EQ(archive_entry_xattr_count(got), wanted.entry.xattrs.size());
    std::string content(wanted.content.size() + 1, '\0');
    la_ssize_t count = archive_read_data(in, content.data(), content.size());
    ASSERT_EQ(count, wanted.content.size());
    content.pop_back();
    EXPECT_TRUE(content == wanted.content);
  }
  archive_entry* none = nullptr;
  EXPECT_EQ(archive_read_next_header(in, &none), ARCHIVE_EOF);
  archive_read_free(in);
}

TEST(ArchiveTarWriter, GnuTarUnpacksIt) {
  if (!fixtures::Workshop::has("tar")) GTEST_SKIP() << "tar is not installed";
  fixtures::Workshop shop;
  std::vector<File> files = samples();
  // Devices need root.
  std::erase_if(files, [](const File& each) {
    return each.entry.type == EntryType::kCharDevice || each.entry.type == EntryType::kBlockDevice;
  });
  shop.put("made.tar", write(files));
  ASSERT_TRUE(shop.run("mkdir to && tar --no-same-owner -xf made.tar -C to")) << shop.out();
  for (const File& each : files) {
    if (each.entry.type == EntryType::kFile) {
      EXPECT_TRUE(shop.get("to/" + each.entry.path) == each.content) << each.entry.path;
    }
  }
  EXPECT_EQ(std::filesystem::read_symlink(shop.path("to/long-link")), std::string(101, 't'));
  EXPECT_EQ(std::filesystem::hard_link_count(shop.path("to/dir/small")), 2U);
}

TEST(ArchiveTarWriter, PlainEntriesNeedNoPaxHeader) {
  std::string tar = write({file(std::string(155, 'p') + "/" + std::string(100, 'n'), "x")});
  EXPECT_EQ(tar.size(), 4 * tar::kBlockSize);  // header, content, end
  EXPECT_EQ(tar[tar::kType.at], '0');
}

TEST(ArchiveTarWriter, WritesPaxHeaderForLongNames) {
  std::string tar = write({file(std::string(101, 'n'), "x")});
  EXPECT_EQ(tar.size(), 6 * tar::kBlockSize);
  EXPECT_EQ(tar[tar::kType.at], 'x');
  EXPECT_EQ(tar.substr(tar::kBlockSize, 111), "111 path=" + std::string(101, 'n') + "\n");
}

TEST(ArchiveTarWriter, PaxRecordsAreSorted) {
  File made = file("a", "");
  made.entry.mtime_nsec = 1;
  made.entry.uid = 4'000'000;
  made.entry.xattrs = {{"user.b", "2"}, {"user.a", "1"}};
  EXPECT_EQ(
      write({made}).substr(tar::kBlockSize, 93),
      "25 SCHILY.xattr.user.a=1\n25 SCHILY.xattr.user.b=2\n21 mtime=0.000000001\n15 uid=4000000\n\0\0\0\0\0\0\0"s);
}

TEST(ArchiveTarWriter, TheRootIsADot) {
  std::string tar = write({other("", EntryType::kDirectory)});
  EXPECT_EQ(tar.substr(0, 3), std::string("./\0", 3));
}

TEST(ArchiveTarWriter, TheSameEntriesGiveTheSameBytes) {
  EXPECT_TRUE(write(samples()) == write(samples()));
}

TEST(ArchiveTarWriter, ContentMayComeInPieces) {
  std::string content = fixtures::random_bytes(200'000);
  base::StringSink out;
  TarWriter writer(out);
  writer.begin(file("f", content).entry);
  for (std::size_t at = 0; at < content.size(); at += 999)
    writer.write_content(bytes(content).subspan(at, std::min<std::size_t>(999, content.size() - at)));
  writer.begin(file("g", "").entry);
  writer.finish();
  EXPECT_TRUE(out.str() == write({file("f", content), file("g", "")}));
}

TEST(ArchiveTarWriter, RefusesContentOfAnotherSize) {
  File made = file("f", "12345");
  for (const char* text : {"1234", "123456", ""}) {
    base::StringSink out;
    TarWriter writer(out);
    base::MemorySource content{std::string_view(text)};
    expect_error(ErrorKind::kIo, "'f'", [&] { writer.add(made.entry, content); });
  }
  base::StringSink out;
  TarWriter writer(out);
  writer.begin(made.entry);
  expect_error(ErrorKind::kIo, "grew", [&] { writer.write_content(bytes("123456")); });
  expect_error(ErrorKind::kIo, "shorter", [&] { writer.finish(); });
  expect_error(ErrorKind::kIo, "shorter", [&] { writer.begin(made.entry); });
}

TEST(ArchiveTarWriter, RefusesWhatNoTarCanSay) {
  base::StringSink out;
  TarWriter writer(out);
  auto refused = [&](const File& each, std::string_view part) {
    expect_error(ErrorKind::kUnsupported, part, [&] { writer.add(each.entry); });
  };
  refused(file(std::string("a\0b", 3), ""), "NUL");
  refused(other("a", EntryType::kSymlink, std::string("a\0b", 3)), "NUL");
  refused(file("a/", ""), "ends with '/'");
  File attributed = file("a", "");
  attributed.entry.xattrs["user.a=b"] = "c";
  refused(attributed, "user.a=b");
  File device = other("a", EntryType::kCharDevice);
  device.entry.device_minor = 010000000;
  refused(device, "device number");
}

}  // namespace
}  // namespace cooper::archive
