# The portable cooper: the same objects, linked with static archives only. What Debian has no usable archive of comes
# from scripts/static_deps.sh. Compile flags stay those of the ordinary build, so that ccache has every object already.

option(COOPER_STATIC "link cooper statically, with the archives in static-deps beside the build tree" OFF)
if(NOT COOPER_STATIC)
  return()
endif()

set(COOPER_STATIC_DEPS ${CMAKE_SOURCE_DIR}/build/static-deps CACHE PATH "where scripts/static_deps.sh put its archives")

# cooper_static_library(TARGET NAME...): what linked TARGET links these archives instead, looked for among ours first.
function(cooper_static_library target)
  set(archives)
  foreach(name ${ARGN})
    find_library(COOPER_STATIC_${name} lib${name}.a PATHS ${COOPER_STATIC_DEPS}/lib NO_DEFAULT_PATH)
    find_library(COOPER_STATIC_${name} lib${name}.a REQUIRED)
    list(APPEND archives ${COOPER_STATIC_${name}})
  endforeach()
  list(POP_FRONT archives own)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${own};${archives}")
  else()
    foreach(configuration "" _NONE _RELEASE _RELWITHDEBINFO)
      set_target_properties(${target} PROPERTIES IMPORTED_LOCATION${configuration} ${own})
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${archives}")
  endif()
endfunction()

cooper_static_library(OpenSSL::Crypto crypto)
cooper_static_library(CURL::libcurl curl nghttp2 idn2 unistring ssl crypto z)
cooper_static_library(LibArchive::LibArchive archive z bz2 lzma zstd)
cooper_static_library(fmt::fmt fmt)
cooper_static_library(PkgConfig::ZSTD zstd)
cooper_static_library(PkgConfig::ISAL isal)
cooper_static_library(PkgConfig::DEFLATE deflate)
cooper_static_library(PkgConfig::GIT2 git2 http_parser pcre2-8 z)
cooper_static_library(PkgConfig::YAML yaml-cpp)
cooper_static_library(PkgConfig::XML2 xml2)
cooper_static_library(PkgConfig::SECCOMP seccomp)

# Debian's toml++ is a shared library; its headers hold all of it as well.
set_target_properties(PkgConfig::TOML PROPERTIES INTERFACE_LINK_LIBRARIES "" INTERFACE_COMPILE_OPTIONS ""
                      INTERFACE_COMPILE_DEFINITIONS "TOML_HEADER_ONLY=1")

# Position-independent all the same: the randomisation of addresses stays. glibc 2.36's start-up code ends such a program
# when it has a run path (elf/get-dynamic-info.h), and none is needed.
add_link_options(-static-pie)
set(CMAKE_SKIP_RPATH ON)
