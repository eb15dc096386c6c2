#include "services/messaging/api/contact_parse.h"

#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"

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

absl::Status ListFull() {
  return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
               absl::StrCat("A list has at most ", kMaxMembers, " members."));
}

absl::Status CheckBounds(const PersonRef& who, const ContactPatch& patch, const Contact& contact) {
  FieldViolations bad;
  size_t identities = contact.identities.size();
  for (const Identity& id : IdentitiesOf(who)) identities += absl::c_linear_search(contact.identities, id) ? 0 : 1;
  text::CheckCount("identities", identities, kMaxIdentities, bad);
  if (contact.tags.size() + patch.add_tags.size() > kMaxTags) {
    std::set<std::string> tags(contact.tags.begin(), contact.tags.end());
    tags.insert(patch.add_tags.begin(), patch.add_tags.end());
    text::CheckCount("add_tags", tags.size(), kMaxTags, bad);
  }
  size_t attributes = contact.attributes.size();
  for (const auto& [key, value] : patch.attributes) attributes += contact.attributes.contains(key) ? 0 : 1;
  text::CheckCount("attributes", attributes, kMaxAttributes, bad);
  return bad.ToStatus();
}

}  // namespace vinculo::messaging
