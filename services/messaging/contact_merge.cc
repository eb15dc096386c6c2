#include "services/messaging/contact_merge.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/consent_act.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/merge_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kHistoryPage = 500;

absl::Status MoveMemberships(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& loser,
                             const Uuid& survivor) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> lists, contacts.ListsOfContact(tx, loser));
  for (const Uuid& list : lists) {
    ASSIGN_OR_RETURN(auto variables, contacts.MemberVariables(tx, list, loser));
    ASSIGN_OR_RETURN(const auto own, contacts.MemberVariables(tx, list, survivor));
    for (const auto& [name, value] : own) variables[name] = value;
    RETURN_IF_ERROR(ListRepository::RemoveMember(tx, list, loser).status());
    RETURN_IF_ERROR(ListRepository::PutMember(tx, list, survivor, variables).status());
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Uuid>> PersonIds(sql::Transaction& tx, const ContactRepository& contacts,
                                            const Uuid& survivor) {
  ASSIGN_OR_RETURN(std::vector<Uuid> ids, contacts.Aliases(tx, survivor));
  ids.push_back(survivor);
  return ids;
}

absl::Status SkipDuplicates(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& survivor,
                            absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> ids, PersonIds(tx, contacts, survivor));
  CountDeltas deltas;
  for (const Uuid& id : ids) {
    ASSIGN_OR_RETURN(std::vector<Recipient> queued, CampaignRepository::QueuedOf(tx, id));
    for (Recipient& row : queued) {
      ASSIGN_OR_RETURN(const bool duplicate, IsDuplicatePerson(tx, contacts, row, survivor));
      if (!duplicate) continue;
      RETURN_IF_ERROR(SkipRow(tx, row, "DUPLICATE_PERSON", deltas, now));
    }
  }
  return deltas.Flush(tx);
}

