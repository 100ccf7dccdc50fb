#include "adapters/project_file.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <set>
#include <yaml-cpp/yaml.h>

#include "adapters/merge.h"
#include "base/error.h"
#include "base/text.h"

namespace cooper::adapters {

namespace {

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {}

  [[noreturn]] void refuse(const YAML::Node& node, const std::string& what,
                           const std::string& hint = "") const {
    base::Error error(base::ErrorKind::kUsage, fmt::format("{}: {}", place(node), what));
    throw error.hint(hint.empty() ? "see docs/project-file.md" : hint);
  }

  std::string place(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    return fmt::format("{}:{}:{}", path_, mark.line + 1, mark.column + 1);
  }
  std::string origin(const YAML::Node& node) const {
    return fmt::format("{}:{}", path_, node.Mark().line + 1);
  }

  void require_map(const YAML::Node& node, const std::string& what) const {
    if (!node.IsMap()) refuse(node, fmt::format("{} is not a mapping of keys to values", what));
  }

  std::string text(const YAML::Node& node, const std::string& key) const {
    if (!node.IsScalar()) refuse(node, fmt::format("'{}' is not a single value", key));
    return node.Scalar();
  }
  bool flag(const YAML::Node& node, const std::string& key) const {
    bool value = false;
    if (!node.IsScalar() || !YAML::convert<bool>::decode(node, value))
      refuse(node, fmt::format("'{}' is neither true nor false", key));
    return value;
  }
  // One value, or a list of them.
  std::vector<YAML::Node> items(const YAML::Node& node, const std::string& key) const {
    if (node.IsScalar()) return {node};
    if (!node.IsSequence()) refuse(node, fmt::format("'{}' is neither a value nor a list", key));
    std::vector<YAML::Node> list(node.begin(), node.end());
    for (const YAML::Node& item : list) text(item, key);
    return list;
  }

 private:
  const std::string& path_;
};

// A key of an image that is a flag of `cooper build`.
enum class Form { kText, kFlag, kList, kMap };
struct Key {
  std::string flag;
  Form form;
};
const std::map<std::string, Key, std::less<>> kKeys = {
    {"context", {"context", Form::kText}},
    {"dockerfile", {"--file", Form::kText}},
    {"target", {"--target", Form::kText}},
    {"platforms", {"--platform", Form::kList}},
    {"build_args", {"--build-arg", Form::kMap}},
    {"build_contexts", {"--build-context", Form::kMap}},
    {"labels", {"--label", Form::kMap}},
    {"annotations", {"--annotation", Form::kMap}},
    {"secrets", {"--secret", Form::kList}},
    {"ssh", {"--ssh", Form::kList}},
    {"allow", {"--allow", Form::kList}},
    {"network", {"--network", Form::kText}},
    {"no_cache", {"--no-cache", Form::kFlag}},
    {"no_cache_filter", {"--no-cache-filter", Form::kList}},
    {"outputs", {"--output", Form::kList}},
    {"push", {"--push", Form::kFlag}},
    {"tags", {"--tag", Form::kList}},
};
const std::vector<std::string> kImageKeys = {"image", "cache"};
const std::vector<std::string> kFileKeys = {"version", "policy", "images"};
const std::map<std::string, std::string, std::less<>> kCacheKeys = {
    {"from", "--cache-from"}, {"to", "--cache-to"}, {"mounts", "--cache-mounts"}};

// push_forks is none of them: a fork's run reads the fork's own file.
const std::map<std::string, bool TagPolicy::*, std::less<>> kPolicyKeys = {
    {"nightly", &TagPolicy::nightly}, {"push_changes", &TagPolicy::push_changes}};

template <typename Keys>
std::vector<std::string> names_of(const Keys& keys) {
  std::vector<std::string> names;
  for (const auto& [name, value] : keys) names.push_back(name);
  return names;
}

// Those of an image, and `more`.
std::vector<std::string> known_keys(std::vector<std::string> more) {
  for (std::string& key : names_of(kKeys)) more.push_back(std::move(key));
  more.insert(more.end(), kImageKeys.begin(), kImageKeys.end());
  return more;
}

class ImageReader {
 public:
  ImageReader(const Reader& reader, ProjectImage& image) : reader_(reader), image_(image) {}

