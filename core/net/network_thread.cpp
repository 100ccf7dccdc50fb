#include "net/network_thread.h"

#include <algorithm>
#include <csignal>

#include "base/error.h"

namespace cooper::net {

namespace {

constexpr int kLongestPoll = 60'000;  // milliseconds; commands wake the thread at once

// libcurl's global state is made once and lives as long as the process: other threads may use it until the
// end.
void initialise_curl() {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (kInitialised != CURLE_OK) throw base::Error(base::ErrorKind::kInternal, "cannot initialise libcurl");
}

}  // namespace

NetworkThread::NetworkThread(const ClientOptions& options) {
  initialise_curl();
  multi_ = curl_multi_init();
  if (multi_ == nullptr)
    throw base::Error(base::ErrorKind::kInternal, "cannot create a libcurl multi handle");
  curl_multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options.connections_per_host));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(options.connections_per_host) * 8);
  curl_multi_setopt(multi_, CURLMOPT_MAX_CONCURRENT_STREAMS,
                    static_cast<long>(options.streams_per_connection));
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

NetworkThread::~NetworkThread() {
  thread_.request_stop();
  curl_multi_wakeup(multi_);
  thread_.join();
  for (const Command& command : commands_) command.transfer->cancel();
  curl_multi_cleanup(multi_);
}

void NetworkThread::start(std::shared_ptr<Transfer> transfer) {
  post(Action::kStart, std::move(transfer));
}
void NetworkThread::resume(std::shared_ptr<Transfer> transfer) {
  post(Action::kResume, std::move(transfer));
}
void NetworkThread::abort(std::shared_ptr<Transfer> transfer) {
  post(Action::kAbort, std::move(transfer));
}

void NetworkThread::post(Action action, std::shared_ptr<Transfer> transfer) {
  {
    std::scoped_lock lock(mutex_);
    commands_.push_back({action, std::move(transfer)});
  }
  curl_multi_wakeup(multi_);
}

void NetworkThread::run(const std::stop_token& stop) {
  // Signals are for the threads that wait for them; SIGPIPE in particular is told to us by send() as well.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  while (!stop.stop_requested()) {
    std::vector<Command> commands;
    {
      std::scoped_lock lock(mutex_);
      commands.swap(commands_);
    }
    for (const Command& command : commands) obey(command);
    int running = 0;
    curl_multi_perform(multi_, &running);
    collect();
    int timeout = fail_stalled();
    curl_multi_poll(multi_, nullptr, 0, timeout, nullptr);
  }
  while (!active_.empty()) {
    std::shared_ptr<Transfer> transfer = active_.begin()->second;
    transfer->discard();
    remove(transfer.get());
    transfer->cancel();
  }
}

void NetworkThread::obey(const Command& command) {
  Transfer* transfer = command.transfer.get();
  bool active = active_.count(transfer) > 0;
  switch (command.action) {
    case Action::kStart:
      if (curl_multi_add_handle(multi_, transfer->easy()) == CURLM_OK) {
        active_.emplace(transfer, command.transfer);
      } else {
        transfer->complete(CURLE_FAILED_INIT);
      }
      break;
    case Action::kResume:
      if (active) transfer->resume();
      break;
    case Action::kAbort:
      if (active) {
        transfer->discard();
        remove(transfer);
      }
      transfer->cancel();
      break;
  }
}

void NetworkThread::collect() {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode code = message->data.result;
    char* pointer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &pointer);
    auto found = active_.find(reinterpret_cast<Transfer*>(pointer));
    if (found == active_.end()) continue;
    std::shared_ptr<Transfer> transfer = found->second;
    remove(transfer.get());
    transfer->complete(code);
  }
}

int NetworkThread::fail_stalled() {
  Transfer::Clock::time_point now = Transfer::Clock::now();
  std::vector<std::shared_ptr<Transfer>> stalled;
  std::chrono::milliseconds next(kLongestPoll);
  for (const auto& [pointer, transfer] : active_) {
    auto deadline = transfer->stall_deadline();
    if (!deadline) continue;
    if (*deadline <= now) {
      stalled.push_back(transfer);
    } else {
      next = std::min(next, std::chrono::ceil<std::chrono::milliseconds>(*deadline - now));
    }
  }
  for (const auto& transfer : stalled) {
    remove(transfer.get());
    transfer->stall();
    transfer->complete(CURLE_OPERATION_TIMEDOUT);
  }
  return static_cast<int>(next.count());
}

void NetworkThread::remove(Transfer* transfer) {
  curl_multi_remove_handle(multi_, transfer->easy());
  active_.erase(transfer);
}

}  // namespace cooper::net
