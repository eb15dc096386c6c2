#include "services/messaging/marketing_record.h"

#include "common/status/status_macros.h"
#include "services/messaging/domain/retry.h"
#include "services/messaging/settle.h"

namespace vinculo::messaging {

absl::Status UncountMarketing(sql::Transaction& tx, const ContactRepository& contacts, const Message& refused) {
  if (refused.category != Category::kMarketing || refused.test) return absl::OkStatus();
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, refused.contact_id));
  if (contact.recent_marketing.empty()) return absl::OkStatus();
  ForgetMarketing(contact, refused.due_at);
  return contacts.SetRecentMarketing(tx, contact);
}

absl::Status RestAfter(sql::Transaction& tx, const ContactRepository& contacts, const Message& failed, absl::Time now) {
  if (failed.category != Category::kMarketing || !IsCapped(FailureReason(failed))) return absl::OkStatus();
  return contacts.RestMarketing(tx, failed.contact_id, now + kCappedRest);
}

}  // namespace vinculo::messaging
