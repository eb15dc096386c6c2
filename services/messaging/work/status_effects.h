#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/domain/webhook_item.h"
#include "services/messaging/store/contact_repository.h"

// What a status does once it has joined its message, at once or after it was parked, and what it has in common with a
// refusal.
namespace vinculo::messaging {

inline constexpr int kWindowClosedCode = 131047;
inline constexpr absl::string_view kWindowClosed = "WINDOW_CLOSED";

// WhatsApp says that the window is closed: the fallback waits for the next attempt as the same message [M-52]. False
// when there is none that may be sent.
absl::StatusOr<bool> QueueFallback(sql::Transaction& tx, Message& m, absl::Time now);
// Whether it waits since then. Only the arrival of what was sent before drops it.
inline bool FallbackWaits(const Message& m) {
  return m.progress.phase == Phase::kQueued && m.progress.error_code == kWindowClosedCode;
}
// The same where a status told it of what is no template; without a fallback it is why the message failed. `m` may lack
// its content.
absl::Status CloseWindowIfTold(sql::Transaction& tx, Message& m, absl::Time now);

// WhatsApp says that the translation cannot be sent, whatever we believed: unsendable until the listing tells.
absl::Status StopTemplate(sql::Transaction& tx, const Message& m, int code, absl::Time now);

// WhatsApp says that the person wants no marketing, with `reference` as what told it. Of an erased contact nobody is
// left to have decided: what names the person in `told` is suppressed, since whoever comes with it is the same.
absl::Status OptOutTold(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact,
                        const PersonRef& told, const std::string& reference, absl::Time at, absl::Time now);

// The status in the message as it will be stored: its way and what WhatsApp bills. True when that changed anything.
bool MergeReported(const StatusItem& item, Message& m);

// Takes the statuses that came before the message was known by its wamid and merges them; `fresh` gets those that
// changed it.
absl::Status MergeParked(sql::Transaction& tx, Message& m, std::vector<StatusItem>& fresh);

// What a status does beyond its message, whose row is written already [M-110]. For each that changed its message, once.
absl::Status FollowReported(sql::Transaction& tx, const ContactRepository& contacts, const ErrorClasses& classes,
                            const StatusItem& item, const Message& m, absl::Time now);

}  // namespace vinculo::messaging
