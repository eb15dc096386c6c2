#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/contact_repository.h"

// Shared by api and work.
namespace vinculo::messaging {

// Stores evidence and everything that follows from it in this transaction: the contact's permissions, suppression, the
// skipping of queued marketing rows, and `contact.opted_out` or `.opted_in` when that changed. After it commits no
// marketing intent to a person who opted out does [M-41]. `contact` must have its identities loaded and is updated.
// A grant by an act of the person's own lifts their own opt-outs, unless a later one stands. `source` is API, IMPORT or
// PROVIDER. FAILED_PRECONDITION OPT_OUT_BY_PERSON for a grant that only the person may give [M-39].
absl::Status ActOnConsent(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                          const Consent& evidence, const std::string& source, absl::Time now);

// The person's own act on WhatsApp: a word, a button, a preference. `source` is WORD, BUTTON or PROVIDER. An act older
// than one to the contrary is evidence only.
absl::Status ActOnCompliance(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                             ComplianceAct act, const std::string& source, const std::string& reference, absl::Time at,
                             absl::Time now);

// Writes the permissions that `after` has and `before` had not, and what follows from them.
absl::Status FollowStanding(sql::Transaction& tx, const ContactRepository& contacts, const Contact& before,
                            const Contact& after, const std::string& source, absl::Time now);

}  // namespace vinculo::messaging
