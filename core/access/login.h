// Keeps logins where `docker login` keeps them, so that every tool of the job finds them.
//
// A helper, when config.json names one for the host or for all; else "auths" of the file itself, as base64,
// which hides nothing. The file is replaced as a whole, mode 0600, with all its other fields as they were.
#pragma once

#include <stop_token>
#include <string>

namespace cooper::access {

class Logins final {
 public:
  // `path`: of a config.json or an auth.json, which need not be there. Read at every call, as others write it
  // too; each throws Error{kUsage} when it is malformed.
  explicit Logins(std::string path) : path_(std::move(path)) {}

  struct Kept {
    std::string where;  // the file, or the helper's program
    bool is_encrypted = false;
  };
  // `server`: a host, or a part of one: "quay.io/team". Throws Error{kAuth} or Error{kIo} from the helper.
  Kept keep(const std::string& server, const std::string& username, const std::string& password,
            const std::stop_token& stop) const;
  // False when there was none in the file. Asks the helper to forget it too, in any case.
  bool forget(const std::string& server, const std::stop_token& stop) const;

 private:
  const std::string path_;
};

}  // namespace cooper::access
