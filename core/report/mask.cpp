#include "report/mask.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace cooper::report {

Masker::Masker(const std::vector<std::string>& secrets) : nodes_(1) {
  for (const std::string& secret : secrets) {
    add(secret);
    add(base::trim(secret));
  }
  link();
}

std::uint32_t Masker::child(std::uint32_t node, unsigned char byte) const {
  const auto found = children_.find(std::uint64_t{node} * 256 + byte);
  return found == children_.end() ? 0 : found->second;
}

void Masker::add(std::string_view secret) {
  if (secret.size() < kShortestSecret) return;
  std::uint32_t node = 0;
  for (const char c : secret) {
    const auto byte = static_cast<unsigned char>(c);
    std::uint32_t next = child(node, byte);
    if (next == 0) {
      next = static_cast<std::uint32_t>(nodes_.size());
      nodes_.push_back({0, nodes_[node].depth + 1, 0});
      children_[std::uint64_t{node} * 256 + byte] = next;
    }
    node = next;
  }
  nodes_[node].secret = static_cast<std::uint32_t>(secret.size());
}

// Fallbacks of a node need those of shorter prefixes.
void Masker::link() {
  struct Edge {
    std::uint32_t parent;
    std::uint32_t child;
    unsigned char byte;
  };
  std::vector<Edge> edges;
  edges.reserve(children_.size());
  for (const auto& [key, node] : children_) {
    edges.push_back({static_cast<std::uint32_t>(key / 256), node, static_cast<unsigned char>(key % 256)});
  }
  std::sort(edges.begin(), edges.end(),
            [this](const Edge& a, const Edge& b) { return nodes_[a.child].depth < nodes_[b.child].depth; });
  for (const Edge& edge : edges) {
    Node& node = nodes_[edge.child];
    if (edge.parent != 0) node.fallback = advance(nodes_[edge.parent].fallback, edge.byte);
    node.secret = std::max(node.secret, nodes_[node.fallback].secret);
  }
}

std::uint32_t Masker::advance(std::uint32_t node, unsigned char byte) const {
  while (true) {
    if (const std::uint32_t next = child(node, byte)) return next;
    if (node == 0) return 0;
    node = nodes_[node].fallback;
  }
}

std::string Masker::mask(std::string_view text) const {
  if (empty()) return std::string(text);
  Stream stream(*this);
  std::string masked = stream.write(text);
  return masked + stream.flush();
}

std::string Masker::Stream::write(std::string_view chunk) {
  if (masker_.empty()) return std::string(chunk);
  std::string out;
  for (const char c : chunk) {
    held_.push_back(c);
    covered_.push_back(false);
    node_ = masker_.advance(node_, static_cast<unsigned char>(c));
    const Node& node = masker_.nodes_[node_];
    if (node.secret > 0) std::fill(covered_.end() - node.secret, covered_.end(), true);
    // Only the bytes that may yet begin a secret are still open; released in bulk, as erasing costs a move.
    const std::size_t closed = held_.size() - node.depth;
    if (node.depth == 0 || closed >= 4096) release(closed, out);
  }
  release(held_.size() - masker_.nodes_[node_].depth, out);
  return out;
}

std::string Masker::Stream::flush() {
  std::string out;
  release(held_.size(), out);
  node_ = 0;
  in_secret_ = false;
  return out;
}

void Masker::Stream::release(std::size_t count, std::string& out) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!covered_[i]) {
      out += held_[i];
    } else if (!in_secret_) {
      out += kMasked;
    }
    in_secret_ = covered_[i];
  }
  held_.erase(0, count);
  covered_.erase(covered_.begin(), covered_.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace cooper::report
