#include "services/profiling/work/outbound_sender.h"

#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/id/uuid.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "services/profiling/store/session_engine.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::profiling {
namespace {

namespace m = vinculo::messaging::v1;

constexpr char kSendMethod[] = "vinculo.messaging.v1.MessageService/SendMessage";
constexpr char kContactMethod[] = "vinculo.messaging.v1.ContactService/UpsertContact";
constexpr absl::Duration kFirstWait = absl::Seconds(1);
constexpr absl::Duration kLongestWait = absl::Minutes(1);
constexpr int64_t kMostAttempts = 1000;  // most of a day: then nobody waits for the question any more

bool WorthTrying(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsResourceExhausted(status) ||
         absl::IsAborted(status) || absl::IsInternal(status) || absl::IsUnknown(status) || absl::IsCancelled(status) ||
         absl::IsUnauthenticated(status);
}

void FillContent(const OutboundMessage& message, m::Content* out) {
  const std::string body =
      message.image_url.empty() ? message.body : absl::StrCat(message.body, "\n", message.image_url);
  if (message.form == Form::kButtons) {
    out->mutable_buttons()->set_body(body);
    for (const OutboundOption& option : message.options) {
      m::ReplyButton* button = out->mutable_buttons()->add_buttons();
      button->set_id(option.reply_id);
      button->set_title(option.title);
    }
  } else if (message.form == Form::kList) {
    out->mutable_list()->set_body(body);
    out->mutable_list()->set_menu_label(message.list_button);
    m::ListSection* section = out->mutable_list()->add_sections();
    for (const OutboundOption& option : message.options) {
      m::ListRow* row = section->add_rows();
      row->set_id(option.reply_id);
      row->set_title(option.title);
      row->set_description(option.description);
    }
  } else {
    out->mutable_text()->set_body(body);
    out->mutable_text()->set_preview_url(!message.image_url.empty());
  }
}

}  // namespace

struct OutboundSender::Sending {
  jobs::Job job;
  jobs::Done done;
  OutboundJob content;
  size_t next = 0;
};

std::string StableRequestId(const std::string& tenant, const std::string& job_key, size_t index) {
  std::string bytes = crypto::Sha256(absl::StrCat(tenant, "\n", job_key, "\n", index)).substr(0, 16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x80);  // RFC 9562 version 8: made from a digest
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  return Uuid::FromBytes(bytes)->ToString();
}

m::SendMessageRequest RenderSend(const OutboundJob& job, size_t index, const std::string& request_id) {
  m::SendMessageRequest out;
  out.set_request_id(request_id);
  out.mutable_recipient()->set_contact_id(job.contact_id);
  out.set_sender_id(job.sender_id);
  // A question asked twice costs less than a session that waits for ever for its answer.
  out.set_resend_policy(m::RESEND_POLICY_ONCE_IF_UNKNOWN);
  FillContent(job.messages[index], out.mutable_content());
  const bool last = index + 1 == job.messages.size();
  if (last && job.hold_until > absl::UnixEpoch()) {
    out.mutable_hold()->set_route(m::ROUTE_PROFILING);
    out.mutable_hold()->set_ref(job.session_id.ToString());
    out.mutable_hold()->mutable_until()->set_seconds(absl::ToUnixSeconds(job.hold_until));
  }
  (*out.mutable_labels())["session"] = job.session_id.ToString();
  return out;
}

void OutboundSender::Register(jobs::JobRunner& runner) {
  runner.Register(kOutboundJob, {absl::Seconds(60), 64}, [this](jobs::Job job, jobs::Done done) {
    absl::StatusOr<OutboundJob> content = DecodeOutboundJob(job.payload);
    if (!content.ok()) return Settle(job, content.status(), std::move(done));
    Send(std::make_shared<Sending>(Sending{std::move(job), std::move(done), *std::move(content), 0}));
  });
  runner.Register(kLinkJob, {absl::Seconds(30), 16},
                  [this](jobs::Job job, jobs::Done done) { Link(std::move(job), std::move(done)); });
}

void OutboundSender::Send(std::shared_ptr<Sending> sending) {
  if (sending->next >= sending->content.messages.size())
    return Settle(sending->job, absl::OkStatus(), std::move(sending->done));
  const std::string id = StableRequestId(sending->job.tenant, sending->job.key, sending->next);
  messaging_->Call<m::Message>(kSendMethod, sending->job.tenant, RenderSend(sending->content, sending->next, id),
                               absl::InfiniteFuture(), [this, sending](absl::StatusOr<m::Message> sent) {
                                 if (!sent.ok()) return Settle(sending->job, sent.status(), std::move(sending->done));
                                 ++sending->next;
                                 Send(sending);
                               });
}

void OutboundSender::Link(jobs::Job job, jobs::Done done) {
  m::UpsertContactRequest request;
  request.set_request_id(StableRequestId(job.tenant, absl::StrCat("link/", job.key, "/", job.payload), 0));
  request.set_contact_id(job.key);
  request.set_customer_id(job.payload);
  auto shared = std::make_shared<std::pair<jobs::Job, jobs::Done>>(std::move(job), std::move(done));
  messaging_->Call<m::Contact>(kContactMethod, shared->first.tenant, request, absl::InfiniteFuture(),
                               [this, shared](absl::StatusOr<m::Contact> linked) {
                                 Settle(shared->first, linked.status(), std::move(shared->second));
                               });
}

void OutboundSender::Settle(const jobs::Job& job, const absl::Status& outcome, jobs::Done done) {
  const absl::Time now = db_.clock().Now();
  const bool again = !outcome.ok() && WorthTrying(outcome) && job.attempt < kMostAttempts;
  if (!outcome.ok()) {
    log::Warning("messaging did not take it",
                 {{"kind", job.kind}, {"attempt", job.attempt}, {"again", again}, {"status", outcome}});
  }
  const double jitter = absl::Uniform(absl::BitGen(), 0.0, 1.0);
  db_.Write(
      sql::Scope::ForTenant(job.tenant),
      [job, outcome, again, now, jitter](sql::Transaction& tx) -> absl::Status {
        if (outcome.ok()) return jobs::Complete(tx, job);
        const std::string error = ErrorReason(outcome).empty() ? "UNAVAILABLE" : ErrorReason(outcome);
        if (again)
          return jobs::RetryAt(tx, job, now + jobs::Backoff(job.attempt, kFirstWait, kLongestWait, jitter), error);
        return jobs::Bury(tx, job, error, now);
      },
      [done = std::move(done)](const absl::Status&) mutable { done(); });
}

}  // namespace vinculo::profiling
