#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {

// WhatsApp's word on a template's quality from a time on.
struct QualityChange {
  std::string language;
  std::string quality;
  absl::Time at;
};

// What reports keep about templates beyond their present state. Written by TemplateRepository with the change.
class TemplateHistory {
 public:
  // Remembered once for each translation.
  static absl::Status Submitted(sql::Transaction& tx, const TranslationKey& key, absl::Time now);
  // The first APPROVED or REJECTED after it, or `REFUSED` when WhatsApp would not even take it.
  static absl::Status Judged(sql::Transaction& tx, const TranslationKey& key, const std::string& verdict);
  // Remembered when it differs from the last one known before `at`.
  static absl::Status Quality(sql::Transaction& tx, const TranslationKey& key, const std::string& quality,
                              absl::Time at);

  // By language and time; at most 1,000.
  static absl::StatusOr<std::vector<QualityChange>> QualityChanges(sql::Transaction& tx, const Uuid& channel,
                                                                   const std::string& name);
  // First submissions in [from, until): the time, and the first verdict, "" while there is none.
  struct First {
    absl::Time submitted_at;
    std::string verdict;
  };
  static absl::StatusOr<std::vector<First>> FirstSubmissions(sql::Transaction& tx, absl::Time from, absl::Time until);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
