#include "command.h"

#include <filesystem>
#include <set>

#include "files.h"

namespace cooper::conformance {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

// The image is made once for all outputs, so these are said of the extra output too.
const std::set<std::string> kOfTheImage = {"rewrite-timestamp", "source-date-epoch", "oci-mediatypes",
                                           "compression",       "compression-level", "force-compression"};
// Attributes of the frontend protocol that say nothing about this build: which frontend to use, and what
// provenance should call the source.
const std::set<std::string> kWithoutMeaning = {"source", "cmdline", "vcs:source", "vcs:revision"};

class Writer {
 public:
  Writer(const json& build, const Places& places) : build_(build), places_(places) {}

  Command write() {
    command_.arguments = {"build", "--store", places_.store, "--progress", "plain"};
    add_flags();
    add_attributes();
    add_context();
    add_bases();
    add_secrets();
    add_caches();
    add_outputs();
    return std::move(command_);
  }

 private:
  void add(std::initializer_list<std::string> arguments) {
    command_.arguments.insert(command_.arguments.end(), arguments);
  }
  std::string expanded(const std::string& text) const { return expand(text, places_.placeholders); }

  void cannot(const std::string& what) {
    if (command_.cannot.empty()) command_.cannot = what;
  }

  // All of docker's flags that the data has take a value, but --no-cache.
  void add_flags() {
    const json& flags = build_["cli_flags"];
    for (std::size_t i = 0; i < flags.size(); ++i) {
      std::string flag = flags[i];
      constexpr std::string_view kContext = "CONTEXT=";
      if (flag.starts_with(kContext)) {
        remote_context_ = expanded(flag.substr(kContext.size()));
      } else if (flag == "--no-cache") {
        add({flag});
      } else {
        add_flag(flag, expanded(flags.at(++i)));
      }
    }
  }

  void add_flag(const std::string& flag, std::string value) {
    if (flag == "--attest") return;  // attestations are not compared
    if (flag == "--file") {
      file_ = value;
      return;
    }
    if (flag == "--build-context") {
      std::size_t equals = value.find('=');
      std::string name = value.substr(0, equals);
      named_.insert(name);
      constexpr std::string_view kLocal = "local:";
      std::string source = value.substr(equals + 1);
      if (source.starts_with(kLocal)) value = name + "=" + local(source.substr(kLocal.size()));
    }
    add({flag, value});
  }

  // The frontend attributes that no flag has.
  void add_attributes() {
    for (const auto& [name, value] : build_["attrs"].items()) {
      if (value.is_object()) {
        cannot("attribute '" + name + "' is computed by the test's program");
      } else if (name == "hostname") {
        if (!build_["attrs"].contains("build-arg:BUILDKIT_SANDBOX_HOSTNAME"))
          add({"--build-arg", "BUILDKIT_SANDBOX_HOSTNAME=" + value.get<std::string>()});
      } else if (name == "contextsubdir" || name == "dockerfilekey") {
        cannot("attribute '" + name + "' has no flag");
      } else if (build_["cli_flags"].empty() && !kWithoutMeaning.contains(name)) {
        cannot("attribute '" + name + "' has no flag");
      }
    }
    if (build_.contains("FrontendInputs")) cannot("it gives the frontend a graph of its own");
  }

  std::string local(const std::string& name) {
    std::string id = build_["locals"].value(name, "");
    auto found = places_.contexts.find(id);
    if (found != places_.contexts.end()) return found->second;
    cannot("the row has no context '" + name + "'");
    return "";
  }

  void add_context() {
    if (!remote_context_.empty()) {
      if (!file_.empty()) add({"--file", file_});
      add({remote_context_});
      return;
    }
    std::string dockerfiles = local("dockerfile");
    std::string path = dockerfiles + "/" + (file_.empty() ? "Dockerfile" : file_);
    // A row that names no file has one of another name: its only one.
    if (!fs::exists(path) && !dockerfiles.empty()) path = only_dockerfile(dockerfiles);
    add({"--file", path, local("context")});
  }

  static std::string only_dockerfile(const std::string& directory) {
    for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
      if (entry.path().filename().string().starts_with("Dockerfile.")) return entry.path();
    }
    return directory + "/Dockerfile";
  }

  void add_bases() {
    for (const auto& [name, source] : places_.bases) {
      if (!named_.contains(name)) add({"--build-context", name + "=" + source});
    }
  }

  void add_secrets() {
    json secrets = build_.value("secrets", json::object());
    for (const auto& [id, value] : secrets.items()) {
      std::string path = places_.work + "/secret-" + id;
      write_file(path, value, 0600);
      add({"--secret", "id=" + id + ",src=" + path});
    }
  }

  void add_caches() {
    for (const json& cache : build_.value("CacheExports", json::array())) {
      std::string text = "type=" + cache["Type"].get<std::string>();
      for (const auto& [name, value] : cache["Attrs"].items())
        text += "," + name + "=" + value.get<std::string>();
      add({"--cache-to", expanded(text)});
    }
  }

  // Where a file output of the step goes.
  std::string destination(const json& output, const std::string& type) const {
    if (output.contains("dest")) return places_.work + "/" + output["dest"].get<std::string>();
    const json& file = output["dest_file"];
    if (file.contains("in")) {
      fs::create_directories(places_.work + "/" + file["in"].get<std::string>());
      return places_.work + "/" + file["in"].get<std::string>() + "/" + file["path"].get<std::string>();
    }
    return places_.work + "/" + build_["id"].get<std::string>() + "-" + type + ".tar";
  }

  void add_outputs() {
    std::string image_form;
    for (const json& output : build_["exports"]) add_output(output, image_form);
    command_.image_archive = places_.work + "/image-" + build_["id"].get<std::string>() + ".tar";
    add({"--output", "type=oci,dest=" + command_.image_archive + image_form});
  }

  void add_output(const json& output, std::string& image_form) {
    std::string type = output["type"];
    json attributes = output.value("attrs", json::object());
    std::string text = "type=" + type;
    if (type == "image") {
      // An image without a name stays in the reference's own store, which has no counterpart.
      if (attributes.value("name", "").empty() || !attributes.contains("push")) return;
    } else {
      text += ",dest=" + destination(output, type);
    }
    for (const auto& [name, value] : attributes.items()) {
      std::string attribute = "," + name + "=" + expanded(value);
      text += attribute;
      if (kOfTheImage.contains(name)) image_form += attribute;
    }
    add({"--output", text});
  }

  const json& build_;
  const Places& places_;
  Command command_;
  std::string file_;
  std::string remote_context_;
  std::set<std::string> named_;
};

}  // namespace

Command command_of(const json& build, const Places& places) {
  return Writer(build, places).write();
}

std::string expand(std::string text, const std::map<std::string, std::string>& placeholders) {
  for (const auto& [name, value] : placeholders) {
    std::string written = "${" + name + "}";
    for (std::size_t at = text.find(written); at != std::string::npos;
         at = text.find(written, at + value.size()))
      text.replace(at, written.size(), value);
  }
  return text;
}

}  // namespace cooper::conformance
