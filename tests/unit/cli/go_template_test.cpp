#include "cli/go_template.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/error_of.h"

namespace cooper::cli {
namespace {

using support::error_of;
using ::testing::HasSubstr;

constexpr const char* kDocument = R"({"name":"app","manifest":{"digest":"sha256:1","size":7,"list":[1,2]}})";

std::string render(const std::string& format) {
  return render_template(format, kDocument, "--format");
}

TEST(CliGoTemplate, FieldsAreFoundWhateverTheirCase) {
  EXPECT_EQ(render("{{.Name}}"), "app");
  EXPECT_EQ(render("{{ .Manifest.Digest }} of {{.name}}"), "sha256:1 of app");
  EXPECT_EQ(render("{{.Manifest.Size}}"), "7");
}

TEST(CliGoTemplate, JsonIsOnOneLine) {
  EXPECT_EQ(render("{{json .}}"), kDocument);
  EXPECT_EQ(render("{{json .Manifest.List}}"), "[1,2]");
  EXPECT_EQ(render("{{json .Name}}"), "\"app\"");
}

TEST(CliGoTemplate, TextStaysAndEscapesAreRead) {
  EXPECT_EQ(render("a\\tb\\n"), "a\tb\n");
  EXPECT_EQ(render("a\\x"), "a\\x");
}

TEST(CliGoTemplate, WhatItDoesNotKnowIsRefused) {
  for (const char* format :
       {"{{range .Manifest}}x{{end}}", "{{.Name | upper}}", "{{printf \"%s\" .Name}}", "{{if .A}}"}) {
    const base::Error error = error_of([&] { render(format); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kUnsupported) << format;
    EXPECT_THAT(error.hint(), HasSubstr("jq"));
  }
  EXPECT_EQ(error_of([] { render("{{.Manifest}}"); }).kind(), base::ErrorKind::kUnsupported);
  EXPECT_EQ(error_of([] { render("{{.Name"); }).kind(), base::ErrorKind::kUnsupported);
  EXPECT_EQ(error_of([] { render("{{.SBOM.SPDX}}"); }).message(),
            "--format '{{.SBOM.SPDX}}': there is no 'SBOM'");
}

}  // namespace
}  // namespace cooper::cli
