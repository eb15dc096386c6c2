#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/support/domain/survey.h"

namespace vinculo::support {

// Every statement on surveys and their ratings.
class SurveyRepository {
 public:
  absl::Status Insert(sql::Transaction& tx, const Survey& survey) const;
  absl::Status Update(sql::Transaction& tx, const Survey& survey) const;
  // NOT_FOUND SURVEY_NOT_FOUND.
  absl::StatusOr<Survey> Get(sql::Transaction& tx, const Uuid& id) const;
  absl::StatusOr<Survey> GetByTokenHash(sql::Transaction& tx, const std::string& token_hash) const;

  struct Position {
    absl::Time rated_at;
    Uuid id;
  };
  // Those that were rated, newest first; of one conversation when it is set.
  absl::StatusOr<std::vector<Survey>> ListRated(sql::Transaction& tx, std::optional<Uuid> conversation,
                                                std::optional<Position> after, int limit) const;

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::support
