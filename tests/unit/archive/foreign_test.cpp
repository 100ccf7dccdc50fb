#include "archive/foreign.h"

#include <gtest/gtest.h>
#include <map>
#include <stdexcept>

#include "archive/compression.h"
#include "archive/tar_writer.h"
#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

using base::ErrorKind;
using fixtures::expect_error;

TarEntry entry(const std::string& path, EntryType type, std::uint64_t size = 0) {
  TarEntry made;
  made.path = path;
  made.type = type;
  made.mode = 0644;
  made.size = size;
  return made;
}

std::string sample() {
  base::StringSink out;
  TarWriter writer(out);
  writer.add(entry("dir", EntryType::kDirectory));
  TarEntry file = entry("dir/grüße", EntryType::kFile, 5);
  file.uid = 1000;
  file.gid = 3'000'000;
  file.mtime = 1'700'000'000;
  file.mtime_nsec = 5;
  file.mode = 04755;
  file.xattrs = {{"security.capability", std::string("\x01\x00\x02", 3)}};
  base::MemorySource content{std::string_view("hello")};
  writer.add(file, content);
  TarEntry hard = entry("hard", EntryType::kHardlink);
  hard.link_target = "dir/grüße";
  writer.add(hard);
  TarEntry link = entry("link\xff", EntryType::kSymlink);
  link.link_target = "../../etc/passwd";
  writer.add(link);
  TarEntry device = entry("null", EntryType::kCharDevice);
  device.device_major = 1;
  device.device_minor = 3;
  writer.add(device);
  writer.add(entry("fifo", EntryType::kFifo));
  std::string big = fixtures::words(400'000);
  base::MemorySource more{std::string_view(big)};
  writer.add(entry("../outside", EntryType::kFile, big.size()), more);
  writer.finish();
  return out.take();
}

struct Read {
  TarEntry entry;
  std::string content;
};

std::vector<Read> read(std::string_view data, std::size_t step = 10'000) {
  fixtures::DrippingSource in(data, step);
  std::vector<Read> files;
  read_archive(in, "given.tar", [&](const TarEntry& each, base::ByteSource& content) {
    files.push_back({each, fixtures::read_whole(content)});
  });
  return files;
}

bool unpackable(std::string_view data) {
  base::MemorySource in(data);
  return is_unpackable(in);
}

std::string compress(Compression type, std::string_view data) {
  base::StringSink out;
  auto sink = make_compressor({type}, out, nullptr);
  sink->write(fixtures::bytes(data));
  sink->finish();
  return out.take();
}

TEST(ArchiveForeign, GivesEveryFieldAsStored) {
  std::vector<Read> files = read(sample());
  ASSERT_EQ(files.size(), 7U);
  EXPECT_EQ(files[0].entry.path, "dir");
  EXPECT_EQ(files[0].entry.type, EntryType::kDirectory);
  const TarEntry& file = files[1].entry;
  EXPECT_EQ(file.path, "dir/grüße");
  EXPECT_EQ(file.uid, 1000U);
  EXPECT_EQ(file.gid, 3'000'000U);
  EXPECT_EQ(file.mtime, 1'700'000'000);
  EXPECT_EQ(file.mtime_nsec, 5U);
  EXPECT_EQ(file.mode, 04755U);
  EXPECT_EQ(file.size, 5U);
  EXPECT_EQ(file.xattrs.at("security.capability"), std::string("\x01\x00\x02", 3));
  EXPECT_EQ(files[1].content, "hello");
  EXPECT_EQ(files[2].entry.type, EntryType::kHardlink);
  EXPECT_EQ(files[2].entry.link_target, "dir/grüße");
  EXPECT_EQ(files[3].entry.path, "link\xff");
  EXPECT_EQ(files[3].entry.link_target, "../../etc/passwd");
  EXPECT_EQ(files[4].entry.type, EntryType::kCharDevice);
  EXPECT_EQ(files[4].entry.device_major, 1U);
  EXPECT_EQ(files[4].entry.device_minor, 3U);
  EXPECT_EQ(files[5].entry.type, EntryType::kFifo);
  EXPECT_EQ(files[6].entry.path, "../outside");
  EXPECT_EQ(files[6].content.size(), 400'000U);
}

TEST(ArchiveForeign, ReadsEveryCompression) {
  for (Compression type : {Compression::kNone, Compression::kGzip, Compression::kZstd}) {
    std::string packed = compress(type, sample());
    EXPECT_EQ(read(packed, 777).size(), 7U);
    EXPECT_TRUE(unpackable(packed));
  }
}

class ArchiveForeignTools : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Filters, ArchiveForeignTools, testing::Values("gzip", "bzip2", "xz", "zstd"));

TEST_P(ArchiveForeignTools, ReadsWhatTheToolCompressed) {
  if (!fixtures::Workshop::has(GetParam())) GTEST_SKIP() << GetParam() << " is not installed";
  fixtures::Workshop shop;
  shop.put("plain", sample());
  ASSERT_TRUE(shop.run(std::string(GetParam()) + " -c plain > packed")) << shop.out();
  EXPECT_EQ(read(shop.get("packed")).size(), 7U);
  EXPECT_TRUE(unpackable(shop.get("packed")));
}

TEST(ArchiveForeign, ReadsSparseFiles) {
  if (!fixtures::Workshop::has("tar")) GTEST_SKIP() << "tar is not installed";
  fixtures::Workshop shop;
  ASSERT_TRUE(
      shop.run("truncate -s 1000000 holes && printf end >> holes && tar --format=posix -Scf packed holes"))
      << shop.out();
  std::vector<Read> files = read(shop.get("packed"));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].entry.path, "holes");
  EXPECT_EQ(files[0].entry.size, 1'000'003U);
  EXPECT_TRUE(files[0].content == shop.get("holes"));
}

