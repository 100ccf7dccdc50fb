#include "cloud/xml.h"

#include <gtest/gtest.h>

namespace cooper::cloud {

TEST(CloudXml, ReadsElementsWithoutTheirNamespaces) {
  auto root = parse_xml(R"(<?xml version="1.0"?>
    <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
      <Contents><Key>a &amp; b</Key></Contents><Contents><Key><![CDATA[<c>]]></Key></Contents>
    </ListBucketResult>)");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->name, "ListBucketResult");
  ASSERT_EQ(root->children.size(), 2U);
  EXPECT_EQ(root->children[0].text_at({"Key"}), "a & b");
  EXPECT_EQ(root->children[1].text_at({"Key"}), "<c>");
  EXPECT_EQ(root->text_at({"Contents", "Key"}), "a & b");
  EXPECT_EQ(root->text_at({"Contents", "Nothing"}), "");
}

TEST(CloudXml, ReadsWhatAzureWritesBeforeADocument) {
  EXPECT_TRUE(parse_xml("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><Error/>"));
}

TEST(CloudXml, RefusesNonsenseQuietly) {
  for (const char* text : {"", "{}", "<a>", "<a></b>", "plain"}) EXPECT_FALSE(parse_xml(text)) << text;
}

TEST(CloudXml, ExpandsNoEntitiesOfADocumentsOwn) {
  auto root =
      parse_xml("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\"><!ENTITY f \"ffff\">]><a>x&e;&f;</a>");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->text, "x");
}

TEST(CloudXml, EscapesText) {
  EXPECT_EQ(escape_xml("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
}

}  // namespace cooper::cloud
