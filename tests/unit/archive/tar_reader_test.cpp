#include "archive/tar_reader.h"

#include <gtest/gtest.h>
#include <map>
#include <vector>

#include "tests/unit/archive/fixtures.h"

namespace cooper::archive {
namespace {

using base::ErrorKind;
using fixtures::end_mark;
using fixtures::expect_error;
using fixtures::member;
using fixtures::octal;
using fixtures::padded;
using fixtures::RawHeader;

struct Read {
  TarEntry entry;
  std::string content;
};

std::vector<Read> read(std::string_view tar, std::size_t in_step = 1 << 20, std::size_t out_step = 10'000) {
  fixtures::DrippingSource in(tar, in_step);
  TarReader reader(in);
  std::vector<Read> files;
  while (std::optional<TarEntry> entry = reader.next()) {
    files.push_back({*entry, {}});
    std::string buffer(out_step, '\0');
    while (std::size_t count = reader.read(std::as_writable_bytes(std::span(buffer)))) {
      files.back().content.append(buffer, 0, count);
    }
  }
  return files;
}

void expect_corrupt(std::string_view tar, std::string_view part) {
  expect_error(ErrorKind::kCorrupt, part, [&] { read(tar); });
}

std::string pax(std::string_view key, std::string_view value) {
  return tar::format_pax({{std::string(key), std::string(value)}});
}

RawHeader of_type(char type) {
  RawHeader header;
  header.type = type;
  return header;
}

RawHeader named(const std::string& name, char type = '0') {
  RawHeader header;
  header.name = name;
  header.type = type;
  return header;
}

std::string with_pax(std::string_view key, std::string_view value, const std::string& rest) {
  return member(of_type('x'), pax(key, value)) + rest;
}

TEST(ArchiveTarReader, ReadsFilesInPiecesOfAnySize) {
  std::string tar = member(named("a"), "hello") + member(named("b"), std::string(1000, 'b')) + end_mark();
  for (std::size_t step : {1, 100, 511, 512, 513, 100'000}) {
    std::vector<Read> files = read(tar, step, step);
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].entry.path, "a");
    EXPECT_EQ(files[0].content, "hello");
    EXPECT_EQ(files[1].content, std::string(1000, 'b'));
  }
}

TEST(ArchiveTarReader, SkipsContentThatIsNotRead) {
  std::string tar = member(named("a"), std::string(300'000, 'a')) + member(named("b"), "b") + end_mark();
  base::MemorySource in{std::string_view(tar)};
  TarReader reader(in);
  EXPECT_EQ(reader.next()->path, "a");
  EXPECT_EQ(reader.next()->path, "b");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(ArchiveTarReader, ReadsItsSourceToTheEnd) {
  std::string tar = member(named("a"), "a") + end_mark() + std::string(500'000, 'x');
  base::MemorySource in{std::string_view(tar)};
  TarReader reader(in);
  while (reader.next()) {
  }
  std::byte rest;
  EXPECT_EQ(in.read({&rest, 1}), 0U);
}

TEST(ArchiveTarReader, EndsWhereTheStreamEndsBetweenEntries) {
  EXPECT_TRUE(read("").empty());
  EXPECT_EQ(read(member(named("a"), "a")).size(), 1U);
  EXPECT_EQ(read(member(named("a"), "a") + std::string(512, '\0')).size(), 1U);
  // Without even the padding of the last content.
  EXPECT_EQ(read(member(named("a"), "a").substr(0, 513)).at(0).content, "a");
  EXPECT_TRUE(read(end_mark()).empty());
}

TEST(ArchiveTarReader, NoticesTruncation) {
  std::string tar = member(named("first"), std::string(600, 'a')) + member(named("second"), "b");
  expect_corrupt(tar.substr(0, 100), "tar entry 1: archive is truncated within a header");
  expect_corrupt(tar.substr(0, 700), "tar entry 1 'first': content is truncated");
  expect_corrupt(tar.substr(0, 1536 + 100), "tar entry 2: archive is truncated within a header");
  base::MemorySource in{std::string_view(tar).substr(0, 700)};
  TarReader reader(in);
  reader.next();
  expect_error(ErrorKind::kCorrupt, "content of the previous entry is truncated", [&] { reader.next(); });
  EXPECT_FALSE(reader.next());  // nothing more after an error
}

TEST(ArchiveTarReader, RefusesABadChecksum) {
  std::string tar = member(named("a"), "a") + member(named("b"), "b") + end_mark();
  tar[1024] = 'c';
  expect_corrupt(tar, "tar entry 2 'c': header has a bad checksum");
}

TEST(ArchiveTarReader, RefusesALoneZeroBlock) {
  expect_corrupt(member(named("a"), "") + std::string(512, '\0') + member(named("b"), ""), "lone zero block");
}

TEST(ArchiveTarReader, RefusesUnknownTypes) {
  for (char type : {'V', 'M', 'N', '9', '\x7f'}) {
    expect_error(ErrorKind::kUnsupported, "unknown type", [&] { read(member(of_type(type), "")); });
  }
}

TEST(ArchiveTarReader, ErrorsShowNoControlCharacters) {
  std::string tar = member(named("a\x1b[31m"), "");
  tar[0] = 'b';
  expect_corrupt(tar, "'b?[31m'");
}

TEST(ArchiveTarReader, ReadsV7WithoutMagic) {
  RawHeader directory = named("dir/", '\0');
  directory.magic.clear();
  RawHeader file = named("dir/file", '\0');
  file.magic.clear();
  file.prefix = "not a prefix";
  std::vector<Read> files = read(member(directory, "") + member(file, "text") + end_mark());
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].entry.type, EntryType::kDirectory);
  EXPECT_EQ(files[0].entry.path, "dir");
  EXPECT_EQ(files[1].entry.type, EntryType::kFile);
  EXPECT_EQ(files[1].entry.path, "dir/file");
}

TEST(ArchiveTarReader, JoinsThePrefixOfUstarAndStar) {
  RawHeader header = named("name");
  header.prefix = "some/folder";
  EXPECT_EQ(read(member(header, "")).at(0).entry.path, "some/folder/name");
  header.prefix.resize(131, '\0');
  header.prefix += "12345670123 12345670123 ";  // star's access and change times
  std::string tar = member(header, "");
  EXPECT_EQ(read(tar).at(0).entry.path, "some/folder/name");
}

TEST(ArchiveTarReader, KeepsSlashesOnlyOfTheRoot) {
  EXPECT_EQ(read(member(named("a//", '5'), "")).at(0).entry.path, "a");
  EXPECT_EQ(read(member(named("/", '5'), "")).at(0).entry.path, "/");
  EXPECT_EQ(read(member(named("./", '5'), "")).at(0).entry.path, ".");
  EXPECT_EQ(read(member(named("../../etc", '5'), "")).at(0).entry.path, "../../etc");
}

TEST(ArchiveTarReader, AFileNamedLikeADirectoryIsOneAndItsContentIsSkipped) {
  std::vector<Read> files = read(member(named("d/"), "some content") + member(named("after"), "x"));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].entry.type, EntryType::kDirectory);
  EXPECT_EQ(files[0].entry.size, 0U);
  EXPECT_EQ(files[0].content, "");
  EXPECT_EQ(files[1].entry.path, "after");
}

TEST(ArchiveTarReader, LinksHaveNoContentWhateverTheirSize) {
  RawHeader link = named("hard", '1');
  link.link = "target";
  link.size = octal(12345);
  std::vector<Read> files = read(link.str() + member(named("after"), "x"));
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].entry.type, EntryType::kHardlink);
  EXPECT_EQ(files[0].entry.link_target, "target");
  EXPECT_EQ(files[0].entry.size, 0U);
}

