// Variables in scope, in the order that RUN's environment lists them: setting a name again moves it to the
// end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cooper::dockerfile {

class Environment {
 public:
  void set(const std::string& name, std::string value);
  void remove(const std::string& name);
  // nullptr when unset. Valid until the next change.
  const std::string* find(const std::string& name) const;

  std::vector<std::string> names() const;
  std::vector<std::string> list() const;  // "NAME=value"
  // Roughly what it occupies.
  std::size_t bytes() const { return bytes_; }

 private:
  void compact();

  struct Entry {
    std::string name;
    std::string value;
    bool live = true;
  };
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> positions_;
  std::size_t bytes_ = 0;
};

// "NAME=value" → {NAME, value}; without '=' the value is empty.
std::pair<std::string, std::string> split_assignment(std::string_view text);

}  // namespace cooper::dockerfile
