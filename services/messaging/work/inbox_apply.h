#pragma once

#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/consent.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/provider_rules.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/route_facts.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"

namespace vinculo::messaging {

// What became of an item, for the counters.
enum class ItemResult { kApplied, kDuplicate, kParked, kIgnored };

// What many items of one transaction need, read once. Belongs to that transaction.
struct BatchFacts {
  std::optional<RoutingBasis> routing;
  std::map<Uuid, Message> messages;  // as the store has them now, without their content
};

// One item on its way into the store, in its tenant's transaction. `object` is the sender or channel it is about.
struct ApplyContext {
  sql::Transaction& tx;
  const ContactRepository& contacts;
  const ComplianceWords& words;
  const Uuid& object;
  CountDeltas& deltas;  // flushed by the caller
  BatchFacts& facts;
  absl::Time now;
  const ProviderRules& rules = ProviderRules::Default();
};

// The person behind an identity, made when nobody has it; identities loaded.
absl::StatusOr<Contact> ContactOf(sql::Transaction& tx, const ContactRepository& contacts, const std::string& wa_id,
                                  const std::string& bsuid, const std::string& name, absl::Time now);

// Applies one item of a webhook: effects, rows, counters and event together. A repetition has no further effect [M-99].
absl::StatusOr<ItemResult> ApplyItem(const ApplyContext& context, const WebhookItem& item);

// Reads the messages that the statuses among `items` name, all together, so that each finds its own in `facts`.
absl::Status LoadReported(sql::Transaction& tx, const std::vector<const WebhookItem*>& items, BatchFacts& facts);

// The same for each kind.
absl::StatusOr<ItemResult> ApplyInbound(const ApplyContext& context, const InboundItem& item);
absl::StatusOr<ItemResult> ApplyStatus(const ApplyContext& context, const StatusItem& item);
absl::StatusOr<ItemResult> ApplyEcho(const ApplyContext& context, const EchoItem& item);
absl::StatusOr<ItemResult> ApplyTemplate(sql::Transaction& tx, const Uuid& channel, const TemplateItem& item,
                                         absl::Time now);
absl::StatusOr<ItemResult> ApplyPreference(sql::Transaction& tx, const ContactRepository& contacts,
                                           const PreferenceItem& item, absl::Time now);

}  // namespace vinculo::messaging