TEST(ArchiveTarReader, ReadsGnuLongNames) {
  std::string name(300, 'n');
  std::string target(300, 't');
  std::string tar = member(named("././@LongLink", 'L'), name + '\0') +
                    member(named("././@LongLink", 'K'), target + '\0') + member(named("short", '2'), "");
  Read got = read(tar).at(0);
  EXPECT_EQ(got.entry.path, name);
  EXPECT_EQ(got.entry.link_target, target);
}

TEST(ArchiveTarReader, ReadsNegativeAndHugeNumbers) {
  RawHeader header = named("a");
  header.uid = std::string("\xff\xff\xff\xff\xff\xff\xff\xfe", 8);
  header.mtime = std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfb", 12);
  TarEntry entry = read(member(header, "")).at(0).entry;
  EXPECT_EQ(entry.uid, 4'294'967'294U);
  EXPECT_EQ(entry.mtime, -5);
  header.uid = std::string("\x80\x00\x00\x01\x00\x00\x00\x00", 8);
  expect_corrupt(member(header, ""), "uid is out of range");
}

TEST(ArchiveTarReader, ReadsHugeFilesWithoutHoldingThem) {
  RawHeader header = named("huge");
  header.size = std::string("\x80\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00", 12);  // 2 TiB
  std::string tar = header.str() + "the beginning";
  base::MemorySource in{std::string_view(tar)};
  TarReader reader(in);
  EXPECT_EQ(reader.next()->size, std::uint64_t{2} << 40);
  header.size = std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12);
  expect_corrupt(header.str(), "size is negative");
  expect_corrupt(with_pax("size", "9223372036854775808", named("a").str()), "not decimal");
}

