// The one thread that moves bytes for every transfer of a client: a curl_multi handle, and a queue of what
// callers ask of it.
//
// Only this thread touches the multi handle and, while they are in it, the easy handles. Private to net.
#pragma once

#include <curl/curl.h>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "net/transfer.h"

namespace cooper::net {

class NetworkThread {
 public:
  explicit NetworkThread(const ClientOptions& options);
  ~NetworkThread();
  NetworkThread(const NetworkThread&) = delete;
  NetworkThread& operator=(const NetworkThread&) = delete;

  void start(std::shared_ptr<Transfer> transfer);
  void resume(std::shared_ptr<Transfer> transfer);
  void abort(std::shared_ptr<Transfer> transfer);

 private:
  enum class Action { kStart, kResume, kAbort };
  struct Command {
    Action action;
    std::shared_ptr<Transfer> transfer;
  };

  void post(Action action, std::shared_ptr<Transfer> transfer);
  void run(const std::stop_token& stop);
  void obey(const Command& command);
  void collect();
  int fail_stalled();  // milliseconds until the next one can stall
  void remove(Transfer* transfer);

  CURLM* multi_;
  std::mutex mutex_;
  std::vector<Command> commands_;
  std::unordered_map<Transfer*, std::shared_ptr<Transfer>> active_;  // the thread's own
  std::jthread thread_;
};

}  // namespace cooper::net
