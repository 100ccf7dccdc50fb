#include "cache/azure_store.h"

#include <fmt/format.h>
#include <random>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "cache/azure_service.h"
#include "cache/object_transport.h"
#include "cache/part_upload.h"
#include "cache/store_attributes.h"
#include "cloud/access_token.h"
#include "cloud/refusal.h"
#include "cloud/xml.h"
#include "net/url.h"

namespace cooper::cache {

namespace {

constexpr std::uint64_t kMostBlocks = 50'000;
constexpr std::uint64_t kLargestSinglePut = 16 << 20;
constexpr int kParallelism = 4;
constexpr int kMostConflicts = 5;

enum class Write { kStored, kExisted, kConflict };

std::string code_of(const net::Response& response) {
  return cloud::read_refusal(response).code;
}

// Ids of one upload, all of one length. They differ from those of other uploads of the same blob, so that
// nobody commits somebody else's block.
class BlockIds {
 public:
  BlockIds() {
    std::random_device random;
    upload_ = fmt::format("{:08x}{:08x}", random(), random());
  }
  std::string id(std::size_t number) const {
    return base::base64_encode(fmt::format("{}-{:06}", upload_, number));
  }

 private:
  std::string upload_;
};

class AzureStore final : public ObjectStore {
 public:
  AzureStore(const cloud::CloudContext& context, const AzurePlace& place)
      : transport_(context, std::make_unique<AzureService>(context, place)), prefix_(place.prefix) {}

  std::string name() const override { return transport_.name(); }

  std::optional<std::string> get(const std::string& object, std::size_t limit,
                                 const std::stop_token& stop) override {
    ObjectCall get = call("get", object);
    get.answer_limit = limit;
    net::Response response = transport_.send(get, stop);
    if (response.status == 404) return std::nullopt;
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
    for (int conflicts = 0; conflicts < kMostConflicts; ++conflicts) {
      if (write(object, body, false, stop) == Write::kStored) return;
    }
    throw contested(object);
  }

  bool put_new(const std::string& object, const Body& body, const std::stop_token& stop) override {
    for (int conflicts = 0; conflicts < kMostConflicts; ++conflicts) {
      bool look = body.size > kLargestSinglePut || conflicts > 0;
      if (look && exists(object, stop)) return false;
      Write outcome = write(object, body, true, stop);
      if (outcome != Write::kConflict) return outcome == Write::kStored;
    }
    throw contested(object);
  }

  std::vector<std::string> list(const std::string& prefix, const std::stop_token& stop) override;

 private:
  ObjectCall call(const std::string& verb, const std::string& object, std::string method = "GET") const {
    ObjectCall call;
    call.what = fmt::format("{} '{}'", verb, object);
    call.method = std::move(method);
    call.path = "/" + encode_object_path(prefix_ + object);
    return call;
  }
  base::Error contested(const std::string& object) const {
    return transport_.error(call("put", object), "has other writers of the same object all the time");
  }

  Write write(const std::string& object, const Body& body, bool is_conditional, const std::stop_token& stop) {
    return body.size > kLargestSinglePut ? put_in_blocks(object, body, is_conditional, stop)
                                         : put_whole(object, body, is_conditional, stop);
  }
  Write put_whole(const std::string& object, const Body& body, bool is_conditional,
                  const std::stop_token& stop);
  Write put_in_blocks(const std::string& object, const Body& body, bool is_conditional,
                      const std::stop_token& stop);
  Write judge(const ObjectCall& call, const net::Response& response, bool is_conditional) const;
  // As transport_.send(), creating the container when it is missing.
  net::Response send_write(const ObjectCall& call, const std::stop_token& stop);

