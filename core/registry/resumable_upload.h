// One blob of known digest on its way up, whatever happens on the way.
//
// One PUT of the whole; one PATCH where a registry refuses that; PATCHes of the size that fits where a proxy
// refuses large bodies. What breaks goes on where the registry says it is, and from the start where it does
// not say. Private to registry.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "registry/upload_session.h"

namespace cooper::registry {

class ResumableUpload {
 public:
  // `session`: the location of one that is already open, "" for none. `call` names what is sent in errors.
  ResumableUpload(Transport& transport, Call call, const PushBlob& blob, std::string session,
                  std::stop_token stop);

  // Until the registry has the blob (201 or 204), refuses it (any other status), or attempts are used up:
  // those without progress count. Throws Error for what has no status.
  net::Response run();

 private:
  enum class Step { kOpen, kPutWhole, kPatch, kCommit };
  struct Request {
    Step step;
    std::uint64_t length = 0;  // bytes of the body
  };
  enum class Verdict { kFinal, kGoOn };

  Request next() const;
  net::Response send(const Request& request);
  Verdict judge(const Request& request, const net::Response& response);
  Verdict judge_size(std::uint64_t size);
  Verdict judge_refusal(const Request& request, const net::Response& response);
  void accept(std::uint64_t length, const net::Response& response);
  void go_on_from(UploadPoint point);
  void find_out(std::uint64_t sent);
  void start_over();
  bool is_there();

  Transport& transport_;
  const Call call_;
  const PushBlob& blob_;
  const std::uint64_t size_;
  const std::stop_token stop_;
  BlobParts parts_;
  net::Retries retries_;
  UploadPoint point_;           // no location: no session
  std::uint64_t farthest_ = 0;  // bytes that a registry had, in any session
  std::uint64_t least_ = 0;     // OCI-Chunk-Min-Length
  bool by_patch_ = false;       // the registry takes no PUT of a whole blob
  bool is_resumed_ = false;     // this session broke and went on
};

}  // namespace cooper::registry
