#include "services/lifecycle/work/support_feed.h"

#include "absl/strings/str_cat.h"
#include "services/lifecycle/store/health_repository.h"
#include "vinculo/support/v1/events.pb.h"

namespace vinculo::lifecycle {
namespace {

absl::Time OccurredAt(const events::v1::Event& event) {
  return absl::FromUnixSeconds(event.occurred_at().seconds()) + absl::Nanoseconds(event.occurred_at().nanos());
}

template <class Payload>
absl::Status Unpack(const events::v1::Event& event, Payload* payload) {
  if (event.payload().UnpackTo(payload)) return absl::OkStatus();
  return absl::DataLossError(
      absl::StrCat("the payload of ", event.type(), " is no ", Payload::descriptor()->full_name()));
}

absl::Status Created(sql::Transaction& tx, const events::v1::Event& event) {
  support::v1::ConversationCreated payload;
  if (absl::Status s = Unpack(event, &payload); !s.ok()) return s;
  const auto& conversation = payload.conversation();
  if (conversation.customer_id().empty()) return absl::OkStatus();
  return ContactRepository().PutConversation(tx, conversation.conversation_id(), conversation.customer_id(),
                                             OccurredAt(event));
}

absl::Status MarkedSpam(sql::Transaction& tx, const events::v1::Event& event) {
  support::v1::ConversationMarkedSpam payload;
  if (absl::Status s = Unpack(event, &payload); !s.ok()) return s;
  return ContactRepository().MarkSpam(tx, payload.conversation().conversation_id(), payload.spam());
}

absl::Status Rated(sql::Transaction& tx, const events::v1::Event& event) {
  support::v1::CsatReceived payload;
  if (absl::Status s = Unpack(event, &payload); !s.ok()) return s;
  const auto& conversation = payload.conversation();
  if (conversation.customer_id().empty()) return absl::OkStatus();
  // An imported rating may come without a survey; then the conversation stands for it.
  const std::string& survey = payload.survey_id().empty() ? conversation.conversation_id() : payload.survey_id();
  return ContactRepository().PutRating(tx, survey, conversation.conversation_id(), conversation.customer_id(),
                                       payload.rating(), OccurredAt(event));
}

}  // namespace

std::vector<std::string> SupportEventTypes() {
  return {"conversation.created", "conversation.marked_spam", "csat.received"};
}

absl::Status ApplySupportEvent(sql::Transaction& tx, const events::v1::Event& event, absl::Time) {
  if (event.type() == "conversation.created") return Created(tx, event);
  if (event.type() == "conversation.marked_spam") return MarkedSpam(tx, event);
  if (event.type() == "csat.received") return Rated(tx, event);
  return absl::OkStatus();
}

}  // namespace vinculo::lifecycle
