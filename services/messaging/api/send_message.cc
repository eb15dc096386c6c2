#include "services/messaging/api/send_message.h"

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kMaxExpiry = absl::Hours(30 * 24);
constexpr absl::Duration kDefaultExpiry = absl::Hours(24);
constexpr absl::Duration kCodeExpiry = absl::Minutes(5);
constexpr int kMaxLabels = 8;

void ParseRecipient(const v1::Recipient& in, SendDraft& draft, FieldViolations& bad) {
  switch (in.id_case()) {
    case v1::Recipient::kContactId:
      draft.contact_id = text::ParseUuid("recipient.contact_id", in.contact_id(), bad);
      break;
    case v1::Recipient::kPhone: {
      const absl::StatusOr<text::Phone> phone = text::ParsePhone(in.phone(), "");
      if (!phone.ok()) return bad.Add("recipient.phone", "is not a phone number with + and country code");
      draft.person = {.phone = phone->e164, .country = phone->region};
      break;
    }
    case v1::Recipient::kBsuid:
      if (!IsBsuid(in.bsuid())) return bad.Add("recipient.bsuid", "is not a business-scoped user id");
      draft.person = {.bsuid = in.bsuid()};
      break;
    case v1::Recipient::kCustomerId:
      draft.customer_id = text::ParseText("recipient.customer_id", in.customer_id(), {.min = 1, .max = 128}, bad);
      break;
    case v1::Recipient::ID_NOT_SET:
      bad.Add("recipient", "exactly one kind of recipient is required");
  }
}

absl::Status Refuse(absl::string_view reason) {
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat("The message may not be sent: ", reason, "."));
}

absl::StatusOr<Contact> ResolveContact(sql::Transaction& tx, const ContactRepository& contacts,
                                       const SendDraft& draft) {
  if (draft.contact_id) return contacts.Get(tx, *draft.contact_id);
  if (draft.customer_id.empty()) return contacts.GetOrCreate(tx, draft.person, draft.now);
  ASSIGN_OR_RETURN(std::optional<Contact> found, contacts.FindByCustomer(tx, draft.customer_id));
  if (!found) return NotFound("contact", draft.customer_id);
  return *std::move(found);
}

// The one named; else the one with the contact's newest open window; else the default [M-13].
absl::StatusOr<Sender> ResolveSender(sql::Transaction& tx, const SendDraft& draft, const Contact& contact) {
  if (draft.sender_id) return ChannelRepository::GetSender(tx, *draft.sender_id);
  ASSIGN_OR_RETURN(const std::optional<Uuid> open, WindowRepository::NewestOpenSender(tx, contact.id, draft.now));
  if (open) return ChannelRepository::GetSender(tx, *open);
  ASSIGN_OR_RETURN(std::optional<Sender> fallback, ChannelRepository::DefaultSender(tx));
  if (!fallback) return Error(absl::StatusCode::kFailedPrecondition, "NO_SENDER", "Add a sender first.");
  return *std::move(fallback);
}

absl::Status BadParameters(const std::vector<ParameterProblem>& problems, absl::string_view field) {
  FieldViolations bad;
  for (const ParameterProblem& p : problems) bad.Add(absl::StrCat(field, ".values[", p.place, "]"), p.reason);
  return bad.ToStatus("TEMPLATE_PARAMETERS");
}

// Checks a template for sending now; normalises its values.
absl::StatusOr<Translation> CheckTemplate(sql::Transaction& tx, const Sender& sender, TemplateContent& content,
                                          absl::string_view field) {
  ASSIGN_OR_RETURN(const Template t, TemplateRepository::Get(tx, sender.channel_id, content.name));
  const Translation* translation = t.Find(content.language);
  if (translation == nullptr) return NotFound("template", absl::StrCat(content.name, " in ", content.language));
  if (!translation->Sendable()) {
    return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_NOT_SENDABLE",
                 "WhatsApp has not approved this translation, or has paused it.", {{"status", translation->status}});
  }
  const std::vector<ParameterProblem> problems =
      CheckValues(translation->submitted->components, translation->category, content.values);
  if (!problems.empty()) return BadParameters(problems, field);
  return *translation;
}

absl::Status CheckMedia(sql::Transaction& tx, const Content& content, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<std::string> ended, MediaRepository::FirstEnded(tx, MediaIds(content), now));
  if (!ended) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED",
               "WhatsApp has the file no longer: upload it again.", {{"media_id", *ended}});
}

}  // namespace

