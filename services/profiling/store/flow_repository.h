#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/flow.h"

namespace vinculo::profiling {

enum class FlowState { kDraftOnly = 1, kLive, kRetired };
enum class VersionState { kLive = 1, kDraining, kRetired };

struct FlowRow {
  FlowHead head;
  std::string draft;  // bytes of the contract's definition
  int published_version = 0;
  FlowState state = FlowState::kDraftOnly;
  int64_t revision = 1;
  absl::Time created_at, updated_at;
};

// A matrix version that a flow version is bound to.
struct MatrixRef {
  std::string matrix_id;
  int version = 0;
};

struct VersionRow {
  FlowHead head;
  int version = 0;
  std::string definition;
  std::string definition_hash;
  std::vector<MatrixRef> matrices;
  std::string products;  // as they were at publication
  std::string report;
  VersionState state = VersionState::kLive;
  absl::Time published_at;
  std::string published_by;
};

// Flows and their versions.
class FlowRepository {
 public:
  // ALREADY_EXISTS `SLUG_TAKEN`.
  static absl::Status Insert(sql::Transaction& tx, const FlowRow& flow);
  // NOT_FOUND `FLOW_NOT_FOUND`.
  static absl::StatusOr<FlowRow> Get(sql::Transaction& tx, const std::string& flow_id);
  // Writes everything but the id; the caller has checked the revision and raised it.
  static absl::Status Update(sql::Transaction& tx, const FlowRow& flow);
  // Without drafts, after `after`, at most `limit`.
  static absl::StatusOr<std::vector<FlowRow>> List(sql::Transaction& tx, const std::string& after, int limit);

  static absl::Status InsertVersion(sql::Transaction& tx, const VersionRow& version);
  static absl::Status SetVersionState(sql::Transaction& tx, const std::string& flow_id, int version,
                                      VersionState state);
  // NOT_FOUND `FLOW_VERSION_NOT_FOUND`.
  static absl::StatusOr<VersionRow> GetVersion(sql::Transaction& tx, const std::string& flow_id, int version);
  static absl::StatusOr<int> LastVersion(sql::Transaction& tx, const std::string& flow_id);
  // Newest first, below `before`, without definition, products and report.
  static absl::StatusOr<std::vector<VersionRow>> ListVersions(sql::Transaction& tx, const std::string& flow_id,
                                                              int before, int limit);
  // Every version that a session may still run on, with everything.
  static absl::StatusOr<std::vector<VersionRow>> ListRunning(sql::Transaction& tx);
};

const std::vector<sql::Query>& FlowQueries();

}  // namespace vinculo::profiling
