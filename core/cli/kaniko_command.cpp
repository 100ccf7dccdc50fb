#include "cli/kaniko_command.h"

#include <cstdio>
#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/arguments.h"
#include "cli/build_job.h"
#include "cli/kaniko_arguments.h"
#include "cli/kaniko_flags.h"
#include "cli/kaniko_front.h"
#include "cli/kaniko_help.h"
#include "cli/kaniko_job.h"
#include "cli/kaniko_push.h"
#include "cli/kaniko_results.h"
#include "cli/login_command.h"
#include "cli/network.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/timed_output.h"
#include "cli/version.h"
#include "net/redact.h"
#include "net/retry.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

void put_text(const Network& network, const std::string& url, const std::string& text,
              const std::stop_token& stop) {
  net::Request request;
  request.method = "PUT";
  request.url = url;
  request.body = text;
  const net::Response response = net::send_with_retry(
      {}, [&] { return network.http->send(request, stop); }, print_kaniko_warning, stop);
  if (response.status / 100 == 2) return;
  throw Error(ErrorKind::kIo, fmt::format("'{}' answered {}", net::redact_url(url), response.status));
}

void write_results(const KanikoSettings& settings, const KanikoJob& job, const build::BuildResult& result,
                   const std::stop_token& stop) {
  if (!result.image) return;
  const std::vector<KanikoResult> results =
      kaniko_results(settings, job.destinations, result.image->digest, job.environment.get("BUILDER_OUTPUT"));
  write_kaniko_results(results, [&](const std::string& url, const std::string& text) {
    put_text(open_network(job.environment, job.build.registry, print_kaniko_warning), url, text, stop);
  });
}

int build(const KanikoSettings& settings, const Environment& environment) {
  const KanikoJob job = make_kaniko_job(settings, environment);
  // Refuse what is asked for wrongly before anything is set up.
  make_request(job.build, job.environment);
  Session session(job.environment, job.build.store, job.build.isolation);
  Terminal terminal(STDERR_FILENO, job.environment);
  TimedOutput timed(terminal);
  SharedWork work;
  if (settings.log_timestamp && settings.log_format != "json") work.output = &timed;
  const BuildOutcome outcome = run_build_job(job.build, "", job.environment, session, work);
  if (outcome.failure)
    return session.stop_signal() != 0 ? 128 + session.stop_signal() : kaniko_exit_code(*outcome.failure);
  write_results(settings, job, *outcome.result, session.stop());
  return 0;
}

void require_no_words(const std::vector<std::string>& words) {
  if (words.empty()) return;
  throw Error(ErrorKind::kUsage, fmt::format("'{}' is neither a flag nor a command", words.front()))
      .hint("see --help; the context is given as --context=DIRECTORY");
}

// `executor login` is `cooper login`, with the login kept where this program looks for it.
int login(const std::vector<std::string>& arguments, const Environment& environment) {
  Program program("login", "logs in to a registry");
  LoginFlags flags;
  add_login_flags(program.root(), flags);
  try {
    if (auto answer = program.parse(arguments)) return std::fputs(answer->c_str(), stdout) < 0 ? 1 : 0;
  } catch (Error& error) {
    throw error.hint("see login --help");
  }
  KanikoSettings settings;
  settings.directory = environment.get("KANIKO_DIR");
  const std::string directory = kaniko_directory(settings);
  const bool is_ours = kaniko_store(settings, environment).starts_with(directory + "/");
  if (flags.authfile.empty() && environment.get("DOCKER_CONFIG").empty() && is_ours)
    flags.authfile = directory + "/.docker/config.json";
  return run_login_command(flags, environment);
}

int dispatch(const std::vector<std::string>& arguments, const Environment& environment) {
  const std::string command = arguments.empty() ? std::string() : arguments.front();
  const std::vector<std::string> rest(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  if (command == "login") return login(rest, environment);
  if (command == "version") {
    std::printf("cooper %s, by Kaniko's command line\n", kVersionNumber);
    return 0;
  }
  const bool is_push = command == "push";
  const KanikoArguments parsed =
      parse_kaniko_arguments(is_push ? rest : arguments, kaniko_flags(), environment);
  if (parsed.wants_help || command == "help") {
    std::fputs(kaniko_help(kaniko_flags()).c_str(), stdout);
    return 0;
  }
  if (is_push) return run_kaniko_push(parsed.words, parsed.settings, environment);
  require_no_words(parsed.words);
  return build(parsed.settings, environment);
}

}  // namespace

int run_kaniko_command(const std::vector<std::string>& arguments, const Environment& environment) {
  return run_as_kaniko([&] { return dispatch(arguments, environment); });
}

}  // namespace cooper::cli
