#include "ops/keys.h"

#include <algorithm>
#include <fmt/format.h>
#include <unordered_map>

#include "base/encoder.h"
#include "base/thread_pool.h"
#include "cache/record.h"
#include "context/local_tree.h"
#include "ops/copy.h"
#include "ops/file.h"
#include "ops/remote_source.h"
#include "ops/results.h"
#include "ops/selection_memo.h"
#include "snapshot/tree_view.h"

namespace cooper::ops {
namespace {

using snapshot::Entry;
using snapshot::EntryType;

constexpr std::size_t kMostFileIngredients = 512;
constexpr std::size_t kDigestBlock = 256;  // entries

bool is_context(const graph::Definition& definition, int vertex) {
  return vertex >= 0 &&
         std::holds_alternative<graph::LocalSource>(definition.vertices[static_cast<std::size_t>(vertex)].op);
}

// What of an entry is content: everything that a copy takes over, and no inode. Owners count where the source
// has real ones, and so do times: a stage's own ones are copied, while fresh ones are the same in the end.
// `first_link` names the file that was selected earlier and that this one is a hardlink of, "" for none.
base::Digest entry_digest(const Entry& entry, const std::string& first_link, bool has_times) {
  base::Encoder encoder;
  encoder.field("type", static_cast<std::int64_t>(entry.type))
      .field("mode", static_cast<std::int64_t>(entry.mode));
  encoder.field("uid", static_cast<std::int64_t>(entry.uid))
      .field("gid", static_cast<std::int64_t>(entry.gid));
  if (entry.type == EntryType::kFile) {
    encoder.field("content", entry.content);
    encoder.field("links", first_link);
  }
  if (entry.type == EntryType::kSymlink) encoder.field("target", entry.link_target);
  if (entry.type == EntryType::kCharDevice || entry.type == EntryType::kBlockDevice) {
    encoder.field("major", static_cast<std::int64_t>(entry.device_major));
    encoder.field("minor", static_cast<std::int64_t>(entry.device_minor));
  }
  if (has_times && !entry.fresh) encoder.field("time", entry.mtime);
  encoder.list("xattrs", entry.xattrs.size());
  for (const auto& [name, value] : entry.xattrs) encoder.field(name, value);
  return encoder.digest();
}

class KeyMaker {
 public:
  KeyMaker(int vertex, Services& services, const std::stop_token& stop)
      : index_(vertex),
        vertex_(services.definition->vertices[static_cast<std::size_t>(vertex)]),
        services_(services),
        stop_(stop) {
    encoder_.field("schema", static_cast<std::int64_t>(cache::kKeySchema));
    encoder_.field("platform", vertex_.platform.full_str());
    std::string op = graph::encode_op(vertex_.op);
    encoder_.field("op", op);
    if (const auto* exec = std::get_if<graph::Exec>(&vertex_.op)) {
      name_parts(*exec);
    } else {
      ingredient("command", base::sha256(op));
    }
  }

  // `results` is empty for definition keys.
  solver::Key make(std::span<const base::Digest> inputs, std::span<const solver::ResultPtr> results) {
    encoder_.list("inputs", inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      bool by_content = is_context(*services_.definition, vertex_.inputs[i]) || (i > 0 && !results.empty());
      if (by_content) {
        add_content(i, results);
      } else {
        encoder_.field("input", inputs[i]);
        ingredient(input_name(i), inputs[i]);
      }
    }
    return {encoder_.digest(), std::move(ingredients_)};
  }

 private:
  void ingredient(std::string label, const base::Digest& digest) {
    ingredients_.emplace_back(std::move(label), digest);
  }

  // What of a RUN can change by itself, under a name each.
  void name_parts(const graph::Exec& exec) {
    base::Encoder command;
    command.list("argv", exec.argv.size());
    for (const std::string& word : exec.argv) command.field("word", word);
    for (const graph::ScriptFile& script : exec.scripts) command.field(script.path, script.content);
    ingredient("command", command.digest());
    const std::vector<std::string>& arguments = vertex_.info.arguments;
    for (const std::string& variable : exec.env) {
      const std::string name = variable.substr(0, variable.find('='));
      const bool is_argument = std::find(arguments.begin(), arguments.end(), name) != arguments.end();
      ingredient((is_argument ? "ARG " : "ENV ") + name, base::sha256(variable));
    }
    graph::Exec rest = exec;
    rest.argv.clear();
    rest.scripts.clear();
    rest.env.clear();
    ingredient("options", base::sha256(graph::encode_op(rest)));
  }

