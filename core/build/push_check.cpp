#include "build/push_check.h"

#include <algorithm>
#include <set>

#include "base/error.h"

namespace cooper::build {

namespace {

constexpr std::size_t kMostAtOnce = 8;

}  // namespace

PushCheck::PushCheck(const std::vector<oci::Reference>& targets, std::shared_ptr<registry::Client> client,
                     const std::stop_token& stop)
    : client_(std::move(client)), forward_(stop, [this] { ended_.request_stop(); }) {
  if (targets.empty()) return;
  pool_ = std::make_unique<base::ThreadPool>(std::min(targets.size(), kMostAtOnce));
  std::set<std::string> seen;
  for (const oci::Reference& target : targets) {
    if (seen.insert(target.name()).second) {
      answers_.push_back(pool_->submit([this, target] { ask(target); }));
    }
  }
}

void PushCheck::ask(const oci::Reference& target) {
  try {
    client_->check_push(target, ended_.get_token());
  } catch (base::Error& error) {
    error.context("nothing was built: the image could not be pushed");
    throw;
  }
}

void PushCheck::wait() {
  for (std::future<void>& answer : answers_) answer.get();
  answers_.clear();
}

}  // namespace cooper::build
