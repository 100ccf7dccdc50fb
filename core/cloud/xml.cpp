#include "cloud/xml.h"

#include <climits>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <memory>

namespace cooper::cloud {

namespace {

struct FreeDocument {
  void operator()(xmlDoc* document) const { xmlFreeDoc(document); }
};

std::string to_string(const xmlChar* text) {
  return text == nullptr ? std::string() : reinterpret_cast<const char*>(text);
}

// libxml2 refuses documents deeper than 256 elements, which bounds the recursion.
XmlElement element_of(const xmlNode& node) {
  XmlElement element;
  element.name = to_string(node.name);
  for (const xmlNode* child = node.children; child != nullptr; child = child->next) {
    if (child->type == XML_ELEMENT_NODE) element.children.push_back(element_of(*child));
    if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
      element.text += to_string(child->content);
  }
  return element;
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
  for (const XmlElement& element : children) {
    if (element.name == wanted) return &element;
  }
  return nullptr;
}

std::string XmlElement::text_at(std::initializer_list<std::string_view> path) const {
  const XmlElement* element = this;
  for (std::string_view step : path) {
    element = element->child(step);
    if (element == nullptr) return {};
  }
  return element->text;
}

std::optional<XmlElement> parse_xml(std::string_view text) {
  static const bool kReady = [] {
    xmlInitParser();
    return true;
  }();
  if (!kReady || text.size() > INT_MAX) return std::nullopt;
  std::unique_ptr<xmlDoc, FreeDocument> document(
      xmlReadMemory(text.data(), static_cast<int>(text.size()), "", nullptr,
                    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING));
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr) return std::nullopt;
  return element_of(*root);
}

std::string escape_xml(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace cooper::cloud
