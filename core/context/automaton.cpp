#include "context/automaton.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace cooper::context {
namespace {

constexpr std::size_t kMemoryBudget = 16 << 20;

bool is_word(char32_t rune) {
  return (rune >= '0' && rune <= '9') || (rune >= 'A' && rune <= 'Z') || (rune >= 'a' && rune <= 'z') ||
         rune == '_';
}

// One item of one program; every program ends in a node of its own that stands for the match.
struct Node {
  const Item* item = nullptr;  // null: the match
  std::uint32_t program = 0;
};

// Where the patterns are between two runes: what can come next, before it is known what does.
struct Positions {
  std::vector<std::uint32_t> nodes;  // ascending
  bool begin = false;
  bool word_before = false;

  auto key() const { return std::tie(nodes, begin, word_before); }
  bool operator<(const Positions& other) const { return key() < other.key(); }
};

struct State {
  explicit State(std::vector<std::uint32_t> ids) : accepted(std::move(ids)) {}
  const Positions* positions = nullptr;
  std::vector<std::uint32_t> accepted;  // the programs that match when the text ends here
  std::array<std::atomic<State*>, 128> next{};
};

// A set of nodes that is visited in ascending order, and may grow ahead of the visit.
class Frontier {
 public:
  explicit Frontier(std::size_t nodes) : words_((nodes + 63) / 64) {}

  void add(std::size_t node) { words_[node / 64] |= std::uint64_t{1} << (node % 64); }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      std::uint64_t done = 0;
      while (const std::uint64_t rest = words_[w] & ~done) {
        const auto bit = static_cast<unsigned>(__builtin_ctzll(rest));
        done |= (std::uint64_t{2} << bit) - 1;
        visit(static_cast<std::uint32_t>(w * 64 + bit));
      }
    }
  }

 private:
  std::vector<std::uint64_t> words_;
};

// What lies around a point between two runes.
struct Surroundings {
  bool begin = false;
  bool end = false;
  bool word_before = false;
  bool word_after = false;
};

bool holds(Op op, const Surroundings& around) {
  switch (op) {
    case Op::kBegin:
      return around.begin;
    case Op::kEnd:
      return around.end;
    case Op::kWordBoundary:
      return around.word_before != around.word_after;
    case Op::kNoWordBoundary:
      return around.word_before == around.word_after;
    default:
      return false;
  }
}

}  // namespace

struct Automaton::Impl {
  explicit Impl(std::vector<Program> all);

  std::vector<std::uint32_t> match(std::string_view text, bool parents) const;
  std::vector<std::uint32_t> live(std::string_view text) const;

 private:
  Frontier close(const Positions& positions, const Surroundings& around) const;
  Positions step(const Positions& positions, char32_t rune) const;
  std::vector<std::uint32_t> accepted(const Positions& positions) const;
  State* intern(Positions positions) const;
  State* follow(State& state, char32_t rune) const;
  void follow_unkept(Positions positions, std::string_view rest, bool parents,
                     std::vector<std::uint32_t>& found) const;

  std::vector<Program> programs_;
  std::vector<Node> nodes_;
  State* start_ = nullptr;

  // Guards the two maps and the budget; the states themselves are read without it.
  mutable std::mutex mutex_;
  mutable std::map<Positions, State> states_;
  mutable std::map<std::pair<const State*, char32_t>, State*> wide_;  // transitions outside of ASCII
  mutable std::size_t memory_ = 0;
};

Automaton::Impl::Impl(std::vector<Program> all) : programs_(std::move(all)) {
  Positions start;
  start.begin = true;
  for (std::uint32_t program = 0; program < programs_.size(); ++program) {
    const auto base = static_cast<std::uint32_t>(nodes_.size());
    start.nodes.push_back(base);
    const std::size_t second = programs_[program].second_start;
    if (second > 0) start.nodes.push_back(base + static_cast<std::uint32_t>(second));
    for (const Item& item : programs_[program].items) nodes_.push_back({&item, program});
    nodes_.push_back({nullptr, program});
  }
  start_ = intern(std::move(start));
}

// All that can be reached without reading a rune. Items only lead forward, so one ascending pass suffices.
Frontier Automaton::Impl::close(const Positions& positions, const Surroundings& around) const {
  Frontier reached(nodes_.size());
  for (const std::uint32_t node : positions.nodes) reached.add(node);
  reached.for_each([&](std::uint32_t node) {
    const Item* item = nodes_[node].item;
    if (item == nullptr) return;
    if (item->op == Op::kStar || item->op == Op::kDirectories || holds(item->op, around))
      reached.add(node + 1);
    if (item->op == Op::kDirectories) reached.add(node + 2);
  });
  return reached;
}

