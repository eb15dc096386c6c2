#include "services/messaging/api/message_service.h"

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/media_stream.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/api/send_message.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// A read mark that could not be told for so long is of no use to anybody.
constexpr absl::Duration kReadMarkLife = absl::Hours(1);

}  // namespace

MessageService::MessageService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
MessageService::~MessageService() = default;

void MessageService::SendMessage(rpc::Call<v1::SendMessageRequest, v1::Message> call) {
  FieldViolations bad;
  SendDraft draft = ParseSend(call.request(), call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  draft.caller = call.principal().subject;
  draft.room = &context_.queue_room;
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
    ASSIGN_OR_RETURN(found.sender, ResolveSenderId(tx, sender));
    ASSIGN_OR_RETURN(found.window, WindowRepository::Get(tx, found.sender, contact));
    return found;
  };
  const absl::Time now = call.now();
  call.Answer(context_.db.ReadInline(call.scope(), read), [&](const Found& found, v1::Window* out) {
    out->set_contact_id(contact.ToString());
    out->set_sender_id(found.sender.ToString());
    out->set_open(found.window.IsOpen(now));
    if (found.window.open_until) api::SetTimestamp(*found.window.open_until, out->mutable_expire_time());
    if (found.window.entry_until) api::SetTimestamp(*found.window.entry_until, out->mutable_entry_expire_time());
    if (found.window.hold && now < found.window.hold->until) RenderHold(*found.window.hold, out->mutable_hold());
  });
}

void MessageService::CancelMessage(rpc::Call<v1::CancelMessageRequest, v1::Message> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("message_id", call.request().message_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const bool personal = MaySeePersonal(call.principal());
  context_.db.Write(
      call.scope(),
      [id, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Message> {
        ASSIGN_OR_RETURN(const Message before, MessageRepository::Get(tx, id));
        if (before.state() != MessageState::kQueued || before.campaign_id) {
          return Error(
              absl::StatusCode::kFailedPrecondition, "MESSAGE_NOT_QUEUED",
              before.campaign_id ? "It belongs to a campaign: cancel or pause that." : "It is on its way or has ended.",
              {{"state", std::string(MessageStateName(before.state()))}});
        }
        Message m = before;
        m.progress.phase = Phase::kCancelled;
        CountDeltas deltas;
        RETURN_IF_ERROR(Settle(tx, before, m, deltas, now));
        RETURN_IF_ERROR(deltas.Flush(tx));
        return m;
      },
      call.Reply([personal](const Message& m, v1::Message* out) { RenderMessage(m, personal, out); }));
}

void MessageService::MarkRead(rpc::Call<v1::MarkReadRequest, v1::MarkReadResponse> call) {
  const v1::MarkReadRequest& request = call.request();
  FieldViolations bad;
  const std::string wamid = text::ParseText("wamid", request.wamid(), {.min = 1, .max = 256, .single_line = true}, bad);
  const std::optional<Uuid> sender = text::ParseOptionalUuid("sender_id", request.sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [wamid, sender, typing = request.typing(), now = call.now()](sql::Transaction& tx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const Uuid on, ResolveSenderId(tx, sender));
        ASSIGN_OR_RETURN(const bool seen, InboundRepository::Seen(tx, on, wamid));
        if (!seen) return NotFound("message", wamid);
        const std::string payload = absl::StrCat(on.ToString(), "\n", wamid, "\n", typing ? "1" : "0", "\n",
                                                 absl::ToUnixMicros(now + kReadMarkLife));
        RETURN_IF_ERROR(jobs::Enqueue(
            tx, {.kind = kJobMarkRead, .key = absl::StrCat(on.ToString(), wamid), .due_at = now, .payload = payload}));
        return true;
      },
      call.Reply([](bool, v1::MarkReadResponse*) {}));
}

rpc::ReadStream<v1::UploadMediaRequest, v1::UploadMediaResponse>* MessageService::UploadMedia(
    rpc::StreamContext stream) {
  return new UploadMediaStream(std::move(stream), context_);
}

rpc::WriteStream<v1::DownloadMediaResponse>* MessageService::DownloadMedia(rpc::StreamContext stream,
                                                                           const v1::DownloadMediaRequest& request) {
  return new DownloadMediaStream(std::move(stream), context_, request);
}

}  // namespace vinculo::messaging
