// What the fakes of the object stores share: the objects, and the time that requests must bear.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace cooper::testing {

// Objects by their full name. Every access holds the lock of one request.
class FakeObjects {
 public:
  using Objects = std::map<std::string, std::string>;

  template <typename Action>
  decltype(auto) with(Action action) {
    std::scoped_lock lock(mutex_);
    return action(objects_);
  }
  std::optional<std::string> find(const std::string& name) const {
    std::scoped_lock lock(mutex_);
    auto found = objects_.find(name);
    if (found == objects_.end()) return std::nullopt;
    return found->second;
  }
  std::size_t size() const {
    std::scoped_lock lock(mutex_);
    return objects_.size();
  }
  // Whether it was stored: with `is_conditional` only when there is none yet.
  bool store(const std::string& name, std::string content, bool is_conditional) {
    std::scoped_lock lock(mutex_);
    if (is_conditional && objects_.contains(name)) return false;
    objects_[name] = std::move(content);
    return true;
  }

  struct Page {
    std::vector<std::string> names;
    std::string next;  // where to go on, "" at the end
  };
  // At most `most` names that begin with `prefix`, from `from` on.
  Page list(const std::string& prefix, const std::string& from, std::size_t most) const {
    std::scoped_lock lock(mutex_);
    Page page;
    for (auto it = objects_.lower_bound(std::max(prefix, from)); it != objects_.end(); ++it) {
      if (it->first.rfind(prefix, 0) != 0) break;
      if (page.names.size() == most) {
        page.next = it->first;
        break;
      }
      page.names.push_back(it->first);
    }
    return page;
  }

 private:
  mutable std::mutex mutex_;
  Objects objects_;
};

}  // namespace cooper::testing
