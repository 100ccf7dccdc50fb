#include "runner.h"

#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <iostream>
#include <memory>
#include <set>

#include "archives.h"
#include "base/digest.h"
#include "command.h"
#include "compare.h"
#include "http_fixtures.h"
#include "known.h"
#include "oci_result.h"

namespace cooper::conformance {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string last_lines(const std::string& text) {
  constexpr std::size_t kShown = 900;
  return text.size() > kShown ? "…" + text.substr(text.size() - kShown) : text;
}

class Player {
 public:
  Player(const Scenario& scenario, const Workshop& workshop)
      : scenario_(scenario), workshop_(workshop), work_("row") {
    places_.work = work_.path() + "/out";
    fs::create_directories(places_.work);
    places_.bases = workshop.bases();
    places_.placeholders = {{"REGISTRY", workshop.registry()}, {"WORK", places_.work}};
    new_store();
  }

  Outcome play() {
    for (const json& step : scenario_.steps) {
      row_ = step.value("row", scenario_.rows.front());
      if (outcome_.not_played.contains(row_)) continue;
      try {
        play(step);
      } catch (const std::exception& error) {
        differs(fmt::format("{}: {}", step["step"].get<std::string>(), error.what()));
      }
    }
    return std::move(outcome_);
  }

 private:
  void differs(std::string text) { outcome_.differences[row_].push_back(std::move(text)); }

  void play(const json& step) {
    const std::string kind = step["step"];
    if (kind == "context") return make_context(step);
    if (kind == "build") return build(step);
    if (kind == "expect") return expect(step);
    if (kind == "assert") return check(step);
    if (kind == "write") return write(step);
    if (kind == "prune") return new_store();
    if (kind == "shell") return run_shell(step);
    if (kind == "httpserver") return serve_routes(step);
    if (kind == "fileserver") return serve_files(step);
    if (kind != "subtest") outcome_.not_played[row_] = "step '" + kind + "'";
  }

  // A new one is an empty cache.
  void new_store() { places_.store = fmt::format("{}/store-{}", work_.path(), stores_++); }

  std::string expanded(const std::string& text) const { return expand(text, places_.placeholders); }

  // Remembers contents that another writer would have written otherwise: archives, and texts with addresses.
  std::string own_content(const json& entry) {
    std::string recorded = content_of(entry);
    std::string content = expanded(recorded);
    if (content != recorded || !entry.contains("text")) own_contents_.insert(base::sha256(content).hex());
    return content;
  }

  void make_context(const json& step) {
    std::string directory = work_.path() + "/" + step["id"].get<std::string>();
    fs::create_directories(directory);
    fs::permissions(directory, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec);
    for (const json& entry : step["entries"]) {
      if (is_computed(entry)) {
        outcome_.not_played[row_] =
            "file '" + entry["path"].get<std::string>() + "' is computed by the test's program";
        return;
      }
      make_entry(directory, entry, entry["type"] == "file" ? own_content(entry) : "");
    }
    places_.contexts[step["id"]] = directory;
  }

  void build(const json& step) {
    Command command = command_of(step, places_);
    if (!command.cannot.empty()) {
      outcome_.not_played[row_] = command.cannot;
      return;
    }
    os::ProcessResult result = workshop_.run(command.arguments);
    failed_[step["id"]] = result.exit_code != 0;
    message_[step["id"]] = result.errors;
    if (!step.contains("golden")) return;
    const json& golden = step["golden"];
    bool should_fail = golden["result"] == "error";
    if (should_fail != (result.exit_code != 0)) {
      differs(should_fail ? "built, but the reference says: " + golden["error"].get<std::string>()
                          : fmt::format("exit code {}: {}", result.exit_code, last_lines(result.errors)));
    } else if (should_fail) {
      if (std::getenv("COOPER_CONFORMANCE_ERRORS") != nullptr)
        std::cout << row_ << " says\n    " << last_lines(result.errors)
                  << "\n    where the reference says\n    " << golden["error"].get<std::string>() << "\n";
    } else {
      compare(step, command.image_archive);
    }
  }

  void compare(const json& step, const std::string& archive) {
    Allowances allowances;
    allowances.other_content = [&](const std::string& path, const std::string& sha256) {
      return own_contents_.contains(sha256) || has_content_of_its_run(scenario_.name, path);
    };
    for (const json& output : step["exports"])
      if (output.value("attrs", json::object()).value("rewrite-timestamp", "") == "true")
        allowances.file_times = true;
    json golden = json::parse(expanded(step["golden"]["images"].dump()));
    // A time with a fraction is that of the recording.
    for (const json& image : golden)
      if (image.contains("created") && image["created"].get<std::string>().find('.') == std::string::npos)
        allowances.image_time = true;
    if (!allowances.image_time) allowances.file_times = false;
    for (std::string& line : compare_images(golden, read_oci_archive(archive), allowances))
      differs(std::move(line));
  }

