// What the verbs on the local store have in common.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "cli/arguments.h"
#include "cli/environment.h"
#include "store/store.h"

namespace cooper::cli {

void add_store_flag(Command command, std::string& store);
// The store that --store or the environment names, made when missing.
std::shared_ptr<store::Store> open_store(const std::string& store, const Environment& environment);
// Runs `work` with SIGINT and SIGTERM as a stop request; 128 + the signal when one ended it. Single-threaded
// when called.
int run_stoppable(const std::function<int(const std::stop_token& stop)>& work);
void print(const std::string& text);  // to standard output
void warn(const std::string& line);   // to standard error

}  // namespace cooper::cli
