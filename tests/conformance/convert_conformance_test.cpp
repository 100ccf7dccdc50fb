#include <gtest/gtest.h>
#include <map>

#include "base/error.h"
#include "conformance_data.h"
#include "dockerfile/frontend.h"
#include "stand_in_resolver.h"

namespace cooper::conformance {
namespace {

using nlohmann::json;

struct Outcome {
  std::optional<base::Error> error;
  json image;
  json lint = json::array();
  graph::Definition definition;
  int root = graph::kScratch;
};

json warning_as_json(const dockerfile::LintWarning& warning) {
  return {{"rule", warning.rule}, {"msg", warning.message}, {"line", warning.lines.first}};
}

json sorted(json list) {
  if (list.is_null()) return json::array();
  std::sort(list.begin(), list.end());
  return list;
}

Outcome convert(const json& given) {
  dockerfile::FrontendInput input;
  input.build_platform = oci::parse_platform(given.value("Platform", std::string("linux/amd64")));
  if (given.contains("Platform")) input.target_platform = input.build_platform;
  if (given.contains("BuildArgs"))
    input.build_args = given["BuildArgs"].get<std::map<std::string, std::string>>();
  if (given.contains("Labels")) input.labels = given["Labels"].get<std::map<std::string, std::string>>();
  input.target = given.value("Target", std::string());
  Outcome outcome;
  input.on_warning = [&](const dockerfile::LintWarning& warning) {
    outcome.lint.push_back(warning_as_json(warning));
  };
  StandInResolver resolver;
  try {
    dockerfile::Ast ast = dockerfile::parse(given["Dockerfile"].get<std::string>(), "Dockerfile");
    dockerfile::Plan plan = dockerfile::resolve(ast, input);
    dockerfile::Lowered lowered = dockerfile::lower(plan, input, resolver, outcome.definition);
    outcome.image = json::parse(lowered.config.serialize());
    outcome.root = lowered.root;
  } catch (const base::Error& error) {
    outcome.error = error;
  }
  return outcome;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string label_of(const json& row) {
  return row["source"].get<std::string>() + " " + text_of(row["input"]) + "\n    ";
}

TEST(ConformanceConvert, Image) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert image");
  for (const json& row : *rows) {
    const json& expected = row["expected"];
    if (!expected.contains("image")) continue;
    Outcome outcome = convert(row["input"]);
    std::string got = outcome.error ? outcome.error->render() : text_of(outcome.image);
    tally.row(!outcome.error && outcome.image == expected["image"],
              label_of(row) + "expected " + text_of(expected["image"]) + "\n    got      " + got);
  }
  EXPECT_GE(tally.share(), 0.99);
}

TEST(ConformanceConvert, ErrorsAreErrors) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert errors");
  for (const json& row : *rows) {
    const json& expected = row["expected"];
    if (!expected.contains("error")) continue;
    Outcome outcome = convert(row["input"]);
    tally.row(outcome.error.has_value(), label_of(row) + "expected " + text_of(expected["error"]));
  }
  EXPECT_GE(tally.share(), 0.99);
}

TEST(ConformanceConvert, Lint) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert lint");
  for (const json& row : *rows) {
    json expected = sorted(row["expected"].value("lint", json::array()));
    json got = sorted(convert(row["input"]).lint);
    tally.row(got == expected,
              label_of(row) + "expected " + text_of(expected) + "\n    got      " + text_of(got));
  }
  EXPECT_GE(tally.share(), 0.98);
}

// What RUN hands to a process, in order of the graph; only rows where both have as many steps.
json execs_of(const graph::Definition& definition) {
  json list = json::array();
  for (const graph::Vertex& vertex : definition.vertices) {
    const auto* exec = std::get_if<graph::Exec>(&vertex.op);
    if (exec == nullptr) continue;
    list.push_back({{"args", exec->argv}, {"env", exec->env}, {"cwd", exec->cwd}, {"user", exec->user}});
  }
  return list;
}

TEST(ConformanceConvert, Steps) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert steps");
  for (const json& row : *rows) {
    if (!row["expected"].contains("ops")) continue;
    json expected = json::array();
    for (const json& op : row["expected"]["ops"]) {
      if (!op.contains("exec")) continue;
      const json& exec = op["exec"];
      expected.push_back(
          {{"args", exec["args"]}, {"env", exec["env"]}, {"cwd", exec["cwd"]}, {"user", exec["user"]}});
    }
    if (expected.empty()) continue;
    Outcome outcome = convert(row["input"]);
    json got = sorted(execs_of(outcome.definition));
    expected = sorted(expected);
    // The graph also holds steps that the root does not need: every expected step must be among ours.
    bool all = std::includes(got.begin(), got.end(), expected.begin(), expected.end());
    tally.row(all, label_of(row) + "expected " + text_of(expected) + "\n    got      " + text_of(got));
  }
  EXPECT_GE(tally.share(), 0.99);
}

