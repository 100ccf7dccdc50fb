#include "build/context_kind.h"

#include <gmock/gmock.h>

#include "support/error_of.h"

namespace cooper::build {
namespace {

using support::error_of;
using ::testing::HasSubstr;
using ::testing::Not;
using Kind = WrittenContext::Kind;

TEST(BuildContextKind, TellsThemApartByTheirSpelling) {
  struct Case {
    const char* text;
    Kind kind;
    const char* value;
  };
  for (const Case& one : std::vector<Case>{
           {".", Kind::kPath, "."},
           {"dir/sub", Kind::kPath, "dir/sub"},
           {"/abs/app.tar.gz", Kind::kPath, "/abs/app.tar.gz"},
           {"./github.com/x", Kind::kPath, "./github.com/x"},
           {"odd:name", Kind::kPath, "odd:name"},
           {"a/b://c", Kind::kPath, "a/b://c"},
           {"-", Kind::kStdin, "-"},
           {"./-", Kind::kPath, "./-"},
           {"https://host/x.git", Kind::kGit, "https://host/x.git"},
           {"https://host/x.git#main:sub", Kind::kGit, "https://host/x.git#main:sub"},
           {"http://host/x.git?branch=main", Kind::kGit, "http://host/x.git?branch=main"},
           {"ssh://git@host/x", Kind::kGit, "ssh://git@host/x"},
           {"git://host/x", Kind::kGit, "git://host/x"},
           {"git@host:x/y.git#v1", Kind::kGit, "git@host:x/y.git#v1"},
           {"github.com/x/y#main", Kind::kGit, "https://github.com/x/y#main"},
           {"https://host/x", Kind::kHttp, "https://host/x"},
           {"http://host/x.tar.gz?a=b.git", Kind::kHttp, "http://host/x.tar.gz?a=b.git"},
           {"docker-image://debian:12", Kind::kImage, "debian:12"},
           {"oci-layout://dir:tag", Kind::kOciLayout, "dir:tag"},
           {"oci-layout:///abs/dir", Kind::kOciLayout, "/abs/dir"},
       }) {
    WrittenContext read = read_context_text(one.text);
    EXPECT_EQ(read.kind, one.kind) << one.text;
    EXPECT_EQ(read.value, one.value) << one.text;
  }
}

TEST(BuildContextKind, WhatHasNoSchemeMayBeAPath) {
  EXPECT_TRUE(read_context_text("github.com/x/y").may_be_path);
  EXPECT_TRUE(read_context_text("me@host:x").may_be_path);
  EXPECT_FALSE(read_context_text("https://github.com/x/y.git").may_be_path);
}

TEST(BuildContextKind, RefusesWhatCanBeNone) {
  for (const char* text : {"", "ftp://host/x", "s3://bucket/x.tar", "https://host/x.git?what=1"}) {
    EXPECT_EQ(error_of([&] { read_context_text(text); }).kind(), base::ErrorKind::kUsage) << text;
  }
  base::Error error = error_of([] { read_context_text("ftp://user:secret@host/x"); });
  EXPECT_EQ(error.message(), "build context 'ftp://host/x': 'ftp://' is no kind of context");
  EXPECT_THAT(error.hint(), HasSubstr("docker-image://"));
  error = error_of([] { read_context_text("https://user:secret@host/x.git?what=1"); });
  EXPECT_THAT(error.message(), Not(HasSubstr("secret")));
  EXPECT_THAT(error.message(), HasSubstr("'what'"));
}

}  // namespace
}  // namespace cooper::build
