#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/template_verdict.h"
#include "services/messaging/store/template_account_repository.h"
#include "services/messaging/store/template_repository.h"

// What api and work do alike to templates, in the transaction at hand.
namespace vinculo::messaging {

// How long after a webhook WhatsApp's listing is asked: more webhooks of the same matter usually follow.
inline constexpr absl::Duration kSyncAfterWebhook = absl::Seconds(30);

// Applies WhatsApp's word about a translation: the row, events, and the campaigns that feel it, which pause at once
// [M-27]. False when nothing visible changed; NOT_FOUND TEMPLATE_NOT_FOUND.
absl::StatusOr<bool> ApplyVerdict(sql::Transaction& tx, const TranslationKey& key, const Verdict& verdict,
                                  absl::Time now);

// Asks for a comparison with WhatsApp's listing after `wait`. One that waits already is hastened, never put off; one
// under way is followed by another.
absl::Status RequestTemplateSync(sql::Transaction& tx, const Uuid& channel, absl::Duration wait, absl::Time now);

// FAILED_PRECONDITION TEMPLATE_IN_USE while a scheduled, freezing or running (with `paused`, also a paused) campaign
// sends the template in `language`, or in any when it is empty.
absl::Status CheckUnused(sql::Transaction& tx, const TranslationKey& key, bool paused);

// What the linter says about the version that WhatsApp has, as advice for a preflight: WhatsApp has judged it already,
// so nothing of it blocks. Empty when there is no such version.
absl::StatusOr<std::vector<Finding>> LintLive(sql::Transaction& tx, const Template& t, const std::string& language,
                                              absl::Time now);

}  // namespace vinculo::messaging
