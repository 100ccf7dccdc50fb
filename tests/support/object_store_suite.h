// What every object store must do. A store's test defines a world and instantiates the suite with it:
//
//   struct S3World {
//     std::unique_ptr<cache::ObjectStore> open();              // a further handle on the same place, prefix
//     "ci/cache" std::unique_ptr<cache::ObjectStore> open_as_stranger();  // with credentials that the
//     service refuses static std::string secret();                             // what no error may contain:
//     of both handles testing::FakeServer& server(); testing::FakeObjects& objects(); bool has_leftovers();
//     // of uploads that did not end well
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(S3, ObjectStoreSuite, S3World);
#pragma once

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "cache/object_store.h"
#include "cloud/context.h"
#include "support/error_of.h"
#include "support/fake_objects.h"
#include "support/fake_server.h"

namespace cooper::test {

// A context that reaches loopback and gives up soon.
inline cloud::CloudContext quick_cloud() {
  cloud::CloudContext context;
  context.http = net::HttpClient::create({});
  context.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  context.retry = {4, std::chrono::milliseconds(2), std::chrono::milliseconds(10)};
  return context;
}

class TextSource final : public base::ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)), source_(std::string_view(text_)) {}
  std::size_t read(base::MutableByteSpan buffer) override { return source_.read(buffer); }

 private:
  const std::string text_;
  base::MemorySource source_;
};

inline cache::ObjectStore::Body body_of(const std::string& text) {
  return {text.size(), [text] { return std::make_unique<TextSource>(text); }};
}

// Breaks after the text, as a file on a disk that fails.
inline cache::ObjectStore::Body broken_body(const std::string& text, std::uint64_t size) {
  class Broken final : public base::ByteSource {
   public:
    explicit Broken(std::string text) : source_(std::move(text)) {}
    std::size_t read(base::MutableByteSpan buffer) override {
      std::size_t length = source_.read(buffer);
      if (length == 0) throw base::Error(base::ErrorKind::kIo, "the disk is gone");
      return length;
    }

   private:
    TextSource source_;
  };
  return {size, [text] { return std::make_unique<Broken>(text); }};
}

// Bytes of which no two parts are alike.
inline std::string noise(std::size_t size) {
  std::string text;
  text.reserve(size + 8);
  std::uint64_t state = 88172645463325252ULL;
  while (text.size() < size) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    text.append(reinterpret_cast<const char*>(&state), sizeof state);
  }
  text.resize(size);
  return text;
}

template <typename World>
class ObjectStoreSuite : public ::testing::Test {
 protected:
  static std::optional<std::string> get(cache::ObjectStore& store, const std::string& object) {
    return store.get(object, 1 << 20, {});
  }
  static std::string read(cache::ObjectStore& store, const std::string& object) {
    return base::read_all(*store.open(object, {}), 1 << 30, object);
  }
  // The next `times` requests of any kind are answered so.
  void fail_next(int times, testing::FakeReply reply) {
    auto left = std::make_shared<std::atomic<int>>(times);
    world_.server().before([left, reply](const testing::FakeRequest&) -> std::optional<testing::FakeReply> {
      if (left->fetch_sub(1) <= 0) return std::nullopt;
      return reply;
    });
  }
  // From now on bodies of downloads end after `bytes`.
  void cut_downloads(std::size_t bytes) {
    world_.server().after([bytes](const testing::FakeRequest& request, testing::FakeReply& reply) {
      if (request.method == "GET") reply.end(testing::FakeReply::Ending::kClose, bytes);
    });
  }
  static testing::FakeReply status(int code) {
    testing::FakeReply reply;
    reply.status = code;
    return reply;
  }

  World world_;
};

TYPED_TEST_SUITE_P(ObjectStoreSuite);

TYPED_TEST_P(ObjectStoreSuite, NamesItsPlace) {
  EXPECT_THAT(this->world_.open()->name(), ::testing::EndsWith("/ci/cache"));
}

