#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace vinculo::test {

// Compares `lines` with the golden file at `path` (relative to the source tree, where ctest runs). Empty lines and
// lines that begin with `#` in the file are comments. The failure names every missing and every unexpected line. With
// UPDATE_GOLDEN=1 in the environment the file is written anew instead, its leading comments kept, and the assertion
// succeeds.
testing::AssertionResult MatchesGolden(const std::vector<std::string>& lines, absl::string_view path);

}  // namespace vinculo::test
