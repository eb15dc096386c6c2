#include "services/messaging/work/dispatch_intents.h"

#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {
namespace {

constexpr int kReachSweepPage = 1000;
constexpr absl::Duration kReachPatience = absl::Seconds(1);  // between two looks for a slot

}  // namespace

IntentCommit::IntentCommit(sql::Transaction& transaction, const ContactRepository& contact_rows,
                           const IntentRequest& what)
    : tx(transaction), contacts(contact_rows), request(what), busy(what.busy_contacts) {}

absl::Status IntentCommit::LoadReach() {
  reach_.limit = batch.sender.daily_reach;
  if (reach_.unlimited()) return absl::OkStatus();
  ASSIGN_OR_RETURN(reach_.used, LimitRepository::ReachUsed(tx, scope.portfolio_id));
  if (reach_.Free(/*bulk=*/true)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int64_t freed,
                   LimitRepository::SweepReach(tx, scope.portfolio_id, request.now, kReachSweepPage));
  reach_.used -= freed;
  return absl::OkStatus();
}

absl::StatusOr<Addressee> IntentCommit::FindAddressee(const Uuid& contact) const {
  ASSIGN_OR_RETURN(Addressee to, LimitRepository::Find(tx, scope, contact, Begun(kPairMemory)));
  if (to.contact.state != ContactState::kMerged) return to;
  ASSIGN_OR_RETURN(const Contact survivor, contacts.Get(tx, contact));
  return LimitRepository::Find(tx, scope, survivor.id, Begun(kPairMemory));
}

bool NeedsReach(const Addressee& to, const Content& content, absl::Time now) {
  return std::holds_alternative<TemplateContent>(content) && !to.WindowOpen(now);
}

bool IntentCommit::ReachAllows(const Addressee& to, Lane lane) const {
  return to.WindowOpen(request.now) || to.reach_at || reach_.Free(lane == Lane::kBulk);
}

absl::StatusOr<absl::Time> IntentCommit::ReachFreeAt() const {
  ASSIGN_OR_RETURN(const std::optional<absl::Time> next, LimitRepository::NextReach(tx, scope.portfolio_id));
  return std::max(next.value_or(request.now), request.now + kReachPatience);
}

absl::Status IntentCommit::Charge(const Addressee& to, const Message& m) {
  // The first attempt of a campaign message is known by its row.
  if (!m.campaign_id || m.progress.attempt > 1) {
    const absl::Time paid = PairPaidAt(to.pair_paid_at, request.now);
    RETURN_IF_ERROR(LimitRepository::SetPairPaid(tx, m.sender_id, to.contact.id, paid));
  }
  if (reach_.unlimited() || !NeedsReach(to, m.content, request.now)) return absl::OkStatus();
  if (!to.reach_at) {
    ++reach_.used;
    ++new_slots_;
  }
  return LimitRepository::TakeReach(tx, scope.portfolio_id, to.contact.id, m.id, request.now);
}

absl::Status IntentCommit::Finish() {
  RETURN_IF_ERROR(LimitRepository::AddReach(tx, scope.portfolio_id, new_slots_));
  RETURN_IF_ERROR(
      LimitRepository::CountOutbound(tx, request.sender_id, static_cast<int64_t>(batch.intents.size()), request.now));
  RETURN_IF_ERROR(deltas.Flush(tx));
  ASSIGN_OR_RETURN(const std::optional<absl::Time> due, MessageRepository::NextDue(tx, request.sender_id));
  WakeAt(due);
  return absl::OkStatus();
}

int IntentCommit::BulkLeft() const {
  return std::min(request.bulk_limit - bulk_, request.limit - static_cast<int>(batch.intents.size()));
}

absl::StatusOr<const Template*> IntentCommit::LoadTemplate(const std::string& name) {
  const auto it = templates_.find(name);
  if (it != templates_.end()) return &it->second;
  ASSIGN_OR_RETURN(std::optional<Template> found, TemplateRepository::Find(tx, batch.sender.channel_id, name));
  return &templates_.emplace(name, found ? *std::move(found) : Template()).first->second;
}

absl::StatusOr<const Policy*> IntentCommit::LoadPolicy() {
  if (!policy_) {
    ASSIGN_OR_RETURN(policy_, PolicyRepository::Get(tx));
  }
  return &*policy_;
}

absl::StatusOr<absl::Time> IntentCommit::MarketingOpensAt(const Contact& contact) {
  if (!clock_) {
    ASSIGN_OR_RETURN(const Policy* policy, LoadPolicy());
    clock_.emplace(*policy, Campaign(), request.now);
  }
  return clock_->For(contact, Category::kMarketing).value_or(Never());
}

absl::StatusOr<bool> IntentCommit::CapAllows(const Contact& contact) {
  ASSIGN_OR_RETURN(const Policy* policy, LoadPolicy());
  return policy->frequency_cap == 0 ||
         MarketingWithin(contact, policy->frequency_window, request.now) < policy->frequency_cap;
}

absl::Status IntentCommit::RecountMarketing(const Contact& contact, const Message& was, const Message& is) {
  const bool counts = is.category == Category::kMarketing && !is.test;
  if (counts == IsCounted(was)) return absl::OkStatus();
  return counts ? CountMarketing(contact) : UncountMarketing(tx, contacts, was);
}

absl::Status IntentCommit::CountMarketing(const Contact& contact) {
  ASSIGN_OR_RETURN(const Policy* policy, LoadPolicy());
  if (policy->frequency_cap == 0) return absl::OkStatus();
  Contact counted;
  counted.id = contact.id;
  counted.recent_marketing = contact.recent_marketing;
  NoteMarketing(counted, policy->frequency_window, request.now);
  return contacts.SetRecentMarketing(tx, counted);
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
  ASSIGN_OR_RETURN(SendingNumber from, ChannelRepository::GetSending(tx, request.sender_id, request.token));
  IntentCommit commit(tx, contacts, request);
  const bool blocked = from.blocked();
  commit.scope = {request.sender_id, from.portfolio_id};
  commit.batch.sender = std::move(from.sender);
  commit.batch.token_sealed = std::move(from.token_sealed);
  commit.batch.waba_id = std::move(from.waba_id);
  commit.batch.last_campaign = request.last_campaign;
  commit.batch.blocked = blocked;
  if (blocked) return std::move(commit.batch);
  RETURN_IF_ERROR(commit.LoadReach());
  RETURN_IF_ERROR(TakeQueued(commit, Lane::kTransactional, request.limit));
  if (commit.batch.sender.state == SenderState::kActive) {
    RETURN_IF_ERROR(TakeQueued(commit, Lane::kBulk, commit.BulkLeft()));
    RETURN_IF_ERROR(TakeCampaigns(commit));
  }
  RETURN_IF_ERROR(commit.Finish());
  return std::move(commit.batch);
}

}  // namespace vinculo::messaging
