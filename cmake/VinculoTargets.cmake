include(CMakeParseArguments)

# Precompiled headers. A target names the one that fits its room:
#   base  std and Abseil only (domain, pure parts of common)
#   proto base and protobuf
#   grpc  proto and grpcpp (api, common/rpc, clients)
#   tool_grpc: grpc for command line tools, which are not optimised
#   test_base, test_grpc: base and grpc with GoogleTest, not optimised
function(_vinculo_pch name)
  cmake_parse_arguments(A "" "" "HEADERS;DEPS" ${ARGN})
  file(WRITE ${CMAKE_BINARY_DIR}/pch/${name}.cc "")
  add_library(vinculo_pch_${name} OBJECT ${CMAKE_BINARY_DIR}/pch/${name}.cc)
  target_link_libraries(vinculo_pch_${name} PRIVATE vinculo_options ${A_DEPS})
  target_precompile_headers(vinculo_pch_${name} PRIVATE ${A_HEADERS})
endfunction()

function(_vinculo_unhurried_pch name)
  _vinculo_pch(${name} ${ARGN})
  target_compile_options(vinculo_pch_${name} PRIVATE ${VINCULO_UNHURRIED})
endfunction()

set(_std <string> <string_view> <vector> <map> <optional> <memory> <functional> <utility> <algorithm> <cstdint>)
set(_absl <absl/status/status.h> <absl/status/statusor.h> <absl/strings/str_cat.h> <absl/strings/string_view.h>
    <absl/time/time.h> <absl/time/clock.h> <absl/container/flat_hash_map.h> <absl/functional/any_invocable.h>
    <absl/synchronization/mutex.h> <absl/types/span.h>)
set(_proto <google/protobuf/message.h> <google/protobuf/descriptor.h> <google/protobuf/timestamp.pb.h>
    <google/protobuf/duration.pb.h> <google/protobuf/field_mask.pb.h> <google/protobuf/any.pb.h>)
set(_absl_deps absl::status absl::statusor absl::strings absl::time absl::synchronization absl::flat_hash_map
    absl::any_invocable absl::span)
_vinculo_pch(base HEADERS ${_std} ${_absl} DEPS ${_absl_deps})
_vinculo_pch(grpc HEADERS ${_std} ${_absl} ${_proto} <grpcpp/grpcpp.h> DEPS ${_absl_deps} protobuf::libprotobuf gRPC::grpc++)
_vinculo_unhurried_pch(tool_grpc HEADERS ${_std} ${_absl} ${_proto} <grpcpp/grpcpp.h>
                       DEPS ${_absl_deps} protobuf::libprotobuf gRPC::grpc++)
_vinculo_unhurried_pch(test_base HEADERS ${_std} ${_absl} <gtest/gtest.h> <gmock/gmock.h> DEPS ${_absl_deps} GTest::gtest GTest::gmock)
_vinculo_unhurried_pch(test_grpc HEADERS ${_std} ${_absl} ${_proto} <grpcpp/grpcpp.h> <gtest/gtest.h> <gmock/gmock.h>
                  DEPS ${_absl_deps} protobuf::libprotobuf gRPC::grpc++ GTest::gtest GTest::gmock)

# vinculo_library(NAME SRCS ... [DEPS ...] [PRIVATE_DEPS ...] [PCH base|grpc|tool_grpc|none])
function(vinculo_library name)
  cmake_parse_arguments(A "" "PCH" "SRCS;DEPS;PRIVATE_DEPS" ${ARGN})
  if(A_SRCS)
    add_library(${name} STATIC ${A_SRCS})
    target_link_libraries(${name} PUBLIC vinculo_options ${_absl_deps} ${A_DEPS} PRIVATE ${A_PRIVATE_DEPS})
    if(NOT A_PCH)
      set(A_PCH base)
    endif()
    if(A_PCH MATCHES "^(test|tool)_")
      target_compile_options(${name} PRIVATE ${VINCULO_UNHURRIED})
    endif()
    if(NOT A_PCH STREQUAL "none")
      target_precompile_headers(${name} REUSE_FROM vinculo_pch_${A_PCH})
    endif()
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE vinculo_options ${_absl_deps} ${A_DEPS})
  endif()