TEST(ArchiveForeign, WhatIsNotReadIsSkipped) {
  std::string tar = sample();
  base::MemorySource in{std::string_view(tar)};
  int count = 0;
  read_archive(in, "given.tar", [&](const TarEntry&, base::ByteSource&) { ++count; });
  EXPECT_EQ(count, 7);
}

TEST(ArchiveForeign, TellsArchivesByTheirContent) {
  std::string tar = sample();
  EXPECT_TRUE(unpackable(tar));
  EXPECT_TRUE(unpackable(std::string_view(tar).substr(0, 512)));
  EXPECT_FALSE(unpackable(""));
  EXPECT_FALSE(unpackable("plain text"));
  EXPECT_FALSE(unpackable(fixtures::words(4096)));
  EXPECT_FALSE(unpackable(std::string_view(tar).substr(0, 300)));
  EXPECT_FALSE(unpackable(fixtures::end_mark()));
  EXPECT_FALSE(unpackable(compress(Compression::kGzip, "no tar inside")));
  EXPECT_FALSE(unpackable(compress(Compression::kGzip, compress(Compression::kGzip, tar))));
  EXPECT_FALSE(unpackable(compress(Compression::kGzip, tar).substr(0, 30)));
  std::string zip("PK\x03\x04\x14\0\0\0\0\0", 10);
  EXPECT_FALSE(unpackable(zip + std::string(1000, '\0')));
  tar[0] = 'x';  // breaks the checksum
  EXPECT_FALSE(unpackable(tar));
}

TEST(ArchiveForeign, NamesTheArchiveInErrors) {
  expect_error(ErrorKind::kCorrupt, "cannot read archive 'given.tar'",
               [] { read("this is no archive at all"); });
  std::string tar = sample();
  expect_error(ErrorKind::kCorrupt, "'given.tar'",
               [&] { read(std::string_view(tar).substr(0, tar.size() - 100'000)); });
  std::string packed = compress(Compression::kGzip, tar);
  expect_error(ErrorKind::kCorrupt, "'given.tar'",
               [&] { read(std::string_view(packed).substr(0, packed.size() / 2)); });
  expect_error(ErrorKind::kCorrupt, "more than once", [&] { read(compress(Compression::kZstd, packed)); });
}

TEST(ArchiveForeign, RefusesMalformedPaxHeaders) {
  fixtures::RawHeader header;
  header.type = 'x';
  std::string tar = fixtures::member(header, "garbage without length") + sample();
  expect_error(ErrorKind::kCorrupt, "'given.tar'", [&] { read(tar); });
}

TEST(ArchiveForeign, PassesOnTheErrorsOfSourceAndVisitor) {
  std::string tar = sample();
  fixtures::FailingSource failing(std::string_view(tar).substr(0, 100));
  expect_error(ErrorKind::kRegistry, "the line dropped", [&] { is_unpackable(failing); });
  fixtures::FailingSource late(std::string_view(tar).substr(0, 10'000));
  expect_error(ErrorKind::kRegistry, "the line dropped", [&] {
    read_archive(late, "given.tar",
                 [](const TarEntry&, base::ByteSource& content) { fixtures::read_whole(content); });
  });
  base::MemorySource in{std::string_view(tar)};
  auto visit = [](const TarEntry&, base::ByteSource&) { throw std::runtime_error("enough"); };
  EXPECT_THROW(read_archive(in, "given.tar", visit), std::runtime_error);
}

}  // namespace
}  // namespace cooper::archive
