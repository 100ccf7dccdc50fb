#include "build/call.h"

#include <ctime>
#include <thread>

#include "build/base_images.h"
#include "build/fetching.h"
#include "build/findings.h"
#include "build/frontend_input.h"
#include "build/open_context.h"
#include "snapshot/layer_store.h"

namespace cooper::build {
namespace {

class Call {
 public:
  Call(const BuildRequest& request, Toolbox& tools, const std::stop_token& stop)
      : request_(request),
        tools_(tools),
        pool_(std::thread::hardware_concurrency()),
        layers_(tools.store, tools.form, pool_),
        bases_(tools, layers_, pool_, stop),
        agents_(request.ssh_sockets, request.ssh_keys,
                [store = tools.store] { return store->make_temp("ssh-"); }),
        fetching_(request, tools, agents_, stop),
        digests_(tools.store),
        stop_(stop) {}

  CallAnswer run(CallMethod method) {
    // Read the Dockerfile; nothing is transferred.
    context_ = open_context(
        request_,
        {tools_, fetching_.http, fetching_.git, bases_, layers_, digests_, pool_, std::time(nullptr)}, stop_);
    accept_frontend(request_, context_, *tools_.events);
    // Ask the frontend.
    CallAnswer answer{context_.dockerfile_name, context_.dockerfile_text, {}};
    switch (method) {
      case CallMethod::kCheck:
        answer.answer = check();
        break;
      case CallMethod::kOutline:
        answer.answer = outline();
        break;
      case CallMethod::kTargets:
        answer.answer = dockerfile::list_targets(parse());
        break;
    }
    return answer;
  }

 private:
  dockerfile::Ast parse() const {
    return dockerfile::parse(context_.dockerfile_text, context_.dockerfile_name);
  }

  dockerfile::CheckResult check() {
    dockerfile::CheckResult all;
    Findings findings(
        [&](const std::string&, const dockerfile::LintWarning& warning) { all.warnings.push_back(warning); });
    for (const oci::Platform& platform : target_platforms(request_)) {
      dockerfile::CheckResult one = dockerfile::check(context_.dockerfile_text, context_.dockerfile_name,
                                                      frontend_input(request_, context_, platform), bases_);
      for (const dockerfile::LintWarning& warning : one.warnings)
        findings.add(context_.dockerfile_name, warning);
      if (one.error && one.error->kind() == base::ErrorKind::kCancelled) throw *one.error;
      if (!all.error) all.error = one.error;
    }
    return all;
  }

  dockerfile::Outline outline() {
    dockerfile::FrontendInput input = frontend_input(request_, context_, target_platforms(request_).front());
    return dockerfile::outline(dockerfile::resolve(parse(), input), input, bases_);
  }

  const BuildRequest& request_;
  Toolbox& tools_;
  base::ThreadPool pool_;
  snapshot::LayerStore layers_;
  BaseImages bases_;
  SshAgents agents_;
  Fetching fetching_;
  ContextDigests digests_;
  std::stop_token stop_;
  OpenedContext context_;
};

}  // namespace

CallAnswer run_call(CallMethod method, const BuildRequest& request, Toolbox& tools,
                    const std::stop_token& stop) {
  return Call(request, tools, stop).run(method);
}

}  // namespace cooper::build
