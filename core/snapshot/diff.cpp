#include "snapshot/diff.h"

#include "snapshot/directory_reader.h"
#include "snapshot/upper_changes.h"

namespace cooper::snapshot {

LayerIndex index_upper(const std::string& upper, Form form, const MergedView& lower, base::ThreadPool& pool,
                       const WasFresh& was_fresh) {
  DirectoryReader reader(upper, DirectoryReader::Kind::kUpper, form,
                         [&](const std::string& path) { return lower.lookup(path); });
  std::vector<FoundEntry> all = reader.read_all(pool);
  keep_changes(all, upper, lower, pool, was_fresh);
  return make_index(std::move(all));
}

}  // namespace cooper::snapshot
