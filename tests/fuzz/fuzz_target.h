#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/string_view.h"

// A property that hostile input broke. Ends the process, which is how libFuzzer learns of it.
#define FUZZ_REQUIRE(condition)                                                           \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)

// What libFuzzer calls, and `make test` for each file of the corpus.
#define FUZZ_TARGET(input)                                                  \
  static void Fuzz(absl::string_view input);                                \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    Fuzz(absl::string_view(reinterpret_cast<const char*>(data), size));     \
    return 0;                                                               \
  }                                                                         \
  static void Fuzz(absl::string_view input)
