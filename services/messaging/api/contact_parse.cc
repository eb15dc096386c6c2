#include "services/messaging/api/contact_parse.h"

#include "common/status/status_macros.h"
#include "common/text/phone.h"

namespace vinculo::messaging {

PersonRef ParsePerson(const std::string& phone, const std::string& bsuid, FieldViolations& bad) {
  PersonRef who;
  if (!phone.empty()) {
    const absl::StatusOr<text::Phone> parsed = text::ParsePhone(phone, "");
    if (parsed.ok()) {
      who.phone = parsed->e164;
      who.country = parsed->region;
    } else {
      bad.Add("phone", "is not a phone number with + and country code");
    }
  }
  if (!bsuid.empty()) {
    if (!IsBsuid(bsuid)) bad.Add("bsuid", "is not a business-scoped user id");
    who.bsuid = bsuid;
  }
  return who;
}

absl::StatusOr<Contact> WithIdentities(sql::Transaction& tx, const ContactRepository& contacts,
                                       absl::StatusOr<Contact> found) {
  RETURN_IF_ERROR(found.status());
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, *found));
  return found;
}

absl::StatusOr<Contact> LiveContact(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id) {
  ASSIGN_OR_RETURN(Contact contact, WithIdentities(tx, contacts, contacts.Get(tx, id)));
  if (contact.state == ContactState::kActive) return contact;
  return Error(absl::StatusCode::kFailedPrecondition, "CONTACT_ERASED", "This person was forgotten.");
}

}  // namespace vinculo::messaging
