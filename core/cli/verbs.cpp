#include "cli/verbs.h"

#include "cli/archive_verbs.h"
#include "cli/buildx_verbs.h"
#include "cli/disk_verbs.h"
#include "cli/name_verbs.h"
#include "cli/transfer_verbs.h"

namespace cooper::cli {

std::vector<Verb> add_verbs(Command program) {
  std::vector<Verb> verbs = {add_pull_verb(program),   add_push_verb(program),   add_tag_verb(program),
                             add_images_verb(program), add_rmi_verb(program),    add_save_verb(program),
                             add_load_verb(program),   add_unpack_verb(program), add_du_verb(program),
                             add_prune_verb(program)};
  const std::vector<Verb> buildx = add_buildx_verbs(program);
  verbs.insert(verbs.end(), buildx.begin(), buildx.end());
  return verbs;
}

std::optional<int> run_verb(const std::vector<Verb>& verbs, const Environment& environment) {
  for (const Verb& verb : verbs) {
    if (verb.command.is_chosen()) return verb.run(environment);
  }
  return std::nullopt;
}

}  // namespace cooper::cli
