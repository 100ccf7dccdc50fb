// What Kaniko's --context names, as a pure reading of the text: nothing is looked at, nobody is asked.
#pragma once

#include <map>
#include <string>

#include "cli/kaniko_settings.h"

namespace cooper::cli {

struct KanikoContext {
  enum class Kind {
    kDirectory,
    kTar,         // a file here
    kTarOnStdin,  // tar://stdin
    kGit,         // `value` is a URL as cooper build takes it
    kHttp,        // a tar at a URL
    kObject,      // a tar in an object store
  } kind = Kind::kDirectory;
  std::string value;
  // Of an object: "s3", "gcs" or "azblob", the store's attributes without credentials, and its name there.
  std::string store;
  std::map<std::string, std::string> attributes;
  std::string object;
};

// Throws Error{kUsage} for a scheme that is none of Kaniko's, and for what names nothing.
KanikoContext read_kaniko_context(const KanikoSettings& settings,
                                  const std::map<std::string, std::string>& environment);

}  // namespace cooper::cli
