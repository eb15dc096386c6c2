#include "services/support/work/deliveries.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "google/protobuf/util/time_util.h"
#include "services/support/work/messaging_feed.h"

namespace vinculo::support {
namespace {

namespace m = vinculo::messaging::v1;

constexpr absl::Duration kHold = absl::Hours(24);  // the contact's next messages come to support
constexpr absl::Duration kFirstRetry = absl::Seconds(1);
constexpr absl::Duration kMaxRetry = absl::Minutes(5);
constexpr int64_t kMaxAttempts = 300;  // about a day; the customer-service window is then closed anyway
constexpr char kSurveyText[] = "¿Cómo calificarías la atención que recibiste?";

// Messaging has decided, and would decide the same again.
bool IsRefusal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsNotFound(status) || absl::IsFailedPrecondition(status) ||
         absl::IsPermissionDenied(status) || absl::IsAlreadyExists(status) || absl::IsOutOfRange(status) ||
         absl::IsUnimplemented(status);
}

std::string ReasonOf(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

m::SendMessageRequest To(const Conversation& conversation, const Uuid& request_id, absl::Time now) {
  m::SendMessageRequest request;
  request.set_request_id(request_id.ToString());
  request.mutable_recipient()->set_contact_id(conversation.requester_id);
  request.set_sender_id(conversation.sender_id);
  request.mutable_hold()->set_route(m::ROUTE_SUPPORT);
  request.mutable_hold()->set_ref(conversation.id.ToString());
  *request.mutable_hold()->mutable_until() =
      google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(now + kHold));
  request.mutable_reply_route()->set_route(m::ROUTE_SUPPORT);
  request.mutable_reply_route()->set_ref(conversation.id.ToString());
  return request;
}

Uuid KeyOf(const jobs::Job& job) { return Uuid::Parse(job.key).value_or(Uuid()); }

}  // namespace

void Deliveries::Register(jobs::JobRunner& runner) {
  runner.Register(kSnoozeJob, {},
                  [this](jobs::Job job, jobs::Done done) { EndSnooze(std::move(job), std::move(done)); });
  runner.Register(kReplyJob, {}, [this](jobs::Job job, jobs::Done done) {
    Send(std::move(job), std::move(done), &Deliveries::BuildReply, &Deliveries::SettleReply);
  });
  runner.Register(kSurveyJob, {}, [this](jobs::Job job, jobs::Done done) {
    Send(std::move(job), std::move(done), &Deliveries::BuildSurvey, &Deliveries::SettleSurvey);
  });
}

void Deliveries::EndSnooze(jobs::Job job, jobs::Done done) {
  const absl::Time now = db_.clock().Now();
  const sql::Scope scope = sql::Scope::ForTenant(job.tenant);
  db_.Write(
      scope,
      [this, job = std::move(job), now](sql::Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(jobs::Complete(tx, job));
        return desk_.EndSnooze(tx, KeyOf(job), now);
      },
      [done = std::move(done)](absl::Status) mutable { done(); });
}

void Deliveries::Send(jobs::Job job, jobs::Done done, Build build, Settle settle) {
  using Request = std::optional<m::SendMessageRequest>;
  auto shared = std::make_shared<std::pair<jobs::Job, jobs::Done>>(std::move(job), std::move(done));
  db_.ReadOnPool(
      sql::Scope::ForTenant(shared->first.tenant),
      [this, shared, build](sql::Transaction& tx) -> absl::StatusOr<Request> {
        return (this->*build)(tx, shared->first);
      },
      [this, shared, settle](absl::StatusOr<Request> request) {
        if (!request.ok()) return Record(shared->first, request.status(), std::move(shared->second), settle);
        if (!request->has_value()) return Record(shared->first, m::Message(), std::move(shared->second), settle);
        send_(shared->first.tenant, **std::move(request), [this, shared, settle](absl::StatusOr<m::Message> sent) {
          Record(shared->first, std::move(sent), std::move(shared->second), settle);
        });
      });
}

