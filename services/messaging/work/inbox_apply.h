#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/consent.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// What became of an item, for the counters.
enum class ItemResult { kApplied, kDuplicate, kParked, kIgnored };

// Applies one item of a webhook within its tenant's transaction: effects, rows, counters and event together. A
// repetition has no further effect [M-99]. The caller flushes `deltas`.
absl::StatusOr<ItemResult> ApplyInbound(sql::Transaction& tx, const ContactRepository& contacts,
                                        const ComplianceWords& words, const Uuid& sender, const InboundItem& item,
                                        CountDeltas& deltas, absl::Time now);
absl::StatusOr<ItemResult> ApplyStatus(sql::Transaction& tx, const ContactRepository& contacts, const StatusItem& item,
                                       CountDeltas& deltas, absl::Time now);
absl::StatusOr<ItemResult> ApplyTemplate(sql::Transaction& tx, const Uuid& channel, const TemplateItem& item,
                                         absl::Time now);
absl::StatusOr<ItemResult> ApplyPreference(sql::Transaction& tx, const ContactRepository& contacts,
                                           const PreferenceItem& item, absl::Time now);

}  // namespace vinculo::messaging
