#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/messaging/api/queue_room.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/routing.h"
#include "services/messaging/store/contact_repository.h"
#include "vinculo/messaging/v1/message_service.pb.h"

namespace vinculo::messaging {

// A parsed SendMessage.
struct SendDraft {
  // Exactly one.
  std::optional<Uuid> contact_id;
  PersonRef person;  // phone or bsuid
  std::string customer_id;

  std::optional<Uuid> sender_id;
  Content content;
  std::string quote_wamid;
  std::optional<absl::Duration> expire_after;
  ResendPolicy resend = ResendPolicy::kNever;
  std::optional<TemplateContent> fallback;
  std::optional<Hold> hold;
  ReplyRoute reply_route;
  std::map<std::string, std::string> labels;
  std::string caller;
  bool test = false;  // of SendTest
  QueueRoom* room = nullptr;
  Uuid message_id;
  absl::Time now;
};

SendDraft ParseSend(const v1::SendMessageRequest& request, absl::Time now, FieldViolations& bad);

// Everything that SendMessage does, in one transaction: finds or makes the contact, picks the sender, checks template,
// consent and window, stores the message as QUEUED and sets its hold. Refusals as in the contract.
absl::StatusOr<Message> AcceptMessage(sql::Transaction& tx, const ContactRepository& contacts, const SendDraft& draft);

}  // namespace vinculo::messaging
