#!/bin/bash
# Builds the libraries that the portable cooper links and that Debian has no usable static archive of: curl, libgit2,
# libarchive, libxml2, ISA-L and fmt, from Debian's own source packages with Debian's patches, each with only what
# cooper uses of it (Debian's libcurl.a wants Kerberos and LDAP, its libxml2.a thirty megabytes of ICU).
#
# usage: scripts/static_deps.sh DIRECTORY      archives in DIRECTORY/lib; nothing happens when they are of these versions
#
# The versions are those of the -dev packages that are installed, so that the headers in /usr/include describe them.
# apt checks the sources' signatures; its lists and settings are kept in DIRECTORY and the system's stay as they are.
set -euo pipefail
cd "$(dirname "$0")/.."
directory=$(realpath -m "$1")
# source package, and the package whose installed version it has to match
sources=(curl:libcurl4-openssl-dev libgit2:libgit2-dev libarchive:libarchive-dev libxml2:libxml2-dev
  libisal:libisal-dev fmtlib:libfmt-dev)

recipe=$(cat scripts/static_deps.sh - < <(dpkg-query -W -f='${source:Package} ${source:Version}\n' "${sources[@]#*:}"))
[[ $(cat "$directory/recipe" 2>/dev/null) != "$recipe" ]] || exit 0

rm -rf "$directory"
mkdir -p "$directory"/{apt/lists/partial,apt/parts,lib,source}
log=$directory/log
exec 3>&2
trap 'status=$?; if ((status)); then tail -n 30 "$log" >&3; echo "static_deps.sh: the whole log is $log" >&3; fi' EXIT

# Debian's archive as this machine's apt reaches it, main and security, asked for sources.
write_apt_sources() {
  # shellcheck disable=SC2016  # the dollars are for apt
  apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(CODENAME) $(COMPONENT)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $4 == "main" { print "deb-src", $2, $3, "main" }' | sort -u >"$directory/apt/parts/debian.list"
}

# apt_with get|cache ARGUMENT...
apt_with() {
  "apt-$1" -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$directory/apt/parts" \
    -o Dir::State::lists="$directory/apt/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o APT::Sandbox::User=root "${@:2}"
}

# fetch_source SOURCE VERSION: where the archive no longer (or not yet) has the sources of what is installed, the newest of
# the same upstream version, which has the same headers; said aloud, for it may lack one of Debian's fixes.
fetch_source() {
  local source=$1 wanted=$2 version
  for version in "$wanted" $(apt_cache_versions "$source" "${wanted%-*}"); do
    apt_with get source --download-only "$source=$version" || continue
    [[ $version == "$wanted" ]] ||
      echo "static_deps.sh: the archive has no sources of $source $wanted: taking $version" | tee /dev/fd/3
    # apt has checked the files against the signed lists.
    dpkg-source --no-check -x "${source}_${version#*:}.dsc" "$source"
    return
  done
  return 1
}

apt_cache_versions() {
  apt_with cache showsrc --only-source "$1" | awk -v upstream="$2-" '$1 == "Version:" && index($2, upstream) == 1 { print $2 }' |
    sort -rVu
}

fetch() {
  local source
  write_apt_sources
  apt_with get update
  cd "$directory/source"
  for source in "${sources[@]}"; do
    fetch_source "${source%%:*}" "$(dpkg-query -W -f='${source:Version}' "${source#*:}")"
  done
  cd - >/dev/null
}

# cmake_library NAME TARGET ARCHIVE [-DOPTION...]: only the archive, for the headers are Debian's
cmake_library() {
  local name=$1 target=$2 archive=$3
  shift 3
  cmake -S "$directory/source/$name" -B "$directory/build/$name" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
  ninja -C "$directory/build/$name" "$target"
  cp "$directory/build/$name/$archive" "$directory/lib/"
}

build_all() {
  # HTTP and HTTPS through proxies, HTTP/2; no program asks this curl for anything else.
  cmake_library curl libcurl lib/libcurl.a -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DUSE_NGHTTP2=ON -DUSE_LIBIDN2=ON \
    -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_GSSAPI=OFF -DCURL_DISABLE_LDAP=ON -DCURL_BROTLI=OFF \
    -DCURL_ZSTD=OFF -DBUILD_CURL_EXE=OFF -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=/etc/ssl/certs
  # Cooper brings its own transports, so this libgit2 needs neither TLS nor ssh.
  cmake_library libgit2 libgit2package libgit2.a -DUSE_HTTPS=OFF -DUSE_SSH=OFF -DUSE_GSSAPI=OFF -DUSE_NTLMCLIENT=OFF \
    -DUSE_HTTP_PARSER=system -DREGEX_BACKEND=pcre2 -DBUILD_TESTS=OFF -DBUILD_CLI=OFF
  # tar in gzip, bzip2, xz and zstd.
  cmake_library libarchive archive_static libarchive/libarchive.a -DENABLE_OPENSSL=OFF -DENABLE_NETTLE=OFF \
    -DENABLE_LIBXML2=OFF -DENABLE_EXPAT=OFF -DENABLE_LZ4=OFF -DENABLE_LZO=OFF -DENABLE_LIBB2=OFF -DENABLE_ACL=OFF \
    -DENABLE_XATTR=OFF -DENABLE_TAR=OFF -DENABLE_CPIO=OFF -DENABLE_CAT=OFF -DENABLE_TEST=OFF -DENABLE_WERROR=OFF
  cmake_library libxml2 LibXml2 libxml2.a -DLIBXML2_WITH_ICU=OFF -DLIBXML2_WITH_PYTHON=OFF -DLIBXML2_WITH_LZMA=OFF \
    -DLIBXML2_WITH_ZLIB=OFF -DLIBXML2_WITH_PROGRAMS=OFF -DLIBXML2_WITH_TESTS=OFF -DLIBXML2_WITH_HTTP=OFF \
    -DLIBXML2_WITH_FTP=OFF
  cmake_library fmtlib fmt libfmt.a -DFMT_TEST=OFF -DFMT_DOC=OFF
  make -C "$directory/source/libisal" -f Makefile.unx -j "$(nproc)" lib
  cp "$directory/source/libisal/bin/isa-l.a" "$directory/lib/libisal.a"
}

echo "building the libraries of the portable cooper: curl libgit2 libarchive libxml2 isal fmt"
{
  fetch
  build_all
  rm -rf "$directory"/{apt,source,build}
} >"$log" 2>&1
printf '%s\n' "$recipe" >"$directory/recipe"
