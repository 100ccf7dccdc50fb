// What reading costs: a Dockerfile of 2,000 lines, and an ignore file of 100 patterns over 100,000 paths.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <string>
#include <vector>

#include "context/pattern_matcher.h"
#include "dockerfile/frontend.h"

namespace {

using namespace cooper;

class OneImage final : public dockerfile::ImageResolver {
 public:
  dockerfile::ResolvedImage resolve(const std::string& reference, const oci::Platform& platform) override {
    dockerfile::ResolvedImage image;
    image.reference = reference;
    image.manifest_digest = base::sha256(reference);
    image.config.platform = platform;
    image.config.config.env = {"PATH=/usr/bin:/bin"};
    image.config.diff_ids = {base::sha256("layer")};
    return image;
  }
};

// Twenty stages that use what people use: arguments, variables, heredocs, mounts, copies between stages.
std::string long_dockerfile(int lines) {
  std::string text = "# syntax=docker/dockerfile:1\nARG VERSION=1.2.3\n";
  int line = 2;
  for (int stage = 0; line < lines; ++stage) {
    text += fmt::format("FROM debian:12 AS stage{}\nARG VERSION\nENV NAME=app-${{VERSION%.*}} LEVEL={}\n",
                        stage, stage);
    line += 3;
    for (int i = 0; i < 14 && line < lines; ++i, line += 7) {
      text += fmt::format("WORKDIR /src/$NAME/{}\n", i);
      text += fmt::format("COPY --chown=app:app src/{} lib/$LEVEL/ ./\n", i);
      text += "RUN --mount=type=cache,target=/root/.cache \\\n    make -j4 && \\\n    make install\n";
      text += stage == 0 ? "LABEL a=b c=\"d $VERSION\"\n"
                         : fmt::format("COPY --from=stage{} /out /in\n", stage - 1);
      text += "EXPOSE 80 443/udp\n";
    }
  }
  return text;
}

void parse_and_lower(benchmark::State& state) {
  std::string text = long_dockerfile(2000);
  OneImage images;
  dockerfile::FrontendInput input;
  input.build_platform = {"linux", "amd64", "", "", {}};
  std::size_t vertices = 0;
  for (auto _ : state) {
    graph::Definition definition;
    dockerfile::Ast ast = dockerfile::parse(text, "Dockerfile");
    dockerfile::lower(dockerfile::resolve(ast, input), input, images, definition);
    vertices = definition.vertices.size();
  }
  state.counters["vertices"] = static_cast<double>(vertices);
}
BENCHMARK(parse_and_lower)->Unit(benchmark::kMillisecond);

void ignore_patterns(benchmark::State& state) {
  std::vector<std::string> patterns;
  for (int i = 0; i < 20; ++i) {
    for (const char* form :
         {"**/*.tmp{}", "build{}/", "docs/**/draft{}", "src/*/gen?{}", "!src/module{}/keep"}) {
      patterns.push_back(fmt::format(fmt::runtime(form), i));
    }
  }
  std::vector<std::string> paths;
  for (int i = 0; i < 100'000; ++i) {
    paths.push_back(fmt::format("src/module{}/part{}/deep/file{}.cpp", i % 97, i % 13, i));
  }
  std::size_t matched = 0;
  for (auto _ : state) {
    context::PatternMatcher matcher(patterns);
    for (const std::string& path : paths) matched += matcher.matches_or_parent_matches(path) ? 1 : 0;
  }
  benchmark::DoNotOptimize(matched);
}
BENCHMARK(ignore_patterns)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