TYPED_TEST_P(ObjectStoreSuite, MissesWhatWasNeverPut) {
  auto store = this->world_.open();
  EXPECT_EQ(this->get(*store, "records/a"), std::nullopt);
  EXPECT_FALSE(store->exists("records/a", {}));
  base::Error error = support::error_of([&] { store->open("records/a", {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_THAT(error.summary(), ::testing::HasSubstr("'records/a'"));
  EXPECT_THAT(error.summary(), ::testing::HasSubstr(store->name()));
  EXPECT_THAT(error.summary(), ::testing::HasSubstr("404"));
}

TYPED_TEST_P(ObjectStoreSuite, GivesBackWhatWasPut) {
  auto store = this->world_.open();
  for (const std::string& content : {std::string("content"), std::string(), std::string("\0\r\n\xff", 4)}) {
    store->put("records/a", body_of(content), {});
    EXPECT_EQ(this->get(*this->world_.open(), "records/a"), content);
    EXPECT_EQ(this->read(*store, "records/a"), content);
    EXPECT_TRUE(store->exists("records/a", {}));
    EXPECT_EQ(this->world_.objects().find("ci/cache/records/a"), content);
  }
}

TYPED_TEST_P(ObjectStoreSuite, PutsANewObjectOnce) {
  auto store = this->world_.open();
  EXPECT_TRUE(store->put_new("records/a", body_of("first"), {}));
  EXPECT_FALSE(store->put_new("records/a", body_of("second"), {}));
  EXPECT_EQ(this->get(*store, "records/a"), "first");
  store->put("records/a", body_of("third"), {});
  EXPECT_EQ(this->get(*store, "records/a"), "third");
}

TYPED_TEST_P(ObjectStoreSuite, ARaceHasOneWinner) {
  constexpr int kThreads = 6;
  auto store = this->world_.open();
  std::latch all(kThreads);
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        all.arrive_and_wait();
        winners += store->put_new("records/a", body_of(std::to_string(i)), {}) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(winners, 1);
}

TYPED_TEST_P(ObjectStoreSuite, ListsPageByPage) {
  auto store = this->world_.open();
  std::vector<std::string> names;
  for (char c = 'a'; c <= 'h'; ++c) names.push_back(std::string("records/") + c);
  for (const std::string& name : names) store->put(name, body_of("x"), {});
  store->put("other/a", body_of("x"), {});
  this->world_.objects().store("ci/cachet/records/a", "of somebody else", false);
  EXPECT_EQ(store->list("records/", {}), names);
  EXPECT_EQ(store->list("", {}).size(), names.size() + 1);
  EXPECT_TRUE(store->list("nothing/", {}).empty());
}

TYPED_TEST_P(ObjectStoreSuite, EscapesNames) {
  auto store = this->world_.open();
  const std::string name = "records/\xc3\xa4 b+c%2F&=?#~'()!*:@;,$[]\"<>|^`";
  store->put(name, body_of("content"), {});
  EXPECT_EQ(this->get(*store, name), "content");
  EXPECT_EQ(this->read(*store, name), "content");
  EXPECT_TRUE(store->exists(name, {}));
  EXPECT_FALSE(store->put_new(name, body_of("other"), {}));
  EXPECT_EQ(store->list("records/\xc3\xa4 ", {}), std::vector<std::string>{name});
  EXPECT_EQ(this->world_.objects().find("ci/cache/" + name), "content");
}

TYPED_TEST_P(ObjectStoreSuite, CarriesLargeBodies) {
  auto store = this->world_.open();
  const std::string content = noise((33 << 20) + 17);
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(this->read(*store, "blobs/a") == content);
  EXPECT_FALSE(store->put_new("blobs/a", body_of(content), {}));
  EXPECT_TRUE(store->put_new("blobs/b", body_of(content), {}));
  EXPECT_TRUE(this->world_.objects().find("ci/cache/blobs/b") == content);
  EXPECT_FALSE(this->world_.has_leftovers());
}

TYPED_TEST_P(ObjectStoreSuite, ALargeRaceHasOneWinner) {
  auto store = this->world_.open();
  const std::string content = noise((16 << 20) + 1);
  std::latch all(2);
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        all.arrive_and_wait();
        winners += store->put_new("blobs/a", body_of(content), {}) ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(winners, 1);
  EXPECT_TRUE(this->world_.objects().find("ci/cache/blobs/a") == content);
}

TYPED_TEST_P(ObjectStoreSuite, LimitsWhatItReads) {
  auto store = this->world_.open();
  store->put("records/a", body_of("0123456789"), {});
  EXPECT_EQ(store->get("records/a", 10, {}), "0123456789");
  EXPECT_EQ(support::error_of([&] { store->get("records/a", 9, {}); }).kind(), base::ErrorKind::kCorrupt);
  EXPECT_EQ(store->get("records/b", 1, {}), std::nullopt) << "a refusal may be longer";
}

TYPED_TEST_P(ObjectStoreSuite, ATruncatedDownloadIsAnError) {
  auto store = this->world_.open();
  store->put("records/a", body_of("0123456789"), {});
  this->cut_downloads(4);
  EXPECT_THROW(this->get(*store, "records/a"), base::Error);
  EXPECT_THROW(this->read(*store, "records/a"), base::Error);
}

TYPED_TEST_P(ObjectStoreSuite, TriesAgainWhatMayPass) {
  auto store = this->world_.open();
  for (int code : {503, 429, 500}) {
    this->fail_next(2, this->status(code).with("Retry-After", "0"));
    store->put("records/a", body_of("content"), {});
    this->fail_next(2, this->status(code));
    EXPECT_EQ(this->get(*store, "records/a"), "content");
    this->fail_next(2, this->status(code));
    EXPECT_EQ(this->read(*store, "records/a"), "content");
    this->fail_next(2, this->status(code));
    EXPECT_EQ(store->list("records/", {}).size(), 1U);
  }
  testing::FakeReply reset;
  reset.status = 0;
  reset.end(testing::FakeReply::Ending::kReset, 0);
  this->fail_next(1, reset);
  EXPECT_TRUE(store->put_new("records/b", body_of("content"), {}));
  EXPECT_EQ(this->get(*store, "records/b"), "content");
  this->fail_next(3, this->status(503));
  const std::string content = noise((16 << 20) + 1);
  store->put("blobs/a", body_of(content), {});
  EXPECT_TRUE(this->read(*store, "blobs/a") == content);
}

TYPED_TEST_P(ObjectStoreSuite, SaysWhatDidNotPass) {
  auto store = this->world_.open();
  this->fail_next(1000, this->status(503));
  base::Error error = support::error_of([&] { store->put("records/a", body_of("content"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kRegistry);
  EXPECT_THAT(error.summary(), ::testing::HasSubstr(store->name()));
  EXPECT_THAT(error.summary(), ::testing::HasSubstr("'records/a'"));
  EXPECT_THAT(error.summary(), ::testing::HasSubstr("503"));
}

TYPED_TEST_P(ObjectStoreSuite, ExplainsARefusalWithoutTheSecret) {
  auto store = this->world_.open_as_stranger();
  base::Error error = support::error_of([&] { store->put("records/a", body_of("content"), {}); });
  EXPECT_EQ(error.kind(), base::ErrorKind::kAuth) << error.render();
  EXPECT_THAT(error.summary(), ::testing::HasSubstr(store->name()));
  EXPECT_THAT(error.summary(), ::testing::HasSubstr("'records/a'"));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_THAT(error.render(), ::testing::Not(::testing::HasSubstr(this->world_.secret())));
  EXPECT_EQ(support::error_of([&] { this->get(*store, "records/a"); }).kind(), base::ErrorKind::kAuth);
  EXPECT_EQ(support::error_of([&] { store->exists("records/a", {}); }).kind(), base::ErrorKind::kAuth);
  EXPECT_EQ(this->world_.objects().size(), 0U);
}

TYPED_TEST_P(ObjectStoreSuite, WhatBreaksLeavesNothingBehind) {
  auto store = this->world_.open();
  for (std::size_t size : {std::size_t{100}, std::size_t{40} << 20}) {
    base::Error error =
        support::error_of([&] { store->put("blobs/a", broken_body(noise(size / 2), size), {}); });
    EXPECT_EQ(error.kind(), base::ErrorKind::kIo) << error.render();
    EXPECT_EQ(support::error_of([&] {
                store->put("blobs/a", {size, body_of(noise(size / 2)).open}, {});
              }).kind(),
              base::ErrorKind::kCorrupt);
  }
  EXPECT_EQ(this->world_.objects().size(), 0U);
  EXPECT_FALSE(this->world_.has_leftovers());
}

TYPED_TEST_P(ObjectStoreSuite, StopsWhenItIsTold) {
  auto store = this->world_.open();
  std::stop_source source;
  source.request_stop();
  auto is_cancelled = [](const auto& call) {
    return support::error_of(call).kind() == base::ErrorKind::kCancelled;
  };
  EXPECT_TRUE(is_cancelled([&] { store->put("records/a", body_of("x"), source.get_token()); }));
  EXPECT_TRUE(is_cancelled([&] { store->get("records/a", 1, source.get_token()); }));
}

REGISTER_TYPED_TEST_SUITE_P(ObjectStoreSuite, NamesItsPlace, MissesWhatWasNeverPut, GivesBackWhatWasPut,
                            PutsANewObjectOnce, ARaceHasOneWinner, ListsPageByPage, EscapesNames,
                            CarriesLargeBodies, ALargeRaceHasOneWinner, LimitsWhatItReads,
                            ATruncatedDownloadIsAnError, TriesAgainWhatMayPass, SaysWhatDidNotPass,
                            ExplainsARefusalWithoutTheSecret, WhatBreaksLeavesNothingBehind,
                            StopsWhenItIsTold);

}  // namespace cooper::test
