#include "cache/s3_store.h"

#include <atomic>
#include <fmt/format.h>

#include "base/error.h"
#include "base/guarded.h"
#include "cache/object_transport.h"
#include "cache/part_upload.h"
#include "cache/s3_service.h"
#include "cache/store_attributes.h"
#include "cloud/aws_endpoint.h"
#include "cloud/refusal.h"
#include "cloud/xml.h"

namespace cooper::cache {

namespace {

constexpr std::uint64_t kMostParts = 10'000;
constexpr std::uint64_t kLargestSinglePut = 16 << 20;
constexpr int kMostConflicts = 5;
constexpr std::chrono::minutes kCompletionPatience{5};  // a store may copy all parts before it answers
constexpr std::chrono::seconds kAbortPatience{5};       // a build that was stopped should end soon
constexpr int kMostParallel = 64;

enum class Write { kStored, kExisted, kConflict, kNoConditions };

// CompleteMultipartUpload sends 200 to keep the connection open and may report a failure in the body.
void mend_completion(net::Response& response) {
  if (response.status != 200) return;
  std::string code = cloud::read_refusal(response).code;
  if (code == "InternalError" || code == "SlowDown" || code == "ServiceUnavailable") response.status = 503;
  if (code == "PreconditionFailed") response.status = 412;
  if (response.status == 200 && !code.empty()) response.status = 400;
}

class S3Store final : public ObjectStore {
 public:
  S3Store(const cloud::CloudContext& context, const cloud::AwsOptions& options, const S3Place& place)
      : transport_(context, std::make_unique<S3Service>(context, options, place)), place_(place) {}

  std::string name() const override { return transport_.name(); }

  std::optional<std::string> get(const std::string& object, std::size_t limit,
                                 const std::stop_token& stop) override {
    ObjectCall get = call("get", object);
    get.answer_limit = limit;
    net::Response response = transport_.send(get, stop);
    if (is_missing(response)) return std::nullopt;
    if (response.status != 200) transport_.refuse(get, response);
    return std::move(response.body);
  }

  std::unique_ptr<base::ByteSource> open(const std::string& object, const std::stop_token& stop) override {
    return transport_.open(call("read", object), stop);
  }

  bool exists(const std::string& object, const std::stop_token& stop) override {
    ObjectCall head = call("look up", object, "HEAD");
    net::Response response = transport_.send(head, stop);
    if (response.status == 404) return false;
    if (response.status != 200) transport_.refuse(head, response);
    return true;
  }

  void put(const std::string& object, const Body& body, const std::stop_token& stop) override {
    write(object, body, false, stop);
  }

  bool put_new(const std::string& object, const Body& body, const std::stop_token& stop) override {
    for (int conflicts = 0; conflicts < kMostConflicts; ++conflicts) {
      // Saves sending a large body for nothing, and is all there is without conditions.
      bool look = has_no_conditions_ || body.size > kLargestSinglePut || conflicts > 0;
      if (look && exists(object, stop)) return false;
      Write outcome = write(object, body, !has_no_conditions_, stop);
      if (outcome == Write::kNoConditions) has_no_conditions_ = true;
      if (outcome == Write::kStored || outcome == Write::kExisted) return outcome == Write::kStored;
    }
    throw transport_.error(call("put", object), "has other writers of the same object all the time");
  }

  std::vector<std::string> list(const std::string& prefix, const std::stop_token& stop) override;

 private:
  ObjectCall call(const std::string& verb, const std::string& object, std::string method = "GET") const {
    ObjectCall call;
    call.what = fmt::format("{} '{}'", verb, object);
    call.method = std::move(method);
    call.path = "/" + encode_object_path(place_.prefix + object);
    return call;
  }
  static bool is_missing(const net::Response& response) {
    return response.status == 404 && cloud::read_refusal(response).code != "NoSuchBucket";
  }

  Write write(const std::string& object, const Body& body, bool is_conditional, const std::stop_token& stop) {
    return body.size > kLargestSinglePut ? put_in_parts(object, body, is_conditional, stop)
                                         : put_whole(object, body, is_conditional, stop);
  }
  Write put_whole(const std::string& object, const Body& body, bool is_conditional,
                  const std::stop_token& stop);
  Write put_in_parts(const std::string& object, const Body& body, bool is_conditional,
                     const std::stop_token& stop);
  Write judge(const ObjectCall& call, const net::Response& response) const;

  std::string begin_parts(const std::string& object, const std::stop_token& stop);
  std::string send_parts(const std::string& object, const std::string& upload, const Body& body,
                         const std::stop_token& stop);
  void abort_parts(const std::string& object, const std::string& upload) noexcept;

