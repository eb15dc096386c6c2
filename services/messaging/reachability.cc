#include "services/messaging/reachability.h"

#include <algorithm>

#include "absl/time/civil_time.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/reachability_repository.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kConfirmEvery = absl::Hours(24);
constexpr absl::Duration kConfirmWithin = absl::Hours(1);

int64_t DayOf(absl::Time at, absl::TimeZone zone) { return absl::ToCivilDay(at, zone) - absl::CivilDay(); }

}  // namespace

absl::Status NoteUndeliverable(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact_id,
                               absl::Time at, absl::Time now) {
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, contact_id));
  if (contact.state != ContactState::kActive || (contact.suppressed & kSuppressedUnreachable)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  const absl::TimeZone zone = policy.zone();
  const absl::Time since =
      std::max(at - policy.unreachable_for, contact.last_inbound_at.value_or(absl::InfinitePast()));
  ASSIGN_OR_RETURN(const int64_t days,
                   ReachabilityRepository::NoteUndeliverable(tx, contact.id, DayOf(at, zone), DayOf(since, zone)));
  if (days < policy.unreachable_days) return absl::OkStatus();
  const absl::Time until = now + policy.unreachable_for;
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  RETURN_IF_ERROR(contacts.Suppress(tx, contact, kSuppressedUnreachable, until, now));
  contact.suppressed |= kSuppressedUnreachable;
  RETURN_IF_ERROR(contacts.SetPermissions(tx, contact));
  RETURN_IF_ERROR(ReachabilityRepository::ForgetUndeliverable(tx, contact.id));
  return AnnounceUnreachable(tx, contact, until, now);
}

absl::Status LiftUnreachable(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact) {
  RETURN_IF_ERROR(contacts.Lift(tx, contact, kSuppressedUnreachable));
  contact.suppressed &= ~kSuppressedUnreachable;
  return contacts.SetPermissions(tx, contact);
}

absl::Status RefreshStanding(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact_id,
                             absl::Time now) {
  absl::StatusOr<Contact> found = contacts.Get(tx, contact_id);
  if (absl::IsNotFound(found.status())) return absl::OkStatus();
  RETURN_IF_ERROR(found.status());
  Contact& contact = *found;
  if (contact.state != ContactState::kActive) return absl::OkStatus();
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, contacts.Suppressions(tx, contact.identities, now));
  ASSIGN_OR_RETURN(const std::vector<Consent> evidence, contacts.Evidence(tx, contact.id));
  contact.suppressed = 0;
  for (const Suppression& s : kept) contact.suppressed |= s.flag;
  contact.marketing = Decide(evidence, Purpose::kMarketing, now);
  contact.transactional = Decide(evidence, Purpose::kTransactional, now);
  return contacts.SetPermissions(tx, contact);
}

absl::Status ConfirmOptOut(sql::Transaction& tx, const Uuid& sender, const Contact& contact, absl::Time now) {
  if (contact.suppressed & kSuppressedBlocked) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx, sender, contact.id));
  if (!window.IsOpen(now)) return absl::OkStatus();
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  if (!policy.confirm_opt_out) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool may, ReachabilityRepository::MayConfirmOptOut(tx, contact.id, now - kConfirmEvery, now));
  if (!may) return absl::OkStatus();
  const Message confirmation{.id = Uuid::New(now),
                             .contact_id = contact.id,
                             .customer_id = contact.customer_id,
                             .sender_id = sender,
                             .due_at = now,
                             .expire_at = now + kConfirmWithin,
                             .content = TextContent{policy.OptOutText(contact.language), false},
                             .caller = "messaging",
                             .created_at = now};
  return MessageRepository::Insert(tx, confirmation);
}

}  // namespace vinculo::messaging
