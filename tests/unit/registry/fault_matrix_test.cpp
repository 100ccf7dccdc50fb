// Every request of a pull and of a push, each met by every fault, once and for ever: what comes of it is the
// right image or an error that says what happened, and never a credential in the wrong place.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/thread_pool.h"
#include "fixtures.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "support/fake_registry.h"

namespace cooper::registry {

namespace {

using testing::FakeRegistry;
using testing::FakeReply;
using testing::FakeRequest;
using testing::FakeServer;
using testing::FakeTokenServer;

const oci::Platform kAmd64{"linux", "amd64", "", "", {}};
constexpr std::size_t kBodyLimit = 600 << 10;  // of the registry: larger blobs go up in chunks

struct Target {
  const char* name;
  bool is_push;
  bool is_token;
  const char* method;
  const char* part;   // of the target
  const char* query;  // a parameter that it has, or with '!' has not; "" for any
};

constexpr Target kTargets[] = {
    {"PullToken", false, true, "GET", "/token", ""},
    {"HeadManifest", false, false, "HEAD", "/manifests/1", ""},
    {"GetIndex", false, false, "GET", "/manifests/1", ""},
    {"GetManifest", false, false, "GET", "/manifests/sha256:", ""},
    {"GetConfig", false, false, "GET", "/blobs/{config}", ""},
    {"GetLayer", false, false, "GET", "/blobs/{layer}", ""},
    {"PushToken", true, true, "GET", "/token", ""},
    {"HeadBlob", true, false, "HEAD", "/blobs/sha256:", ""},
    {"PostUpload", true, false, "POST", "/blobs/uploads/", "!mount"},
    {"PostMount", true, false, "POST", "/blobs/uploads/", "mount"},
    {"PutBlob", true, false, "PUT", "/blobs/uploads/", "digest"},
    {"PatchBlob", true, false, "PATCH", "/blobs/uploads/", ""},
    {"PutManifest", true, false, "PUT", "/manifests/sha256:", ""},
    {"PutTag", true, false, "PUT", "/manifests/1", ""},
};

struct Fault {
  const char* name;
  // A status that is answered instead; 0 for what is below.
  int status;
  enum class Kind { kStatus, kReset, kStall, kTruncate, kCorrupt, kRedirect, kHijack } kind;
  bool passes;  // meeting it once must not show in the result
};

constexpr Fault kFaults[] = {
    {"Reset", 0, Fault::Kind::kReset, true},         {"Stall", 0, Fault::Kind::kStall, true},
    {"Status401", 401, Fault::Kind::kStatus, false}, {"Status403", 403, Fault::Kind::kStatus, false},
    {"Status404", 404, Fault::Kind::kStatus, false}, {"Status408", 408, Fault::Kind::kStatus, true},
    {"Status413", 413, Fault::Kind::kStatus, false}, {"Status416", 416, Fault::Kind::kStatus, false},
    {"Status429", 429, Fault::Kind::kStatus, true},  {"Status500", 500, Fault::Kind::kStatus, true},
    {"Status502", 502, Fault::Kind::kStatus, true},  {"Status503", 503, Fault::Kind::kStatus, true},
    {"Truncated", 0, Fault::Kind::kTruncate, true},  {"Corrupt", 0, Fault::Kind::kCorrupt, false},
    {"Redirect", 0, Fault::Kind::kRedirect, false},  {"Hijack", 0, Fault::Kind::kHijack, false},
};

void PrintTo(const Target& target, std::ostream* out) {
  *out << target.name;
}
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.name;
}

bool matches(const Target& target, const std::string& part, const FakeRequest& request) {
  if (request.method != target.method || request.target.find(part) == std::string::npos) return false;
  const std::string query = target.query;
  if (query.empty()) return true;
  return query[0] == '!' ? request.query.count(query.substr(1)) == 0 : request.query.count(query) > 0;
}

// An image of two platforms: what is pulled, and what is pushed.
struct Content {
  TestImage image = make_image(kAmd64, {noise(700'000), "small", "shared"});
  TestImage other = make_image({"linux", "arm64", "", "", {}}, {"for arm64"});
  oci::Index index;

  Content() {
    index.media_type = oci::kMediaTypeIndex;
    index.manifests = {image.manifest.descriptor(), other.manifest.descriptor()};
    index.manifests[0].platform = kAmd64;
    index.manifests[1].platform = oci::Platform{"linux", "arm64", "", "", {}};
    index.serialize();
  }

  void add_to(FakeRegistry& registry) const {
    for (const std::string& layer : image.layer_texts) registry.add_blob("app", layer);
    registry.add_blob("app", image.config_text);
    registry.add_manifest("app", "", image.manifest.media_type, image.manifest.raw);
    registry.add_manifest("app", "1", index.media_type, index.raw);
  }

  std::string resolve(std::string part) const {
    for (const auto& [name, digest] :
         {std::pair<std::string, base::Digest>{"{config}", image.manifest.config.digest},
          {"{layer}", image.manifest.layers[0].digest}}) {
      if (std::size_t at = part.find(name); at != std::string::npos)
        part.replace(at, name.size(), digest.str());
    }
    return part;
  }

  PushPlan plan(const oci::Reference& target) const {
    PushPlan plan;
    plan.target = target;
    for (const std::string& layer : image.layer_texts) plan.blobs.push_back(blob_of(layer));
    plan.blobs.back().mount_from = "base";
    plan.blobs.push_back(blob_of(image.config_text));
    plan.manifests = {{image.manifest.media_type, image.manifest.raw}, {index.media_type, index.raw}};
    plan.tags = {"1"};
    return plan;
  }
};

// A registry with tokens, a proxy's body limit and a fault; and two other hosts that it may send us to.
class World {
 public:
  World(const Target& target, const Fault& fault, int times) : target_(target), fault_(fault), left_(times) {
    fake_.require_token(tokens_.realm());
    tokens_.require_basic("ci", "secret");
    content_.add_to(mirror_);
    if (target.is_push) {
      fake_.add_blob("base", "shared");
    } else {
      content_.add_to(fake_);
    }
    fake_.server().early([](const FakeRequest& request) -> std::optional<FakeReply> {
      const std::string length = request.header("content-length");
      if (!length.empty() && std::stoull(length) > kBodyLimit) return testing::refusal(413, "SIZE", "large");
      return std::nullopt;
    });
    // As registries do, whose word for a blob was only a redirect.
    fake_.server().before([this](const FakeRequest& request) -> std::optional<FakeReply> {
      if (request.method != "PUT" || request.path.find("/manifests/sha256:") == std::string::npos)
        return std::nullopt;
      for (const PushBlob& blob : content_.plan({}).blobs) {
        if (!fake_.has_blob("app", blob.descriptor.digest))
          return testing::refusal(404, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
      }
      return std::nullopt;
    });
    FakeServer& server = target.is_token ? tokens_.server() : fake_.server();
    server.before([this](const FakeRequest& request) { return instead(request); });
    server.after([this](const FakeRequest& request, FakeReply& reply) { damage(request, reply); });
  }

  void pull() {
    const oci::Reference name = reference(fake_.host(), "app:1");
    auto found = client_->resolve(name, {});
    EXPECT_TRUE(!found || found->digest == base::sha256(content_.index.raw));
    PulledImage pulled = pull_image(*client_, name, kAmd64, {});
    EXPECT_EQ(pulled.manifest.raw, content_.image.manifest.raw);
    ASSERT_EQ(pulled.manifest.layers.size(), content_.image.layer_texts.size());
    for (std::size_t i = 0; i < pulled.manifest.layers.size(); ++i) {
      auto blob = client_->open_blob(pulled.reference, pulled.manifest.layers[i], {});
      EXPECT_TRUE(read(*blob) == content_.image.layer_texts[i]) << "layer " << i;
    }
  }

  void push() {
    base::ThreadPool pool(2);
    push_image(*client_, content_.plan(reference(fake_.host(), "app")), {}, pool, {});
    EXPECT_EQ(fake_.manifest("app", "1"), content_.index.raw);
  }

  // A tag that is there names what is there.
  void expect_no_wrong_image() {
    if (!target_.is_push || fake_.manifest("app", "1").empty()) return;
    EXPECT_EQ(fake_.manifest("app", "1"), content_.index.raw);
    EXPECT_EQ(fake_.manifest("app", base::sha256(content_.image.manifest.raw).str()),
              content_.image.manifest.raw);
    for (const PushBlob& blob : content_.plan({}).blobs) {
      EXPECT_TRUE(fake_.has_blob("app", blob.descriptor.digest)) << blob.descriptor.digest.str();
    }
  }

  void expect_no_leak() {
    for (const FakeServer* other : {&mirror_.server(), static_cast<FakeServer*>(&stranger_)}) {
      for (const FakeRequest& request : other->requests()) EXPECT_FALSE(request.has_header("authorization"));
    }
    for (const FakeRequest& request : fake_.server().requests()) {
      EXPECT_EQ(request.header("authorization").find("Basic"), std::string::npos);
    }
  }

  void expect_clear(const base::Error& error) {
    EXPECT_TRUE(error.kind() == base::ErrorKind::kRegistry || error.kind() == base::ErrorKind::kAuth ||
                error.kind() == base::ErrorKind::kCorrupt)
        << error.render();
    EXPECT_NE(error.summary().find(fake_.host()), std::string::npos) << error.summary();
    EXPECT_NE(error.summary().find("app"), std::string::npos) << error.summary();
    EXPECT_EQ(error.render().find("secret"), std::string::npos) << error.render();
    EXPECT_EQ(error.render().find("token-"), std::string::npos) << error.render();
  }

  bool was_met() const { return met_; }

 private:
  static ClientOptions options() {
    ClientOptions options = quick_options();
    options.retry.attempts = 3;
    options.stall_timeout = options.commit_timeout = std::chrono::milliseconds(200);
    return options;
  }

  bool takes(const FakeRequest& request) {
    if (!matches(target_, part_, request) || left_.fetch_sub(1) <= 0) return false;
    met_ = true;
    return true;
  }

  std::optional<FakeReply> instead(const FakeRequest& request) {
    const bool later = fault_.kind == Fault::Kind::kTruncate || fault_.kind == Fault::Kind::kCorrupt;
    if (later || !takes(request)) return std::nullopt;
    FakeReply reply;
    reply.status = 0;
    switch (fault_.kind) {
      case Fault::Kind::kReset:
        return reply.end(FakeReply::Ending::kReset, 0);
      case Fault::Kind::kStall:
        return reply.end(FakeReply::Ending::kStall, 0);
      case Fault::Kind::kRedirect:
      case Fault::Kind::kHijack: {
        reply.status = 307;
        FakeServer& where = fault_.kind == Fault::Kind::kRedirect ? mirror_.server() : stranger_;
        return reply.with("Location", where.url(request.target));
      }
      default:
        break;
    }
    reply = testing::refusal(fault_.status, "FAULT", "as the test wants it");
    if (fault_.status == 401) {
      reply.with("WWW-Authenticate", "Bearer realm=\"" + tokens_.realm() + "\",service=\"fake\"");
    }
    if (fault_.status == 429) reply.with("Retry-After", "0");
    return reply;
  }

  void damage(const FakeRequest& request, FakeReply& reply) {
    const bool wanted = fault_.kind == Fault::Kind::kTruncate || fault_.kind == Fault::Kind::kCorrupt;
    if (!wanted || reply.status == 401 || !takes(request)) return;
    if (fault_.kind == Fault::Kind::kTruncate) {
      reply.end(FakeReply::Ending::kClose, reply.body.size() / 2);
    } else if (!reply.body.empty()) {
      reply.body[reply.body.size() / 2] ^= 1;
    }
  }

  const Target& target_;
  const Fault& fault_;
  std::atomic<int> left_;
  std::atomic<bool> met_{false};
  Content content_;
  const std::string part_ = content_.resolve(target_.part);
  FakeRegistry mirror_;
  FakeServer stranger_{[](const FakeRequest&) {
    FakeReply reply;
    reply.body = "<html>welcome</html>";
    return reply;
  }};
  // These two use the above.
  FakeTokenServer tokens_;
  FakeRegistry fake_;
  std::shared_ptr<Client> client_ = Client::create(http_client(), user("ci", "secret"), options());
};

class RegistryFaults : public ::testing::TestWithParam<std::tuple<Target, Fault>> {
 protected:
  void meet(int times) {
    const auto& [target, fault] = GetParam();
    World world(target, fault, times);
    try {
      if (target.is_push) {
        world.push();
      } else {
        world.pull();
      }
    } catch (const base::Error& error) {
      world.expect_clear(error);
      EXPECT_FALSE(times == 1 && fault.passes) << error.render();
    }
    EXPECT_TRUE(world.was_met());
    world.expect_no_wrong_image();
    world.expect_no_leak();
  }
};

TEST_P(RegistryFaults, Once) {
  meet(1);
}

TEST_P(RegistryFaults, ForEver) {
  meet(1'000'000);
}

INSTANTIATE_TEST_SUITE_P(Matrix, RegistryFaults,
                         ::testing::Combine(::testing::ValuesIn(kTargets), ::testing::ValuesIn(kFaults)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param).name) + std::get<1>(test.param).name;
                         });

}  // namespace

}  // namespace cooper::registry