  std::string input_name(std::size_t input) const {
    if (vertex_.inputs[input] < 0) return input == 0 ? "base" : fmt::format("input {}", input);
    const graph::Vertex& source =
        services_.definition->vertices[static_cast<std::size_t>(vertex_.inputs[input])];
    if (input > 0 && !source.info.stage.empty()) return "stage " + source.info.stage;
    if (input > 0) return fmt::format("input {}", input);
    return std::holds_alternative<graph::ImageSource>(source.op) ? "base" : "the step before";
  }

  std::shared_ptr<const snapshot::TreeView> tree_of(std::size_t input,
                                                    std::span<const solver::ResultPtr> results) {
    int index = vertex_.inputs[input];
    if (is_context(*services_.definition, index)) {
      const auto& source =
          std::get<graph::LocalSource>(services_.definition->vertices[static_cast<std::size_t>(index)].op);
      return services_.contexts.at(source.name);
    }
    return open_tree(results[input], services_, stop_);
  }

  void add_content(std::size_t input, std::span<const solver::ResultPtr> results) {
    std::shared_ptr<const snapshot::TreeView> tree = tree_of(input, results);
    has_times_ = !results.empty() && std::dynamic_pointer_cast<const StackResult>(results[input]) != nullptr;
    encoder_.field("times", static_cast<std::int64_t>(services_.epoch.has_value()));
    if (const auto* file = std::get_if<graph::File>(&vertex_.op)) {
      for (std::size_t i = 0; i < file->actions.size(); ++i) {
        const auto* copy = std::get_if<graph::CopyAction>(&file->actions[i]);
        if (copy == nullptr || copy->input != static_cast<int>(input)) continue;
        if (is_context(*services_.definition, vertex_.inputs[input])) {
          add_selections(*tree, *select_from_context(index_, i, *copy, *tree, services_));
        } else {
          add_selections(*tree, hashed(*tree, *copy));
        }
      }
    } else if (const auto* exec = std::get_if<graph::Exec>(&vertex_.op)) {
      for (const graph::Mount& mount : exec->mounts) add_mount_content(*tree, mount, static_cast<int>(input));
    }
  }

  void add_mount_content(const snapshot::TreeView& tree, const graph::Mount& mount, int input) {
    const auto* bind = std::get_if<graph::BindMount>(&mount.what);
    const auto* cache = std::get_if<graph::CacheMount>(&mount.what);
    if (bind != nullptr && bind->input == input) add_path(tree, bind->source);
    if (cache != nullptr && cache->input == input) add_path(tree, cache->source);
  }

  void add_path(const snapshot::TreeView& tree, const std::string& path) {
    graph::CopyAction whole;
    whole.sources = {path};
    whole.literal = true;
    add_selections(tree, hashed(tree, whole));
  }

  std::vector<Selection> hashed(const snapshot::TreeView& tree, const graph::CopyAction& copy) {
    std::vector<Selection> selections = select_sources(copy, tree, *services_.pool);
    for (Selection& selection : selections) {
      if (selection.root.type == EntryType::kFile)
        selection.root.content = tree.content_digest(selection.root);
      context::hash_contents(tree, selection.entries, *services_.pool);
    }
    return selections;
  }

  void add_selections(const snapshot::TreeView& tree, const std::vector<Selection>& selections) {
    encoder_.list("selections", selections.size());
    for (const Selection& selection : selections) {
      ++selections_;
      encoder_.field("named", snapshot::base_name(selection.named));
      if (selection.root.is_directory()) {
        std::size_t prefix = selection.root.path.empty() ? 0 : selection.root.path.size() + 1;
        encoder_.list("entries", selection.entries.size());
        add_entries(tree, selection.entries, prefix);
      } else {
        std::string_view name = snapshot::base_name(selection.root.path);
        add_entries(tree, {&selection.root, 1}, selection.root.path.size() - name.size());
      }
      add_file_ingredients();
    }
  }

  // Each entry's digest is its own, so they are made on all cores; who links whom goes by the order of the
  // entries.
  void add_entries(const snapshot::TreeView& tree, std::span<const Entry> entries, std::size_t prefix) {
    const auto name_of = [&](const Entry& entry) { return std::string_view(entry.path).substr(prefix); };
    std::vector<std::string> links;
    links.reserve(entries.size());
    for (const Entry& entry : entries) links.push_back(first_link(tree, entry, name_of(entry)));
    std::vector<base::Digest> digests(entries.size());
    base::parallel_for(*services_.pool, entries.size(), kDigestBlock,
                       [&](std::size_t i) { digests[i] = entry_digest(entries[i], links[i], has_times_); });
    for (std::size_t i = 0; i < entries.size(); ++i) {
      encoder_.field(name_of(entries[i]), digests[i]);
      if (!entries[i].is_directory()) files_.emplace_back(entries[i].path, digests[i]);
    }
  }

