#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/campaign_protection.h"
#include "services/messaging/contact_merge.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/reachability.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/work/dispatch_intents.h"
#include "services/messaging/work/status_effects.h"

namespace vinculo::messaging {
namespace {

constexpr int kBulkTries = 5;
constexpr int kPairTries = 6;
constexpr int kPage = 200;
constexpr int kParameterFaults = 10;
constexpr absl::Duration kLeastSilence = absl::Minutes(1);  // that a protection may ask for
constexpr absl::Duration kRest = absl::Hours(24), kTemplateWait = absl::Seconds(30);

// What the answer says about who the person is; a BSUID is one also where a wa_id should be.
PersonRef ProvenBy(const SendOutcome& outcome) {
  PersonRef who{.phone = "", .wa_id = outcome.wa_id, .bsuid = outcome.user_id};
  if (!IsBsuid(who.wa_id)) return who;
  if (who.bsuid.empty()) who.bsuid = who.wa_id;
  who.wa_id.clear();
  return who;
}

// One outcome on its way into the store.
struct Recorder {
  sql::Transaction& tx;
  const ContactRepository& contacts;
  CountDeltas& deltas;
  absl::Duration unknown_wait;
  absl::Time now;
  const ErrorClasses& classes;
  bool any_parked;                            // looked up once: mostly none is
  std::map<Uuid, int> parameter_faults = {};  // campaigns with one in this batch
  std::string portfolio = "";                 // of the sender, once it was needed

  void Requeue(Message& m, absl::Duration wait) const {
    m.progress.phase = Phase::kQueued;
    m.due_at = now + wait;
  }
  void Fail(Message& m, const SendOutcome& outcome) const {
    m.progress.phase = Phase::kRefused;
    m.progress.failed_at = now;
    m.progress.error_reason = "PROVIDER_REFUSED";
    m.progress.error_code = outcome.graph_error ? outcome.code : outcome.http;
  }

  void Take(Message& m, const SendOutcome& outcome) const {
    m.wamid = outcome.wamid;
    m.progress.accepted_at = now;
    m.progress.phase = outcome.held ? Phase::kHeld : Phase::kAccepted;
  }

  // `fresh` gets the statuses that came before it.
  absl::Status Accept(Message& m, const SendOutcome& outcome, std::vector<StatusItem>& fresh) const {
    // A status may have told already that the text failed.
    FallbackWaits(m) ? void(m.wamid = outcome.wamid) : Take(m, outcome);
    if (any_parked) RETURN_IF_ERROR(MergeParked(tx, m, fresh));
    if (!fresh.empty()) RETURN_IF_ERROR(CloseWindowIfTold(tx, m, now));
    const PersonRef who = ProvenBy(outcome);
    RETURN_IF_ERROR(MessageRepository::SetWaId(tx, m.id, who.wa_id));
    return LearnIdentities(tx, contacts, m.contact_id, who, now);
  }

  // Mostly nothing has touched a message between its request and the answer: then it is not read back. False when
  // something has.
  absl::StatusOr<bool> AcceptAsBegun(const Message& begun, const SendOutcome& outcome) const {
    if (any_parked) return false;
    Message m = begun;
    Take(m, outcome);
    const PersonRef who = ProvenBy(outcome);
    ASSIGN_OR_RETURN(const bool untouched, MessageRepository::AcceptBegun(tx, m, who.wa_id));
    if (!untouched) return false;
    RETURN_IF_ERROR(Follow(tx, begun, m, deltas, now));
    RETURN_IF_ERROR(LearnIdentities(tx, contacts, m.contact_id, who, now));
    return true;
  }

  // As they act when they come after the answer; which may have merged the contact.
  absl::Status FollowParked(const Uuid& id, const std::vector<StatusItem>& fresh) const {
    if (fresh.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::optional<Message> is, MessageRepository::FindFacts(tx, id));
    for (const StatusItem& item : fresh) {
      if (is) RETURN_IF_ERROR(FollowReported(tx, contacts, classes, item, *is, now));
    }
    return absl::OkStatus();
  }

  // Waits, and so does what was asked for later of the same person [M-48].
  absl::Status RequeueInOrder(Message& m, absl::Duration wait) const {
    Requeue(m, wait);
    return m.campaign_id ? absl::OkStatus() : MessageRepository::PostponeContact(tx, m, m.due_at);
  }

  absl::Status CloseWindow(Message& m, const SendOutcome& outcome) const {
    ASSIGN_OR_RETURN(const bool again, QueueFallback(tx, m, now));
    if (again) return absl::OkStatus();
    Fail(m, outcome);
    m.progress.error_reason = std::string(kWindowClosed);
    return absl::OkStatus();
  }

