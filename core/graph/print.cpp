#include <fmt/format.h>

#include "base/text.h"
#include "graph/definition.h"
#include "graph/url.h"

namespace cooper::graph {
namespace {

// In double quotes with control characters escaped, so that every value stays on its line.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string in_quotes(const std::vector<std::string>& values) {
  std::vector<std::string> pieces;
  for (const std::string& value : values) pieces.push_back(in_quotes(value));
  return "[" + base::join(pieces, ", ") + "]";
}

std::string flag(bool set, std::string_view name) {
  return set ? fmt::format(" {}", name) : std::string();
}

std::string text_option(std::string_view name, const std::string& value) {
  return value.empty() ? std::string() : fmt::format(" {}={}", name, in_quotes(value));
}

std::string owner_option(const std::optional<Owner>& owner) {
  return owner ? fmt::format(" owner={}", in_quotes(owner->user + ":" + owner->group)) : std::string();
}

std::string platform_text(const oci::Platform& platform) {
  std::string text = platform.os + "/" + platform.architecture;
  return platform.variant.empty() ? text : text + "/" + platform.variant;
}

std::string describe(const ImageSource& image) {
  return fmt::format("image {} manifest={}\n", in_quotes(image.reference), image.manifest_digest.str());
}

std::string describe(const LocalSource& local) {
  return fmt::format("local {}\n", in_quotes(local.name));
}

std::string describe(const HttpSource& http) {
  return fmt::format("http {} filename={}{}\n", in_quotes(without_credentials(http.url)),
                     in_quotes(http.filename), http.checksum ? " checksum=" + http.checksum->str() : "");
}

std::string describe(const GitSource& git) {
  return fmt::format("git {}{}{}{}{}{}\n", in_quotes(without_credentials(git.url)),
                     text_option("ref", git.ref), text_option("subdir", git.subdir),
                     text_option("checksum", git.checksum), flag(git.keep_git_dir, "keep-git-dir"),
                     flag(!git.submodules, "no-submodules"));
}

std::string describe(const CopyAction& copy) {
  std::string text = fmt::format("  copy input={} {} -> {}", copy.input, in_quotes(copy.sources),
                                 in_quotes(copy.destination));
  text += owner_option(copy.owner) + text_option("mode", copy.mode);
  if (!copy.excludes.empty()) text += " excludes=" + in_quotes(copy.excludes);
  text += flag(copy.keep_parents, "parents") + flag(copy.unpack_archives, "unpack");
  text += flag(!copy.follow_symlinks, "no-follow") + flag(!copy.allow_empty_wildcard, "must-match");
  return text + flag(copy.literal, "literal") + "\n";
}

std::string describe(const MkdirAction& mkdir) {
  return fmt::format("  mkdir {} mode={:04o}{}\n", in_quotes(mkdir.path), mkdir.mode,
                     owner_option(mkdir.owner));
}

std::string describe(const MkfileAction& mkfile) {
  return fmt::format("  mkfile {} mode={:04o}{} content={}\n", in_quotes(mkfile.path), mkfile.mode,
                     owner_option(mkfile.owner), in_quotes(mkfile.content));
}

std::string describe(const File& file) {
  std::string text = "file\n";
  for (const FileAction& action : file.actions) {
    text += std::visit([](const auto& kind) { return describe(kind); }, action);
  }
  return text;
}

std::string describe(const BindMount& bind) {
  return fmt::format("bind input={} source={}{}", bind.input, in_quotes(bind.source),
                     flag(bind.writable, "writable"));
}

std::string describe(const CacheMount& cache) {
  constexpr const char* kSharing[] = {"shared", "private", "locked"};
  std::string text =
      fmt::format("cache id={} sharing={}", in_quotes(cache.id), kSharing[static_cast<int>(cache.sharing)]);
  if (cache.input >= 0) text += fmt::format(" input={} source={}", cache.input, in_quotes(cache.source));
  text += fmt::format(" mode={:04o} uid={} gid={}", cache.mode, cache.uid, cache.gid);
  return text + flag(cache.read_only, "read-only");
}

std::string describe(const TmpfsMount& tmpfs) {
  return fmt::format("tmpfs size={}", tmpfs.size);
}

std::string describe(const SecretMount& secret) {
  return fmt::format("secret id={}{}{}{} mode={:04o} uid={} gid={}", in_quotes(secret.id),
                     text_option("env", secret.env), flag(secret.as_file, "file"),
                     flag(secret.required, "required"), secret.mode, secret.uid, secret.gid);
}

std::string describe(const SshMount& ssh) {
  return fmt::format("ssh id={}{} mode={:04o} uid={} gid={}", in_quotes(ssh.id),
                     flag(ssh.required, "required"), ssh.mode, ssh.uid, ssh.gid);
}

std::string describe(const Exec& exec) {
  constexpr const char* kNetwork[] = {"default", "none", "host"};
  std::string text = "exec " + in_quotes(exec.argv) + "\n";
  for (const std::string& variable : exec.env) text += fmt::format("  env {}\n", in_quotes(variable));
  text += fmt::format("  cwd {}{}\n", in_quotes(exec.cwd), text_option("user", exec.user));
  for (const Mount& mount : exec.mounts) {
    text += fmt::format("  mount {} {}\n", in_quotes(mount.target),
                        std::visit([](const auto& kind) { return describe(kind); }, mount.what));
  }
  for (const ScriptFile& script : exec.scripts) {
    text += fmt::format("  script {} content={}\n", in_quotes(script.path), in_quotes(script.content));
  }
  if (exec.network != Exec::Network::kDefault) {
    text += fmt::format("  network {}\n", kNetwork[static_cast<int>(exec.network)]);
  }
  return text + (exec.insecure ? "  insecure\n" : "");
}

std::string describe(const Merge&) {
  return "merge\n";
}

std::string inputs_text(const std::vector<int>& inputs) {
  std::vector<std::string> pieces;
  for (int input : inputs) pieces.push_back(input == kScratch ? "scratch" : fmt::format("#{}", input));
  return base::join(pieces, " ");
}

}  // namespace

std::string print(const Definition& definition) {
  std::string text;
  for (std::size_t i = 0; i < definition.vertices.size(); ++i) {
    const Vertex& vertex = definition.vertices[i];
    if (i > 0) text += "\n";
    text += fmt::format("#{} {}\n", i, vertex.info.name);
    text += fmt::format("  platform {}\n", platform_text(vertex.platform));
    if (!vertex.inputs.empty()) text += fmt::format("  inputs {}\n", inputs_text(vertex.inputs));
    if (vertex.info.ignore_cache) text += "  ignore-cache\n";
    text += "  " + std::visit([](const auto& kind) { return describe(kind); }, vertex.op);
  }
  return text;
}

}  // namespace cooper::graph
