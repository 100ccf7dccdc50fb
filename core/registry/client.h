// One registry host, as the OCI distribution-spec v1.1 has it, with Docker's token authentication.
//
// Everything that comes back is verified against its digest; Authorization never goes to another host.
// Transient failures are retried; errors name host, repository, what was asked and what the registry said,
// and which credential was used.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/http.h"
#include "net/retry.h"
#include "oci/descriptor.h"
#include "oci/manifest.h"
#include "oci/reference.h"
#include "registry/credentials.h"
#include "registry/routes.h"

namespace cooper::registry {

struct ClientOptions {
  net::RetryPolicy retry;
  // How long to wait for a connection, and for the next byte of an answer.
  std::chrono::milliseconds connect_timeout = net::Request().connect_timeout;
  std::chrono::milliseconds stall_timeout = net::Request().stall_timeout;
  // The same after the last byte of a body: the registry hashes or copies the whole blob before it answers,
  // which takes minutes for some GB.
  std::chrono::milliseconds commit_timeout = std::chrono::minutes(5);
  // At a time, while their bodies last. Uploads are counted by themselves: one may read from a download. The
  // HTTP client should have connections for both.
  std::size_t requests_per_host = 16;
  std::size_t uploads_per_host = 8;
  std::shared_ptr<const Routes> routes = std::make_shared<DirectRoutes>();
  std::function<void(const std::string&)> on_retry;  // one line each; may be empty
};

struct RawManifest {
  std::string media_type;
  std::string raw;
  base::Digest digest;
};

struct PushBlob {
  oci::Descriptor descriptor;
  std::function<std::unique_ptr<base::ByteSource>()> open;  // the bytes; called once per attempt
  std::string mount_from;  // repository on the same host that may have it already, "" for none
};

enum class BlobPush { kExisted, kMounted, kUploaded };

// A blob on its way up before its digest is known. Bytes go out while they are made; nothing is kept here, so
// an upload that breaks cannot be repeated: commit() says so, and the caller pushes the finished blob with
// push_blob().
class BlobUpload : public base::ByteSink {
 public:
  // Never throws for a broken upload: the bytes are dropped. Throws Error{kCancelled}. Blocks while the
  // network is slower.
  void write(base::ByteSpan data) override = 0;
  // Completes the blob as `digest`; false when it is not in the registry. Call once, instead of finish().
  virtual bool commit(const base::Digest& digest) = 0;
};

class Client {
 public:
  static std::shared_ptr<Client> create(const std::shared_ptr<net::HttpClient>& http,
                                        const std::shared_ptr<CredentialStore>& credentials,
                                        ClientOptions options);
  virtual ~Client() = default;

  // By tag or digest; nullopt for 404. HEAD-like cheap digest look-up is `resolve`.
  virtual std::optional<RawManifest> fetch_manifest(const oci::Reference& reference,
                                                    const std::stop_token& stop) = 0;
  virtual std::optional<oci::Descriptor> resolve(const oci::Reference& reference,
                                                 const std::stop_token& stop) = 0;
  // The blob's bytes, verified against digest and size while read: the last read() throws Error{kCorrupt} on
  // a lie. A dropped connection is resumed with a Range request.
  virtual std::unique_ptr<base::ByteSource> open_blob(const oci::Reference& repository,
                                                      const oci::Descriptor& descriptor,
                                                      const std::stop_token& stop) = 0;
  virtual bool has_blob(const oci::Reference& repository, const base::Digest& digest,
                        const std::stop_token& stop) = 0;
  // All tags of a repository, in the registry's order; none when there is no such repository.
  virtual std::vector<std::string> list_tags(const oci::Reference& repository,
                                             const std::stop_token& stop) = 0;
  // Whether a push may begin, asked without leaving anything behind: throws as push_blob() would.
  virtual void check_push(const oci::Reference& repository, const std::stop_token& stop) = 0;
  // What has the manifest `subject` as its subject: only those of `artifact_type` unless that is "". None is
  // no error; registries without the referrers API are asked for the tag that stands in for it.
  virtual std::vector<oci::Descriptor> list_referrers(const oci::Reference& repository,
                                                      const base::Digest& subject,
                                                      const std::string& artifact_type,
                                                      const std::stop_token& stop);
  virtual BlobPush push_blob(const oci::Reference& repository, const PushBlob& blob,
                             const std::stop_token& stop) = 0;
  // Starts a blob whose digest is not known yet; nullptr when this client or registry cannot, or when as many
  // are under way as may be: it never waits for the end of another one. Destroying it
  // without commit() abandons the upload. `stop` holds for the whole upload.
  virtual std::unique_ptr<BlobUpload> begin_upload(const oci::Reference& repository,
                                                   const std::stop_token& stop);
  // reference.tag or .digest says where. One with a subject is listed among its referrers afterwards.
  virtual void push_manifest(const oci::Reference& reference, const std::string& media_type,
                             const std::string& raw, const std::stop_token& stop) = 0;
};

}  // namespace cooper::registry
