#include "tests/e2e/equivalence/instructions.h"

#include <fmt/format.h>

namespace cooper::equivalence {

Line Instructions::any(const State& state, std::size_t stage) {
  const std::size_t kind = draw_.below(has_run_ && state.stages[stage].has_shell ? 20 : 11);
  if (kind < 4) return copy();
  if (kind < 7) return copy_from(state, stage);
  if (kind < 8) return copy_text();
  if (kind < 9) return draw_.one_in(2) ? add_tar() : copy();
  if (kind < 11) return setting();
  if (kind < 17) return run(state, stage);
  return run_mounted(state, stage);
}

std::string Instructions::flags() {
  std::string out;
  if (draw_.one_in(5)) out += draw_.of({"--chown=1000:50 ", "--chown=app ", "--chown=7 ", "--chown=$OWNER "});
  if (draw_.one_in(5))
    out += draw_.of({"--chmod=640 ", "--chmod=4755 ", "--chmod=u=rwX,go=rX ", "--chmod=$MODE "});
  if (draw_.one_in(5)) out += "--link ";
  return out;
}

// Names that are odd come along in directories and by wildcard.
Line Instructions::copy() {
  const std::string target = directory() + "/";
  switch (draw_.below(7)) {
    case 0:
      return line(fmt::format("COPY {}file {}", flags(), target), target + "file");
    case 1:
      return line(fmt::format("COPY {}dir {}", flags(), target), directory());
    case 2:
      return line(fmt::format("COPY {}dir/* *.txt {}", flags(), target));
    case 3:
      return line(fmt::format("COPY {}. {}", flags(), target), target + "file");
    case 4:
      return line(fmt::format("COPY {}${{PLACE}} {}", flags(), target));
    case 5:
      return line(
          fmt::format("COPY {}--exclude={} dir {}", flags(), draw_.of({"*.txt", "**/c*", "deep"}), target));
    default:
      return line(fmt::format("COPY --parents {} {}",
                              draw_.of({"dir/deep", "dir/*.txt file", "./dir/./deep"}), target));
  }
}

Line Instructions::copy_from(const State& state, std::size_t stage) {
  const auto [from, path] = origin(state, stage);
  const std::string target = directory() + "/";
  return line(fmt::format("COPY {}--from={} {} {}", flags(), from, path, target), target);
}

Line Instructions::copy_text() {
  const std::string target = fmt::format("/out/{}.txt", word());
  const std::string mark = draw_.of({"EOF", "\"EOF\""});
  return line(fmt::format("COPY {}<<{} {}\n{} $VERSION\nEOF", flags(), mark, target, word()), target);
}

Line Instructions::add_tar() {
  return line(fmt::format("ADD {}archive.tar {}/", draw_.one_in(4) ? "--link " : "", directory()));
}

Line Instructions::setting() {
  switch (draw_.below(10)) {
    case 0:
      return line(fmt::format("ENV {}={}", draw_.of({"MODE_OF", "NAME", "VERSION"}), word()));
    case 1:
      return line(fmt::format("ARG VERSION={}", word()));
    case 2:
      return line(fmt::format("WORKDIR {}", draw_.of({"/out", "/a", "deeper", "/w/$VERSION"})));
    case 3:
      return line(fmt::format("LABEL {}=\"{} $VERSION\"", word(), word()));
    case 4:
      return line(fmt::format("USER {}", draw_.of({"root", "0", "app", "1000:50"})));
    case 5:
      return line("ARG SOURCE_DATE_EPOCH");
    case 6:
      return line(fmt::format("CMD [\"{}\"]", word()));
    case 7:
      return line(fmt::format("SHELL [\"/bin/sh\", \"{}\"]", draw_.of({"-c", "-ec", "-uc"})));
    case 8:
      return line(fmt::format("ENV PATH=/bin:/{}", word()));
    default:
      return line(fmt::format("EXPOSE {}", 8000 + draw_.below(3)));
  }
}

std::pair<std::string, std::string> Instructions::origin(const State& state, std::size_t stage) {
  if (stage == 0 || draw_.one_in(8)) {
    return {draw_.of({"base", "other"}), draw_.of({"/base", "/base/file", "/etc/passwd", "/base/dir/"})};
  }
  // Rather the last ones: that makes chains.
  const Stage& source = state.stages[draw_.one_in(3) ? draw_.below(stage) : stage - 1];
  std::vector<std::string> paths = {"/out", "/out/", "/out/start*"};
  for (const Line& line : source.lines) {
    if (!line.makes.empty()) paths.push_back(line.makes);
  }
  return {fmt::format("{{stage:{}}}", source.id), draw_.of(paths)};
}

Line Instructions::run(const State&, std::size_t) {
  switch (draw_.below(8)) {
    case 0:
      return line(fmt::format("RUN [\"/bin/busybox\", \"sh\", \"-c\", \"{}\"]", writing_command()));
    case 1:
      return line(fmt::format("RUN <<EOF\n{}\n{}\nEOF", command(), command()));
    case 2: {
      const std::string made = fmt::format("/made-{}", word());
      return line(fmt::format("RUN mkdir -p {0} && echo {1} > {0}/f && chmod {2} {0}/f || true", made, word(),
                              draw_.of({"600", "4755", "644"})),
                  made);
    }
    case 3:
      return line(fmt::format("RUN {} && {}", command(), command()));
    default:
      return line(fmt::format("RUN {}", command()));
  }
}

Line Instructions::run_mounted(const State& state, std::size_t stage) {
  switch (draw_.below(6)) {
    case 0:
      return line("RUN --mount=type=tmpfs,target=/t echo x > /t/x; ls /t > /out/tmpfs || true");
    case 1:
      return line(
          "RUN --mount=type=cache,target=/k date >> /k/log; sort /src/* /out/start > /k/s 2>/dev/null; "
          "cat /k/s > /out/sorted || true");
    case 2:
      return line(
          fmt::format("RUN --mount=type=bind,target=/c{} (cd /c && {}) > /out/seen 2>/dev/null || true",
                      draw_.of({"", ",source=dir", ",rw"}), reading_command()));
    case 3:
      return line("RUN --mount=type=bind,target=/c cp -p /c/file /out/kept || true");
    default: {
      const std::string from = origin(state, stage).first;
      return line(fmt::format("RUN --mount=type=bind,from={},target=/m{} {} || true", from,
                              draw_.of({"", "", ",rw"}),
                              draw_.of({"cp -a /m/out /copied", "cp -p /m/out/* /out/",
                                        "cat /m/out/* > /out/read", "find /m/out /m/base | sort > /out/list",
                                        "stat -c '%a %u %g %n' /m/out/* > /out/stat"})));
    }
  }
}

std::string Instructions::command() {
  return draw_.one_in(3)
             ? fmt::format("(cd /out && {}) > /out/{} 2>/dev/null || true", reading_command(), word())
             : writing_command();
}

std::string Instructions::reading_command() {
  return draw_.of({"cat * | sort", "find . | sort", "stat -c '%a %u %g %n' *", "env | sort",
                   "echo $VERSION $NAME", "cat /src/* /base/file", "id; pwd",
                   "find /a /d /src -type l -exec readlink {} +", "cat /out/* | sort",
                   "echo $SOURCE_DATE_EPOCH"});
}

std::string Instructions::old_time() {
  return draw_.of({"2001-02-03 04:05:06", "2020-01-01 00:00:00", "2022-06-15 12:00:00"});
}

std::string Instructions::writing_command() {
  const std::string at = directory();
  switch (draw_.below(14)) {
    case 0:
      return fmt::format("mkdir -p {0}/new && echo {1} > {0}/new/{2} || true", at, word(), word());
    case 1:
      return fmt::format("cp -a {} /copy-{} || true", at, word());
    case 2:
      return fmt::format("cp -p {}/* /out/ || true", at);
    case 3:
      return fmt::format("touch -d '{}' /out/{} || true", old_time(), word());
    case 4:
      return fmt::format("chmod {} {}/* || true", draw_.of({"600", "4711", "a+rwx"}), at);
    case 5:
      return fmt::format("ln -sf {} /out/link || true", draw_.of({"/base/file", "nowhere", "/a", "../src"}));
    case 6:
      return fmt::format("ln -f /out/start /out/hard-{} || true", word());
    case 7:
      return fmt::format("rm -rf {} && mkdir -p {} && echo {} > {}/again || true", at == "/out" ? "/a" : at,
                         at, word(), at);
    case 8:
      return fmt::format("rm -f {}/*t || true", at);
    case 9:
      return fmt::format("mv /out/start /out/moved && cp -p /out/moved /out/start || true");
    case 10:
      return fmt::format("rm -rf /base/dir && echo {} > /base/file || true", word());
    case 11:
      return fmt::format("chown {} /out/* || true", draw_.of({"1000", "app:50", "0:7"}));
    case 12:
      return fmt::format("mv {} /moved-{} || true", at == "/out" ? "/d" : at, word());
    default:
      return fmt::format("echo {} >> /out/log || true", word());
  }
}

}  // namespace cooper::equivalence