  // Returns false for a key that is none of an image's.
  bool read(const std::string& key, const YAML::Node& value) {
    if (key == "cache") {
      read_cache(value);
    } else if (key == "image") {
      image_.image = base::to_lower(reader_.text(value, key));
      image_.image_origin = reader_.origin(value);
    } else if (auto known = kKeys.find(key); known != kKeys.end()) {
      read_flag(key, known->second, value);
    } else {
      return false;
    }
    return true;
  }

 private:
  void add(const std::string& flag, std::string value, const YAML::Node& node) {
    image_.options.push_back({flag, std::move(value), reader_.origin(node)});
  }

  void read_flag(const std::string& key, const Key& known, const YAML::Node& value) {
    switch (known.form) {
      case Form::kText:
        return add(known.flag, reader_.text(value, key), value);
      case Form::kFlag:
        return add(known.flag, reader_.flag(value, key) ? "true" : "", value);
      case Form::kList:
        for (const YAML::Node& item : reader_.items(value, key)) add(known.flag, item.Scalar(), item);
        return;
      case Form::kMap:
        reader_.require_map(value, fmt::format("'{}'", key));
        for (const auto& pair : value) {
          const std::string name = reader_.text(pair.first, key);
          add(known.flag, name + "=" + reader_.text(pair.second, name), pair.first);
        }
        return;
    }
  }

  // false: no cache but the store; else from, to, mounts.
  void read_cache(const YAML::Node& value) {
    if (value.IsScalar()) {
      if (reader_.flag(value, "cache")) return;
      add("--cache-from", "", value);
      return add("--cache-to", "", value);
    }
    reader_.require_map(value, "'cache'");
    for (const auto& pair : value) {
      const std::string key = reader_.text(pair.first, "cache");
      auto flag = kCacheKeys.find(key);
      if (flag == kCacheKeys.end()) unknown(pair.first, key, names_of(kCacheKeys));
      for (const YAML::Node& item : reader_.items(pair.second, key)) add(flag->second, item.Scalar(), item);
    }
  }

 public:
  [[noreturn]] void unknown(const YAML::Node& node, const std::string& key,
                            const std::vector<std::string>& known) const {
    const std::string near = base::nearest(key, known);
    reader_.refuse(node, fmt::format("unknown key '{}'", key),
                   near.empty() ? "" : fmt::format("did you mean '{}'?", near));
  }

 private:
  const Reader& reader_;
  ProjectImage& image_;
};

class FileReader {
 public:
  FileReader(const YAML::Node& root, const std::string& path) : reader_(path), root_(root) {
    file_.path = path;
  }

  ProjectFile read() {
    if (!root_.IsDefined() || root_.IsNull()) root_ = YAML::Node(YAML::NodeType::Map);
    reader_.require_map(root_, "the file");
    ProjectImage shared;
    for (const auto& pair : root_) read_top(pair.first, pair.second, shared);
    if (file_.images.empty()) {
      file_.images.push_back(std::move(shared));
    } else {
      for (ProjectImage& image : file_.images) inherit(image, shared);
    }
    return std::move(file_);
  }

 private:
  void read_top(const YAML::Node& key_node, const YAML::Node& value, ProjectImage& shared) {
    const std::string key = reader_.text(key_node, "key");
    if (key == "version") return check_version(value);
    if (key == "policy") return read_policy(value);
    if (key == "images") return read_images(value);
    ImageReader image(reader_, shared);
    if (!image.read(key, value)) image.unknown(key_node, key, known_keys(kFileKeys));
  }

  void check_version(const YAML::Node& value) const {
    if (reader_.text(value, "version") == "1") return;
    reader_.refuse(value, fmt::format("version '{}' is not known", value.Scalar()), "write 'version: 1'");
  }