std::string clean(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// Where each mount of a step lies and what it is; the reference mounts "#!" scripts, too, which are no mounts
// here.
json expected_mounts(const json& exec) {
  json list = json::array();
  for (const json& mount : exec["mounts"]) {
    std::string target = clean(mount["dest"]);
    if (target == "/" || target == "/dev/pipes") continue;
    json entry = {{"target", target}, {"type", mount["type"]}};
    // The reference's cache ids start with a name space, which is empty here.
    if (mount.contains("cache")) entry["id"] = mount["cache"]["id"].get<std::string>().substr(1);
    if (mount.contains("secret")) entry["id"] = mount["secret"]["id"];
    if (mount["type"] == "BIND") entry["source"] = mount.value("selector", "/");
    list.push_back(entry);
  }
  return sorted(list);
}

json our_mounts(const graph::Exec& exec) {
  json list = json::array();
  for (const graph::Mount& mount : exec.mounts) {
    json entry = {{"target", mount.target}};
    if (const auto* bind = std::get_if<graph::BindMount>(&mount.what)) {
      entry["type"] = "BIND";
      entry["source"] = bind->source;
    } else if (const auto* cache = std::get_if<graph::CacheMount>(&mount.what)) {
      entry["type"] = "CACHE";
      entry["id"] = cache->id;
    } else if (const auto* secret = std::get_if<graph::SecretMount>(&mount.what)) {
      if (!secret->as_file) continue;
      entry["type"] = "SECRET";
      entry["id"] = secret->id;
    } else {
      entry["type"] = std::holds_alternative<graph::TmpfsMount>(mount.what) ? "TMPFS" : "SSH";
    }
    list.push_back(entry);
  }
  return sorted(list);
}

TEST(ConformanceConvert, Mounts) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert mounts");
  for (const json& row : *rows) {
    if (!row["expected"].contains("ops")) continue;
    std::vector<json> expected;
    for (const json& op : row["expected"]["ops"]) {
      if (op.contains("exec")) expected.push_back({op["exec"]["args"], expected_mounts(op["exec"])});
    }
    if (expected.empty()) continue;
    Outcome outcome = convert(row["input"]);
    std::vector<json> got;
    for (const graph::Vertex& vertex : outcome.definition.vertices) {
      if (const auto* exec = std::get_if<graph::Exec>(&vertex.op))
        got.push_back({exec->argv, our_mounts(*exec)});
    }
    for (const json& step : expected) {
      bool found = std::find(got.begin(), got.end(), step) != got.end();
      tally.row(found, label_of(row) + "expected " + text_of(step) + "\n    got " + text_of(got));
    }
  }
  EXPECT_GE(tally.share(), 0.99);
}

// One entry a copied source: from where in its source, to where.
json expected_copies(const json& ops) {
  json list = json::array();
  for (const json& op : ops) {
    if (!op.contains("file")) continue;
    for (const json& action : op["file"]) {
      if (!action["Action"].contains("copy")) continue;
      const json& copy = action["Action"]["copy"];
      if (copy.contains("include_patterns") || copy.contains("includePatterns")) continue;
      list.push_back(
          {clean(copy["src"]), copy["dest"], copy.value("attemptUnpackDockerCompatibility", false)});
    }
  }
  return sorted(list);
}

json our_copies(const graph::Definition& definition) {
  json list = json::array();
  for (const graph::Vertex& vertex : definition.vertices) {
    const auto* file = std::get_if<graph::File>(&vertex.op);
    if (file == nullptr) continue;
    for (const graph::FileAction& action : file->actions) {
      const auto* copy = std::get_if<graph::CopyAction>(&action);
      if (copy == nullptr) continue;
      for (const std::string& source : copy->sources) {
        list.push_back({source, copy->destination, copy->unpack_archives});
      }
    }
  }
  return sorted(list);
}

TEST(ConformanceConvert, Copies) {
  auto rows = load("convert/convert_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("convert/convert_oracle.json");
  Tally tally("convert copies");
  for (const json& row : *rows) {
    if (!row["expected"].contains("ops")) continue;
    json expected = expected_copies(row["expected"]["ops"]);
    json got = our_copies(convert(row["input"]).definition);
    bool all = std::includes(got.begin(), got.end(), expected.begin(), expected.end());
    tally.row(all, label_of(row) + "expected " + text_of(expected) + "\n    got      " + text_of(got));
  }
  EXPECT_GE(tally.share(), 0.98);
}

}  // namespace
}  // namespace cooper::conformance
