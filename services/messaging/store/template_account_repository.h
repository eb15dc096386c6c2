#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/template_account.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {

// How far the comparison of a channel with WhatsApp's listing has come.
struct TemplateSync {
  bool running = false;
  std::optional<absl::Time> wanted_at;    // asked for and not begun yet
  std::optional<absl::Time> started_at;   // of the last one begun
  std::optional<absl::Time> ended_at;     // of the last one ended, well or not
  std::optional<absl::Time> complete_at;  // when the last complete one began
  std::string next_page;                  // address, while running
  int pages = 0;                          // read so far, while running
  std::string error;                      // why the last one ended early
  std::optional<int> full_at;             // templates of the account when WhatsApp said that there are too many
};

// What is known of a channel's account at WhatsApp: calls spent, edits made, the state of the sync.
class TemplateAccountRepository {
 public:
  // Counts the cost and returns nullopt, or counts nothing and returns when there will be room [M-23].
  static absl::StatusOr<std::optional<absl::Time>> TakeCalls(sql::Transaction& tx, const Uuid& channel,
                                                             const ManagementCost& cost, const ManagementLimits& limits,
                                                             absl::Time now);
  // What was counted within the last hour and a little before.
  static absl::StatusOr<std::vector<CallBucket>> Calls(sql::Transaction& tx, const Uuid& channel, absl::Time now);
  // WhatsApp took an edit of an approved translation.
  static absl::Status AddEdit(sql::Transaction& tx, const TranslationKey& key, absl::Time now);
  // When the next edit of an approved translation may be made; nullopt: now [M-25].
  static absl::StatusOr<std::optional<absl::Time>> EditFreeAt(sql::Transaction& tx, const TranslationKey& key,
                                                              absl::Time now);

  static absl::StatusOr<TemplateSync> GetSync(sql::Transaction& tx, const Uuid& channel);
  static absl::Status PutSync(sql::Transaction& tx, const Uuid& channel, const TemplateSync& sync);
  // Translations of the channel that WhatsApp has; some thousands at most.
  static absl::StatusOr<int> CountTranslations(sql::Transaction& tx, const Uuid& channel);

  // What the linter needs to know about content that is to be submitted under `key`. `as_new`: as a new translation,
  // whose name must be free.
  static absl::StatusOr<AccountFacts> Facts(sql::Transaction& tx, const TranslationKey& key,
                                            const TemplateComponents& components, bool as_new, absl::Time now);

  static std::vector<sql::Query> Queries();
};

}  // namespace vinculo::messaging
