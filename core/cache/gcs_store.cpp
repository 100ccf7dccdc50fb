#include "cache/gcs_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cache/gcs_service.h"
#include "cache/gcs_upload.h"
#include "cache/object_transport.h"
#include "cache/store_attributes.h"
#include "cloud/access_token.h"
#include "cloud/refusal.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

using nlohmann::json;

constexpr std::uint64_t kLargestSinglePut = 16 << 20;
constexpr const char* kEndpoint = "https://storage.googleapis.com";

class GcsStore final : public ObjectStore {
 public:
  GcsStore(const cloud::CloudContext& context, const std::string& credentials_file, const GcsPlace& place)
      : transport_(context, std::make_unique<GcsService>(context, credentials_file, place)), place_(place) {}

  std::string name() const override { return transport_.name(); }

  std::optional<std::string> get(const std::string& object, std::size_t limit,
                                 const std::stop_token& stop) override {
    ObjectCall get = call("get", object);
    get.query = {{"alt", "media"}};
    get.answer_limit = limit;
    net::Response response = transport_.send(get, stop);
    if (is_missing(response)) return std::nullopt;
    if (response.status != 200) transport_.refuse(get, response);
    return std::move(response.body);
  }

  std::unique_ptr<base::ByteSource> open(const std::string& object, const std::stop_token& stop) override {
    ObjectCall get = call("read", object);
    get.query = {{"alt", "media"}};
    return transport_.open(get, stop);
  }

  bool exists(const std::string& object, const std::stop_token& stop) override {
    ObjectCall look = call("look up", object);
    look.query = {{"fields", "name"}};
    net::Response response = transport_.send(look, stop);
    if (is_missing(response)) return false;
    if (response.status != 200) transport_.refuse(look, response);
    return true;
  }

  void put(const std::string& object, const Body& body, const std::stop_token& stop) override {
    write(object, body, false, stop);
  }

  bool put_new(const std::string& object, const Body& body, const std::stop_token& stop) override {
    return write(object, body, true, stop);
  }

  std::vector<std::string> list(const std::string& prefix, const std::stop_token& stop) override;

 private:
  std::string objects_path() const {
    return fmt::format("/storage/v1/b/{}/o", net::percent_encode(place_.bucket));
  }
  ObjectCall call(const std::string& verb, const std::string& object) const {
    ObjectCall call;
    call.what = fmt::format("{} '{}'", verb, object);
    // The whole name is one segment of the path.
    call.path = objects_path() + "/" + net::percent_encode(place_.prefix + object);
    return call;
  }
  // A bucket that is missing has the same status and code as an object; only the message tells.
  static bool is_missing(const net::Response& response) {
    return response.status == 404 &&
           cloud::read_refusal(response).message.rfind("The specified bucket", 0) != 0;
  }

  ObjectCall upload_call(const std::string& object, const char* type, bool is_conditional) const;
  // Whether it was stored; false only for a conditional write.
  bool write(const std::string& object, const Body& body, bool is_conditional, const std::stop_token& stop);

  ObjectTransport transport_;
  const GcsPlace place_;
};

ObjectCall GcsStore::upload_call(const std::string& object, const char* type, bool is_conditional) const {
  ObjectCall upload = call("put", object);
  upload.method = "POST";
  upload.path = "/upload" + objects_path();
  upload.query = {{"uploadType", type}, {"name", place_.prefix + object}};
  // Generation 0 is that of an object that does not exist.
  if (is_conditional) upload.query.emplace_back("ifGenerationMatch", "0");
  return upload;
}

bool GcsStore::write(const std::string& object, const Body& body, bool is_conditional,
                     const std::stop_token& stop) {
  const bool is_large = body.size > kLargestSinglePut;
  ObjectCall upload = upload_call(object, is_large ? "resumable" : "media", is_conditional);
  upload.headers = {{is_large ? "X-Upload-Content-Type" : "Content-Type", "application/octet-stream"}};
  if (is_large) upload.headers.emplace_back("X-Upload-Content-Length", std::to_string(body.size));
  if (!is_large) upload.stream = body;
  net::Response response = transport_.send(upload, stop);
  if (is_large && response.status == 200) {
    const std::string* session = response.header("location");
    if (session == nullptr) throw transport_.error(upload, "began an upload without naming it");
    GcsUpload rest(transport_, upload, net::resolve_url(response.effective_url, *session));
    response = rest.send(body, stop);
  }
  if (is_conditional && response.status == 412) return false;
  if (response.status != 200 && response.status != 201) transport_.refuse(upload, response);
  return true;
}

std::vector<std::string> GcsStore::list(const std::string& prefix, const std::stop_token& stop) {
  std::vector<std::string> names;
  ObjectCall page;
  page.what = fmt::format("list '{}'", prefix);
  page.path = objects_path();
  std::string next;
  do {
    page.query = {{"prefix", place_.prefix + prefix}, {"fields", "items(name),nextPageToken"}};
    if (!next.empty()) page.query.emplace_back("pageToken", next);
    net::Response response = transport_.send(page, stop);
    if (response.status != 200) transport_.refuse(page, response);
    const json answer = json::parse(response.body, nullptr, false);
    if (!answer.is_object()) throw transport_.error(page, "sent no list of objects");
    try {
      for (const json& item : answer.value("items", json::array())) {
        const std::string name = item.at("name").get<std::string>();
        if (name.rfind(place_.prefix, 0) == 0) names.push_back(name.substr(place_.prefix.size()));
      }
      next = answer.value("nextPageToken", "");
    } catch (const json::exception&) {
      throw transport_.error(page, "sent a list of objects that makes no sense");
    }
  } while (!next.empty());
  return names;
}

}  // namespace

std::unique_ptr<ObjectStore> make_gcs_store(const std::map<std::string, std::string>& attributes,
                                            const cloud::CloudContext& context) {
  StoreAttributes given("gcs", attributes, {"bucket", "prefix", "endpoint_url", "credentials"}, {});
  GcsPlace place;
  place.bucket = given.required("bucket", "bucket=NAME");
  place.prefix = given.prefix();
  place.endpoint_url = given.url("endpoint_url");
  if (place.endpoint_url.empty()) place.endpoint_url = kEndpoint;
  cloud::check_secret_goes_to(place.endpoint_url, "a token of Google Cloud");
  return std::make_unique<GcsStore>(context, given.text("credentials"), place);
}

}  // namespace cooper::cache
