// Any bytes as a Dockerfile: an error or a result, never a crash, a hang or unbounded memory.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "dockerfile/frontend.h"
#include "dockerfile/outline.h"

namespace {

class AnyImage final : public cooper::dockerfile::ImageResolver {
 public:
  cooper::dockerfile::ResolvedImage resolve(const std::string& reference,
                                            const cooper::oci::Platform& platform) override {
    cooper::dockerfile::ResolvedImage image;
    image.reference = reference;
    image.config.platform = platform;
    image.config.config.env = {"PATH=/bin"};
    image.config.config.on_build = {"COPY . /", "RUN --mount=from=build true"};
    image.config.diff_ids = {cooper::base::sha256(reference)};
    return image;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  AnyImage resolver;
  cooper::dockerfile::FrontendInput input;
  input.build_platform = {"linux", "amd64", "", "", {}};
  input.build_args = {{"VERSION", "1"}, {"HTTP_PROXY", "http://proxy"}};
  input.named_contexts["ctx"] = {};
  cooper::dockerfile::detect_syntax(text);
  cooper::dockerfile::check(text, "Dockerfile", input, resolver);
  try {
    cooper::dockerfile::Ast ast = cooper::dockerfile::parse(text, "Dockerfile");
    cooper::dockerfile::dump(ast);
    cooper::dockerfile::outline(cooper::dockerfile::resolve(ast, input), input, resolver);
  } catch (const cooper::base::Error& error) {
    error.render();
  }
  return 0;
}