endfunction()

# vinculo_binary(NAME SRCS ... DEPS ... [PCH ...])
function(vinculo_binary name)
  cmake_parse_arguments(A "" "PCH" "SRCS;DEPS" ${ARGN})
  add_executable(${name} ${A_SRCS})
  target_link_libraries(${name} PRIVATE vinculo_options ${_absl_deps} ${A_DEPS})
  if(A_PCH MATCHES "^tool_")
    target_compile_options(${name} PRIVATE ${VINCULO_UNHURRIED})
  endif()
  if(A_PCH AND NOT A_PCH STREQUAL "none")
    target_precompile_headers(${name} REUSE_FROM vinculo_pch_${A_PCH})
  endif()
endfunction()

# Every test that is a program of its own: what the sanitizer runs build.
add_custom_target(unit_tests)

# The PostgreSQL server that the tests share, up as long as ctest runs them.
set(VINCULO_TEST_SERVER ${CMAKE_BINARY_DIR}/test-server)
add_test(NAME postgres_up COMMAND ${CMAKE_SOURCE_DIR}/ci/postgres start ${VINCULO_TEST_SERVER})
add_test(NAME postgres_down COMMAND ${CMAKE_SOURCE_DIR}/ci/postgres stop ${VINCULO_TEST_SERVER})
set_tests_properties(postgres_up PROPERTIES FIXTURES_SETUP postgres TIMEOUT 60)
set_tests_properties(postgres_down PROPERTIES FIXTURES_CLEANUP postgres TIMEOUT 60)

# vinculo_test(NAME SRCS ... DEPS ... [DRIVERS sqlite|postgres] [PCH test_base|test_grpc] [LABELS ...] [TIMEOUT seconds])
# One binary per folder. Each run writes its results as JSON, which `make features` reads. A binary that opens a store
# (it depends on common_sql_testing) runs once for each driver, as NAME and NAME.postgres, unless DRIVERS names one:
# that is for what only one of them has.
function(vinculo_test name)
  cmake_parse_arguments(A "" "PCH;TIMEOUT" "SRCS;DEPS;DRIVERS;LABELS" ${ARGN})
  if(NOT A_PCH)
    set(A_PCH test_base)
  endif()
  if(NOT A_TIMEOUT)
    set(A_TIMEOUT 120)
  endif()
  add_executable(${name} ${A_SRCS})
  target_compile_options(${name} PRIVATE ${VINCULO_UNHURRIED})
  target_link_libraries(${name} PRIVATE vinculo_options ${_absl_deps} ${A_DEPS} GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT A_PCH STREQUAL "none")
    target_precompile_headers(${name} REUSE_FROM vinculo_pch_${A_PCH})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_dependencies(unit_tests ${name})
  if(NOT A_DRIVERS)
    set(A_DRIVERS sqlite)
    if(common_sql_testing IN_LIST A_DEPS)
      set(A_DRIVERS sqlite postgres)
    endif()
  endif()
  foreach(driver ${A_DRIVERS})
    set(test ${name})
    if(driver STREQUAL "postgres" AND NOT A_DRIVERS STREQUAL "postgres")
      set(test ${name}.postgres)
    endif()
    add_test(NAME ${test} COMMAND ${name} --gtest_output=json:${CMAKE_BINARY_DIR}/test-results/${test}.json
             WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${test} PROPERTIES TIMEOUT ${A_TIMEOUT} LABELS "${A_LABELS}")
    if(driver STREQUAL "postgres")
      set_tests_properties(${test} PROPERTIES FIXTURES_REQUIRED postgres ENVIRONMENT VINCULO_TEST_STORE=@${VINCULO_TEST_SERVER})
    endif()
  endforeach()
endfunction()
