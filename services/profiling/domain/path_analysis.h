#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "services/profiling/domain/compiled_flow.h"

namespace vinculo::profiling {

struct PathAnalysis {
  int64_t paths = 0;
  bool sampled = false;
  struct Share {
    std::string product_id;
    int64_t first = 0;
    int64_t first_or_second = 0;
  };
  std::vector<Share> products;  // best first, then by id
  std::vector<std::string> dead_products;
  int64_t paths_with_one = 0;
  int64_t paths_with_none = 0;
  std::map<std::string, int64_t> ties;  // rule -> paths on which it separated first from second
  int shortest = 0;
  int longest = 0;
};

// Walks every answer path, adding one row of points per answer: a single-choice question contributes its choices, a
// multi-select one each single choice and each pair, an optional one also "skipped"; a condition on anything but
// answers is taken both ways. With more than 2,000,000 paths, 200,000 are drawn with `seed` instead. A path ends where
// no further question can follow. Products count as available when they are active. Reports a path without any product
// as an error, a product that is never among the best two and ties that mostly the last rule decides as warnings. Pure;
// the same flow and seed give the same result.
PathAnalysis AnalyzePaths(const CompiledFlow& flow, uint64_t seed, LintFindings& findings);

}  // namespace vinculo::profiling
