// The byte format is part of the cache's schema: a change here must change kKeySchema in cache/record.h. The
// values of enums are spelled out by name so that reordering an enum cannot alter keys.
#include <algorithm>

#include "base/encoder.h"
#include "graph/definition.h"
#include "graph/url.h"

namespace cooper::graph {
namespace {

using base::Encoder;

void encode(Encoder& out, const std::optional<Owner>& owner) {
  out.list("owner", owner ? 1 : 0);
  if (owner) out.field("user", owner->user).field("group", owner->group);
}

void encode(Encoder& out, const ImageSource& image) {
  // The manifest's digest says all; by which name and from which host it came does not change the files.
  out.field("op", "image").field("manifest", image.manifest_digest);
}

void encode(Encoder& out, const LocalSource& local) {
  out.field("op", "local").field("name", local.name);
}

void encode(Encoder& out, const HttpSource& http) {
  out.field("op", "http").field("url", without_credentials(http.url)).field("filename", http.filename);
  out.list("checksum", http.checksum ? 1 : 0);
  if (http.checksum) out.field("checksum", *http.checksum);
}

void encode(Encoder& out, const GitSource& git) {
  out.field("op", "git").field("url", without_credentials(git.url)).field("ref", git.ref);
  out.field("subdir", git.subdir).field("checksum", git.checksum);
  out.field("keep git dir", git.keep_git_dir).field("submodules", git.submodules);
}

void encode(Encoder& out, const CopyAction& copy) {
  out.field("action", "copy").field("input", copy.input);
  out.field("sources", copy.sources).field("destination", copy.destination);
  encode(out, copy.owner);
  out.field("mode", copy.mode).field("excludes", copy.excludes);
  out.field("parents", copy.keep_parents).field("unpack", copy.unpack_archives);
  out.field("follow", copy.follow_symlinks).field("allow empty", copy.allow_empty_wildcard);
  out.field("literal", copy.literal);
}

void encode(Encoder& out, const MkdirAction& mkdir) {
  out.field("action", "mkdir").field("path", mkdir.path).field("mode", mkdir.mode);
  encode(out, mkdir.owner);
}

void encode(Encoder& out, const MkfileAction& mkfile) {
  out.field("action", "mkfile").field("path", mkfile.path).field("content", mkfile.content);
  out.field("mode", mkfile.mode);
  encode(out, mkfile.owner);
}

void encode(Encoder& out, const File& file) {
  out.field("op", "file").list("actions", file.actions.size());
  for (const FileAction& action : file.actions) {
    std::visit([&](const auto& kind) { encode(out, kind); }, action);
  }
}

void encode(Encoder& out, const BindMount& bind) {
  out.field("mount", "bind").field("input", bind.input).field("source", bind.source);
  out.field("writable", bind.writable);
}

std::string_view name_of(CacheMount::Sharing sharing) {
  switch (sharing) {
    case CacheMount::Sharing::kShared:
      return "shared";
    case CacheMount::Sharing::kPrivate:
      return "private";
    case CacheMount::Sharing::kLocked:
      return "locked";
  }
  return "";
}

void encode(Encoder& out, const CacheMount& cache) {
  out.field("mount", "cache").field("id", cache.id).field("sharing", name_of(cache.sharing));
  out.field("input", cache.input).field("source", cache.source);
  out.field("mode", cache.mode).field("uid", cache.uid).field("gid", cache.gid);
  out.field("read only", cache.read_only);
}

void encode(Encoder& out, const TmpfsMount& tmpfs) {
  out.field("mount", "tmpfs").field("size", tmpfs.size);
}

void encode(Encoder& out, const SecretMount& secret) {
  out.field("mount", "secret").field("id", secret.id).field("env", secret.env);
  out.field("as file", secret.as_file).field("required", secret.required);
  out.field("mode", secret.mode).field("uid", secret.uid).field("gid", secret.gid);
}

void encode(Encoder& out, const SshMount& ssh) {
  out.field("mount", "ssh").field("id", ssh.id).field("required", ssh.required);
  out.field("mode", ssh.mode).field("uid", ssh.uid).field("gid", ssh.gid);
}

// Sorted by name, as the order of ENV and ARG lines does not change what a step sees. Stable, because of two
// values for one name the last one counts.
std::vector<std::string> sorted_by_name(std::vector<std::string> env) {
  std::stable_sort(env.begin(), env.end(), [](std::string_view a, std::string_view b) {
    return a.substr(0, a.find('=')) < b.substr(0, b.find('='));
  });
  return env;
}

std::string_view name_of(Exec::Network network) {
  switch (network) {
    case Exec::Network::kDefault:
      return "default";
    case Exec::Network::kNone:
      return "none";
    case Exec::Network::kHost:
      return "host";
  }
  return "";
}

void encode(Encoder& out, const Exec& exec) {
  out.field("op", "exec").field("argv", exec.argv).field("env", sorted_by_name(exec.env));
  out.field("cwd", exec.cwd).field("user", exec.user);
  out.list("mounts", exec.mounts.size());
  for (const Mount& mount : exec.mounts) {
    out.field("target", mount.target);
    std::visit([&](const auto& kind) { encode(out, kind); }, mount.what);
  }
  out.list("scripts", exec.scripts.size());
  for (const ScriptFile& script : exec.scripts) {
    out.field("path", script.path).field("content", script.content);
  }
  out.field("network", name_of(exec.network)).field("insecure", exec.insecure);
}

void encode(Encoder& out, const Merge&) {
  out.field("op", "merge");
}

}  // namespace

std::string encode_op(const Op& op) {
  Encoder out;
  std::visit([&](const auto& kind) { encode(out, kind); }, op);
  return out.bytes();
}

}  // namespace cooper::graph
