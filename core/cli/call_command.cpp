#include "cli/call_command.h"

#include <cstdio>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "build/call.h"
#include "cli/display.h"
#include "cli/json_text.h"
#include "cli/session.h"
#include "os/fd.h"
#include "report/call.h"

namespace cooper::cli {
namespace {

constexpr int kFindings = 1;

build::CallMethod method_of(const CallFlag& call) {
  if (call.name == "lint") return build::CallMethod::kCheck;
  if (call.name == "outline") return build::CallMethod::kOutline;
  if (call.name == "targets") return build::CallMethod::kTargets;
  std::string near = base::nearest(call.name, {"build", "check", "outline", "targets"});
  throw base::Error(base::ErrorKind::kUsage, fmt::format("unknown --call method '{}'", call.name))
      .hint(near.empty() ? "choose among build, check, outline, targets"
                         : fmt::format("did you mean '{}'?", near));
}

bool wants_json(const CallFlag& call) {
  if (call.format == "json") return true;
  if (call.format.empty() || call.format == "text") return false;
  throw base::Error(base::ErrorKind::kUsage, fmt::format("unknown --call format '{}'", call.format))
      .hint("choose json or text");
}

struct Rendered {
  std::string text;
  std::string json;
};

Rendered render(const build::CallAnswer& answer) {
  report::CallSource source{answer.filename, answer.text};
  if (const auto* check = std::get_if<dockerfile::CheckResult>(&answer.answer))
    return {report::render_check(*check, source), report::check_json(*check, source)};
  if (const auto* outline = std::get_if<dockerfile::Outline>(&answer.answer))
    return {report::render_outline(*outline), report::outline_json(*outline, source)};
  const auto& targets = std::get<std::vector<dockerfile::Target>>(answer.answer);
  return {report::render_targets(targets), report::targets_json(targets, source)};
}

// As buildx: the answer as JSON, whatever the format that is shown.
void write_metadata(const std::string& path, const std::string& answer) {
  Json json = {{"result.json", parse_json(answer)}};
  os::write_file_atomically(path, indented_json(json));
}

int status_of(const build::CallAnswer& answer, const CallFlag& call) {
  const auto* check = std::get_if<dockerfile::CheckResult>(&answer.answer);
  bool found = check != nullptr && !check->warnings.empty();
  return found && !call.ignore_status ? kFindings : 0;
}

}  // namespace

int run_call_command(const CallFlag& call, const BuildFlags& flags, const Environment& environment) {
  build::CallMethod method = method_of(call);
  bool as_json = wants_json(call);
  build::BuildRequest request = make_request(flags, environment);
  // No step runs, so no sandbox is needed.
  Session session(environment, flags.store.empty() ? environment.default_store() : flags.store, "none");
  Display display(flags, request, environment);
  build::Toolbox tools = session.open_tools(flags.registry, display.progress());
  tools.on_dockerfile = [&](const std::string& name, const std::string& text) {
    display.remember(name, text);
  };
  try {
    build::CallAnswer answer = build::run_call(method, request, tools, session.stop());
    Rendered rendered = render(answer);
    std::string shown = display.mask(as_json ? rendered.json : rendered.text);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fflush(stdout);
    if (!request.metadata_file.empty()) write_metadata(request.metadata_file, rendered.json);
    // What stopped a check is an error like any other, after what was found before it.
    const auto* check = std::get_if<dockerfile::CheckResult>(&answer.answer);
    if (check != nullptr && check->error) throw *check->error;
    display.progress().finish(nullptr);
    return status_of(answer, call);
  } catch (const base::Error& error) {
    display.progress().finish(&error);
    return session.stop_signal() != 0 ? 128 + session.stop_signal() : error.exit_status();
  }
}

}  // namespace cooper::cli
