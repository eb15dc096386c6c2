#include <set>

#include "common/status/status_macros.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/status_effects.h"

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
  StatusItem told = item;
  ASSIGN_OR_RETURN(const std::optional<Message> found, Join(c, item, told.report.attempt));
  if (!found) {
    RETURN_IF_ERROR(InboundRepository::Park(c.tx, item, c.now));
    return ItemResult::kParked;
  }
  Message m = *found;
  std::vector<StatusItem> fresh;
  if (MergeReported(told, m)) fresh.push_back(told);
  // The failure of an older attempt says nothing, nor is its wamid that of the newest.
  const bool older = told.report.status == ReportedStatus::kFailed && told.report.attempt > 0 &&
                     told.report.attempt < m.progress.attempt;
  const bool named = m.wamid.empty() && !item.wamid.empty() && !older;
  if (named) {
    m.wamid = item.wamid;
    RETURN_IF_ERROR(MergeParked(c.tx, m, fresh));
  }
  if (!fresh.empty()) RETURN_IF_ERROR(CloseWindowIfTold(c.tx, m, c.now));
  Message& stored = c.facts.messages.insert_or_assign(m.id, m).first->second;
  if (fresh.empty() && !named) return ItemResult::kDuplicate;
  RETURN_IF_ERROR(Settle(c.tx, *found, stored, c.deltas, c.now));
  for (const StatusItem& each : fresh)
    RETURN_IF_ERROR(FollowReported(c.tx, c.contacts, c.rules.errors, each, stored, c.now));
  return ItemResult::kApplied;
}

}  // namespace vinculo::messaging
