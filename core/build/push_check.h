// Asks every registry that the image goes to whether it will take it, while the build is being read: a push
// that cannot work fails before a step runs, not after all of them.
#pragma once

#include <future>
#include <memory>
#include <stop_token>
#include <vector>

#include "base/thread_pool.h"
#include "oci/reference.h"
#include "registry/client.h"

namespace cooper::build {

class PushCheck {
 public:
  // Starts asking. Targets of one repository are asked about once.
  PushCheck(const std::vector<oci::Reference>& targets, std::shared_ptr<registry::Client> client,
            const std::stop_token& stop);
  // Gives up on answers that are still missing.
  ~PushCheck() { ended_.request_stop(); }
  PushCheck(const PushCheck&) = delete;
  PushCheck& operator=(const PushCheck&) = delete;

  // Waits for all answers. Throws the first refusal, which names the registry and who we are to it.
  void wait();

 private:
  void ask(const oci::Reference& target);

  const std::shared_ptr<registry::Client> client_;
  std::stop_source ended_;
  std::stop_callback<std::function<void()>> forward_;
  std::vector<std::future<void>> answers_;
  std::unique_ptr<base::ThreadPool> pool_;  // last: it uses all of the above
};

}  // namespace cooper::build