TEST(ArchiveTarReader, PaxOverridesTheHeader) {
  std::string records = tar::format_pax({{"path", "long/name"},
                                         {"uid", "3000000000"},
                                         {"gid", "7"},
                                         {"mtime", "-1.5"},
                                         {"size", "3"},
                                         {"SCHILY.xattr.user.x", std::string("a\0b", 3)},
                                         {"SCHILY.xattr.user.empty", ""},
                                         {"comment", "ignored"},
                                         {"LIBARCHIVE.creationtime", "1"}});
  RawHeader header = named("short");
  header.size = octal(0);
  Read got =
      read(member(of_type('x'), records) + header.str() + padded("abc") + member(named("after"), "")).at(0);
  EXPECT_EQ(got.entry.path, "long/name");
  EXPECT_EQ(got.entry.uid, 3'000'000'000U);
  EXPECT_EQ(got.entry.gid, 7U);
  EXPECT_EQ(got.entry.mtime, -2);
  EXPECT_EQ(got.entry.mtime_nsec, 500'000'000U);
  EXPECT_EQ(got.content, "abc");
  EXPECT_EQ(got.entry.xattrs,
            (std::map<std::string, std::string>{{"user.x", std::string("a\0b", 3)}, {"user.empty", ""}}));
}

TEST(ArchiveTarReader, PaxHoldsForOneEntryOnly) {
  std::vector<Read> files =
      read(with_pax("path", "renamed", member(named("a"), "") + member(named("b"), "")));
  EXPECT_EQ(files.at(0).entry.path, "renamed");
  EXPECT_EQ(files.at(1).entry.path, "b");
}

// Readers that apply it to the next header instead see other entries than this one does.
TEST(ArchiveTarReader, PaxSizeDoesNotApplyToALongNameBetween) {
  std::string tar = with_pax("size", "3", member(named("././@LongLink", 'L'), std::string("long\0", 5))) +
                    named("a").str() + padded("abc");
  Read got = read(tar).at(0);
  EXPECT_EQ(got.entry.path, "long");
  EXPECT_EQ(got.content, "abc");
}

TEST(ArchiveTarReader, GlobalPaxHoldsUntilReplacedButNeverRenames) {
  std::string globals =
      pax("uid", "5") + pax("path", "everything") + pax("size", "9") + pax("comment", "deadbeef");
  std::string tar = member(of_type('g'), globals) + member(named("a"), "a") +
                    with_pax("uid", "6", member(named("b"), "b")) + member(of_type('g'), pax("uid", "")) +
                    member(named("c"), "c") + end_mark();
  std::vector<Read> files = read(tar);
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].entry.uid, 5U);
  EXPECT_EQ(files[0].entry.path, "a");
  EXPECT_EQ(files[0].content, "a");
  EXPECT_EQ(files[1].entry.uid, 6U);
  EXPECT_EQ(files[2].entry.uid, 0U);
}

