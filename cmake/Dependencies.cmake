# Everything we use, found by find_package or pkg-config so that another distribution can serve as well as Debian.
find_package(Threads REQUIRED)
find_package(absl CONFIG REQUIRED)
find_package(Protobuf REQUIRED)  # module mode: Debian ships no config file
find_package(gRPC CONFIG REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(PostgreSQL 15 REQUIRED)
find_package(CURL REQUIRED)
find_package(ICU REQUIRED COMPONENTS uc i18n)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)

find_library(VINCULO_PHONENUMBER_LIBRARY phonenumber REQUIRED)
find_library(VINCULO_CSV_LIBRARY csv REQUIRED)
find_library(VINCULO_HTTPLIB_LIBRARY NAMES cpp-httplib REQUIRED)

add_library(vinculo_phonenumber INTERFACE)
target_link_libraries(vinculo_phonenumber INTERFACE ${VINCULO_PHONENUMBER_LIBRARY})
add_library(vinculo_libcsv INTERFACE)
target_link_libraries(vinculo_libcsv INTERFACE ${VINCULO_CSV_LIBRARY})
# What the services allocate with: gRPC makes and frees a few dozen small pieces for each call, on several threads, which glibc's
# allocator makes a quarter of a service's work (docs/performance.md). A sanitizer brings its own.
add_library(vinculo_allocator INTERFACE)
if(NOT VINCULO_SANITIZER)
  find_library(VINCULO_MIMALLOC_LIBRARY mimalloc REQUIRED)
  target_link_libraries(vinculo_allocator INTERFACE "-Wl,--push-state,--no-as-needed" ${VINCULO_MIMALLOC_LIBRARY} "-Wl,--pop-state")
endif()

add_library(vinculo_httplib INTERFACE)
target_link_libraries(vinculo_httplib INTERFACE ${VINCULO_HTTPLIB_LIBRARY} OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
# Debian builds cpp-httplib as a shared library with these features; the header must agree with it.
target_compile_definitions(vinculo_httplib INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)
