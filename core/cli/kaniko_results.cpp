#include "cli/kaniko_results.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/json_text.h"
#include "os/fd.h"

namespace cooper::cli {

namespace {

std::string with_tag(const oci::Reference& name) {
  return name.tag.empty() ? name.name() : name.name() + ":" + name.tag;
}

void write_in_place(const std::string& path, const std::string& text) {
  const os::Fd file = os::open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  os::FdSink sink(file.get(), path);
  sink.write(std::as_bytes(std::span(text)));
  sink.finish();
}

}  // namespace

std::vector<KanikoResult> kaniko_results(const KanikoSettings& settings,
                                         const std::vector<oci::Reference>& destinations,
                                         const base::Digest& image, const std::string& builder_output) {
  std::string names;
  std::string tags;
  std::string images;
  for (const oci::Reference& destination : destinations) {
    names += fmt::format("{}@{}\n", destination.name(), image.str());
    tags += fmt::format("{}@{}\n", with_tag(destination), image.str());
    const Json entry = {{"name", with_tag(destination)}, {"digest", image.str()}};
    images += json_text(entry) + "\n";
  }
  std::vector<KanikoResult> results;
  auto add = [&](const std::string& place, const std::string& text, const char* flag) {
    if (!place.empty()) results.push_back({place, text, flag});
  };
  add(settings.digest_file, image.str(), "--digest-file");
  add(settings.name_digest_file, names, "--image-name-with-digest-file");
  add(settings.tag_digest_file, tags, "--image-name-tag-with-digest-file");
  if (!builder_output.empty() && !settings.no_push) add(builder_output + "/images", images, "BUILDER_OUTPUT");
  return results;
}

void write_kaniko_results(const std::vector<KanikoResult>& results,
                          const std::function<void(const std::string& url, const std::string& text)>& put) {
  std::vector<std::string> failures;
  for (const KanikoResult& result : results) {
    try {
      if (result.place.starts_with("https://")) {
        put(result.place, result.text);
      } else {
        write_in_place(result.place, result.text);
      }
    } catch (const base::Error& error) {
      failures.push_back(fmt::format("{}: {}", result.flag, error.summary()));
    }
  }
  if (failures.empty()) return;
  throw base::Error(base::ErrorKind::kIo, base::join(failures, "; "))
      .hint("the image itself is finished: write the file by hand, or build again");
}

}  // namespace cooper::cli