absl::Status MoveRows(sql::Transaction& tx, const Uuid& loser, const Uuid& survivor) {
  RETURN_IF_ERROR(MergeRepository::MoveLastRoute(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveIdentities(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveConsents(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveUndeliverable(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveWindows(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveMedia(tx, loser, survivor));
  RETURN_IF_ERROR(MergeRepository::MoveReach(tx, loser, survivor));
  ASSIGN_OR_RETURN(const bool more, MergeRepository::MoveHistory(tx, loser, survivor, kHistoryPage));
  if (!more) return absl::OkStatus();
  return jobs::Enqueue(tx, {.kind = kJobMoveHistory,
                            .key = loser.ToString(),
                            .due_at = absl::UnixEpoch(),
                            .payload = absl::StrCat(loser.ToString(), "\n", survivor.ToString())});
}

}  // namespace

absl::StatusOr<Contact> MergeContacts(sql::Transaction& tx, const ContactRepository& contacts, const Contact& one,
                                      const Contact& other, absl::Time now) {
  const bool first = Survives(one, other);
  Contact survivor = first ? one : other;
  const Contact loser = first ? other : one;
  const Contact before = survivor;
  RETURN_IF_ERROR(MoveRows(tx, loser.id, survivor.id));
  RETURN_IF_ERROR(MoveMemberships(tx, contacts, loser.id, survivor.id));
  Unite(loser, survivor);
  if (survivor.last_inbound_at) RETURN_IF_ERROR(contacts.Heard(tx, survivor.id, *survivor.last_inbound_at));
  RETURN_IF_ERROR(MergeRepository::Retire(tx, loser.id, survivor.id, now));
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, survivor));
  RETURN_IF_ERROR(contacts.SpreadSuppressions(tx, survivor, now));
  RETURN_IF_ERROR(SkipDuplicates(tx, contacts, survivor.id, now));
  ASSIGN_OR_RETURN(const std::vector<Consent> evidence, contacts.Evidence(tx, survivor.id));
  survivor.marketing = Decide(evidence, Purpose::kMarketing, now);
  survivor.transactional = Decide(evidence, Purpose::kTransactional, now);
  RETURN_IF_ERROR(FollowStanding(tx, contacts, before, survivor, "PROVIDER", now));
  RETURN_IF_ERROR(contacts.Update(tx, survivor, now));
  if (!loser.recent_marketing.empty()) RETURN_IF_ERROR(contacts.SetRecentMarketing(tx, survivor));
  RETURN_IF_ERROR(AnnounceMerged(tx, survivor, loser.id, now));
  return survivor;
}

namespace {

// Whose identity it is. A phone stands for the wa_id of its digits where WhatsApp has answered with it; until then it
// is only what somebody typed.
absl::StatusOr<std::optional<Uuid>> ProvenOwner(sql::Transaction& tx, const ContactRepository& contacts,
                                                const Identity& id) {
  ASSIGN_OR_RETURN(const std::optional<Uuid> owner, contacts.OwnerOf(tx, id));
  if (owner || id.kind != IdentityKind::kWaId) return owner;
  ASSIGN_OR_RETURN(const std::optional<Uuid> typed,
                   contacts.OwnerOf(tx, {IdentityKind::kPhone, PhoneOfWaId(id.value)}));
  if (!typed) return std::nullopt;
  ASSIGN_OR_RETURN(const bool proven, MessageRepository::AnsweredWith(tx, *typed, id.value));
  return proven ? typed : std::nullopt;
}

// Whether there is nothing to learn from an answer about the contact.
absl::StatusOr<bool> Known(sql::Transaction& tx, const ContactRepository& contacts, const Identity& id,
                           const Uuid& contact) {
  ASSIGN_OR_RETURN(std::optional<Uuid> owner, contacts.OwnerOf(tx, id));
  if (!owner && id.kind == IdentityKind::kWaId) {
    ASSIGN_OR_RETURN(owner, contacts.OwnerOf(tx, {IdentityKind::kPhone, PhoneOfWaId(id.value)}));
  }
  return owner && *owner == contact;
}

}  // namespace

absl::StatusOr<Contact> LearnIdentities(sql::Transaction& tx, const ContactRepository& contacts, Contact contact,
                                        const PersonRef& proven, absl::Time now) {
  if (contact.state != ContactState::kActive) return contact;
  PersonRef fresh{.phone = "", .country = proven.country};
  for (const Identity& id : IdentitiesOf({.phone = "", .wa_id = proven.wa_id, .bsuid = proven.bsuid})) {
    if (absl::c_linear_search(contact.identities, id)) continue;
    ASSIGN_OR_RETURN(const std::optional<Uuid> owner, ProvenOwner(tx, contacts, id));
    if (!owner) {
      (id.kind == IdentityKind::kBsuid ? fresh.bsuid : fresh.wa_id) = id.value;
      continue;
    }
    if (*owner == contact.id) continue;
    ASSIGN_OR_RETURN(const Contact other, contacts.Get(tx, *owner));
    if (other.id == contact.id || other.state != ContactState::kActive) continue;
    ASSIGN_OR_RETURN(contact, MergeContacts(tx, contacts, contact, other, now));
  }
  if (fresh.wa_id.empty() && fresh.bsuid.empty()) return contact;
  const auto shown = [&] { return std::tuple(contact.phone, contact.bsuid, contact.country); };
  const auto before = shown();
  RETURN_IF_ERROR(contacts.AddIdentities(tx, fresh, contact, now).status());
  // Mostly only a wa_id is new, of which the contact's own row says nothing.
  if (shown() != before) RETURN_IF_ERROR(contacts.Update(tx, contact, now));
  return contact;
}

absl::Status LearnIdentities(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& contact_id,
                             const PersonRef& proven, absl::Time now) {
  bool known = true;
  for (const Identity& id : IdentitiesOf({.phone = "", .wa_id = proven.wa_id, .bsuid = proven.bsuid})) {
    ASSIGN_OR_RETURN(const bool nothing_new, Known(tx, contacts, id, contact_id));
    known = known && nothing_new;
  }
  if (known) return absl::OkStatus();
  ASSIGN_OR_RETURN(Contact contact, contacts.Get(tx, contact_id));
  RETURN_IF_ERROR(contacts.LoadIdentities(tx, contact));
  return LearnIdentities(tx, contacts, std::move(contact), proven, now).status();
}

absl::Status ChangeNumber(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                          const PersonRef& fresh, absl::Time now) {
  const auto stays = [&](const Identity& id) {
    if (id.kind == IdentityKind::kBsuid) return id.value == fresh.bsuid;
    return id.kind == IdentityKind::kWaId && id.value == fresh.wa_id;
  };
  Contact retired = contact;
  std::erase_if(retired.identities, stays);
  for (const Identity& id : retired.identities) RETURN_IF_ERROR(contacts.RemoveIdentity(tx, contact, id));
  std::erase_if(contact.identities, [&](const Identity& id) { return !stays(id); });
  contact.bsuid = fresh.bsuid;
  contact.phone = fresh.wa_id.empty() ? "" : PhoneOfWaId(fresh.wa_id);
  contact.country = fresh.wa_id.empty() ? fresh.bsuid.substr(0, 2) : fresh.country;
  RETURN_IF_ERROR(contacts.Update(tx, contact, now));
  ASSIGN_OR_RETURN(contact, LearnIdentities(tx, contacts, contact, fresh, now));
  // What stood under the old identities goes along and leaves them free; the new ones may have it for longer already.
  std::vector<Identity> all = retired.identities;
  all.insert(all.end(), contact.identities.begin(), contact.identities.end());
  ASSIGN_OR_RETURN(const std::vector<Suppression> kept, contacts.Suppressions(tx, all, now));
  for (const int flag : kSuppressionFlags) RETURN_IF_ERROR(contacts.Lift(tx, retired, flag));
  for (const Suppression& s : kept) RETURN_IF_ERROR(contacts.Suppress(tx, contact, s.flag, s.until, s.created_at));
  return absl::OkStatus();
}

absl::StatusOr<bool> IsDuplicatePerson(sql::Transaction& tx, const ContactRepository& contacts, const Recipient& row,
                                       const Uuid& survivor) {
  ASSIGN_OR_RETURN(const std::vector<Uuid> ids, PersonIds(tx, contacts, survivor));
  for (const Uuid& id : ids) {
    if (id == row.contact_id) continue;
    ASSIGN_OR_RETURN(const std::optional<Recipient> other, CampaignRepository::FindRecipient(tx, row.campaign_id, id));
    if (!other) continue;
    if (other->message_id) return true;
    const bool goes_first = id == survivor || (row.contact_id != survivor && id < row.contact_id);
    if (other->state == RecipientState::kQueued && goes_first && !row.message_id) return true;
  }
  return false;
}

absl::StatusOr<bool> MoveHistory(sql::Transaction& tx, const std::string& payload) {
  const std::vector<std::string> ids = absl::StrSplit(payload, '\n');
  const Uuid loser = Uuid::Parse(ids.at(0)).value_or(Uuid());
  const Uuid survivor = Uuid::Parse(ids.back()).value_or(Uuid());
  return MergeRepository::MoveHistory(tx, loser, survivor, kHistoryPage);
}

}  // namespace vinculo::messaging
