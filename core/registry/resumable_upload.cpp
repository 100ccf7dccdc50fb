#include "registry/resumable_upload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/cancellation.h"
#include "base/error.h"

namespace cooper::registry {

namespace {

// Whether this says "not like that" rather than "no".
bool wants_patch(int status) {
  return status == 400 || status == 404 || status == 405 || status == 411 || status == 501;
}

std::uint64_t least_chunk(const net::Response& response) {
  std::uint64_t least = 0;
  if (const std::string* text = response.header("oci-chunk-min-length")) {
    std::from_chars(text->data(), text->data() + text->size(), least);
  }
  return least;
}

net::Response complete() {
  net::Response response;
  response.status = 201;
  return response;
}

}  // namespace

ResumableUpload::ResumableUpload(Transport& transport, Call call, const PushBlob& blob, std::string session,
                                 std::stop_token stop)
    : transport_(transport),
      call_(std::move(call)),
      blob_(blob),
      size_(blob.descriptor.size),
      stop_(std::move(stop)),
      parts_(blob),
      retries_(transport.options().retry, transport.options().on_retry),
      point_{std::move(session), 0} {}

net::Response ResumableUpload::run() {
  while (true) {
    base::throw_if_stopped(stop_);
    const Request request = next();
    const std::uint64_t sent = point_.offset + request.length;
    try {
      net::Response response = send(request);
      if (judge(request, response) == Verdict::kFinal) return response;
      if (!net::is_retryable_status(response.status)) continue;
    } catch (const base::Error& error) {
      if (!error.is_retryable() || !retries_.again(error, stop_)) throw;
    }
    find_out(sent);
    // The answer may be all that was lost.
    const bool closes = request.step == Step::kPutWhole || request.step == Step::kCommit;
    if (closes && point_.location.empty() && is_there()) return complete();
  }
}

// Decides once for each request: another upload may learn of a lower limit at any moment.
ResumableUpload::Request ResumableUpload::next() const {
  if (point_.location.empty()) return {Step::kOpen};
  const std::uint64_t rest = size_ - point_.offset;
  const std::uint64_t limit = transport_.upload_limits().chunk(call_.repository.host).value_or(size_);
  if (point_.offset == 0 && !by_patch_ && size_ <= limit) return {Step::kPutWhole, size_};
  if (rest == 0) return {Step::kCommit};
  return {Step::kPatch, std::min(rest, std::max(limit, least_))};
}

net::Response ResumableUpload::send(const Request& request) {
  switch (request.step) {
    case Step::kOpen:
      return post_session(transport_, call_, nullptr, stop_);
    case Step::kPutWhole:
      return put_whole(transport_, call_, blob_, parts_, point_.location, stop_);
    case Step::kPatch:
      return patch_part(transport_, call_, blob_, parts_, point_, request.length, stop_);
    case Step::kCommit:
      break;
  }
  return put_commit(transport_, call_, blob_.descriptor.digest, point_.location, stop_);
}

ResumableUpload::Verdict ResumableUpload::judge(const Request& request, const net::Response& response) {
  const int status = response.status;
  if (net::is_retryable_status(status))
    return retries_.again(response, stop_) ? Verdict::kGoOn : Verdict::kFinal;
  if (request.step == Step::kOpen) {
    if (status != 202) transport_.refuse(call_, response);
    point_ = {transport_.location(call_, response), 0};
    least_ = least_chunk(response);
    return Verdict::kGoOn;
  }
  if (status == 413 && request.length > 0) return judge_size(request.length);
  if (request.step == Step::kPatch && (status == 202 || status == 204)) {
    accept(request.length, response);
    return Verdict::kGoOn;
  }
  return status < 400 ? Verdict::kFinal : judge_refusal(request, response);
}

// A body of `size` bytes was refused for its size. The registry behind the proxy has not heard of it.
ResumableUpload::Verdict ResumableUpload::judge_size(std::uint64_t size) {
  UploadLimits& limits = transport_.upload_limits();
  const std::string& host = call_.repository.host;
  if (size <= least_ || !limits.refused(host, size)) return Verdict::kFinal;
  find_out(point_.offset);
  return Verdict::kGoOn;
}

ResumableUpload::Verdict ResumableUpload::judge_refusal(const Request& request,
                                                        const net::Response& response) {
  if (request.step == Step::kPutWhole && !is_resumed_ && !by_patch_ && wants_patch(response.status)) {
    by_patch_ = true;
    start_over();
    return Verdict::kGoOn;
  }
  // The registry and we disagree about how far it is, or it has forgotten the session.
  const bool lost = response.status == 416 || (response.status == 404 && point_.offset > 0) ||
                    (is_resumed_ && wants_patch(response.status));
  if (!lost || !retries_.again(response, stop_)) return Verdict::kFinal;
  const std::uint64_t tried = point_.offset;
  if (response.status == 416) find_out(size_);
  if (response.status != 416 || point_.offset == tried) start_over();
  return Verdict::kGoOn;
}

void ResumableUpload::accept(std::uint64_t length, const net::Response& response) {
  const std::uint64_t sent = point_.offset + length;
  UploadPoint point = point_after(transport_, call_, response, {point_.location, sent});
  // What cannot be is not believed; "0-0" may mean nothing.
  if (point.offset > sent || point.offset <= point_.offset) point.offset = sent;
  go_on_from(std::move(point));
}

void ResumableUpload::go_on_from(UploadPoint point) {
  point_ = std::move(point);
  if (point_.offset <= farthest_) return;
  farthest_ = point_.offset;
  retries_.progress();
}

// Goes on where the registry is, which had at most `sent` bytes; with a new session when it does not say.
void ResumableUpload::find_out(std::uint64_t sent) {
  if (point_.location.empty()) return;
  std::optional<UploadPoint> point = ask_status(transport_, call_, point_.location, stop_);
  if (!point || point->offset > sent) return start_over();
  is_resumed_ = true;
  go_on_from(std::move(*point));
}

void ResumableUpload::start_over() {
  point_ = {};
  is_resumed_ = false;
}

bool ResumableUpload::is_there() {
  try {
    return head_blob(transport_, call_, blob_.descriptor.digest, stop_).status == 200;
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kCancelled) throw;
    return false;  // the upload is tried again anyhow
  }
}

}  // namespace cooper::registry