void Deliveries::Record(const jobs::Job& job, absl::StatusOr<m::Message> sent, jobs::Done done, Settle settle) {
  const absl::Time now = db_.clock().Now();
  const std::string id = sent.ok() ? sent->id() : "";
  const bool over = sent.ok() || IsRefusal(sent.status()) || job.attempt >= kMaxAttempts;
  db_.Write(
      sql::Scope::ForTenant(job.tenant),
      [this, job, status = sent.status(), id, over, settle, now](sql::Transaction& tx) -> absl::Status {
        if (!over) {
          const absl::Duration wait = jobs::Backoff(job.attempt, kFirstRetry, kMaxRetry, 0.5);
          return jobs::RetryAt(tx, job, now + wait, ReasonOf(status));
        }
        RETURN_IF_ERROR(jobs::Complete(tx, job));
        return (this->*settle)(tx, job, status, id, now);
      },
      [done = std::move(done)](absl::Status) mutable { done(); });
}

absl::StatusOr<std::optional<m::SendMessageRequest>> Deliveries::BuildReply(sql::Transaction& tx,
                                                                            const jobs::Job& job) const {
  ASSIGN_OR_RETURN(const Message message, desk_.messages().Get(tx, KeyOf(job)));
  if (message.delivery != Delivery::kQueued || !message.messaging_message_id.empty()) return std::nullopt;
  ASSIGN_OR_RETURN(const Conversation conversation, desk_.conversations().Get(tx, message.conversation_id));
  m::SendMessageRequest request = To(conversation, message.id, db_.clock().Now());
  request.mutable_content()->mutable_text()->set_body(message.body);
  (*request.mutable_labels())[kMessageLabel] = message.id.ToString();
  return request;
}

absl::StatusOr<std::optional<m::SendMessageRequest>> Deliveries::BuildSurvey(sql::Transaction& tx,
                                                                             const jobs::Job& job) const {
  ASSIGN_OR_RETURN(const Survey survey, desk_.surveys().Get(tx, KeyOf(job)));
  if (survey.state != SurveyState::kQueued) return std::nullopt;
  ASSIGN_OR_RETURN(const Conversation conversation, desk_.conversations().Get(tx, survey.conversation_id));
  ASSIGN_OR_RETURN(const Inbox inbox, desk_.directory().GetInbox(tx, conversation.inbox));
  m::SendMessageRequest request = To(conversation, survey.id, db_.clock().Now());
  // The menu's rows route to support by themselves; the next free message is not an answer to the survey.
  request.clear_hold();
  m::ListContent* list = request.mutable_content()->mutable_list();
  list->set_body(inbox.survey_text.empty() ? kSurveyText : inbox.survey_text);
  list->set_menu_label("Calificar");
  m::ListSection* section = list->add_sections();
  for (int rating = 5; rating >= 1; --rating) {
    m::ListRow* row = section->add_rows();
    row->set_id(absl::StrCat(kRatingPrefix, job.payload, ":", rating));
    row->set_title(absl::StrCat(rating, rating == 5 ? " - Excelente" : rating == 1 ? " - Muy mala" : ""));
  }
  (*request.mutable_labels())[kSurveyLabel] = survey.id.ToString();
  return request;
}

absl::Status Deliveries::SettleReply(sql::Transaction& tx, const jobs::Job& job, const absl::Status& status,
                                     const std::string& messaging_message_id, absl::Time now) const {
  const Delivery delivery = status.ok() ? Delivery::kQueued : Delivery::kFailed;
  const absl::Status went =
      desk_.ReplyWent(tx, KeyOf(job), delivery, status.ok() ? "" : ReasonOf(status), messaging_message_id, now);
  return absl::IsNotFound(went) ? absl::OkStatus() : went;
}

absl::Status Deliveries::SettleSurvey(sql::Transaction& tx, const jobs::Job& job, const absl::Status& status,
                                      const std::string&, absl::Time now) const {
  const SurveyState state = status.ok() ? SurveyState::kSent : SurveyState::kFailed;
  const absl::Status went = desk_.SurveyWent(tx, KeyOf(job), state, now, now);
  return absl::IsNotFound(went) ? absl::OkStatus() : went;
}

}  // namespace vinculo::support