  void read_policy(const YAML::Node& value) {
    reader_.require_map(value, "'policy'");
    for (const auto& pair : value) {
      const std::string key = reader_.text(pair.first, "policy");
      auto known = kPolicyKeys.find(key);
      ProjectImage none;
      if (known == kPolicyKeys.end())
        ImageReader(reader_, none).unknown(pair.first, key, names_of(kPolicyKeys));
      file_.tags.*known->second = reader_.flag(pair.second, key);
    }
  }

  void read_images(const YAML::Node& value) {
    reader_.require_map(value, "'images'");
    for (const auto& pair : value) {
      ProjectImage image;
      image.name = reader_.text(pair.first, "images");
      check_name(pair.first, image.name);
      image.suffix = "/" + image.name;
      if (!pair.second.IsNull()) reader_.require_map(pair.second, fmt::format("image '{}'", image.name));
      ImageReader reader(reader_, image);
      for (const auto& entry : pair.second) {
        const std::string key = reader_.text(entry.first, image.name);
        if (!reader.read(key, entry.second)) reader.unknown(entry.first, key, known_keys({}));
      }
      file_.images.push_back(std::move(image));
    }
    if (file_.images.empty()) reader_.refuse(value, "'images' names no image");
  }

  // It becomes part of a repository's name and of variables' names.
  void check_name(const YAML::Node& node, const std::string& name) const {
    const bool is_good = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") ==
                                              std::string::npos;
    if (!is_good) {
      reader_.refuse(node, fmt::format("'{}' is no name for an image", name),
                     "use lower-case letters, digits, '-' and '_'");
    }
    for (const ProjectImage& image : file_.images) {
      if (image.name == name) reader_.refuse(node, fmt::format("there are two images '{}'", name));
    }
  }

  // What is said for all images comes behind what one says itself.
  static void inherit(ProjectImage& image, const ProjectImage& shared) {
    if (image.image.empty() && !shared.image.empty()) {
      image.image = shared.image + image.suffix;
      image.image_origin = shared.image_origin;
    }
    std::set<std::string> own;
    for (const Option& option : image.options) own.insert(option.flag);
    for (const Option& option : shared.options) {
      if (has_keys(option.flag) || !own.contains(option.flag)) image.options.push_back(option);
    }
  }

  const Reader reader_;
  YAML::Node root_;
  ProjectFile file_;
};

bool needs_trust(const Option& option) {
  static const std::set<std::string, std::less<>> kFlags = {"--tag",    "--cache-from", "--cache-to",
                                                            "--secret", "--ssh",        "--allow",
                                                            "--output", "--push",       "--network"};
  return kFlags.contains(option.flag) && !option.value.empty();
}

}  // namespace

ProjectKeys known_project_keys() {
  return {kFileKeys, known_keys({}), names_of(kPolicyKeys), names_of(kCacheKeys)};
}

ProjectFile parse_project_file(const std::string& text, const std::string& path) {
  try {
    return FileReader(YAML::Load(text), path).read();
  } catch (const YAML::Exception& error) {
    throw base::Error(base::ErrorKind::kUsage, fmt::format("{}:{}:{}: {}", path, error.mark.line + 1,
                                                           error.mark.column + 1, error.msg));
  }
}

std::vector<std::string> drop_what_needs_trust(ProjectFile& file, const Record& record) {
  const bool is_trusted = !record.is_fork && record.is_trusted.value_or(!record.is_change());
  std::vector<std::string> dropped;
  if (is_trusted) return dropped;
  for (ProjectImage& image : file.images) {
    std::erase_if(image.options, [&](const Option& option) {
      if (!needs_trust(option)) return false;
      dropped.push_back(fmt::format("{}: {} is not taken from the file of a ref that is not trusted",
                                    option.origin, option.flag));
      return true;
    });
    if (image.image.empty()) continue;
    dropped.push_back(fmt::format("{}: 'image' is not taken from the file of a ref that is not trusted",
                                  image.image_origin));
    image.image.clear();
  }
  return dropped;
}

}  // namespace cooper::adapters