  absl::Status Refuse(Message& m, const SendReport& report) {
    const SendOutcome& outcome = report.outcome;
    if (outcome.code == kWindowClosedCode && !std::holds_alternative<TemplateContent>(m.content))
      return CloseWindow(m, outcome);
    const bool bulk = m.lane == Lane::kBulk;
    switch (classes.Classify(outcome)) {
      case ErrorClass::kRetry:
        if (bulk && m.progress.attempt >= kBulkTries) return Fail(m, outcome), absl::OkStatus();
        return RequeueInOrder(m, jobs::Backoff(m.progress.attempt, absl::Seconds(1), absl::Seconds(60), report.jitter));
      case ErrorClass::kPair:
        if (m.progress.attempt >= kPairTries) return Fail(m, outcome), absl::OkStatus();
        return RequeueInOrder(m, absl::Seconds(std::pow(4.0, m.progress.attempt - 1)));
      case ErrorClass::kTemplate:
        Requeue(m, kTemplateWait);
        return StopTemplate(tx, m, outcome.code, now);
      case ErrorClass::kAccount:
        RETURN_IF_ERROR(RequeueInOrder(m, absl::Seconds(1)));
        return BlockForError(tx, m.sender_id, outcome.code, now);
      case ErrorClass::kUnknown:
        if (!bulk && m.progress.attempt < 2) return RequeueInOrder(m, absl::Seconds(1));
        return Fail(m, outcome), absl::OkStatus();
      case ErrorClass::kRest:
        Fail(m, outcome);
        return contacts.RestMarketing(tx, m.contact_id, now + kRest);
      case ErrorClass::kBug:
        if (m.campaign_id && IsParameterFault(outcome.code)) parameter_faults[*m.campaign_id] = outcome.code;
        return Fail(m, outcome), absl::OkStatus();
      case ErrorClass::kRecipient:
        Fail(m, outcome);
        if (outcome.code == kUndeliverableCode) return NoteUndeliverable(tx, contacts, m.contact_id, now, now);
        if (outcome.code != kOptedOutCode) return absl::OkStatus();
        return OptOutTold(tx, contacts, m.contact_id, {}, m.id.ToString(), now, now);
    }
    return absl::OkStatus();
  }

  // Faults of the parameters are the template's when a campaign has had nothing else [M-112].
  absl::Status JudgeParameterFaults() const {
    for (const auto& [id, code] : parameter_faults) {
      ASSIGN_OR_RETURN(const RecipientCounts counts, CampaignRepository::Counts(tx, id));
      int64_t faults = 0;
      for (const auto& [key, n] : counts) {
        for (const int code : kParameterFaultCodes) {
          if (key.first == RecipientState::kFailed && key.second == absl::StrCat("PROVIDER_", code)) faults += n;
        }
      }
      const Funnel funnel = MakeFunnel(counts);
      const int64_t outcomes =
          funnel.attempted - funnel.of(RecipientState::kSending) - funnel.of(RecipientState::kUnknown);
      if (faults < kParameterFaults || faults != outcomes) continue;
      ASSIGN_OR_RETURN(const std::vector<Message> last, MessageRepository::ListByCampaign(tx, id, Uuid(), 1));
      for (const Message& m : last) RETURN_IF_ERROR(StopTemplate(tx, m, code, now));
    }
    return absl::OkStatus();
  }

  // The intent charged what is not the first attempt of a campaign.
  absl::Status RefundPair(const Message& m) const {
    if (m.campaign_id && m.progress.attempt <= 1) return absl::OkStatus();
    return LimitRepository::RefundPair(tx, m.sender_id, m.contact_id);
  }

