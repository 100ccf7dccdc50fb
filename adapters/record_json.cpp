#include "adapters/record_json.h"

#include <nlohmann/json.hpp>

#include "adapters/json_text.h"

namespace cooper::adapters {
namespace {

using Json = nlohmann::ordered_json;

Json text(const std::string& value) {
  return value.empty() ? Json(nullptr) : Json(value);
}

template <typename T>
Json optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

std::string record_json(const Record& record) {
  return json_text({{"ci", record.ci},
                    {"commit", text(record.commit)},
                    {"head_commit", text(record.head_commit)},
                    {"branch", text(record.branch)},
                    {"tag", text(record.tag)},
                    {"default_branch", text(record.default_branch)},
                    {"on_default_branch", optional(record.on_default_branch)},
                    {"change", text(record.change)},
                    {"change_target", text(record.change_target)},
                    {"is_fork", record.is_fork},
                    {"is_scheduled", record.is_scheduled},
                    {"is_trusted", optional(record.is_trusted)},
                    {"repository_path", text(record.repository_path)},
                    {"repository_url", text(record.repository_url)},
                    {"description", text(record.description)},
                    {"run_id", text(record.run_id)},
                    {"run_url", text(record.run_url)},
                    {"workspace", text(record.workspace)},
                    {"commit_time", optional(record.commit_time)},
                    {"started", optional(record.started)},
                    {"image_base", text(record.image_base)},
                    {"may_move_tags", record.may_move_tags},
                    {"ca_file", text(record.ca_file)},
                    {"origins", record.origins}});
}

}  // namespace cooper::adapters