TEST(ArchiveTarReader, RefusesBadExtendedHeaders) {
  RawHeader huge = of_type('x');
  huge.size = octal((1 << 20) + 1);
  expect_corrupt(huge.str(), "extended header is too large");
  expect_corrupt(member(of_type('x'), "garbage"), "pax record");
  expect_corrupt(with_pax("path", std::string_view("a\0b", 3), member(named("a"), "")), "NUL");
  expect_corrupt(with_pax("path", "a", end_mark()), "ends after an extended header");
  expect_corrupt(with_pax("path", "a", "").substr(0, 520), "extended header is truncated");
  expect_corrupt(with_pax("mtime", "soon", member(named("a"), "")), "time is not a number");
}

// Sparse files: 10 bytes of data at 0 and at 1000, 2000 bytes in all.
std::string sparse_content() {
  std::string content(2000, '\0');
  content.replace(0, 10, "0123456789");
  content.replace(1000, 10, "abcdefghij");
  return content;
}
const std::string kStored = "0123456789abcdefghij";

TEST(ArchiveTarReader, ReadsPaxSparseVersion00) {
  std::string records = pax("GNU.sparse.size", "2000") + pax("GNU.sparse.numblocks", "2") +
                        pax("GNU.sparse.offset", "0") + pax("GNU.sparse.numbytes", "10") +
                        pax("GNU.sparse.offset", "1000") + pax("GNU.sparse.numbytes", "10");
  std::string tar = member(of_type('x'), records) + member(named("s"), kStored) + member(named("after"), "x");
  for (std::size_t step : {1, 7, 4096}) {
    std::vector<Read> files = read(tar, 1 << 20, step);
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0].entry.size, 2000U);
    EXPECT_TRUE(files[0].content == sparse_content());
    EXPECT_EQ(files[1].content, "x");
  }
}

TEST(ArchiveTarReader, ReadsPaxSparseVersion01) {
  std::string records = pax("GNU.sparse.size", "2000") + pax("GNU.sparse.name", "real") +
                        pax("GNU.sparse.map", "0,10,1000,10,2000,0");
  Read got = read(member(of_type('x'), records) + member(named("GNUSparseFile.0/real"), kStored)).at(0);
  EXPECT_EQ(got.entry.path, "real");
  EXPECT_TRUE(got.content == sparse_content());
}

std::string version_1_0(const std::string& map, const std::string& stored, const std::string& size = "2000") {
  std::string records = pax("GNU.sparse.major", "1") + pax("GNU.sparse.minor", "0") +
                        pax("GNU.sparse.name", "real") + pax("GNU.sparse.realsize", size);
  return member(of_type('x'), records) + member(named("GNUSparseFile.0/real"), padded(map) + stored);
}