SendDraft ParseSend(const v1::SendMessageRequest& request, absl::Time now, FieldViolations& bad) {
  SendDraft draft;
  draft.now = now;
  draft.message_id = Uuid::New(now);
  ParseRecipient(request.recipient(), draft, bad);
  draft.sender_id = text::ParseOptionalUuid("sender_id", request.sender_id(), bad);
  draft.content = ParseContent(request.content(), "content", bad);
  draft.quote_wamid = text::ParseText("reply_to_wamid", request.reply_to_wamid(), {.max = 256}, bad);
  if (request.has_expire_after()) {
    draft.expire_after = api::ParseDuration("expire_after", request.expire_after(), absl::Seconds(1), kMaxExpiry, bad);
  }
  if (request.resend_policy() == v1::RESEND_POLICY_ONCE_IF_UNKNOWN) draft.resend = ResendPolicy::kOnceIfUnknown;
  if (request.has_fallback_template()) {
    draft.fallback = ParseTemplateContent(request.fallback_template());
    if (std::holds_alternative<TemplateContent>(draft.content))
      bad.Add("fallback_template", "is for free-form content only");
  }
  if (request.has_hold()) draft.hold = ParseHold(request.hold(), "hold", now, bad);
  if (request.has_reply_route()) draft.reply_route = ParseReplyRoute(request.reply_route(), "reply_route", true, bad);
  text::CheckCount("labels", request.labels_size(), kMaxLabels, bad);
  for (const auto& [key, value] : request.labels()) {
    draft.labels[text::ParseText("labels", key, {.min = 1, .max = 64}, bad)] =
        text::ParseText(absl::StrCat("labels[", key, "]"), value, {.max = 128}, bad);
  }
  return draft;
}

absl::StatusOr<Message> AcceptMessage(sql::Transaction& tx, const ContactRepository& contacts, const SendDraft& draft) {
  ASSIGN_OR_RETURN(const Contact contact, ResolveContact(tx, contacts, draft));
  ASSIGN_OR_RETURN(const Sender sender, ResolveSender(tx, draft, contact));
  if (sender.state == SenderState::kBlocked) return Refuse("SENDER_BLOCKED");
  Message m{.id = draft.message_id,
            .contact_id = contact.id,
            .customer_id = contact.customer_id,
            .sender_id = sender.id,
            .due_at = draft.now,
            .resend = draft.resend,
            .content = draft.content,
            .fallback = draft.fallback,
            .quote_wamid = draft.quote_wamid,
            .reply_route = draft.reply_route,
            .labels = draft.labels,
            .caller = draft.caller,
            .created_at = draft.now,
            .test = draft.test};
  if (m.test && !contact.tester) return Refuse("NO_CONSENT");
  SendKind kind;
  if (auto* content = std::get_if<TemplateContent>(&m.content)) {
    ASSIGN_OR_RETURN(const Translation translation, CheckTemplate(tx, sender, *content, "content.template"));
    m.version = translation.submitted->version;
    m.category = translation.category;
    kind = {.is_template = true,
            .category = m.category,
            .needs_phone = m.category == Category::kAuthentication,
            .test = m.test};
  }
  ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx, sender.id, contact.id));
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  absl::string_view block = SendBlock(contact.permissions(), kind, policy, window.IsOpen(draft.now));
  if (m.fallback) {
    ASSIGN_OR_RETURN(const Translation translation, CheckTemplate(tx, sender, *m.fallback, "fallback_template"));
    if (block == "WINDOW_CLOSED") {
      m.content = *m.fallback;
      m.fallback.reset();
      m.version = translation.submitted->version;
      m.category = translation.category;
      block = SendBlock(contact.permissions(), {.is_template = true, .category = m.category}, policy, false);
    }
  }
  if (!block.empty()) return Refuse(block);
  RETURN_IF_ERROR(CheckMedia(tx, m.content, draft.now));
  if (m.fallback) RETURN_IF_ERROR(CheckMedia(tx, *m.fallback, draft.now));
  m.lane = LaneOf(m.content, m.category);
  RETURN_IF_ERROR(draft.room->Take(tx.tenant()));
  if (m.lane == Lane::kBulk) m.resend = ResendPolicy::kNever;
  m.expire_at =
      draft.now + draft.expire_after.value_or(m.category == Category::kAuthentication ? kCodeExpiry : kDefaultExpiry);
  RETURN_IF_ERROR(MessageRepository::Insert(tx, m));
  if (draft.hold) RETURN_IF_ERROR(WindowRepository::SetHold(tx, sender.id, contact.id, *draft.hold));
  return m;
}

}  // namespace vinculo::messaging
