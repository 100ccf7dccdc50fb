// CircleCI. "Project values and variables"; what only pipeline values say comes from the orb as COOPER_…
// variables.
#pragma once

#include "adapters/adapter.h"

namespace cooper::adapters {

class CircleCiAdapter final : public Adapter {
 public:
  std::string_view name() const override { return "circleci"; }
  bool detects(const Variables& variables) const override;
  Record read(const Job& job) const override;
  LogTraits log_traits() const override;
  std::string_view credentials_setting() const override;
  std::vector<Option> own_cache(const Job& job, const Record& record) const override;
  std::vector<OutputFile> outputs(const Job& job, const Record& record,
                                  const Results& results) const override;
};

}  // namespace cooper::adapters