TEST(ArchiveTarReader, ReadsPaxSparseVersion10) {
  Read got = read(version_1_0("2\n0\n10\n1000\n10\n", kStored)).at(0);
  EXPECT_EQ(got.entry.path, "real");
  EXPECT_TRUE(got.content == sparse_content());
  // A map of several blocks.
  std::string map = "300\n";
  for (int i = 0; i < 300; ++i) map += std::to_string(i * 1000) + "\n1\n";
  got = read(version_1_0(map, std::string(300, 'x'), "300000")).at(0);
  EXPECT_EQ(std::count(got.content.begin(), got.content.end(), 'x'), 300);
  EXPECT_EQ(got.content[299'000], 'x');
  EXPECT_EQ(got.content.size(), 300'000U);
}

TEST(ArchiveTarReader, RefusesSparseMapsThatLie) {
  expect_corrupt(version_1_0("2\n1000\n10\n0\n10\n", kStored), "not in order");
  expect_corrupt(version_1_0("2\n0\n10\n5\n10\n", kStored), "not in order");
  expect_corrupt(version_1_0("1\n1990\n20\n", kStored), "leaves the file");
  expect_corrupt(version_1_0("1\n9223372036854775807\n9223372036854775807\n", kStored), "leaves the file");
  expect_corrupt(version_1_0("1\n0\n10\n", kStored), "does not match");
  expect_corrupt(version_1_0("1\n0\n30\n", kStored), "does not match");
  expect_corrupt(version_1_0("1000000\n0\n10\n", kStored), "sparse map");
  expect_corrupt(version_1_0("x\n", kStored), "not decimal");
  expect_corrupt(version_1_0(std::string(600, '1'), kStored), "endless line");
  expect_corrupt(version_1_0("", ""), "truncated or too large");
  expect_corrupt(with_pax("GNU.sparse.major", "2", member(named("s"), "")), "unknown version");
  expect_corrupt(with_pax("GNU.sparse.size", "10", member(named("s"), "x")), "does not match");
  std::string odd = pax("GNU.sparse.size", "2000") + pax("GNU.sparse.map", "0,10,1000");
  expect_corrupt(member(of_type('x'), odd) + member(named("s"), kStored), "offset without a length");
}

// Every form that other programs write must give the same files.
class ArchiveTarReaderOfOthers : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Commands, ArchiveTarReaderOfOthers,
                         testing::Values("tar --format=v7", "tar --format=oldgnu -S", "tar --format=gnu -S",
                                         "tar --format=ustar", "tar --format=posix",
                                         "tar --format=posix -S --sparse-version=0.0",
                                         "tar --format=posix -S --sparse-version=0.1",
                                         "tar --format=posix -S --sparse-version=1.0",
                                         "bsdtar --format=ustar", "bsdtar --format=pax",
                                         "bsdtar --format=gnutar",
                                         "python3 -c 'import "
                                         "sys,tarfile;t=tarfile.open(sys.argv[2],\"w\",format=tarfile.PAX_"
                                         "FORMAT);t.add(sys.argv[3]);t.close()'",
                                         "python3 -c 'import "
                                         "sys,tarfile;t=tarfile.open(sys.argv[2],\"w\",format=tarfile.GNU_"
                                         "FORMAT);t.add(sys.argv[3]);t.close()'"));

TEST_P(ArchiveTarReaderOfOthers, GivesTheFilesThatWerePacked) {
  std::string command = GetParam();
  std::string program = command.substr(0, command.find(' '));
  if (!fixtures::Workshop::has(program)) GTEST_SKIP() << program << " is not installed";
  bool old = command.find("v7") != std::string::npos;
  bool short_names = old || command.find("ustar") != std::string::npos;
  fixtures::Workshop shop;
  std::string long_name = short_names ? "n" : std::string(200, 'n');
  std::map<std::string, std::string> wanted = {{"in/plain", "hello\n"},
                                               {"in/empty", ""},
                                               {"in/big", fixtures::random_bytes(700'000)},
                                               {"in/" + long_name, "named"}};
  ASSERT_TRUE(shop.run("mkdir in in/sub"));
  for (const auto& [name, content] : wanted) shop.put(name, content);
  // Many holes, so that old GNU needs extension blocks; the last is at the end.
  ASSERT_TRUE(shop.run(
      "for i in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do "
      "printf data | dd of=in/holes bs=65536 seek=$i conv=notrunc; done; truncate -s 3000001 in/holes"))
      << shop.out();
  wanted["in/holes"] = shop.get("in/holes");
  ASSERT_TRUE(
      shop.run("ln -s plain in/link && ln in/plain in/zhard && touch -d '2001-02-03 04:05:06.789 UTC' "
               "in/plain && chmod 4751 in/plain"));
  ASSERT_TRUE(shop.run(command + " -cf packed in")) << shop.out();

  std::map<std::string, Read> got;
  for (Read& each : read(shop.get("packed"))) got[each.entry.path] = each;
  for (const auto& [name, content] : wanted) {
    ASSERT_EQ(got.count(name), 1U) << name;
    if (got[name].entry.type == EntryType::kHardlink) continue;
    EXPECT_TRUE(got[name].content == content) << name;
    EXPECT_EQ(got[name].entry.size, content.size()) << name;
  }
  EXPECT_EQ(got["in"].entry.type, EntryType::kDirectory);
  EXPECT_EQ(got["in/sub"].entry.type, EntryType::kDirectory);
  EXPECT_EQ(got["in/link"].entry.link_target, "plain");
  // Which of the two names comes first is up to the packer.
  const TarEntry& first = got["in/plain"].entry;
  const TarEntry& second = got["in/zhard"].entry;
  EXPECT_NE(first.type == EntryType::kHardlink, second.type == EntryType::kHardlink);
  EXPECT_EQ(first.mode, 04751U);
  EXPECT_EQ(first.mtime, 981173106);
  EXPECT_EQ(got.size(), wanted.size() + 4);
}

}  // namespace
}  // namespace cooper::archive
