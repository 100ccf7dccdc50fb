// Keeps known secrets out of everything that is shown or saved.
//
// A step's output comes in chunks that may cut a secret anywhere, so a stream holds back what may be the
// beginning of one until the next chunk decides. Overlapping and nested secrets are covered as a whole. One
// pass, whatever the number of secrets (Aho and Corasick, "Efficient string matching", 1975).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cooper::report {

inline constexpr std::string_view kMasked = "***";
// Shorter ones would black out ordinary text, and are no secrets.
inline constexpr std::size_t kShortestSecret = 4;

class Masker {
 public:
  // Each secret as it is, and without the white space around it: files end with a line break that output
  // lacks.
  explicit Masker(const std::vector<std::string>& secrets);

  bool empty() const { return nodes_.size() == 1; }
  std::string mask(std::string_view text) const;

  class Stream {
   public:
    explicit Stream(const Masker& masker) : masker_(masker) {}
    std::string write(std::string_view chunk);
    std::string flush();  // what was held back; the stream is then as new

   private:
    void release(std::size_t count, std::string& out);

    const Masker& masker_;
    std::uint32_t node_ = 0;
    std::string held_;
    std::vector<bool> covered_;  // per byte of held_: part of a secret
    bool in_secret_ = false;     // the last byte released was
  };

 private:
  struct Node {
    std::uint32_t fallback = 0;  // the longest proper suffix that begins a secret
    std::uint32_t depth = 0;
    std::uint32_t secret = 0;  // the length of the longest secret that ends here
  };

  void add(std::string_view secret);
  void link();
  std::uint32_t advance(std::uint32_t node, unsigned char byte) const;
  std::uint32_t child(std::uint32_t node, unsigned char byte) const;  // 0: none

  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  // node * 256 + byte
};

}  // namespace cooper::report
