#include "services/messaging/api/export_contact.h"

#include "absl/strings/strip.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_parse.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/render.h"
#include "services/messaging/store/contact_history.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kPage = 200;

}  // namespace

void ExportContactStream::Produce() {
  if (!ready_.empty()) {
    v1::ExportContactResponse item = std::move(ready_.front());
    ready_.pop_front();
    return Send(std::move(item));
  }
  if (place_.stage == Stage::kDone) return Finish(absl::OkStatus());
  const auto self = std::static_pointer_cast<ExportContactStream>(shared_from_this());
  context_.db.ReadOnPool(
      scope(), [self, from = place_](sql::Transaction& tx) { return self->Read(tx, from); },
      [self](absl::StatusOr<Page> page) {
        if (!page.ok()) return self->Finish(page.status());
        self->ready_.insert(self->ready_.end(), std::make_move_iterator(page->items.begin()),
                            std::make_move_iterator(page->items.end()));
        self->place_ = page->next;
        self->Produce();
      });
}

absl::StatusOr<ExportContactStream::Page> ExportContactStream::Read(sql::Transaction& tx, const Place& from) const {
  Page page{.next = from};
  switch (from.stage) {
    case Stage::kContact:
      RETURN_IF_ERROR(ReadContact(tx, page));
      break;
    case Stage::kMessages:
      RETURN_IF_ERROR(ReadMessages(tx, page));
      break;
    case Stage::kInbound:
      RETURN_IF_ERROR(ReadInbound(tx, page));
      break;
    case Stage::kRecipients:
      RETURN_IF_ERROR(ReadRecipients(tx, page));
      break;
    case Stage::kDone:
      break;
  }
  return page;
}

absl::Status ExportContactStream::ReadContact(sql::Transaction& tx, Page& page) const {
  const ContactRepository& contacts = context_.contacts;
  ASSIGN_OR_RETURN(const Contact contact, WithIdentities(tx, contacts, contacts.Get(tx, contact_)));
  RenderContact(contact, true, page.items.emplace_back().mutable_contact());
  ASSIGN_OR_RETURN(const std::vector<Consent> evidence, contacts.Evidence(tx, contact.id));
  for (const Consent& c : evidence) RenderConsent(c, page.items.emplace_back().mutable_consent());
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, contacts.Suppressions(tx, contact.identities, now()));
  for (const Suppression& s : kept) RenderSuppression(contact.id, s, page.items.emplace_back().mutable_suppression());
  ASSIGN_OR_RETURN(const std::vector<Uuid> lists, contacts.ListsOfContact(tx, contact.id));
  for (const Uuid& list : lists) {
    ASSIGN_OR_RETURN(const auto variables, contacts.MemberVariables(tx, list, contact.id));
    v1::ListMembership* membership = page.items.emplace_back().mutable_membership();
    membership->set_list_id(list.ToString());
    membership->set_contact_id(contact.id.ToString());
    membership->mutable_variables()->insert(variables.begin(), variables.end());
  }
  page.next.stage = Stage::kMessages;
  return absl::OkStatus();
}

absl::Status ExportContactStream::ReadMessages(sql::Transaction& tx, Page& page) const {
  ASSIGN_OR_RETURN(const Contact contact, context_.contacts.Get(tx, contact_));
  ASSIGN_OR_RETURN(const std::vector<Message> messages,
                   MessageRepository::ListByContact(tx, contact.id, page.next.after, kPage));
  for (const Message& m : messages) RenderMessage(m, true, page.items.emplace_back().mutable_message());
  if (static_cast<int>(messages.size()) == kPage) return page.next.after = messages.back().id, absl::OkStatus();
  page.next = {.stage = Stage::kInbound};
  return absl::OkStatus();
}

absl::Status ExportContactStream::ReadInbound(sql::Transaction& tx, Page& page) const {
  ASSIGN_OR_RETURN(const Contact contact, context_.contacts.Get(tx, contact_));
  ASSIGN_OR_RETURN(const std::vector<ContactHistory::Inbound> events,
                   ContactHistory::InboundOf(tx, contact.id, page.next.after_at, page.next.after_wamid, kPage));
  for (const ContactHistory::Inbound& e : events) {
    v1::ExportedInbound* out = page.items.emplace_back().mutable_inbound();
    out->set_wamid(e.wamid);
    out->set_sender_id(e.sender_id.ToString());
    api::SetTimestamp(e.received_at, out->mutable_at());
    out->set_content(e.content);
    page.next.after_at = e.received_at;
    page.next.after_wamid = e.wamid;
  }
  if (static_cast<int>(events.size()) < kPage) page.next = {.stage = Stage::kRecipients};
  return absl::OkStatus();
}

absl::Status ExportContactStream::ReadRecipients(sql::Transaction& tx, Page& page) const {
  ASSIGN_OR_RETURN(const Contact contact, context_.contacts.Get(tx, contact_));
  ASSIGN_OR_RETURN(std::vector<Uuid> ids, context_.contacts.Aliases(tx, contact.id));
  ids.push_back(contact.id);
  if (page.next.alias >= ids.size()) return page.next.stage = Stage::kDone, absl::OkStatus();
  ASSIGN_OR_RETURN(const std::vector<Recipient> rows,
                   ContactHistory::RecipientsOf(tx, ids[page.next.alias], page.next.after, kPage));
  for (const Recipient& row : rows) {
    v1::ExportedRecipient* out = page.items.emplace_back().mutable_recipient();
    out->set_campaign_id(row.campaign_id.ToString());
    const std::string& state = v1::RecipientState_Name(static_cast<v1::RecipientState>(row.state));
    out->set_state(std::string(absl::StripPrefix(state, "RECIPIENT_STATE_")));
    out->set_reason(row.reason);
    out->mutable_parameters()->insert(row.params.begin(), row.params.end());
    page.next.after = row.campaign_id;
  }
  if (static_cast<int>(rows.size()) == kPage) return absl::OkStatus();
  ++page.next.alias;
  page.next.after = Uuid();
  if (page.next.alias == ids.size()) page.next.stage = Stage::kDone;
  return absl::OkStatus();
}

rpc::WriteStream<v1::ExportContactResponse>* ContactService::ExportContact(rpc::StreamContext stream,
                                                                           const v1::ExportContactRequest& request) {
  FieldViolations bad;
  const Uuid contact = text::ParseUuid("contact_id", request.contact_id(), bad);
  if (!bad.empty()) return rpc::RefuseWrite<v1::ExportContactResponse>(std::move(stream), bad.ToStatus());
  return new ExportContactStream(std::move(stream), context_, contact);
}

}  // namespace vinculo::messaging
