#include "dockerfile/environment.h"

namespace cooper::dockerfile {

namespace {

// What a variable costs besides its text, in an environment and in each copy of its list.
constexpr std::size_t kOverhead = 64;

}  // namespace

void Environment::set(const std::string& name, std::string value) {
  remove(name);
  bytes_ += name.size() + value.size() + kOverhead;
  positions_[name] = entries_.size();
  entries_.push_back({name, std::move(value), true});
}

void Environment::remove(const std::string& name) {
  auto position = positions_.find(name);
  if (position == positions_.end()) return;
  Entry& entry = entries_[position->second];
  bytes_ -= entry.name.size() + entry.value.size() + kOverhead;
  entry = {"", "", false};
  positions_.erase(position);
  if (entries_.size() > 64 && positions_.size() < entries_.size() / 2) compact();
}

void Environment::compact() {
  std::vector<Entry> live;
  live.reserve(positions_.size());
  for (Entry& entry : entries_) {
    if (!entry.live) continue;
    positions_[entry.name] = live.size();
    live.push_back(std::move(entry));
  }
  entries_ = std::move(live);
}

const std::string* Environment::find(const std::string& name) const {
  auto position = positions_.find(name);
  return position == positions_.end() ? nullptr : &entries_[position->second].value;
}

std::vector<std::string> Environment::names() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries_) {
    if (entry.live) names.push_back(entry.name);
  }
  return names;
}

std::vector<std::string> Environment::list() const {
  std::vector<std::string> list;
  list.reserve(positions_.size());
  for (const Entry& entry : entries_) {
    if (entry.live) list.push_back(entry.name + "=" + entry.value);
  }
  return list;
}

std::pair<std::string, std::string> split_assignment(std::string_view text) {
  std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), ""};
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

}  // namespace cooper::dockerfile
