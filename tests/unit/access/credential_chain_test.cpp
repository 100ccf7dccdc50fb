#include "access/credential_chain.h"

#include <gmock/gmock.h>

namespace cooper::access {
namespace {

using ::testing::ElementsAre;

class Place final : public registry::CredentialStore {
 public:
  Place(std::string name, std::string password) : name_(std::move(name)), password_(std::move(password)) {}
  registry::CredentialSearch find(const std::string& host, const std::string&,
                                  const std::stop_token&) override {
    if (password_.empty()) return {std::nullopt, {name_ + " has nothing"}};
    registry::Credential credential;
    credential.username = host;
    credential.password = password_;
    credential.source = name_;
    return {credential, {}};
  }
  void refused(const std::string& host) override { refusals.push_back(host); }

  std::vector<std::string> refusals;
  std::string name_;
  std::string password_;
};

struct Chain {
  std::shared_ptr<Place> first = std::make_shared<Place>("first", "");
  std::shared_ptr<Place> second = std::make_shared<Place>("second", "old");
  std::shared_ptr<Place> third = std::make_shared<Place>("third", "fresh");
  CredentialChain chain{{first, second, third}};
  registry::CredentialSearch find() { return chain.find("r.example", "app", {}); }
};

TEST(AccessCredentialChain, TakesTheFirstAndTellsWhatWasBefore) {
  Chain c;
  EXPECT_EQ(c.find().found->source, "second");
  EXPECT_THAT(c.find().tried, ElementsAre("first has nothing"));
}

TEST(AccessCredentialChain, GoesOnBehindWhatWasRefused) {
  Chain c;
  c.find();
  c.chain.refused("r.example");
  EXPECT_THAT(c.second->refusals, ElementsAre("r.example"));
  EXPECT_EQ(c.find().found->source, "third");
  EXPECT_THAT(c.find().tried,
              ElementsAre("first has nothing", "what second has for 'r.example' was refused"));
  EXPECT_EQ(c.chain.find("other.example", "app", {}).found->source, "second");
  c.second->password_ = "new";
  EXPECT_EQ(c.find().found->source, "second");
}

TEST(AccessCredentialChain, TheOnlyOneStaysAfterARefusal) {
  Chain c;
  c.third->password_.clear();
  c.find();
  c.chain.refused("r.example");
  EXPECT_EQ(c.find().found->source, "second");
}

}  // namespace
}  // namespace cooper::access