  ObjectTransport transport_;
  const S3Place place_;
  std::atomic<bool> has_no_conditions_ = false;
};

// What the answer to a write says. Throws for a refusal.
Write S3Store::judge(const ObjectCall& call, const net::Response& response) const {
  if (response.status == 200) return Write::kStored;
  const bool is_conditional = !call.headers.empty();
  if (is_conditional && response.status == 412) return Write::kExisted;
  // Another write of the same object was on its way.
  if (is_conditional && response.status == 409) return Write::kConflict;
  if (is_conditional && response.status == 501) return Write::kNoConditions;
  transport_.refuse(call, response);
}

Write S3Store::put_whole(const std::string& object, const Body& body, bool is_conditional,
                         const std::stop_token& stop) {
  ObjectCall put = call("put", object, "PUT");
  if (is_conditional) put.headers.emplace_back("If-None-Match", "*");
  put.stream = body;
  return judge(put, transport_.send(put, stop));
}

Write S3Store::put_in_parts(const std::string& object, const Body& body, bool is_conditional,
                            const std::stop_token& stop) {
  const std::string upload = begin_parts(object, stop);
  try {
    ObjectCall complete = call("put", object, "POST");
    complete.body = send_parts(object, upload, body, stop);
    complete.query = {{"uploadId", upload}};
    if (is_conditional) complete.headers.emplace_back("If-None-Match", "*");
    complete.mend = mend_completion;
    complete.patience = kCompletionPatience;
    net::Response response = transport_.send(complete, stop);
    // The answer to an earlier attempt was lost, but not its effect.
    bool is_done = cloud::read_refusal(response).code == "NoSuchUpload" && exists(object, stop);
    Write outcome = is_done ? Write::kStored : judge(complete, response);
    if (outcome != Write::kStored) abort_parts(object, upload);
    return outcome;
  } catch (...) {
    abort_parts(object, upload);
    throw;
  }
}

std::string S3Store::begin_parts(const std::string& object, const std::stop_token& stop) {
  ObjectCall begin = call("put", object, "POST");
  begin.query = {{"uploads", ""}};
  net::Response response = transport_.send(begin, stop);
  if (response.status != 200) transport_.refuse(begin, response);
  std::optional<cloud::XmlElement> answer = cloud::parse_xml(response.body);
  std::string upload = answer ? answer->text_at({"UploadId"}) : std::string();
  if (upload.empty()) throw transport_.error(begin, "began an upload without naming it");
  return upload;
}

// Returns the list of parts that completes the upload.
std::string S3Store::send_parts(const std::string& object, const std::string& upload, const Body& body,
                                const std::stop_token& stop) {
  const std::uint64_t part_size = part_size_for(body.size, kMostParts);
  base::Guarded<std::map<std::size_t, std::string>> tags;
  auto send = [&](std::size_t number, base::ByteSpan part, const std::stop_token& ending) {
    ObjectCall put = call("put", object, "PUT");
    put.query = {{"partNumber", std::to_string(number + 1)}, {"uploadId", upload}};
    put.stream = memory_body(part);
    net::Response response = transport_.send(put, ending);
    if (response.status != 200) transport_.refuse(put, response);
    const std::string* tag = response.header("etag");
    if (tag == nullptr) throw transport_.error(put, "took a part without giving its tag");
    tags.with([&](auto& all) { all[number + 1] = *tag; });
  };
  upload_parts(body, part_size, place_.upload_parallelism, send, stop);
  std::string list;
  tags.with([&](const auto& all) {
    for (const auto& [number, tag] : all) {
      list += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", number,
                          cloud::escape_xml(tag));
    }
  });
  return fmt::format(
      "<CompleteMultipartUpload "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</CompleteMultipartUpload>",
      list);
}

// Also when the build was stopped, so without its stop token; what cannot be aborted is left to the bucket's
// rules.
void S3Store::abort_parts(const std::string& object, const std::string& upload) noexcept {
  try {
    ObjectCall abort = call("abort the upload of", object, "DELETE");
    abort.query = {{"uploadId", upload}};
    abort.patience = kAbortPatience;
    transport_.send_once(abort, {});
  } catch (const std::exception&) {
    return;
  }
}

std::vector<std::string> S3Store::list(const std::string& prefix, const std::stop_token& stop) {
  std::vector<std::string> names;
  ObjectCall page;
  page.what = fmt::format("list '{}'", prefix);
  page.path = "/";
  std::string next;
  do {
    page.query = {{"list-type", "2"}, {"prefix", place_.prefix + prefix}};
    if (!next.empty()) page.query.emplace_back("continuation-token", next);
    net::Response response = transport_.send(page, stop);
    if (response.status != 200) transport_.refuse(page, response);
    std::optional<cloud::XmlElement> answer = cloud::parse_xml(response.body);
    if (!answer || answer->name != "ListBucketResult")
      throw transport_.error(page, "sent no list of objects");
    for (const cloud::XmlElement& entry : answer->children) {
      std::string key = entry.name == "Contents" ? entry.text_at({"Key"}) : std::string();
      if (key.rfind(place_.prefix, 0) == 0 && !key.empty()) names.push_back(key.substr(place_.prefix.size()));
    }
    next = answer->text_at({"NextContinuationToken"});
  } while (!next.empty());
  return names;
}

}  // namespace

std::unique_ptr<ObjectStore> make_s3_store(const std::map<std::string, std::string>& attributes,
                                           const cloud::CloudContext& context) {
  static const std::vector<std::string> kKnown = {"region",
                                                  "bucket",
                                                  "prefix",
                                                  "endpoint_url",
                                                  "use_path_style",
                                                  "access_key_id",
                                                  "secret_access_key",
                                                  "session_token",
                                                  "upload_parallelism"};
  static const std::map<std::string, std::string> kForeign = {
      {"name", "use scope=NAME to keep caches apart"},
      {"blobs_prefix", "use prefix, which holds for all objects"},
      {"manifests_prefix", "use prefix, which holds for all objects"},
      {"touch_refresh", "leave it out: records carry their own time"}};
  StoreAttributes given("s3", attributes, kKnown, kForeign);
  S3Place place;
  place.bucket = given.required("bucket", "bucket=NAME");
  place.prefix = given.prefix();
  place.endpoint_url = given.url("endpoint_url");
  if (place.endpoint_url.empty()) place.endpoint_url = cloud::aws_endpoint_override(context, "S3");
  place.use_path_style = given.flag("use_path_style");
  place.upload_parallelism = given.number("upload_parallelism", place.upload_parallelism, kMostParallel);
  cloud::AwsOptions options;
  options.access_key_id = given.text("access_key_id");
  options.secret_access_key = given.text("secret_access_key");
  options.session_token = given.text("session_token");
  options.region = given.text("region");
  return std::make_unique<S3Store>(context, options, place);
}

}  // namespace cooper::cache
