# Compiler, warnings, sanitizers, linker and caches: one place, the same for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(VINCULO_SANITIZER "" CACHE STRING "address (with undefined), thread, fuzz (address, undefined and coverage, with clang), or empty")

add_library(vinculo_options INTERFACE)
target_compile_options(vinculo_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)
target_include_directories(vinculo_options INTERFACE ${CMAKE_SOURCE_DIR})
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False alarms of g++ 12 in optimised std::string code (GCC bugs 105329, 105651).
  target_compile_options(vinculo_options INTERFACE -Wno-array-bounds -Wno-restrict)
  if(VINCULO_SANITIZER)
    # And of std::regex under a sanitizer (GCC bug 105562).
    target_compile_options(vinculo_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

add_compile_options(-fstack-protector-strong)
if(VINCULO_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=address,undefined)
elseif(VINCULO_SANITIZER STREQUAL "thread")
  # tsan: g++ says that the sanitizer does not know fences. Abseil's flags have one, around values that are set before any
  # thread is started.
  add_compile_options(-fsanitize=thread -Wno-tsan -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=thread)
  include(ThreadSanitizer)
elseif(VINCULO_SANITIZER STREQUAL "fuzz")
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer -O1 -g1)
  add_link_options(-fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  # NDEBUG stays off: assertions are part of the product.
  string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}")
  add_compile_options(-D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

# What tests and command line tools do themselves need not be fast: not optimising them saves a fifth of a clean build. What
# they call is optimised like everywhere else.
set(VINCULO_UNHURRIED)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(VINCULO_UNHURRIED -O0 -U_FORTIFY_SOURCE)
endif()

find_program(VINCULO_MOLD mold)
if(VINCULO_MOLD AND NOT VINCULO_SANITIZER STREQUAL "thread")
  add_link_options(-fuse-ld=mold)
endif()

find_program(VINCULO_CCACHE ccache)
if(VINCULO_CCACHE)
  # Precompiled headers are cached too, which needs these relaxations (ccache manual, "Precompiled headers").
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${VINCULO_CCACHE})
endif()