Positions Automaton::Impl::step(const Positions& positions, char32_t rune) const {
  const Surroundings around{positions.begin, false, positions.word_before, is_word(rune)};
  Positions after;
  after.word_before = around.word_after;
  auto add = [&after](std::uint32_t node) {
    if (after.nodes.empty() || after.nodes.back() < node) after.nodes.push_back(node);
  };
  close(positions, around).for_each([&](std::uint32_t node) {
    const Item* item = nodes_[node].item;
    if (item == nullptr) {
      add(node);  // matched already, whatever follows
    } else if (item->op == Op::kSet && item->set.contains(rune)) {
      add(node + 1);
    } else if (item->op == Op::kStar && item->set.contains(rune)) {
      // The node before may have led here as well.
      add(node);
    } else if (item->op == Op::kInDirectory) {
      if (rune != '\n') add(node);
      if (rune == '/') add(node + 1);
    }
  });
  return after;
}

std::vector<std::uint32_t> Automaton::Impl::accepted(const Positions& positions) const {
  std::vector<std::uint32_t> ids;
  close(positions, {positions.begin, true, positions.word_before, false}).for_each([&](std::uint32_t node) {
    if (nodes_[node].item == nullptr) ids.push_back(nodes_[node].program);
  });
  return ids;
}

// The state of these positions, or null when there is no room for another.
State* Automaton::Impl::intern(Positions positions) const {
  const std::scoped_lock lock(mutex_);
  auto found = states_.find(positions);
  if (found == states_.end()) {
    const std::size_t size = sizeof(State) + 8 * positions.nodes.size() + 128;
    if (memory_ + size > kMemoryBudget && start_ != nullptr) return nullptr;
    memory_ += size;
    std::vector<std::uint32_t> ids = accepted(positions);
    found = states_.try_emplace(std::move(positions), std::move(ids)).first;
    found->second.positions = &found->first;
  }
  return &found->second;
}

State* Automaton::Impl::follow(State& state, char32_t rune) const {
  if (rune < 128) {
    if (State* known = state.next[rune].load(std::memory_order_acquire)) return known;
    State* next = intern(step(*state.positions, rune));
    if (next != nullptr) state.next[rune].store(next, std::memory_order_release);
    return next;
  }
  {
    const std::scoped_lock lock(mutex_);
    auto known = wide_.find({&state, rune});
    if (known != wide_.end()) return known->second;
  }
  State* next = intern(step(*state.positions, rune));
  const std::scoped_lock lock(mutex_);
  if (next != nullptr && memory_ < kMemoryBudget) {
    memory_ += 64;
    wide_[{&state, rune}] = next;
  }
  return next;
}

void Automaton::Impl::follow_unkept(Positions positions, std::string_view rest, bool parents,
                                    std::vector<std::uint32_t>& found) const {
  while (true) {
    if (rest.empty() || (parents && rest[0] == '/')) {
      const std::vector<std::uint32_t> ids = accepted(positions);
      found.insert(found.end(), ids.begin(), ids.end());
    }
    if (rest.empty() || positions.nodes.empty()) return;
    const Rune rune = decode_exact_rune(rest);
    rest.remove_prefix(rune.width);
    positions = step(positions, rune.value);
  }
}

std::vector<std::uint32_t> Automaton::Impl::match(std::string_view text, bool parents) const {
  std::vector<std::uint32_t> found;
  State* state = start_;
  bool several = false;
  while (true) {
    if (!state->accepted.empty() && (text.empty() || (parents && text[0] == '/'))) {
      several = several || !found.empty();
      found.insert(found.end(), state->accepted.begin(), state->accepted.end());
    }
    if (text.empty()) break;
    const Rune rune = decode_exact_rune(text);
    State* next = follow(*state, rune.value);
    if (next == nullptr) {
      several = true;
      follow_unkept(step(*state->positions, rune.value), text.substr(rune.width), parents, found);
      break;
    }
    text.remove_prefix(rune.width);
    state = next;
  }
  if (several) {
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
  }
  return found;
}

std::vector<std::uint32_t> Automaton::Impl::live(std::string_view text) const {
  State* state = start_;
  Positions positions;
  for (Rune rune = decode_exact_rune(text); rune.width > 0; rune = decode_exact_rune(text)) {
    text.remove_prefix(rune.width);
    State* next = state == nullptr ? nullptr : follow(*state, rune.value);
    if (next == nullptr) positions = step(state == nullptr ? positions : *state->positions, rune.value);
    state = next;
  }
  std::vector<std::uint32_t> programs;
  for (const std::uint32_t node : state == nullptr ? positions.nodes : state->positions->nodes) {
    if (programs.empty() || programs.back() != nodes_[node].program) programs.push_back(nodes_[node].program);
  }
  return programs;
}

Automaton::Automaton(std::vector<Program> programs) : impl_(std::make_unique<Impl>(std::move(programs))) {}
Automaton::~Automaton() = default;
Automaton::Automaton(Automaton&&) noexcept = default;

std::vector<std::uint32_t> Automaton::match(std::string_view text, bool parents) const {
  return impl_->match(text, parents);
}

std::vector<std::uint32_t> Automaton::live(std::string_view text) const {
  return impl_->live(text);
}

}  // namespace cooper::context
