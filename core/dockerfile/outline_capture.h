// What --call=outline tells of a stage: its arguments, secrets and SSH sockets.
#pragma once

#include <map>
#include <set>
#include <string>

#include "dockerfile/plan.h"

namespace cooper::dockerfile {

struct OutlineNeed {
  bool required = false;
  Lines lines;
};

struct OutlineCapture {
  std::map<std::string, ArgInfo> definitions;
  std::set<std::string> used;
  std::map<std::string, OutlineNeed> secrets;
  std::map<std::string, OutlineNeed> ssh;
};

}  // namespace cooper::dockerfile
