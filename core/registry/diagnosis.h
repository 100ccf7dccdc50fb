// The handshake with a registry, one step at a time, for people who want to know why it fails.
//
// Each step is done for real, once and without patience: reach the host, ask what it wants, find credentials,
// get a token, ask for the image, ask to push. What was tried and what was answered is told; never a secret.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "net/http.h"
#include "oci/reference.h"
#include "registry/client.h"
#include "registry/credentials.h"

namespace cooper::registry {

struct DiagnosisStep {
  enum class Outcome { kWorks, kFails, kSkipped };
  std::string what;  // "reach 'https://r.example'"
  Outcome outcome = Outcome::kSkipped;
  std::string detail;  // what was found, or what failed
  std::string remedy;  // what to change, "" when there is nothing
};

struct DiagnosisOptions {
  ClientOptions client;
  bool push = false;  // also ask to push there
};

// Tells `on_step` each step as it was made, for every place that the reference is pulled from, and where it
// is pushed to. Returns whether the image can be had from one of them, and pushed where that was asked for.
// Throws Error{kCancelled}.
bool diagnose(const std::shared_ptr<net::HttpClient>& http,
              const std::shared_ptr<CredentialStore>& credentials, const DiagnosisOptions& options,
              const oci::Reference& reference, const std::function<void(const DiagnosisStep&)>& on_step,
              const std::stop_token& stop);

}  // namespace cooper::registry
