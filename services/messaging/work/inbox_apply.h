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

// One item on its way into the store, in its tenant's transaction. `object` is the sender or channel it is about.
struct ApplyContext {
  sql::Transaction& tx;
  const ContactRepository& contacts;
  const ComplianceWords& words;
  const Uuid& object;
  CountDeltas& deltas;  // flushed by the caller
  absl::Time now;
};

// Applies one item of a webhook: effects, rows, counters and event together. A repetition has no further effect [M-99].
absl::StatusOr<ItemResult> ApplyItem(const ApplyContext& context, const WebhookItem& item);

// The same for each kind.
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
