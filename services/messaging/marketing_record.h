#pragma once

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/store/contact_repository.h"

// What a contact's row remembers of marketing, so that an intent reads nothing else. Shared by api and work.
namespace vinculo::messaging {

// Whether an attempt of it has counted against its contact's cap: it has the category of its last attempt.
inline bool IsCounted(const Message& m) {
  return m.category == Category::kMarketing && !m.test && m.progress.attempt > 0;
}
// So what changes between two attempts takes its new category with the next one.
inline void KeepBegunCategory(const Message& begun, Message& m) {
  if (begun.progress.attempt > 0) m.category = begun.category;
}

// A refused message does not count against its contact's cap [M-68]. Does nothing for other content.
absl::Status UncountMarketing(sql::Transaction& tx, const ContactRepository& contacts, const Message& refused);

// A status says that WhatsApp held marketing to the person back: there is none for a day, wherever it comes from
// [M-110]. Does nothing unless `failed` failed for that.
absl::Status RestAfter(sql::Transaction& tx, const ContactRepository& contacts, const Message& failed, absl::Time now);

}  // namespace vinculo::messaging
