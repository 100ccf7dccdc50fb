#!/usr/bin/env python3
"""Writes the projects that `make bench` builds, the same bytes every time.

usage: projects.py PROJECT DIRECTORY [--bases HOST:PORT] [--times N] [--edit N]

stages    a program in four stages, two of them independent, each with RUN and COPY
sleepers  four independent stages that sleep 3 s and compute for half a second
modules   50,000 small files copied, then one of them changed by a RUN
archive   a RUN that writes 1 GiB, half of it incompressible
large     a RUN that writes one line onto the base `large` of five layers, 1 GB
steps     100 RUN steps that write a line each (dockerd 20.10 takes 125 layers at most)
many      stages that copy from one another, 16 of them
parts     the four layers' trees of the base `large`, in DIRECTORY/0 to 3

--times N scales the number of files, bytes, steps or stages (1; may be a fraction). --edit N changes one file of an existing `modules`.
"""
import argparse
import pathlib
import random

WORDS = ("vertex layer manifest index digest stage mount secret cache solver snapshot store blob tar gzip config label "
         "if else while for return struct class template const auto static void int size_t string vector span").split()


def write(path, content, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


def prose(dice, size):
    """`size` bytes that gzip makes three to four times smaller, as it does source code."""
    lines, length = [], 0
    while length < size:
        words = (f"x{dice.randrange(1 << 24):06x}" if dice.random() < 0.2 else dice.choice(WORDS)
                 for _ in range(dice.randrange(4, 11)))
        line = "    " * dice.randrange(4) + " ".join(words) + "\n"
        lines.append(line)
        length += len(line)
    return "".join(lines)[:size].encode()


def pieces(dice, pool, count, median):
    """`count` cuts of `pool` whose sizes are mostly small and sometimes large."""
    for _ in range(count):
        size = min(20 + int(median * dice.lognormvariate(0, 0.9)), 40_000)
        start = dice.randrange(len(pool) - size)
        yield pool[start:start + size]


def stages(root, bases, times):
    dice = random.Random(11)
    write(root / "Dockerfile", f"""\
FROM {bases}/debian AS inputs
WORKDIR /work
COPY lists/ lists/
RUN sort -u lists/* > all && wc -l < all > count

FROM inputs AS objects
ARG FLAVOUR=release
COPY code/ code/
RUN mkdir built && for file in code/*; do name=$(basename $file); sha256sum $file > built/$name.sum; gzip -9c $file > built/$name.gz; done
RUN cat built/*.sum > built/program && chmod 755 built/program && echo $FLAVOUR > built/flavour

FROM {bases}/debian AS manual
COPY pages/ /pages/
RUN cat /pages/* | tr a-z A-Z > /manual && gzip -k /manual

FROM objects AS checked
RUN test -s built/program && grep -c . all > built/lines

FROM {bases}/busybox
LABEL kind=bench
WORKDIR /opt/program
COPY --from=objects /work/built/ ./
COPY --from=manual /manual.gz share/
COPY --from=checked /work/built/lines ./
RUN ls -l /opt/program > /opt/listing
USER 1000
ENTRYPOINT ["/bin/cat", "/opt/program/flavour"]
""")
    for i in range(int(20 * times)):
        write(root / f"lists/{i:04}", prose(dice, 8_000))
        write(root / f"pages/{i:04}", prose(dice, 40_000))
    for i in range(int(200 * times)):
        write(root / f"code/{i:05}.c", prose(dice, 20_000))


def sleepers(root, bases, times):
    names = [f"s{i}" for i in range(int(4 * times))]
    text = "".join(f"FROM {bases}/debian AS {name}\n"
                   f"RUN sleep 3 && head -c 120000000 /dev/zero | sha256sum > /{name}\n" for name in names)
    text += f"FROM {bases}/debian\n" + "".join(f"COPY --from={name} /{name} /all/{name}\n" for name in names)
    write(root / "Dockerfile", text + "RUN cat /all/* > /one\n")


def modules(root, bases, times):
    dice = random.Random(13)
    write(root / "Dockerfile", f"FROM {bases}/debian\nWORKDIR /srv\nCOPY . .\n"
                               "RUN echo changed >> /srv/modules/0042/lib/7.js\n")
    pool = prose(dice, 4_000_000)
    for module in range(int(1000 * times)):
        folder = root / "modules" / f"{module:04}"
        for i, piece in enumerate(pieces(dice, pool, 50, 900)):
            write(folder / ("lib", "dist", "test", "types")[i // 4 % 4] / f"{i}.js", piece)
    write(root / "modules/0042/lib/7.js", prose(dice, 900))
    write(root / "main.js", "console.log(0)\n")


def archive(root, bases, times):
    dice = random.Random(14)
    # 16 MiB again and again: too far apart for the window of any compressor.
    write(root / "seed/noise", dice.randbytes(16 << 20))
    write(root / "seed/prose", b"".join(prose(dice, 1 << 20) for _ in range(16)))
    write(root / "Dockerfile", f"FROM {bases}/debian\nCOPY seed /seed\nRUN mkdir /data && i=0; while [ $i -lt {int(32 * times)} ]; "
                               "do cat /seed/noise > /data/n$i; cat /seed/prose > /data/p$i; i=$((i+1)); done\n")


def large(root, bases, times):
    write(root / "Dockerfile", f"FROM {bases}/large\nRUN echo {times} > /line\n")


def steps(root, bases, times):
    write(root / "Dockerfile", f"FROM {bases}/busybox\n" +
          "".join(f"RUN echo {i} > /tmp/{i}\n" for i in range(int(100 * times))))


def many(root, bases, times):
    text = f"FROM {bases}/busybox AS s0\nRUN echo 0 > /0\n"
    for i in range(1, int(16 * times)):
        text += f"FROM {bases}/busybox AS s{i}\nCOPY --from=s{i - 1} /{i - 1} /{i}\nRUN echo {i} >> /{i}\n"
    write(root / "Dockerfile", text)


def parts(root, _bases, _times):
    for part in range(4):
        dice = random.Random(700 + part)
        pool = b"".join(prose(dice, 1 << 20) for _ in range(8))
        place = root / str(part) / "opt" / f"part{part}"
        for i in range(40):
            write(place / f"lib/{i}.so", dice.randbytes(2_500_000), 0o755)
        for i in range(15):
            write(place / f"share/{i}.txt", pool[i * 100_000:i * 100_000 + 4_000_000])
        for i in range(5000):
            size = dice.randrange(1000, 25_000)
            start = dice.randrange(len(pool) - size)
            write(place / f"include/{i // 100:02}/{i}.h", pool[start:start + size])


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1], description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    projects = {f.__name__: f for f in (stages, sleepers, modules, archive, large, steps, many, parts)}
    parser.add_argument("project", choices=projects)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--bases", default="127.0.0.1:5000", help="the registry that has debian, busybox and large")
    parser.add_argument("--times", type=float, default=1)
    parser.add_argument("--edit", type=int)
    asked = parser.parse_args()
    if asked.edit is not None:
        write(asked.directory / "main.js", f"console.log({asked.edit})\n")
        return
    projects[asked.project](asked.directory, asked.bases, asked.times)


if __name__ == "__main__":
    main()