  // What was certainly not taken never reached anybody [M-85].
  absl::Status GiveReachBack(const Message& m) {
    if (!std::holds_alternative<TemplateContent>(m.content)) return absl::OkStatus();
    if (portfolio.empty()) {
      ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, m.sender_id));
      ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, sender.channel_id));
      portfolio = channel.portfolio_id;
    }
    return LimitRepository::GiveReachBack(tx, portfolio, m.contact_id, m.id);
  }

  absl::Status Record(const SendReport& report) {
    if (report.begun != nullptr && report.outcome.result == SendResult::kAccepted) {
      ASSIGN_OR_RETURN(const bool done, AcceptAsBegun(*report.begun, report.outcome));
      if (done) return absl::OkStatus();
    }
    ASSIGN_OR_RETURN(const std::optional<Message> found, MessageRepository::Find(tx, report.message_id));
    if (!found || found->progress.attempt != report.attempt) return absl::OkStatus();
    const Message& before = *found;
    Message m = before;
    std::vector<StatusItem> fresh;
    // A status may have told more than the answer does.
    const bool settled = before.progress.phase != Phase::kSending && before.progress.phase != Phase::kUnknown;
    if (report.outcome.result == SendResult::kAccepted) {
      RETURN_IF_ERROR(Accept(m, report.outcome, fresh));
    } else if (settled) {
      return absl::OkStatus();
    } else if (report.untried) {
      RETURN_IF_ERROR(RequeueInOrder(m, absl::ZeroDuration()));
      RETURN_IF_ERROR(GiveReachBack(m));
      RETURN_IF_ERROR(RefundPair(m));
    } else if (report.outcome.result == SendResult::kAmbiguous) {
      m.progress.phase = Phase::kUnknown;
      m.due_at = now + unknown_wait;
    } else {
      RETURN_IF_ERROR(Refuse(m, report));
      RETURN_IF_ERROR(GiveReachBack(m));
      if (m.progress.phase == Phase::kRefused) RETURN_IF_ERROR(UncountMarketing(tx, contacts, before));
      if (classes.Classify(report.outcome) == ErrorClass::kRetry) RETURN_IF_ERROR(RefundPair(m));
    }
    RETURN_IF_ERROR(Settle(tx, before, m, deltas, now));
    return FollowParked(m.id, fresh);
  }
};

}  // namespace

absl::Status RecordOutcomes(sql::Transaction& tx, const ContactRepository& contacts,
                            const std::vector<SendReport>& reports, const std::set<Uuid>& pause_for_failures,
                            absl::Duration unknown_wait, absl::Time now, const ErrorClasses& classes) {
  CountDeltas deltas;
  ASSIGN_OR_RETURN(const bool any_parked, InboundRepository::AnyParked(tx));
  Recorder recorder{tx, contacts, deltas, unknown_wait, now, classes, any_parked};
  for (const SendReport& report : reports) RETURN_IF_ERROR(recorder.Record(report));
  RETURN_IF_ERROR(CloseBatch(tx, deltas, now));
  RETURN_IF_ERROR(recorder.JudgeParameterFaults());
  for (const Uuid& campaign : pause_for_failures) RETURN_IF_ERROR(AutoPause(tx, campaign, "FAILURES", now));
  tx.Raise(kSignalQueue);
  return absl::OkStatus();
}

absl::Status PauseForSilence(sql::Transaction& tx, const Uuid& sender, absl::Duration silence, absl::Time now) {
  if (silence < kLeastSilence) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  ASSIGN_OR_RETURN(const std::vector<Campaign> running, CampaignRepository::Running(tx, sender));
  for (const Campaign& campaign : running) {
    if (silence >= ProtectionOf(policy, campaign.guards).silence)
      RETURN_IF_ERROR(AutoPause(tx, campaign.id, "PROVIDER_DOWN", now));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> RecoverOrphans(sql::Transaction& tx, const Uuid& sender, int64_t token,
                                    absl::Duration unknown_wait, absl::Time now) {
  RETURN_IF_ERROR(ChannelRepository::CheckDispatcher(tx, sender, token));
  ASSIGN_OR_RETURN(const std::vector<Message> orphans, MessageRepository::Orphans(tx, sender, token, kPage));
  CountDeltas deltas;
  for (const Message& before : orphans) {
    Message m = before;
    m.progress.phase = Phase::kUnknown;
    m.due_at = now + unknown_wait;
    RETURN_IF_ERROR(Settle(tx, before, m, deltas, now));
  }
  RETURN_IF_ERROR(deltas.Flush(tx));
  return !orphans.empty();
}

absl::Status SettleUnknown(sql::Transaction& tx, const Uuid& sender, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<Message> due, MessageRepository::UnknownDue(tx, sender, now, kPage));
  CountDeltas deltas;
  for (const Message& before : due) {
    Message m = before;
    const bool again = m.resend == ResendPolicy::kOnceIfUnknown && m.progress.attempt == 1 && now < m.expire_at;
    m.due_at = again ? now : Never();
    if (again) m.progress.phase = Phase::kQueued;
    RETURN_IF_ERROR(Settle(tx, before, m, deltas, now));
    if (!again) RETURN_IF_ERROR(AnnounceUnknown(tx, m, now));
  }
  return deltas.Flush(tx);
}

absl::Status EndBlock(sql::Transaction& tx, const Uuid& id, absl::Time now) {
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, id));
  const bool over = sender.state != SenderState::kActive && sender.blocked_until && now >= *sender.blocked_until;
  return over ? ResumeSending(tx, id, now) : absl::OkStatus();
}

}  // namespace vinculo::messaging
