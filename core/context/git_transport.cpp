#include "context/git_transport.h"

#include <algorithm>
#include <git2/sys/transport.h>

#include "base/cancellation.h"
#include "context/git_conversation.h"
#include "context/git_http.h"

namespace cooper::context {

template <typename Action>
int GitBridge::guard(Action action) noexcept {
  try {
    base::throw_if_stopped(stop_);
    action();
    return 0;
  } catch (...) {
    failure_ = std::current_exception();
    git_error_set_str(GIT_ERROR_NET, "the transport failed");
    return GIT_EUSER;
  }
}

namespace {

// A million refs are some 70 MB.
constexpr std::size_t kMostAdvertised = 256 << 20;
constexpr std::size_t kAdvertisementHead = 8 << 10;

// What libgit2 takes for a connection: C structures first, so that a pointer to one is a pointer to ours.
struct Stream {
  git_smart_subtransport_stream base{};
  GitBridge* bridge = nullptr;
};
struct Subtransport {
  git_smart_subtransport base{};
  Stream stream;
};

int read_stream(git_smart_subtransport_stream* stream, char* buffer, std::size_t size, std::size_t* count) {
  GitBridge& bridge = *reinterpret_cast<Stream*>(stream)->bridge;
  return bridge.guard([&] {
    *count = 0;
    auto data = std::as_writable_bytes(std::span(buffer, size));
    *count = bridge.transport().read(data);
    bridge.count_advertisement(data.first(*count));
  });
}

int write_stream(git_smart_subtransport_stream* stream, const char* buffer, std::size_t size) {
  GitBridge& bridge = *reinterpret_cast<Stream*>(stream)->bridge;
  return bridge.guard([&] { bridge.transport().write(std::as_bytes(std::span(buffer, size))); });
}

int begin(git_smart_subtransport_stream** out, git_smart_subtransport* transport, const char*,
          git_smart_service_t service) {
  auto& own = *reinterpret_cast<Subtransport*>(transport);
  GitBridge& bridge = *own.stream.bridge;
  *out = &own.stream.base;
  return bridge.guard([&] {
    if (service == GIT_SERVICE_UPLOADPACK_LS) return;  // begun before
    if (service != GIT_SERVICE_UPLOADPACK)
      throw base::Error(base::ErrorKind::kInternal, "git sources are never pushed to");
    bridge.end_advertisement();
    bridge.transport().begin_request();
  });
}

int make_subtransport(git_smart_subtransport** out, git_transport*, void* bridge) {
  auto* own = new Subtransport;
  own->base.action = begin;
  own->base.close = [](git_smart_subtransport*) { return 0; };
  own->base.free = [](git_smart_subtransport* transport) {
    delete reinterpret_cast<Subtransport*>(transport);
  };
  own->stream.base.subtransport = &own->base;
  own->stream.base.read = read_stream;
  own->stream.base.write = write_stream;
  own->stream.base.free = [](git_smart_subtransport_stream*) {};  // a part of the subtransport
  own->stream.bridge = static_cast<GitBridge*>(bridge);
  *out = &own->base;
  return 0;
}

int make_transport(git_transport** out, git_remote* owner, void* bridge) {
  git_smart_subtransport_definition definition{};
  definition.callback = make_subtransport;
  definition.rpc = static_cast<GitBridge*>(bridge)->transport().is_stateless() ? 1 : 0;
  definition.param = bridge;
  return git_transport_smart(out, owner, &definition);
}

int on_progress(const git_indexer_progress*, void* bridge) {
  return static_cast<GitBridge*>(bridge)->guard([] {});
}

}  // namespace

void GitBridge::begin() {
  if (transport_ != nullptr) transport_->begin_advertisement();
}

git_remote_callbacks GitBridge::callbacks() {
  git_remote_callbacks callbacks{};
  git_remote_init_callbacks(&callbacks, GIT_REMOTE_CALLBACKS_VERSION);
  if (transport_ != nullptr) callbacks.transport = make_transport;
  callbacks.transfer_progress = on_progress;
  callbacks.payload = this;
  return callbacks;
}

void GitBridge::rethrow() const {
  if (failure_) std::rethrow_exception(failure_);
}

void GitBridge::count_advertisement(base::ByteSpan data) {
  if (!advertising_) return;
  advertised_ += data.size();
  if (advertised_ > kMostAdvertised)
    throw base::Error(base::ErrorKind::kContext, "the git server lists more refs than can be believed");
  if (head_.size() >= kAdvertisementHead) return;
  head_.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (head_.find("object-format=sha256") != std::string::npos) {
    throw base::Error(base::ErrorKind::kUnsupported,
                      "the git repository names its objects by SHA-256, and only SHA-1 is known here")
        .hint("check it out first, and give the directory as context");
  }
}

std::unique_ptr<GitTransport> open_git_transport(const GitUrl& url, const GitUrl& main,
                                                 const GitAccess& access, const std::stop_token& stop) {
  switch (url.scheme) {
    case GitUrl::Scheme::kHttp:
    case GitUrl::Scheme::kHttps:
      return std::make_unique<GitHttp>(url, find_git_credential(url, main, access.secret), access, stop);
    case GitUrl::Scheme::kSsh:
    case GitUrl::Scheme::kGit:
      return std::make_unique<GitConversation>(url, access, stop);
    case GitUrl::Scheme::kLocal:
      break;
  }
  return nullptr;
}

}  // namespace cooper::context
