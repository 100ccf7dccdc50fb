#include "support/git_http_backend.h"

#include <stdexcept>

#include "os/process.h"

namespace cooper::support {

testing::FakeReply serve_git(const std::string& root, const testing::FakeRequest& request) {
  const std::size_t question = request.target.find('?');
  os::ProcessOptions options;
  options.argv = {"git", "http-backend"};
  options.env = {
      {"PATH=/usr/local/bin:/usr/bin:/bin", "GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1",
       "GIT_CONFIG_NOSYSTEM=1", "HOME=/nonexistent", "REQUEST_METHOD=" + request.method,
       "PATH_INFO=" + request.target.substr(0, question),
       "QUERY_STRING=" + (question == std::string::npos ? "" : request.target.substr(question + 1)),
       "CONTENT_TYPE=" + request.header("content-type"),
       "CONTENT_LENGTH=" + std::to_string(request.body.size()), "REMOTE_ADDR=127.0.0.1"}};
  options.input = request.body;
  options.output_limit = 64 << 20;
  const os::ProcessResult result = os::run_process(options, {});
  const std::size_t end = result.output.find("\r\n\r\n");
  if (end == std::string::npos) throw std::runtime_error("git http-backend: " + result.errors);
  testing::FakeReply reply;
  for (std::size_t begin = 0; begin < end;) {
    const std::size_t line_end = result.output.find("\r\n", begin);
    const std::string line = result.output.substr(begin, line_end - begin);
    const std::size_t colon = line.find(": ");
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(colon + 2);
    if (name == "Status") {
      reply.status = std::stoi(value);
    } else {
      reply.with(name, value);
    }
    begin = line_end + 2;
  }
  reply.body = result.output.substr(end + 4);
  return reply;
}

}  // namespace cooper::support