  ObjectTransport transport_;
  const std::string prefix_;
};

net::Response AzureStore::send_write(const ObjectCall& call, const std::stop_token& stop) {
  net::Response response = transport_.send(call, stop);
  if (response.status != 404 || code_of(response) != "ContainerNotFound") return response;
  ObjectCall create;
  create.what = "create the container";
  create.method = "PUT";
  create.query = {{"restype", "container"}};
  net::Response created = transport_.send(create, stop);
  // 409: another writer was faster.
  if (created.status != 201 && created.status != 409) transport_.refuse(create, created);
  return transport_.send(call, stop);
}

// What the answer to a write says. Throws for a refusal.
Write AzureStore::judge(const ObjectCall& call, const net::Response& response, bool is_conditional) const {
  if (response.status == 201) return Write::kStored;
  const std::string code = code_of(response);
  if (is_conditional && (response.status == 412 || code == "BlobAlreadyExists")) return Write::kExisted;
  // Whoever commits a blob drops the blocks that others had sent for it.
  if (code == "InvalidBlockList" || code == "InvalidBlobOrBlock") return Write::kConflict;
  transport_.refuse(call, response);
}

Write AzureStore::put_whole(const std::string& object, const Body& body, bool is_conditional,
                            const std::stop_token& stop) {
  ObjectCall put = call("put", object, "PUT");
  put.headers = {{"x-ms-blob-type", "BlockBlob"}, {"Content-Type", "application/octet-stream"}};
  if (is_conditional) put.headers.emplace_back("If-None-Match", "*");
  put.stream = body;
  return judge(put, send_write(put, stop), is_conditional);
}

Write AzureStore::put_in_blocks(const std::string& object, const Body& body, bool is_conditional,
                                const std::stop_token& stop) {
  const std::uint64_t part_size = part_size_for(body.size, kMostBlocks);
  const BlockIds ids;
  auto send = [&](std::size_t number, base::ByteSpan part, const std::stop_token& ending) {
    ObjectCall put = call("put", object, "PUT");
    put.query = {{"comp", "block"}, {"blockid", ids.id(number)}};
    put.stream = memory_body(part);
    net::Response response = send_write(put, ending);
    if (response.status != 201) transport_.refuse(put, response);
  };
  upload_parts(body, part_size, kParallelism, send, stop);

  ObjectCall commit = call("put", object, "PUT");
  commit.query = {{"comp", "blocklist"}};
  commit.headers = {{"Content-Type", "application/xml"},
                    {"x-ms-blob-content-type", "application/octet-stream"}};
  if (is_conditional) commit.headers.emplace_back("If-None-Match", "*");
  commit.body = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList>";
  for (std::uint64_t i = 0; i < (body.size + part_size - 1) / part_size; ++i)
    commit.body += fmt::format("<Uncommitted>{}</Uncommitted>", ids.id(i));
  commit.body += "</BlockList>";
  return judge(commit, transport_.send(commit, stop), is_conditional);
}

std::vector<std::string> AzureStore::list(const std::string& prefix, const std::stop_token& stop) {
  std::vector<std::string> names;
  ObjectCall page;
  page.what = fmt::format("list '{}'", prefix);
  std::string next;
  do {
    page.query = {{"restype", "container"}, {"comp", "list"}, {"prefix", prefix_ + prefix}};
    if (!next.empty()) page.query.emplace_back("marker", next);
    net::Response response = transport_.send(page, stop);
    if (response.status == 404 && code_of(response) == "ContainerNotFound") return {};
    if (response.status != 200) transport_.refuse(page, response);
    std::optional<cloud::XmlElement> answer = cloud::parse_xml(response.body);
    const cloud::XmlElement* blobs = answer ? answer->child("Blobs") : nullptr;
    if (blobs == nullptr) throw transport_.error(page, "sent no list of objects");
    for (const cloud::XmlElement& blob : blobs->children) {
      std::string name = blob.text_at({"Name"});
      if (!name.empty() && name.rfind(prefix_, 0) == 0) names.push_back(name.substr(prefix_.size()));
    }
    next = answer->text_at({"NextMarker"});
  } while (!next.empty());
  return names;
}

// "https://acct.blob.core.windows.net" → "acct"; of an address, as emulators have it, the path's first
// segment.
std::string account_in(const std::string& url) {
  const std::string host = net::origin_of(url).host;
  const bool is_address = host.front() == '[' || host == "localhost" ||
                          host.find_first_not_of("0123456789.") == std::string::npos;
  if (!is_address) return host.substr(0, host.find('.'));
  std::size_t path = url.find('/', url.find("://") + 3);
  return path == std::string::npos ? std::string() : url.substr(path + 1, url.find('/', path + 1) - path - 1);
}

base::Error usage(const std::string& message) {
  return {base::ErrorKind::kUsage, message};
}

}  // namespace

std::unique_ptr<ObjectStore> make_azure_store(const std::map<std::string, std::string>& attributes,
                                              const cloud::CloudContext& context) {
  static const std::map<std::string, std::string> kForeign = {
      {"name", "use scope=NAME to keep caches apart"},
      {"blobs_prefix", "use prefix, which holds for all objects"},
      {"manifests_prefix", "use prefix, which holds for all objects"}};
  StoreAttributes given("azblob", attributes,
                        {"account_url", "account_name", "container", "prefix", "secret_access_key"},
                        kForeign);
  given.required("account_url", "account_url=https://ACCOUNT.blob.core.windows.net");
  AzurePlace place;
  place.account_url = given.url("account_url");
  if (std::size_t mark = place.account_url.find('?'); mark != std::string::npos) {
    place.sas = place.account_url.substr(mark + 1);
    place.account_url.resize(mark);
  }
  while (place.account_url.back() == '/') place.account_url.pop_back();
  place.account = given.text("account_name", account_in(place.account_url));
  if (place.account.empty())
    throw usage("type=azblob needs the attribute 'account_name'").hint("add account_name=NAME");
  place.container = given.text("container", "buildkit-cache");
  place.prefix = given.prefix();
  place.account_key = given.text("secret_access_key");
  if (!place.account_key.empty() && !place.sas.empty())
    throw usage("type=azblob has both secret_access_key and a shared access signature")
        .hint("give one of them");
  if (!place.account_key.empty() && !base::base64_decode(place.account_key))
    throw usage("the attribute 'secret_access_key' of type=azblob is not base64");
  if (place.account_key.empty()) cloud::check_secret_goes_to(place.account_url, "a token of Azure");
  return std::make_unique<AzureStore>(context, place);
}

}  // namespace cooper::cache
