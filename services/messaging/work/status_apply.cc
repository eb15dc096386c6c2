#include <set>

#include "common/status/status_macros.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/reachability.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/inbox_apply.h"

namespace vinculo::messaging {
namespace {

// By our callback id, else by wamid [M-93]. `attempt` is the one that the callback id names.
absl::StatusOr<std::optional<Message>> Join(const ApplyContext& c, const StatusItem& item, int& attempt) {
  if (const std::optional<CallbackRef> ref = ParseCallbackId(item.callback)) {
    attempt = ref->attempt;
    if (const std::optional<Uuid> id = Uuid::Parse(ref->message_id)) {
      if (const auto known = c.facts.messages.find(*id); known != c.facts.messages.end()) return known->second;
      ASSIGN_OR_RETURN(std::optional<Message> found, MessageRepository::FindFacts(c.tx, *id));
      if (found) return found;
    }
  }
  ASSIGN_OR_RETURN(std::optional<Message> found, MessageRepository::FindByWamid(c.tx, item.wamid));
  if (!found) return std::nullopt;
  const auto known = c.facts.messages.find(found->id);
  return known == c.facts.messages.end() ? found : known->second;
}

}  // namespace

absl::Status LoadReported(sql::Transaction& tx, const std::vector<const WebhookItem*>& items, BatchFacts& facts) {
  std::set<Uuid> named;
  for (const WebhookItem* item : items) {
    const auto* status = std::get_if<StatusItem>(item);
    const std::optional<CallbackRef> ref = status == nullptr ? std::nullopt : ParseCallbackId(status->callback);
    const std::optional<Uuid> id = ref ? Uuid::Parse(ref->message_id) : std::nullopt;
    if (id) named.insert(*id);
  }
  ASSIGN_OR_RETURN(std::vector<Message> found,
                   MessageRepository::FindAllFacts(tx, std::vector<Uuid>(named.begin(), named.end())));
  for (Message& m : found) facts.messages.insert_or_assign(m.id, std::move(m));
  return absl::OkStatus();
}

absl::StatusOr<ItemResult> ApplyStatus(const ApplyContext& c, const StatusItem& item) {
  StatusReport report = item.report;
  ASSIGN_OR_RETURN(const std::optional<Message> found, Join(c, item, report.attempt));
  if (!found) {
    RETURN_IF_ERROR(InboundRepository::Park(c.tx, item.wamid, item.callback, report, c.now));
    return ItemResult::kParked;
  }
  Message m = *found;
  bool changed = MergeStatus(report, m.progress);
  if (m.wamid.empty() && !item.wamid.empty()) {
    m.wamid = item.wamid;
    changed = true;
  }
  if (!m.progress.accepted_at && m.progress.phase == Phase::kAccepted) m.progress.accepted_at = report.at;
  if (item.has_pricing) {
    m.billing_category = BillingCategory(item.billing_category);
    m.billable = item.billable;
    changed = changed || m.billing_category != found->billing_category || m.billable != found->billable;
  }
  const auto known = c.facts.messages.insert_or_assign(m.id, m).first;
  if (!changed) return ItemResult::kDuplicate;
  RETURN_IF_ERROR(Settle(c.tx, *found, known->second, c.deltas, c.now));
  const bool failed = report.status == ReportedStatus::kFailed;
  if (failed) RETURN_IF_ERROR(RestAfter(c.tx, c.contacts, known->second, c.now));
  if (failed && report.error_code == kUndeliverableCode)
    RETURN_IF_ERROR(NoteUndeliverable(c.tx, c.contacts, m.contact_id, report.at, c.now));
  if (failed && report.error_code == kOptedOutCode) {
    ASSIGN_OR_RETURN(Contact contact, c.contacts.Get(c.tx, m.contact_id));
    RETURN_IF_ERROR(c.contacts.LoadIdentities(c.tx, contact));
    RETURN_IF_ERROR(ActOnCompliance(c.tx, c.contacts, contact, ComplianceAct::kStopMarketing, "PROVIDER", item.wamid,
                                    report.at, c.now));
  }
  return ItemResult::kApplied;
}

}  // namespace vinculo::messaging