  // Every file is an ingredient of its own, unless they are so many that records would become large: then the
  // deepest directories that are few enough stand for what is in them.
  void add_file_ingredients() {
    auto group_of = [&](const std::string& path, std::size_t depth) {
      if (depth == 0) return std::string_view();
      std::size_t end = 0;
      for (; depth > 0 && end != std::string::npos; --depth) end = path.find('/', end + 1);
      return std::string_view(path).substr(0, end == std::string::npos ? end : end + 1);
    };
    auto count_groups = [&](std::size_t depth) {
      std::size_t count = 0;
      std::string_view last;
      for (const auto& [path, digest] : files_) {
        std::string_view group = group_of(path, depth);
        if (count == 0 || group != last) ++count;
        last = group;
      }
      return count;
    };
    if (files_.size() <= kMostFileIngredients) {
      for (auto& [path, digest] : files_) ingredient(std::move(path), digest);
    } else {
      std::size_t depth = 0;
      while (count_groups(depth + 1) <= kMostFileIngredients) ++depth;
      for (std::size_t begin = 0, end = 0; begin < files_.size(); begin = end) {
        std::string group(group_of(files_[begin].first, depth));
        base::Encoder together;
        for (; end < files_.size() && group_of(files_[end].first, depth) == group; ++end) {
          together.field(files_[end].first, files_[end].second);
        }
        ingredient(group.empty() ? "copied files" : std::move(group), together.digest());
      }
    }
    files_.clear();
  }

  // The names of groups are inodes and ids of layers, which differ from machine to machine; who links whom
  // does not.
  std::string first_link(const snapshot::TreeView& tree, const Entry& entry, std::string_view name) {
    std::string group = entry.type == EntryType::kFile ? tree.link_group(entry) : "";
    if (group.empty()) return {};
    auto [first, is_new] =
        link_groups_.try_emplace(std::move(group), fmt::format("{}:{}", selections_, name));
    return is_new ? std::string() : first->second;
  }

  int index_;
  const graph::Vertex& vertex_;
  Services& services_;
  const std::stop_token& stop_;
  base::Encoder encoder_;
  std::unordered_map<std::string, std::string>
      link_groups_;  // group → the first file of it, by selection and name
  int selections_ = 0;
  bool has_times_ = false;                                   // what is being added comes from a stage
  std::vector<std::pair<std::string, base::Digest>> files_;  // of the selection that is being added
  std::vector<std::pair<std::string, base::Digest>> ingredients_;
};

}  // namespace

bool selects_content(const graph::Vertex& vertex, const graph::Definition& definition) {
  // A merge takes all of its inputs, so it counts by their keys.
  if (std::holds_alternative<graph::Merge>(vertex.op)) return false;
  for (std::size_t i = 1; i < vertex.inputs.size(); ++i) {
    if (vertex.inputs[i] >= 0 && !is_context(definition, vertex.inputs[i])) return true;
  }
  return false;
}

solver::Key definition_key(int vertex, std::span<const base::Digest> inputs, Services& services,
                           const std::stop_token& stop) {
  const graph::Op& op = services.definition->vertices[static_cast<std::size_t>(vertex)].op;
  if (RemoteSource* source = find_remote_source(op, services)) {
    PinnedSource pinned = source->pin(op, stop);
    base::Encoder encoder;
    encoder.field("schema", static_cast<std::int64_t>(cache::kKeySchema)).field("source", pinned.identity);
    // With an epoch, what is copied from it counts as made now: its own time changes nothing.
    encoder.field("times", static_cast<std::int64_t>(services.epoch.has_value()));
    if (!services.epoch) encoder.field("time", pinned.time.value_or(0));
    return {encoder.digest(), {{"source", pinned.identity}}};
  }
  return KeyMaker(vertex, services, stop).make(inputs, {});
}

solver::Key content_key(int vertex, std::span<const base::Digest> inputs,
                        std::span<const solver::ResultPtr> results, Services& services,
                        const std::stop_token& stop) {
  return KeyMaker(vertex, services, stop).make(inputs, results);
}

}  // namespace cooper::ops
