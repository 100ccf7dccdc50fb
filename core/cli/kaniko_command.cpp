#include "cli/kaniko_command.h"

#include <cstdio>
#include <fmt/format.h>

#include "base/error.h"
#include "cli/build_job.h"
#include "cli/kaniko_arguments.h"
#include "cli/kaniko_flags.h"
#include "cli/kaniko_help.h"
#include "cli/kaniko_job.h"
#include "cli/kaniko_results.h"
#include "cli/network.h"
#include "cli/session.h"
#include "net/redact.h"
#include "net/retry.h"

namespace cooper::cli {

namespace {

using base::Error;
using base::ErrorKind;

constexpr int kAnyError = 1;

int exit_code_of(const Error& error) {
  return error.kind() == ErrorKind::kRunFailed ? error.exit_status() : kAnyError;
}

void print_error(const Error& error) {
  std::fprintf(stderr, "error: %s\n", error.render().c_str());
}

void warn(const std::string& line) {
  std::fprintf(stderr, "warning: %s\n", line.c_str());
}

void put_text(const Network& network, const std::string& url, const std::string& text,
              const std::stop_token& stop) {
  net::Request request;
  request.method = "PUT";
  request.url = url;
  request.body = text;
  const net::Response response = net::send_with_retry(
      {}, [&] { return network.http->send(request, stop); }, warn, stop);
  if (response.status / 100 == 2) return;
  throw Error(ErrorKind::kIo, fmt::format("'{}' answered {}", net::redact_url(url), response.status));
}

void write_results(const KanikoSettings& settings, const KanikoJob& job, const BuildOutcome& outcome,
                   const std::stop_token& stop) {
  if (!outcome.result->image) return;
  const std::vector<KanikoResult> results = kaniko_results(
      settings, job.destinations, outcome.result->image->digest, job.environment.get("BUILDER_OUTPUT"));
  write_kaniko_results(results, [&](const std::string& url, const std::string& text) {
    put_text(open_network(job.environment, job.build.registry, warn), url, text, stop);
  });
}

int build(const KanikoSettings& settings, const Environment& environment) {
  const KanikoJob job = make_kaniko_job(settings, environment);
  make_request(job.build, job.environment);
  for (const std::string& note : job.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  Session session(job.environment, job.build.store, job.build.isolation);
  const BuildOutcome outcome = run_build_job(job.build, "", job.environment, session, {});
  if (outcome.failure)
    return session.stop_signal() != 0 ? 128 + session.stop_signal() : exit_code_of(*outcome.failure);
  write_results(settings, job, outcome, session.stop());
  return 0;
}

void require_no_words(const std::vector<std::string>& words) {
  if (words.empty()) return;
  throw Error(ErrorKind::kUsage, fmt::format("'{}' is neither a flag nor a command", words.front()))
      .hint("see --help; the context is given as --context=DIRECTORY");
}

int dispatch(const std::vector<std::string>& arguments, const Environment& environment) {
  const KanikoArguments parsed = parse_kaniko_arguments(arguments, kaniko_flags(), environment);
  if (parsed.wants_help) {
    std::fputs(kaniko_help(kaniko_flags()).c_str(), stdout);
    return 0;
  }
  require_no_words(parsed.words);
  return build(parsed.settings, environment);
}

}  // namespace

int run_kaniko_command(const std::vector<std::string>& arguments, const Environment& environment) {
  try {
    return dispatch(arguments, environment);
  } catch (const Error& error) {
    print_error(error);
    return exit_code_of(error);
  }
}

}  // namespace cooper::cli
