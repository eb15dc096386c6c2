#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/domain/path_analysis.h"
#include "services/profiling/store/flow_repository.h"
#include "services/profiling/store/published.h"

namespace vinculo::profiling {

// A draft, read with what it refers to, checked and compiled as far as it goes.
struct CheckedFlow {
  LintFindings findings;
  std::optional<PathAnalysis> analysis;
  std::shared_ptr<const CompiledFlow> flow;  // null after a schema error
  std::vector<MatrixRef> matrices;
  std::string products;         // bytes, as they are now
  std::string definition_hash;  // over definition, head and matrix versions
};

// Runs the checks in their order: schema, answers, matrix, and with `analyze` every path.
absl::StatusOr<CheckedFlow> CheckFlow(sql::Transaction& tx, const FlowRow& row, const BlobReaders& readers, int version,
                                      bool analyze);

}  // namespace vinculo::profiling
