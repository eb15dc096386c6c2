#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/status/error.h"
#include "services/messaging/store/contact_repository.h"

// What the handlers of contacts share.
namespace vinculo::messaging {

// A phone with + and country code and a BSUID, each possibly empty.
PersonRef ParsePerson(const std::string& phone, const std::string& bsuid, FieldViolations& bad);

absl::StatusOr<Contact> WithIdentities(sql::Transaction& tx, const ContactRepository& contacts,
                                       absl::StatusOr<Contact> found);
// With its identities. NOT_FOUND CONTACT_NOT_FOUND; FAILED_PRECONDITION CONTACT_ERASED.
absl::StatusOr<Contact> LiveContact(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id);

// RESOURCE_EXHAUSTED QUOTA_EXCEEDED: a list takes no more members [M-128].
absl::Status ListFull();

// The bounds of a contact, whose identities are loaded, hold for what it comes to have [M-128]. INVALID_FIELDS names
// those that would not.
absl::Status CheckBounds(const PersonRef& who, const ContactPatch& patch, const Contact& contact);

}  // namespace vinculo::messaging
