#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work: what holds for a contact for a time, and what ends it.
namespace vinculo::messaging {

// WhatsApp's code for a person it cannot deliver to.
inline constexpr int kUndeliverableCode = 131026;

// WhatsApp could not deliver at `at`. On so many different days as the tenant's policy says, without a word of the
// person since, the contact is UNREACHABLE for a while: nothing is started [M-42]. Announces `contact.unreachable`.
absl::Status NoteUndeliverable(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact,
                               absl::Time at, absl::Time now);
// The person wrote, so the contact, whose identities are loaded, is reachable again.
absl::Status LiftUnreachable(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact);

// Works out anew what evidence and suppressions say now: some end by time. Run by a job.
absl::Status RefreshStanding(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact,
                             absl::Time now);

// Queues one text that tells the person that the opt-out took effect, at most once in 24 hours, inside the window and
// unless the tenant's policy says no [M-41].
absl::Status ConfirmOptOut(sql::Transaction& tx, const Uuid& sender, const Contact& contact, absl::Time now);

}  // namespace vinculo::messaging
