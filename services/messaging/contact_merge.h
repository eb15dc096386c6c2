#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work: contacts that turn out to be one person, and persons who change their number.
namespace vinculo::messaging {

// Makes one contact of two live ones and returns it, identities loaded: the older survives [M-08]. Identities, lists,
// consent, suppressions, windows, files, reach and history are the survivor's from now on; the loser reads as the
// survivor; ledger rows stay where they are. A queued row of a campaign that has written to the person under another
// row is SKIPPED DUPLICATE_PERSON. Announces `contact.merged`.
absl::StatusOr<Contact> MergeContacts(sql::Transaction& tx, const ContactRepository& contacts, const Contact& one,
                                      const Contact& other, absl::Time now);

// The channel says that `contact`, whose identities are loaded, has this wa_id and BSUID: they join it, and a contact
// that has one of them is the same person. A wa_id that is the digits of a phone which WhatsApp has answered with it is
// not kept a second time: the phone stands for it. Runs no statement when all is known.
absl::StatusOr<Contact> LearnIdentities(sql::Transaction& tx, const ContactRepository& contacts, Contact contact,
                                        const PersonRef& proven, absl::Time now);
// The same of WhatsApp's answer to a message to the contact, once the message's row has its wa_id.
absl::Status LearnIdentities(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact,
                             const PersonRef& proven, absl::Time now);

// The person now has the number of `fresh` and no other, or only its BSUID when it names no number: what names the old
// one is retired, so that its next owner is a new contact, and what the person decided goes along [M-09].
absl::Status ChangeNumber(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                          const PersonRef& fresh, absl::Time now);

// True when another row of the same campaign stands for the same person and was attempted, or goes first: the
// survivor's own, else the one with the smaller id [M-92].
absl::StatusOr<bool> IsDuplicatePerson(sql::Transaction& tx, const ContactRepository& contacts, const Recipient& row,
                                       const Uuid& survivor);

// Messages and inbound events that a merge left for later; false when none is left. Run by a job.
absl::StatusOr<bool> MoveHistory(sql::Transaction& tx, const std::string& payload);

}  // namespace vinculo::messaging
