#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "base/byte_queue.h"
#include "base/cancellation.h"
#include "base/error.h"
#include "registry/upload.h"
#include "registry/upload_session.h"

namespace cooper::registry {

namespace {

constexpr std::size_t kPipeLimit = 1 << 20;

// Bytes between the thread that makes them and the one that sends them.
class Pipe {
 public:
  // Waits for room; drops the bytes once nobody reads any more.
  void write(base::ByteSpan data, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return reader_gone_ || held_.size() < kPipeLimit; });
    base::throw_if_stopped(stop);
    if (reader_gone_) return;
    held_.append(data);
    changed_.notify_all();
  }

  void end() {
    std::scoped_lock lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  std::size_t read(base::MutableByteSpan buffer, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [&] { return ended_ || !held_.empty(); });
    base::throw_if_stopped(stop);
    std::size_t length = held_.take(buffer);
    changed_.notify_all();
    return length;
  }

  void leave() {
    std::scoped_lock lock(mutex_);
    reader_gone_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  base::ByteQueue held_;
  bool ended_ = false;
  bool reader_gone_ = false;
};

class PipeSource final : public base::ByteSource {
 public:
  PipeSource(Pipe& pipe, std::stop_token stop) : pipe_(pipe), stop_(std::move(stop)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return pipe_.read(buffer, stop_); }

 private:
  Pipe& pipe_;
  std::stop_token stop_;
};

class StreamingUpload final : public BlobUpload {
 public:
  StreamingUpload(std::shared_ptr<Transport> transport, HostGate::Pass pass, Call call, std::stop_token stop)
      : transport_(std::move(transport)),
        pass_(std::move(pass)),
        call_(std::move(call)),
        stop_(std::move(stop)),
        abort_on_stop_(stop_, [this] { thread_stop_.request_stop(); }),
        thread_([this] { send(); }) {}

  ~StreamingUpload() override { thread_stop_.request_stop(); }

  void write(base::ByteSpan data) override { pipe_.write(data, stop_); }

  bool commit(const base::Digest& digest) override {
    pipe_.end();
    thread_.join();
    base::throw_if_stopped(stop_);
    if (session_.empty()) return false;
    try {
      return put_commit(*transport_, call_, digest, session_, stop_).status == 201;
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::kCancelled) throw;
      return false;
    }
  }

 private:
  void send() {
    try {
      Call call = call_;
      call.http.method = "PATCH";
      call.http.headers.emplace_back("Content-Type", "application/octet-stream");
      call.http.body_stream = [this, first = true]() mutable {
        // What was read from the pipe is gone.
        if (!std::exchange(first, false)) {
          throw base::Error(base::ErrorKind::kRegistry, "a streamed upload cannot be repeated");
        }
        return std::make_unique<PipeSource>(pipe_, thread_stop_.get_token());
      };
      net::Response response = transport_->send_once(call, thread_stop_.get_token());
      if (response.status == 202) session_ = transport_->location(call, response);
      // For the caller, who pushes the blob again: in chunks.
      if (response.status == 413) transport_->upload_limits().refused(call_.repository.host, std::nullopt);
    } catch (const base::Error&) {
      session_.clear();  // commit() tells the caller, who still has the whole blob
    }
    pipe_.leave();
  }

  std::shared_ptr<Transport> transport_;
  HostGate::Pass pass_;  // one of the streams
  Call call_;
  std::stop_token stop_;
  std::stop_source thread_stop_;
  Pipe pipe_;
  std::string session_;  // the thread's until it ended
  std::stop_callback<std::function<void()>> abort_on_stop_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace

std::unique_ptr<BlobUpload> begin_upload(std::shared_ptr<Transport> transport,
                                         const oci::Reference& repository, const std::stop_token& stop) {
  if (transport->upload_limits().chunk(repository.host)) return nullptr;
  std::optional<HostGate::Pass> pass = transport->begin_stream(repository.host);
  if (!pass) return nullptr;
  Call call;
  call.repository = repository;
  call.what = "push a layer";
  call.scopes = push_scope(repository.repository);
  net::Response response =
      transport->retry([&] { return post_session(*transport, call, nullptr, stop); }, stop);
  if (response.status != 202) transport->refuse(call, response);
  call.http = {};
  call.http.url = transport->location(call, response);
  return std::make_unique<StreamingUpload>(std::move(transport), std::move(*pass), std::move(call), stop);
}

}  // namespace cooper::registry
