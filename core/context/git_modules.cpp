#include "context/git_modules.h"

#include <algorithm>
#include <cerrno>
#include <fmt/core.h>
#include <map>
#include <sys/mman.h>

#include "base/error.h"
#include "base/text.h"
#include "context/git_library.h"
#include "os/fd.h"

namespace cooper::context {
namespace {

using Modules = std::map<std::string, GitModule>;

base::Error refusal(const std::string& what) {
  return {base::ErrorKind::kContext, "cannot use the repository's .gitmodules: " + what};
}

// libgit2 would read any file that "[include]" or "[includeIf …]" names.
void refuse_includes(std::string_view text) {
  const std::string lower = base::to_lower(text);
  for (std::size_t at = lower.find('['); at != std::string::npos; at = lower.find('[', at + 1)) {
    const std::size_t name = lower.find_first_not_of(" \t", at + 1);
    if (name != std::string::npos && lower.compare(name, 7, "include") == 0)
      throw refusal("it includes other files");
  }
}

// CVE-2018-11235: names become paths below .git/modules.
void check_name(const std::string& name) {
  for (const std::string& part : base::split(name, '/')) {
    if (part.empty() || part == "." || part == "..")
      throw refusal(fmt::format("'{}' is no name for a submodule", name));
  }
}

int on_entry(const git_config_entry* entry, void* found) {
  // "submodule.<name>.<key>"; the name may hold dots.
  const std::string_view full(entry->name);
  constexpr std::string_view kSection = "submodule.";
  const std::size_t last = full.rfind('.');
  if (!full.starts_with(kSection) || last < kSection.size()) return 0;
  const std::string name(full.substr(kSection.size(), last - kSection.size()));
  const std::string_view key = full.substr(last + 1);
  const std::string value = entry->value == nullptr ? "" : entry->value;
  GitModule& module = (*static_cast<Modules*>(found))[name];
  module.name = name;
  if (key == "path") module.path = value;
  if (key == "url") module.url = value;
  if (key == "update") module.skip = value == "none";
  return 0;
}

}  // namespace

std::vector<GitModule> read_git_modules(std::string_view text) {
  set_up_git_library();
  refuse_includes(text);
  // libgit2 1.5 reads configuration from files only.
  const os::Fd file(base::check(::memfd_create("gitmodules", MFD_CLOEXEC), "create", "a file in memory"));
  os::FdSink(file.get(), ".gitmodules").write(std::as_bytes(std::span(text)));
  const std::string path = fmt::format("/proc/self/fd/{}", file.get());
  git_config* opened = nullptr;
  Modules modules;
  int result = git_config_open_ondisk(&opened, path.c_str());
  const GitConfigHandle config(opened);
  if (result == 0) result = git_config_foreach(config.get(), on_entry, &modules);
  if (result != 0) throw git_error(base::ErrorKind::kContext, "read the repository's .gitmodules");
  std::vector<GitModule> list;
  for (auto& [name, module] : modules) {
    check_name(name);
    // One directory inside another's would put files of this one where the other's hooks are.
    if (!list.empty() && name.starts_with(list.back().name + "/"))
      throw refusal(fmt::format("the submodule '{}' is named as a part of '{}'", name, list.back().name));
    list.push_back(std::move(module));
  }
  return list;
}

}  // namespace cooper::context
