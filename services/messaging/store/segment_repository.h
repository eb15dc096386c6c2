#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/audience.h"

namespace vinculo::messaging {

// A saved audience filter.
struct Segment {
  std::string id;  // slug
  std::string display_name;
  AudienceFilter filter;
  int64_t revision = 0;
  absl::Time created_at;
  absl::Time updated_at;
};

class SegmentRepository {
 public:
  static absl::StatusOr<std::optional<Segment>> Find(sql::Transaction& tx, const std::string& id);
  // NOT_FOUND SEGMENT_NOT_FOUND.
  static absl::StatusOr<Segment> Get(sql::Transaction& tx, const std::string& id);
  // By id, after `after`.
  static absl::StatusOr<std::vector<Segment>> List(sql::Transaction& tx, const std::string& after, int limit);
  // Creates or replaces; bumps the revision.
  static absl::Status Put(sql::Transaction& tx, Segment& segment);
  // False when there is none.
  static absl::StatusOr<bool> Delete(sql::Transaction& tx, const std::string& id);
  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