  // Said of a build that was played; the words of messages are ours, so `contains` is not checked.
  void expect(const json& step) {
    auto failed = failed_.find(step["build"]);
    if (failed == failed_.end()) return;
    if ((step["result"] == "error") != failed->second)
      differs(fmt::format("{}: expected {}", step["build"].get<std::string>(),
                          step["result"].get<std::string>()));
  }

  std::string output_path(const json& step) const {
    return places_.work + "/" + step["in"].get<std::string>() + "/" + step["path"].get<std::string>();
  }

  void check(const json& step) {
    const std::string kind = step["check"];
    if (kind == "expr") return;  // text of the test's program, for reading
    if (step.contains("oracle_pass") && step["oracle_pass"] == false) return;
    if (kind == "same_content" || kind == "different_content") {
      bool same = read_file(output_path(step["a"])) == read_file(output_path(step["b"]));
      if (same != (kind == "same_content"))
        differs(kind + ": " + step["a"].dump() + " and " + step["b"].dump());
      return;
    }
    std::string path = output_path(step);
    bool exists = fs::exists(fs::symlink_status(path));
    if (kind == "exists" || kind == "not_exists") {
      if (exists != (kind == "exists")) differs(kind + ": " + step["path"].get<std::string>());
    } else if (!exists) {
      differs("no file '" + step["path"].get<std::string>() + "'");
    } else if (!holds(kind, read_file(path), step["expected"])) {
      differs(fmt::format("{} of '{}': expected {}, got {}", kind, step["path"].get<std::string>(),
                          step["expected"].dump(),
                          json(read_file(path)).dump(-1, ' ', false, json::error_handler_t::replace)));
    }
  }

  bool holds(const std::string& kind, const std::string& content, const json& expected) {
    if (expected.is_array()) {  // of several subtests that wrote the same file
      for (const json& one : expected)
        if (holds(kind, content, one)) return true;
      return false;
    }
    if (kind == "content_contains") return content.find(expected.get<std::string>()) != std::string::npos;
    if (kind == "content_not_contains") return content.find(expected.get<std::string>()) == std::string::npos;
    if (kind != "content_equals") throw std::runtime_error("unknown check '" + kind + "'");
    return content == own_content(expected);
  }

  void write(const json& step) {
    json entry = step;
    entry["type"] = "file";
    make_entry(places_.contexts.at(step["in"]), entry, own_content(entry));
  }

  // {dir: NAME}, an output's directory, or {in: CONTEXT, path: …}.
  std::string directory_of(const json& dir) const {
    if (!dir.contains("in")) return places_.work + "/" + dir["dir"].get<std::string>();
    return places_.contexts.at(dir["in"]) + "/" + dir["path"].get<std::string>();
  }

  void run_shell(const json& step) {
    std::string directory = directory_of(step["dir"]);
    fs::create_directories(directory);
    for (const json& line : step["cmds"]) {
      os::ProcessResult result = workshop_.shell(expanded(line), directory);
      if (result.exit_code != 0) throw std::runtime_error(line.get<std::string>() + ": " + result.errors);
    }
  }

  void serve_routes(const json& step) {
    servers_.push_back(std::make_unique<HttpFixture>());
    for (const auto& [path, route] : step["routes"].items()) {
      servers_.back()->add_route(path, own_content(route), route.value("Etag", ""),
                                 route.contains("LastModified"));
    }
    places_.placeholders["HTTP_SERVER"] = servers_.back()->url();
  }

  void serve_files(const json& step) {
    servers_.push_back(std::make_unique<HttpFixture>());
    servers_.back()->serve_directory(directory_of(step["dir"]));
    std::string name = step["name"];  // "${FILE_SERVER_1}"
    places_.placeholders[name.substr(2, name.size() - 3)] = servers_.back()->url();
  }

  const Scenario& scenario_;
  const Workshop& workshop_;
  ScratchDirectory work_;
  Places places_;
  int stores_ = 0;
  std::string row_;
  std::vector<std::unique_ptr<HttpFixture>> servers_;
  std::map<std::string, bool> failed_;
  std::map<std::string, std::string> message_;
  std::set<std::string> own_contents_;
  Outcome outcome_;
};

}  // namespace

Outcome play(const Scenario& scenario, const Workshop& workshop) {
  return Player(scenario, workshop).play();
}

}  // namespace cooper::conformance
