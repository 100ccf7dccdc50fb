#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "conformance_data.h"
#include "dockerfile/ast.h"
#include "dockerfile/instruction.h"

namespace cooper::conformance {
namespace {

using dockerfile::Ast;
using dockerfile::Node;
using nlohmann::json;

json heredocs_as_json(const Node& node) {
  json list = json::array();
  for (const dockerfile::Heredoc& heredoc : node.heredocs) {
    list.push_back({{"name", heredoc.name},
                    {"fd", heredoc.descriptor},
                    {"expand", heredoc.expand},
                    {"chomp", heredoc.chomp},
                    {"content", heredoc.content}});
  }
  return list;
}

// In the data's form: what is empty is left out.
json node_as_json(const Node& node) {
  json value = {{"value", node.keyword}, {"original", node.original}};
  if (node.lines.first > 0) {
    value["start"] = node.lines.first;
    value["end"] = node.lines.last;
  }
  if (!node.flags.empty()) value["flags"] = node.flags;
  if (node.json) value["attributes"] = {{"json", true}};
  if (!node.comments.empty()) value["prev_comment"] = node.comments;
  if (!node.heredocs.empty()) value["heredocs"] = heredocs_as_json(node);
  json words = json::array();
  if (!node.trigger.empty()) words.push_back({{"sub", node_as_json(node.trigger[0])}});
  for (const std::string& word : node.words) words.push_back(word);
  if (!words.empty()) value["args"] = words;
  return value;
}

json ast_as_json(const Ast& ast) {
  json children = json::array();
  for (const Node& node : ast.nodes) children.push_back(node_as_json(node));
  return {{"value", ""},
          {"start", ast.nodes.front().lines.first},
          {"end", ast.nodes.back().lines.last},
          {"children", children}};
}

json warnings_as_json(const Ast& ast) {
  json list = json::array();
  for (const dockerfile::ParseWarning& warning : ast.warnings) {
    list.push_back({{"short", warning.message}, {"line", warning.lines.first}});
  }
  return list;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The names, bases and instruction keywords of the stages; the words are covered by the tree and by the
// convert set.
json stages_as_json(const dockerfile::Program& program) {
  json stages = json::array();
  for (const dockerfile::Stage& stage : program.stages) {
    json commands = json::array();
    for (const dockerfile::Instruction& instruction : stage.instructions) {
      commands.push_back({{"_name", instruction.keyword}, {"_string", instruction.code}});
    }
    const dockerfile::From& from = stage.header();
    stages.push_back({{"name", from.name},
                      {"base", from.base},
                      {"platform", from.platform},
                      {"doc", from.description},
                      {"commands", commands}});
  }
  return stages;
}

json reduced(json stages) {
  for (json& stage : stages) {
    for (json& command : stage["commands"]) {
      command = {{"_name", command["_name"]}, {"_string", command["_string"]}};
    }
  }
  return stages;
}

std::string difference_of(const json& row) {
  Ast ast;
  try {
    ast = dockerfile::parse(row["dockerfile"].get<std::string>(), "Dockerfile");
  } catch (const base::Error& error) {
    return row.contains("error") ? "" : "unexpected error: " + error.render();
  }
  if (row.contains("error")) return "no error, expected " + row["error"].get<std::string>();
  json tree = ast_as_json(ast);
  if (tree != row["ast"]) return "tree " + text_of(tree) + "\n expected " + text_of(row["ast"]);
  if (std::string(base::trim(dockerfile::dump(ast))) != row["dump"]) return "dump " + dockerfile::dump(ast);
  if (std::string(1, ast.source->escape) != row["escape"]) return "escape";
  if (warnings_as_json(ast) != row["warnings"]) return "warnings " + text_of(warnings_as_json(ast));
  try {
    json stages = stages_as_json(dockerfile::read_program(ast, nullptr));
    if (row.contains("instr_error")) return "no error, expected " + row["instr_error"].get<std::string>();
    if (stages != reduced(row["stages"])) return "stages " + text_of(stages);
  } catch (const base::Error& error) {
    return row.contains("instr_error") ? "" : "unexpected instruction error: " + error.render();
  }
  return "";
}

TEST(ConformanceParser, Tree) {
  auto rows = load("parser/ast_oracle.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("parser/ast_oracle.json");
  Tally tally("parser/ast_oracle");
  for (const json& row : *rows) {
    std::string difference = difference_of(row);
    tally.row(difference.empty(), row["source"].get<std::string>() + ": " + difference);
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceParser, Table) {
  auto rows = load("parser/testfiles.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("parser/testfiles.json");
  Tally tally("parser/testfiles");
  for (const json& row : (*rows)["positive"]) {
    std::string got;
    try {
      got = dockerfile::dump(dockerfile::parse(row["dockerfile"].get<std::string>(), "Dockerfile"));
    } catch (const base::Error& error) {
      got = error.render();
    }
    tally.row(base::trim(got) == base::trim(row["dump"].get<std::string>()),
              row["name"].get<std::string>() + ": " + got);
  }
  for (const json& row : (*rows)["negative"]) {
    bool failed = false;
    try {
      dockerfile::parse(row["dockerfile"].get<std::string>(), "Dockerfile");
    } catch (const base::Error&) {
      failed = true;
    }
    tally.row(failed, row["name"].get<std::string>() + ": no error");
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceParser, LineInfo) {
  auto rows = load("parser/testfiles.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("parser/testfiles.json");
  Tally tally("parser/line_info");
  const json& row = (*rows)["line_info"];
  Ast ast = dockerfile::parse(row["dockerfile"].get<std::string>(), "Dockerfile");
  json children = json::array();
  for (const Node& node : ast.nodes) children.push_back({node.lines.first, node.lines.last});
  json root = {ast.nodes.front().lines.first, ast.nodes.back().lines.last};
  tally.row(children == row["children"], "children " + text_of(children));
  tally.row(root == row["root"], "root " + text_of(root));
  EXPECT_EQ(tally.matched(), tally.total());
}

TEST(ConformanceParser, DetectSyntax) {
  auto rows = load("parser/detect_syntax.json");
  if (!rows) GTEST_SKIP() << "no " << data_path("parser/detect_syntax.json");
  Tally tally("parser/detect_syntax");
  for (const json& row : *rows) {
    dockerfile::SyntaxRequest request = dockerfile::detect_syntax(row["text"].get<std::string>());
    bool same = request.reference == row["ref"] && request.command_line == row["cmdline"] &&
                request.line == row["line"] && !request.reference.empty() == row["ok"];
    tally.row(same, text_of(row) + " got " + request.reference);
  }
  EXPECT_EQ(tally.matched(), tally.total());
}

}  // namespace
}  // namespace cooper::conformance
