#include "services/messaging/work/dispatch_intents.h"

#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {

IntentCommit::IntentCommit(sql::Transaction& transaction, const ContactRepository& contact_rows,
                           const IntentRequest& what)
    : tx(transaction), contacts(contact_rows), request(what), busy(what.busy_contacts) {}

int IntentCommit::BulkLeft() const {
  return std::min(request.bulk_limit - bulk_, request.limit - static_cast<int>(batch.intents.size()));
}

absl::StatusOr<const Template*> IntentCommit::LoadTemplate(const std::string& name) {
  const auto it = templates_.find(name);
  if (it != templates_.end()) return &it->second;
  ASSIGN_OR_RETURN(std::optional<Template> found, TemplateRepository::Find(tx, batch.sender.channel_id, name));
  return &templates_.emplace(name, found ? *std::move(found) : Template()).first->second;
}

void IntentCommit::MarkSending(Message& m) const {
  m.progress.phase = Phase::kSending;
  ++m.progress.attempt;
  m.progress.failed_at = std::nullopt;
  m.progress.error_reason = "";
  m.progress.error_code = 0;
  m.token = request.token;
  m.due_at = request.now;
}

absl::Status IntentCommit::Begin(Message m, const Contact& contact) {
  ASSIGN_OR_RETURN(SendTarget target, Target(contact, m));
  if (m.lane == Lane::kTransactional) busy.insert(contact.id);
  if (m.lane == Lane::kBulk) ++bulk_;
  batch.intents.push_back({std::move(m), std::move(target)});
  return absl::OkStatus();
}

void IntentCommit::WakeAt(std::optional<absl::Time> at) {
  if (at && (!batch.next_due || *at < *batch.next_due)) batch.next_due = at;
}

absl::StatusOr<SendTarget> IntentCommit::Target(const Contact& contact, const Message& m) {
  SendTarget target{.phone = contact.phone, .bsuid = contact.bsuid, .components = std::nullopt};
  const auto* content = std::get_if<TemplateContent>(&m.content);
  if (content == nullptr) return target;
  ASSIGN_OR_RETURN(const Template* t, LoadTemplate(content->name));
  target.format = t->variable_format;
  const Translation* translation = t->Find(content->language);
  if (translation != nullptr && translation->submitted && translation->submitted->version == m.version) {
    target.components = translation->submitted->components;
  } else {
    ASSIGN_OR_RETURN(
        target.components,
        TemplateRepository::GetVersion(tx, {batch.sender.channel_id, content->name, content->language}, m.version));
  }
  return target;
}

absl::StatusOr<IntentBatch> CommitIntents(sql::Transaction& tx, const ContactRepository& contacts,
                                          const IntentRequest& request) {
  RETURN_IF_ERROR(ChannelRepository::CheckDispatcher(tx, request.sender_id, request.token));
  IntentCommit commit(tx, contacts, request);
  ASSIGN_OR_RETURN(commit.batch.sender, ChannelRepository::GetSender(tx, request.sender_id));
  commit.batch.last_campaign = request.last_campaign;
  const SenderState state = commit.batch.sender.state;
  if (state == SenderState::kBlocked) return std::move(commit.batch);
  RETURN_IF_ERROR(TakeQueued(commit, Lane::kTransactional, request.limit));
  if (state == SenderState::kActive) {
    RETURN_IF_ERROR(TakeQueued(commit, Lane::kBulk, commit.BulkLeft()));
    RETURN_IF_ERROR(TakeCampaigns(commit));
  }
  RETURN_IF_ERROR(commit.deltas.Flush(tx));
  ASSIGN_OR_RETURN(std::optional<absl::Time> due, MessageRepository::NextDue(tx, request.sender_id));
  commit.WakeAt(due);
  return std::move(commit.batch);
}

}  // namespace vinculo::messaging
