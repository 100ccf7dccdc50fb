// The XML that AWS and Azure answer in, as a tree of elements. Namespaces and attributes mean nothing there
// and are dropped; entities of a document's own are not expanded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cooper::cloud {

struct XmlElement {
  std::string name;
  std::string text;  // of its own, not of its children
  std::vector<XmlElement> children;

  const XmlElement* child(std::string_view wanted) const;  // null when there is none
  // The text of the element that the path leads to, "" when there is none: {"Error", "Code"}.
  std::string text_at(std::initializer_list<std::string_view> path) const;
};

// nullopt for what is no well-formed document.
std::optional<XmlElement> parse_xml(std::string_view text);

// "&", "<", ">" and quotes as entities.
std::string escape_xml(std::string_view text);

}  // namespace cooper::cloud
