// Fills a record from a job's variables: notes where each field is from, and refuses values that cannot be
// right. What packaging and users say by COOPER_… variables is read here, for every CI alike:
//
//   COOPER_IMAGE_BASE         where images of the repository go
//   COOPER_DEFAULT_BRANCH     the repository's default branch, where the platform has no variable for it
//   COOPER_ON_DEFAULT_BRANCH  "true" or "false", where the platform knows only that
//   COOPER_CHANGE             number of the pull request
//   COOPER_CHANGE_TARGET      its target branch
//   COOPER_FORK               "true": it comes from another repository
//   COOPER_SCHEDULED          "true": a schedule started the run
//   COOPER_TRUSTED            "true" or "false": whether the ref may write what all share
//   COOPER_REPOSITORY_URL     of the repository
//   COOPER_WORKSPACE          directory of the checkout
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/adapter.h"
#include "adapters/record.h"

namespace cooper::adapters {

// A git reference's kind by its beginning.
struct GitRef {
  enum class Kind { kBranch, kTag, kChange, kUnknown } kind = Kind::kUnknown;
  std::string name;  // "main", "v1", "7"
};
// "refs/heads/main", "refs/tags/v1", "refs/pull/7/head", "refs/merge-requests/7/head", with or without
// "^{commit}" behind; of `text` that begins with something else the kind is kUnknown and the name `text`.
GitRef parse_ref(std::string text);

class RecordReader {
 public:
  using Names = std::vector<std::string>;

  // `setting` is where people set variables on this platform: "Settings > CI/CD > Variables".
  RecordReader(const Job& job, std::string ci, std::string setting);

  const Variables& variables() const { return job_.variables; }
  Record& record() { return record_; }

  // Each takes the first of `names` that is there, checks it, and sets the field that it is called with.
  void text(std::string Record::*field, std::string_view name, const Names& names);
  void commit(std::string Record::*field, std::string_view name, const Names& names);
  void ref(std::string Record::*field, std::string_view name, const Names& names);
  void change(const Names& names);
  void repository_url(const Names& names);
  void run_url(const Names& names);
  void workspace(const Names& names, const std::string& otherwise = "");  // "~" is $HOME
  void image_base(const Names& names);
  // ISO 8601, or a number of seconds, or of milliseconds when `per_second` is 1000.
  void time(std::optional<std::int64_t> Record::*field, std::string_view name, const Names& names,
            std::int64_t per_second = 1);
  void flag(std::optional<bool> Record::*field, std::string_view name, const Names& names);

  // A reference that was taken from the variable `from`: branch, tag or change, by its kind. Checked, too.
  void parsed_ref(const GitRef& ref, const std::string& from);

  // For what an adapter works out itself: `from` is a variable's name.
  void set(std::string Record::*field, std::string_view name, std::string value, const std::string& from);

  // The record, with what follows from the rest: whether it is the default branch, the repository's path.
  Record finish();

  // "VARIABLE 'value' <problem>", with a hint at the platform's setting.
  [[noreturn]] void refuse(const std::string& variable, const std::string& problem) const;

 private:
  std::string find(const Names& names);
  void note(std::string_view name);

  const Job& job_;
  std::string setting_;
  std::string found_;  // the variable that find() has found
  Record record_;
};

// A change or a tag is never the default branch; a branch is when it has its name. What is known stays.
void decide_default_branch(Record& record);

bool is_full_commit(std::string_view text);       // 40 or 64 hex digits
bool is_commit_beginning(std::string_view text);  // 7 hex digits or more

// A name of images without tag and digest, in lower case: "registry.example.com:5000/group/app". What is
// wrong with it is put into `problem`, and the answer is "".
std::string checked_image_base(std::string_view text, std::string& problem);

}  // namespace cooper::adapters
