#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/dispatch_intents.h"

namespace vinculo::messaging {
namespace {

constexpr int kBulkTries = 5;
constexpr int kPairTries = 6;
constexpr int kPage = 200;
constexpr int kOptedOutCode = 131050;
constexpr int kSpamCode = 131048;

// One outcome on its way into the store.
struct Recorder {
  sql::Transaction& tx;
  const ContactRepository& contacts;
  CountDeltas& deltas;
  absl::Duration unknown_wait;
  absl::Time now;

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

  absl::Status Accept(Message& m, const SendOutcome& outcome) const {
    m.wamid = outcome.wamid;
    if (!m.progress.accepted_at) m.progress.accepted_at = now;
    m.progress.phase = outcome.held ? Phase::kHeld : Phase::kAccepted;
    ASSIGN_OR_RETURN(const std::vector<StatusReport> parked, InboundRepository::TakeParked(tx, outcome.wamid));
    for (const StatusReport& report : parked) MergeStatus(report, m.progress);
    if (outcome.wa_id.empty() && outcome.user_id.empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, m.contact_id));
    ASSIGN_OR_RETURN(
        const bool added,
        contacts.AddIdentities(tx, {.phone = "", .wa_id = outcome.wa_id, .bsuid = outcome.user_id}, contact));
    return added ? contacts.Update(tx, contact, now) : absl::OkStatus();
  }

  absl::Status Refuse(Message& m, const SendReport& report) const {
    const SendOutcome& outcome = report.outcome;
    const bool bulk = m.lane == Lane::kBulk;
    switch (Classify(outcome)) {
      case ErrorClass::kRetry:
        if (bulk && m.progress.attempt >= kBulkTries) return Fail(m, outcome), absl::OkStatus();
        return Requeue(m, jobs::Backoff(m.progress.attempt, absl::Seconds(1), absl::Seconds(60), report.jitter)),
               absl::OkStatus();
      case ErrorClass::kPair:
        if (m.progress.attempt >= kPairTries) return Fail(m, outcome), absl::OkStatus();
        return Requeue(m, absl::Seconds(std::pow(4.0, m.progress.attempt - 1))), absl::OkStatus();
      case ErrorClass::kTemplate:
        Requeue(m, absl::Seconds(30));
        return m.campaign_id ? AutoPause(tx, *m.campaign_id, "TEMPLATE_UNAVAILABLE", now) : absl::OkStatus();
      case ErrorClass::kAccount:
        Requeue(m, absl::Seconds(1));
        return Block(m, outcome.code);
      case ErrorClass::kUnknown:
        if (!bulk && m.progress.attempt < 2) return Requeue(m, absl::Seconds(1)), absl::OkStatus();
        return Fail(m, outcome), absl::OkStatus();
      case ErrorClass::kRecipient:
      case ErrorClass::kRest:
      case ErrorClass::kBug:
        Fail(m, outcome);
        return outcome.code == kOptedOutCode ? OptOut(m) : absl::OkStatus();
    }
    return absl::OkStatus();
  }

  absl::Status Block(const Message& m, int code) const {
    const bool spam = code == kSpamCode;
    const SenderState state = spam ? SenderState::kBulkBlocked : SenderState::kBlocked;
    const std::string reason = absl::StrCat("PROVIDER_", code);
    ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, m.sender_id));
    if (sender.state == SenderState::kActive) {
      RETURN_IF_ERROR(ChannelRepository::SetSenderState(tx, m.sender_id, state, reason));
      RETURN_IF_ERROR(AnnounceSender(tx, m.sender_id, state, reason, now));
    }
    return m.campaign_id ? AutoPause(tx, *m.campaign_id, spam ? "SENDER_SPAM" : "SENDER_BLOCKED", now)
                         : absl::OkStatus();
  }

  absl::Status OptOut(const Message& m) const {
    ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, m.contact_id));
    RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
    return ActOnCompliance(tx, contacts, contact, ComplianceAct::kStopMarketing, "PROVIDER", m.id.ToString(), now, now);
  }

  absl::Status Record(const SendReport& report) const {
    ASSIGN_OR_RETURN(const std::optional<Message> found, MessageRepository::Find(tx, report.message_id));
    if (!found || found->progress.attempt != report.attempt) return absl::OkStatus();
    const Message& before = *found;
    Message m = before;
    // A status may have told more than the answer does.
    const bool settled = before.progress.phase != Phase::kSending && before.progress.phase != Phase::kUnknown;
    if (report.outcome.result == SendResult::kAccepted) {
      RETURN_IF_ERROR(Accept(m, report.outcome));
    } else if (settled) {
      return absl::OkStatus();
    } else if (report.untried) {
      Requeue(m, absl::ZeroDuration());
    } else if (report.outcome.result == SendResult::kAmbiguous) {
      m.progress.phase = Phase::kUnknown;
      m.due_at = now + unknown_wait;
    } else {
      RETURN_IF_ERROR(Refuse(m, report));
    }
    return Settle(tx, before, m, deltas, now);
  }
};

}  // namespace

absl::Status RecordOutcomes(sql::Transaction& tx, const ContactRepository& contacts,
                            const std::vector<SendReport>& reports, const std::set<Uuid>& pause_for_failures,
                            absl::Duration unknown_wait, absl::Time now) {
  CountDeltas deltas;
  const Recorder recorder{tx, contacts, deltas, unknown_wait, now};
  for (const SendReport& report : reports) RETURN_IF_ERROR(recorder.Record(report));
  for (const Uuid& campaign : pause_for_failures) RETURN_IF_ERROR(AutoPause(tx, campaign, "FAILURES", now));
  tx.Raise(kSignalQueue);
  return deltas.Flush(tx);
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

}  // namespace vinculo::messaging
