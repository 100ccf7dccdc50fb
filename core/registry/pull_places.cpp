#include "registry/pull_places.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"

namespace cooper::registry {

namespace {

constexpr int kMirrorAttempts = 2;
constexpr std::chrono::seconds kMirrorConnectTimeout{10};

// Errors that are about us, not about the place.
bool is_ours(const base::Error& error) {
  return error.kind() == base::ErrorKind::kCancelled || error.kind() == base::ErrorKind::kInternal ||
         error.kind() == base::ErrorKind::kUsage;
}

}  // namespace

ClientOptions options_for_mirrors(ClientOptions options) {
  options.retry.attempts = std::min(options.retry.attempts, kMirrorAttempts);
  options.connect_timeout =
      std::min<std::chrono::milliseconds>(options.connect_timeout, kMirrorConnectTimeout);
  options.on_retry = nullptr;  // one line when it is given up says enough
  return options;
}

bool PullPlaces::ask_each(const oci::Reference& reference, const std::function<bool(const Place&)>& ask) {
  const Routes& routes = *transport_->options().routes;
  std::vector<oci::Reference> places = routes.pull_from(reference);
  const Place last{places.back(), transport_, true};
  places.pop_back();
  Answers answers;
  bool all_said_no = true;
  for (const oci::Reference& mirror : places) {
    if (ask_mirror({mirror, for_mirrors_, false}, ask, answers, all_said_no)) return true;
  }
  try {
    if (ask(last)) return true;
  } catch (base::Error& error) {
    if (!is_ours(error) && !answers.empty())
      error.context(fmt::format("no mirror had it ({})", base::join(answers, "; ")));
    throw;
  }
  // Without a fallback the last place is a mirror like the others: its no says nothing about the one that
  // could not answer.
  const bool is_certain = all_said_no || last.reference == routes.push_to(reference);
  if (is_certain) return false;
  answers.push_back(fmt::format("'{}' does not have it", last.reference.name()));
  throw base::Error(base::ErrorKind::kRegistry,
                    fmt::format("no mirror has '{}': {}", reference.str(), base::join(answers, "; ")))
      .hint("see to the mirrors, or allow the registry itself by leaving out --no-registry-fallback");
}

bool PullPlaces::ask_mirror(const Place& place, const std::function<bool(const Place&)>& ask,
                            Answers& answers, bool& all_said_no) {
  const std::string& host = place.reference.host;
  if (gone_.with([&](const std::set<std::string>& gone) { return gone.contains(host); })) {
    answers.push_back(fmt::format("'{}' could not be reached before", host));
    all_said_no = false;
    return false;
  }
  std::string why = "does not have it";
  bool is_news = true;
  try {
    if (ask(place)) return true;
  } catch (const base::Error& error) {
    if (is_ours(error)) throw;
    all_said_no = false;
    why = error.message();
    if (!place.transport->is_within_reach(host))
      is_news = gone_.with([&](std::set<std::string>& gone) { return gone.insert(host).second; });
  }
  answers.push_back(fmt::format("'{}': {}", place.reference.name(), why));
  if (is_news) tell(fmt::format("mirror '{}' is passed over: {}", place.reference.name(), why));
  return false;
}

void PullPlaces::tell(const std::string& line) {
  const bool is_new = told_.with([&](std::set<std::string>& told) { return told.insert(line).second; });
  const auto& listener = transport_->options().on_retry;
  if (is_new && listener) listener(line);
}

}  // namespace cooper::registry
