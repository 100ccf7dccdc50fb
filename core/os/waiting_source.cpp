#include "os/waiting_source.h"

#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::os {

WaitingSource::WaitingSource(int fd, std::string name, std::stop_token stop)
    : fd_(fd), name_(std::move(name)), stop_(std::move(stop)), wake_(::eventfd(0, EFD_CLOEXEC)) {
  base::check(wake_.get(), "wait for", name_);
}

void WaitingSource::wait() {
  std::stop_callback on_stop(stop_, [this] {
    std::uint64_t one = 1;
    [[maybe_unused]] ssize_t written = ::write(wake_.get(), &one, sizeof one);
  });
  std::array<pollfd, 2> ready = {pollfd{fd_, POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
  int result = 0;
  do {
    result = ::poll(ready.data(), ready.size(), -1);
  } while (result < 0 && errno == EINTR);
  base::check(result, "wait for", name_);
  base::throw_if_stopped(stop_);
}

std::size_t WaitingSource::read(base::MutableByteSpan buffer) {
  if (buffer.empty()) return 0;
  while (true) {
    wait();
    ssize_t count = ::read(fd_, buffer.data(), buffer.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) base::throw_errno("read", name_);
  }
}

}  // namespace cooper::os
