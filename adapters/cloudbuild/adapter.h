// Google Cloud Build. "Substituting variable values": nothing reaches a step unless its env or
// automapSubstitutions passes it on, and what is not set arrives empty.
#pragma once

#include "adapters/adapter.h"

namespace cooper::adapters {

class CloudBuildAdapter final : public Adapter {
 public:
  std::string_view name() const override { return "cloudbuild"; }
  bool detects(const Variables& variables) const override;
  Record read(const Job& job) const override;
  LogTraits log_traits() const override;
  std::string_view credentials_setting() const override;
  std::vector<Option> own_cache(const Job& job, const Record& record) const override;
  std::vector<OutputFile> outputs(const Job& job, const Record& record,
                                  const Results& results) const override;
};

}  // namespace cooper::adapters
