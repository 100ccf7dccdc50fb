# Warnings, sanitizers, linker, ccache and the libraries of others.

find_program(CCACHE ccache)
if(CCACHE)
  # What ccache asks for where precompiled headers are in use (its manual, "Precompiled headers"), and what makes a
  # second checkout, or a fresh one, compile nothing again: paths below the checkout are hashed as relative ones, and a
  # header counts by its content whatever its times are.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true ${CCACHE})
endif()

include(CheckLinkerFlag)
foreach(linker mold lld)
  check_linker_flag(CXX -fuse-ld=${linker} HAVE_LINKER_${linker})
  if(HAVE_LINKER_${linker})
    add_link_options(-fuse-ld=${linker})
    break()
  endif()
endforeach()

add_library(cooper_flags INTERFACE)
target_compile_options(cooper_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wconversion
  -Wno-sign-conversion -Wimplicit-fallthrough -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside libstdc++ and fmt where nothing is wrong (GCC bugs 105329, 105562, 105651).
  target_compile_options(cooper_flags INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow)
endif()
target_compile_definitions(cooper_flags INTERFACE _FILE_OFFSET_BITS=64)
target_include_directories(cooper_flags INTERFACE ${CMAKE_SOURCE_DIR}/core ${CMAKE_SOURCE_DIR})
if(SANITIZE)
  target_compile_options(cooper_flags INTERFACE
    -fsanitize=${SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(cooper_flags INTERFACE -fsanitize=${SANITIZE})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(CURL REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(LibArchive REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-cpp)
pkg_check_modules(XML2 REQUIRED IMPORTED_TARGET libxml-2.0)
pkg_check_modules(TOML REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)

include(CooperStatic)

# One precompiled header for all modules and one for all tests: the big headers of others, none of ours. Sources include
# what they use all the same; the lint build, which has no precompiled headers, sees to that.
option(COOPER_PCH "use precompiled headers" ON)
if(COOPER_PCH)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)
  endif()
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch/empty.cpp CONTENT "")
  set(COOPER_PCH_HEADERS <algorithm> <array> <atomic> <chrono> <condition_variable> <functional> <future> <map> <memory>
                         <mutex> <optional> <set> <span> <stop_token> <string> <string_view> <thread> <unordered_map>
                         <utility> <variant> <vector> <fmt/format.h>)
  add_library(cooper_pch STATIC ${CMAKE_BINARY_DIR}/pch/empty.cpp)
  target_link_libraries(cooper_pch PUBLIC cooper_flags fmt::fmt nlohmann_json::nlohmann_json)
  target_precompile_headers(cooper_pch PRIVATE ${COOPER_PCH_HEADERS} <nlohmann/json.hpp>)
endif()

function(cooper_precompiled target from)
  if(COOPER_PCH)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()
