#include "services/messaging/api/message_service.h"

#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/render.h"
#include "services/messaging/api/send_message.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {

MessageService::MessageService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
MessageService::~MessageService() = default;

void MessageService::SendMessage(rpc::Call<v1::SendMessageRequest, v1::Message> call) {
  FieldViolations bad;
  SendDraft draft = ParseSend(call.request(), call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  draft.caller = call.principal().subject;
  const bool personal = MaySeePersonal(call.principal());
  context_.db.Write(
      call.scope(),
      [contacts = &context_.contacts, draft = std::move(draft)](sql::Transaction& tx) {
        return AcceptMessage(tx, *contacts, draft);
      },
      call.Reply([personal](const Message& m, v1::Message* out) { RenderMessage(m, personal, out); }));
}

void MessageService::GetMessage(rpc::Call<v1::GetMessageRequest, v1::Message> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("message_id", call.request().message_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const bool personal = MaySeePersonal(call.principal());
  call.Answer(
      context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return MessageRepository::Get(tx, id); }),
      [personal](const Message& m, v1::Message* out) { RenderMessage(m, personal, out); });
}

void MessageService::ListMessages(rpc::Call<v1::ListMessagesRequest, v1::ListMessagesResponse> call) {
  const v1::ListMessagesRequest& request = call.request();
  FieldViolations bad;
  const std::optional<Uuid> contact = text::ParseOptionalUuid("contact_id", request.contact_id(), bad);
  const std::optional<Uuid> campaign = text::ParseOptionalUuid("campaign_id", request.campaign_id(), bad);
  if (request.contact_id().empty() == request.campaign_id().empty())
    bad.Add("contact_id", "exactly one of contact_id and campaign_id is required");
  absl::StatusOr<IdPage> page = ParseIdPage(call.principal(), "messaging.MessageService.ListMessages", request);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (!page.ok()) return call.Fail(page.status());
  const bool personal = MaySeePersonal(call.principal());
  context_.db.ReadOnPool(
      call.scope(),
      [contact, campaign, after = page->after, size = page->size](sql::Transaction& tx) {
        return contact ? MessageRepository::ListByContact(tx, *contact, after, size + 1)
                       : MessageRepository::ListByCampaign(tx, *campaign, after, size + 1);
      },
      call.Reply([personal, page = *page](std::vector<Message> rows, v1::ListMessagesResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Message& m) { return m.id; }));
        for (const Message& m : rows) RenderMessage(m, personal, out->add_messages());
      }));
}

void MessageService::GetWindow(rpc::Call<v1::GetWindowRequest, v1::Window> call) {
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", call.request().contact_id(), bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", call.request().sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  struct Found {
    Uuid sender;
    Window window;
  };
  const auto read = [&](sql::Transaction& tx) -> absl::StatusOr<Found> {
    RETURN_IF_ERROR(context_.contacts.Get(tx, contact).status());
    Found found;
    if (sender) {
      ASSIGN_OR_RETURN(const Sender named, ChannelRepository::GetSender(tx, *sender));
      found.sender = named.id;
    } else {
      ASSIGN_OR_RETURN(const std::optional<Sender> fallback, ChannelRepository::DefaultSender(tx));
      if (!fallback) return NotFound("sender", "the tenant has none");
      found.sender = fallback->id;
    }
    ASSIGN_OR_RETURN(found.window, WindowRepository::Get(tx, found.sender, contact));
    return found;
  };
  const absl::Time now = call.now();
  call.Answer(context_.db.ReadInline(call.scope(), read), [&](const Found& found, v1::Window* out) {
    out->set_contact_id(contact.ToString());
    out->set_sender_id(found.sender.ToString());
    out->set_open(found.window.IsOpen(now));
    if (found.window.open_until) api::SetTimestamp(*found.window.open_until, out->mutable_expire_time());
    if (found.window.hold && now < found.window.hold->until) RenderHold(*found.window.hold, out->mutable_hold());
  });
}

}  // namespace vinculo::messaging
