#include "build/open_context.h"

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "archive/foreign.h"
#include "base/error.h"
#include "base/text.h"
#include "build/archive_context.h"
#include "build/context_kind.h"
#include "build/context_object.h"
#include "build/context_view.h"
#include "build/find_dockerfile.h"
#include "build/git_context.h"
#include "context/git_time.h"
#include "context/local_tree.h"
#include "context/pattern_matcher.h"
#include "graph/url.h"
#include "net/redact.h"
#include "os/fd.h"
#include "os/waiting_source.h"
#include "snapshot/merged_view.h"
#include "transfer/oci_layout.h"

namespace cooper::build {
namespace {

using base::Error;
using base::ErrorKind;
using context::LocalTree;
using context::PatternMatcher;
using Kind = WrittenContext::Kind;
using TreePtr = std::shared_ptr<const snapshot::TreeView>;

constexpr const char* kMain = "context";
constexpr const char* kIgnoreFile = ".dockerignore";

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// A git repository by its spelling may be a path that exists.
WrittenContext read_written(const std::string& text) {
  WrittenContext written = read_context_text(text);
  if (written.may_be_path && exists(text)) return {Kind::kPath, text, false};
  return written;
}

std::vector<std::string> patterns_of(const std::optional<std::string>& ignore_file) {
  return ignore_file ? context::read_ignore_file(*ignore_file) : std::vector<std::string>();
}

// A path as a pattern that matches it alone.
std::string literal_pattern(const std::string& path) {
  std::string pattern;
  for (char c : path) {
    if (std::string_view("*?[]\\!#").find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

// Behind all others, so that they have the last word.
void hide(const std::vector<std::string>& files, const std::string& directory,
          std::vector<std::string>& patterns) {
  std::error_code none;
  const std::filesystem::path root = std::filesystem::weakly_canonical(directory, none);
  for (const std::string& file : files) {
    const std::string path = std::filesystem::weakly_canonical(file, none).lexically_relative(root);
    const bool is_below = !path.empty() && path != "." && !path.starts_with("..");
    if (is_below) patterns.push_back(literal_pattern(path));
  }
}

std::optional<std::string> ignore_file_of(const std::string& directory) {
  std::string path = directory + "/" + kIgnoreFile;
  if (!exists(path)) return std::nullopt;
  return os::read_file(path);
}

[[noreturn]] void no_such_context(const std::string& path) {
  throw Error(ErrorKind::kContext, fmt::format("build context '{}' does not exist", path))
      .hint("give the directory that holds what the Dockerfile copies, often '.'");
}

class Opener {
 public:
  Opener(const BuildRequest& request, const ContextServices& services, const std::stop_token& stop)
      : request_(request),
        services_(services),
        stop_(stop),
        finder_(request, services.tools.standard_input, services.http) {}

  OpenedContext open() {
    if (request_.context_form.object) {
      open_object(*request_.context_form.object);
    } else {
      open_main(read_written(request_.context));
    }
    for (const auto& [name, value] : request_.named_contexts) open_named(name, value);
    return std::move(opened_);
  }

 private:
  void open_main(const WrittenContext& written) {
    switch (written.kind) {
      case Kind::kPath:
        return is_directory(written.value) ? open_directory(written.value) : open_file(written.value);
      case Kind::kStdin:
        return open_standard_input();
      case Kind::kHttp:
        return open_url(written.value);
      case Kind::kGit:
        return open_repository(written.value);
      case Kind::kImage:
        return open_image(written.value);
      case Kind::kOciLayout:
        return open_image(std::string(transfer::kOciLayoutScheme) + written.value);
    }
  }

  void open_directory(const std::string& directory) {
    FoundDockerfile dockerfile = finder_.in_directory(directory, stop_);
    opened_.ignore_patterns = patterns_of(dockerfile.ignore ? dockerfile.ignore : ignore_file_of(directory));
    hide(request_.hidden_files, directory, opened_.ignore_patterns);
    auto tree = std::make_shared<LocalTree>(directory, PatternMatcher(opened_.ignore_patterns));
    opened_.is_ignored = [tree](const std::string& file) { return tree->is_ignored(file); };
    opened_.trees[kMain] = tree;
    use(std::move(dockerfile));
    if (request_.epoch_from_git && !request_.epoch) {
      opened_.commit_time = context::head_commit_time(directory);
    }
  }

  void open_file(const std::string& path) {
    ArchiveOrText found = read_file(path);
    require_archive(found, path);
    if (found.tree == nullptr) {
      throw Error(ErrorKind::kContext,
                  fmt::format("build context '{}' is neither a directory nor a tar", path))
          .hint("pipe a Dockerfile that needs no context: cooper build - < FILE");
    }
    open_archive(found.tree);
  }

  void open_standard_input() {
    if (request_.dockerfile == "-") {
      throw Error(ErrorKind::kUsage, "standard input cannot be both the context and the Dockerfile")
          .hint("give one of them as a file");
    }
    os::WaitingSource source(services_.tools.standard_input, "standard input", stop_);
    ArchiveOrText found =
        read_archive_or_text(source, "standard input", *services_.tools.store, services_.now, stop_);
    require_archive(found, "standard input");
    if (found.tree != nullptr) return open_archive(found.tree);
    if (!request_.dockerfile.empty() || request_.dockerfile_text) {
      throw Error(
          ErrorKind::kUsage,
          fmt::format("standard input holds a Dockerfile, and -f names another: '{}'", request_.dockerfile))
          .hint("leave out -f, or pipe a tar");
    }
    // A Dockerfile alone: there is nothing to copy.
    opened_.trees[kMain] = std::make_shared<snapshot::MergedView>(snapshot::LayerStack());
    use({"Dockerfile", std::move(found.text), std::nullopt});
  }

  // Whoever names a tar, or has an ignore file for what is fetched, gets one of these.
  void open_part(const TreePtr& whole) {
    auto tree = std::make_shared<ContextView>(whole, request_.context_form.directory);
    FoundDockerfile dockerfile = finder_.in_tree(*tree, stop_);
    opened_.ignore_patterns =
        patterns_of(dockerfile.ignore ? dockerfile.ignore : read_text(*tree, kIgnoreFile));
    if (!opened_.ignore_patterns.empty()) {
      tree->ignore(PatternMatcher(opened_.ignore_patterns), services_.pool);
      auto all = std::make_shared<const ContextView>(whole, request_.context_form.directory);
      opened_.is_ignored = [all, tree](const std::string& file) {
        return all->lookup(file) && !tree->lookup(file);
      };
    }
    opened_.trees[kMain] = tree;
    use(std::move(dockerfile));
  }

  void open_object(const ContextObject& object) {
    OpenedObject opened = open_context_object(object, services_.tools, stop_);
    tell(fmt::format("fetching the build context from '{}'", opened.name));
    ArchiveOrText found =
        read_archive_or_text(*opened.bytes, opened.name, *services_.tools.store, services_.now, stop_);
    if (found.tree == nullptr) no_archive(opened.name, found.text);
    open_archive(found.tree);
  }

  void require_archive(const ArchiveOrText& found, const std::string& name) const {
    if (request_.context_form.is_archive && found.tree == nullptr) no_archive(name, found.text);
  }

  [[noreturn]] static void no_archive(const std::string& name, const std::string& text) {
    constexpr std::size_t kShown = 60;
    std::string begin = text.substr(0, std::min(text.find('\n'), kShown));
    throw Error(ErrorKind::kContext, text.empty()
                                         ? fmt::format("build context '{}' is no tar: it is empty", name)
                                         : fmt::format("build context '{}' is no tar: it begins with '{}'",
                                                       name, base::escape_bytes(begin)))
        .hint("give a tar, plain or compressed with gzip, bzip2, xz or zstd");
  }

  void open_archive(const std::shared_ptr<const ops::ArchiveTree>& archive) {
    if (!request_.context_form.directory.empty()) {
      opened_.times[kMain] = archive->newest_file();
      return open_part(archive);
    }
    FoundDockerfile dockerfile = finder_.in_tree(*archive, stop_);
    opened_.ignore_patterns =
        patterns_of(dockerfile.ignore ? dockerfile.ignore : read_text(*archive, kIgnoreFile));
    auto tree = archive->without(PatternMatcher(opened_.ignore_patterns));
    opened_.is_ignored = [archive, tree](const std::string& file) {
      return archive->lookup(file) && !tree->lookup(file);
    };
    opened_.trees[kMain] = tree;
    opened_.times[kMain] = archive->newest_file();
    use(std::move(dockerfile));
  }

  // Ignore files do not apply to what is fetched, as in BuildKit.
  void open_url(const std::string& url) {
    graph::HttpSource source{url, dockerfile::kHttpContextFile, std::nullopt};
    std::string shown = net::redact_url(url);
    tell(fmt::format("fetching the build context from '{}'", shown));
    TreePtr fetched = services_.http.open(source, stop_);
    opened_.trees[kMain] = fetched;
    opened_.times[kMain] = services_.http.pin(source, stop_).time;
    // A Dockerfile from elsewhere: then this is a file to copy, whatever it holds, unless it is a tar.
    if (!request_.context_form.is_archive && finder_.is_elsewhere() && !is_archive(*fetched))
      return use(finder_.in_tree(*fetched, stop_));
    os::Fd file = fetched->open(source.filename);
    os::FdSource bytes(file.get(), shown);
    ArchiveOrText found = read_archive_or_text(bytes, shown, *services_.tools.store, services_.now, stop_);
    require_archive(found, shown);
    if (found.tree == nullptr) return use_fetched(shown, std::move(found.text));
    if (request_.context_form.is_ignoring) return open_archive(found.tree);
    opened_.trees[kMain] = found.tree;
    if (!opened_.times[kMain]) opened_.times[kMain] = found.tree->newest_file();
    use(finder_.in_tree(*found.tree, stop_));
  }

  // Only what was committed is there, so no ignore file applies.
  void open_repository(const std::string& url) {
    graph::GitSource source = git_context_source(url, request_.build_args);
    tell(fmt::format("fetching the build context from '{}'", graph::without_credentials(url)));
    TreePtr tree = services_.git.open(source, stop_);
    opened_.trees[kMain] = tree;
    opened_.times[kMain] = services_.git.pin(source, stop_).time;
    if (request_.epoch_from_git && !request_.epoch) opened_.commit_time = opened_.times[kMain];
    if (request_.context_form.is_ignoring) return open_part(tree);
    use(finder_.in_tree(*tree, stop_));
  }

  void use_fetched(const std::string& url, std::string text) {
    if (!request_.dockerfile.empty()) {
      throw Error(ErrorKind::kUsage,
                  fmt::format("'{}' is a Dockerfile, and -f names another: '{}'", url, request_.dockerfile))
          .hint("leave out -f, or give the URL of a tar");
    }
    use({url, std::move(text), std::nullopt});
  }

  static bool is_archive(const snapshot::TreeView& fetched) {
    os::Fd file = fetched.open(dockerfile::kHttpContextFile);
    os::FdSource bytes(file.get(), dockerfile::kHttpContextFile);
    return archive::is_unpackable(bytes);
  }

  void open_image(const std::string& name) {
    oci::Platform platform = request_.platforms.empty() ? oci::host_platform() : request_.platforms.front();
    dockerfile::ResolvedImage image = services_.images.resolve(name, platform);
    const snapshot::LayerStack& stack = services_.images.stacks().at(image.manifest_digest);
    base::parallel_for(services_.pool, stack.size(), 1,
                       [&](std::size_t i) { services_.layers.materialize(*stack[i], stop_); });
    auto tree = std::make_shared<snapshot::MergedView>(stack);
    opened_.trees[kMain] = tree;
    opened_.times[kMain] = std::nullopt;
    use(finder_.in_tree(*tree, stop_));
  }

  void tell(std::string text) {
    base::Event event;
    event.kind = base::Event::Kind::kNote;
    event.text = std::move(text);
    services_.tools.events->emit(std::move(event));
  }

  void use(FoundDockerfile dockerfile) {
    opened_.dockerfile_name = std::move(dockerfile.name);
    opened_.dockerfile_text = std::move(dockerfile.text);
    if (services_.tools.on_dockerfile) {
      services_.tools.on_dockerfile(opened_.dockerfile_name, opened_.dockerfile_text);
    }
  }

  ArchiveOrText read_file(const std::string& path) {
    if (!exists(path)) no_such_context(path);
    // Without blocking: it may be a named pipe, that nobody writes to yet.
    os::Fd file = os::open_file(path, O_RDONLY | O_NONBLOCK);
    os::WaitingSource source(file.get(), path, stop_);
    return read_archive_or_text(source, path, *services_.tools.store, services_.now, stop_);
  }

  void open_named(const std::string& name, const std::string& value) {
    try {
      opened_.named[name] = describe_named(name, read_written(value));
    } catch (Error& error) {
      throw error.context(fmt::format("--build-context {}", name));
    }
  }

  dockerfile::NamedContext describe_named(const std::string& name, const WrittenContext& written) {
    using NamedKind = dockerfile::NamedContext::Kind;
    dockerfile::NamedContext named;
    named.value = written.value;
    if (name == kMain || name == "scratch") {
      throw Error(ErrorKind::kUsage, fmt::format("the name '{}' is taken", name)).hint("choose another name");
    }
    switch (written.kind) {
      case Kind::kPath:
        named.kind = NamedKind::kLocal;
        named.value = name;
        opened_.trees[name] = open_named_path(name, written.value);
        return named;
      case Kind::kStdin:
        throw Error(ErrorKind::kUsage, "standard input can only be the main context")
            .hint("give a directory or a tar file");
      case Kind::kHttp:
        named.kind = NamedKind::kHttp;
        return named;
      case Kind::kGit:
        named.kind = NamedKind::kGit;
        return named;
      case Kind::kImage:
        // BuildKit's spelling of nothing at all.
        named.kind = written.value == "scratch" ? NamedKind::kVertex : NamedKind::kImage;
        return named;
      case Kind::kOciLayout:
        named.kind = NamedKind::kImage;
        named.value = transfer::LayoutName::parse(written.value).str();
        return named;
    }
    return named;
  }

  TreePtr open_named_path(const std::string& name, const std::string& path) {
    if (is_directory(path)) {
      return std::make_shared<LocalTree>(path, PatternMatcher(patterns_of(ignore_file_of(path))));
    }
    ArchiveOrText found = read_file(path);
    if (found.tree == nullptr) {
      throw Error(ErrorKind::kContext,
                  fmt::format("build context '{}' is neither a directory nor a tar", path));
    }
    opened_.times[name] = found.tree->newest_file();
    return found.tree->without(PatternMatcher(patterns_of(read_text(*found.tree, kIgnoreFile))));
  }

  const BuildRequest& request_;
  const ContextServices& services_;
  const std::stop_token& stop_;
  DockerfileFinder finder_;
  OpenedContext opened_;
};

}  // namespace

OpenedContext open_context(const BuildRequest& request, const ContextServices& services,
                           const std::stop_token& stop) {
  return Opener(request, services, stop).open();
}

}  // namespace cooper::build
