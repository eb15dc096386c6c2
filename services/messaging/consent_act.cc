#include "services/messaging/consent_act.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"

namespace vinculo::messaging {
namespace {

constexpr int kOwnStops = kSuppressedMarketing | kSuppressedInitiated;

absl::Status SkipQueued(sql::Transaction& tx, const Contact& contact, bool all, absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<Recipient> queued, CampaignRepository::QueuedOf(tx, contact.id));
  CountDeltas deltas;
  for (Recipient& row : queued) {
    if (!all && row.category != Category::kMarketing) continue;
    row.state = RecipientState::kSkipped;
    row.reason = "OPTED_OUT";
    row.updated_at = now;
    RETURN_IF_ERROR(CampaignRepository::UpdateRecipient(tx, row));
    deltas.Move(row.campaign_id, RecipientState::kQueued, "", row.state, row.reason);
  }
  return deltas.Flush(tx);
}

// Permissions, rows and events that follow from a contact's new standing.
absl::Status Follow(sql::Transaction& tx, const ContactRepository& contacts, const Contact& before,
                    const Contact& after, const std::string& source, absl::Time now) {
  const bool changed = before.marketing != after.marketing || before.transactional != after.transactional ||
                       before.suppressed != after.suppressed;
  if (!changed) return absl::OkStatus();
  RETURN_IF_ERROR(contacts.SetPermissions(tx, after));
  const auto stopped = [](const Contact& c) {
    return c.marketing == Decision::kRevoked || (c.suppressed & kOwnStops) != 0;
  };
  const bool stopped_all = (after.suppressed & kSuppressedInitiated) && !(before.suppressed & kSuppressedInitiated);
  if (stopped_all || (stopped(after) && !stopped(before))) {
    RETURN_IF_ERROR(SkipQueued(tx, after, stopped_all, now));
    return AnnounceOptOut(tx, after, stopped_all ? "INITIATED" : "MARKETING", source, now);
  }
  if (after.marketing_allowed() && !before.marketing_allowed()) return AnnounceOptIn(tx, after, source, now);
  return absl::OkStatus();
}

absl::Status Record(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                    const Consent& evidence) {
  RETURN_IF_ERROR(contacts.InsertEvidence(tx, evidence));
  ASSIGN_OR_RETURN(const std::vector<Consent> all, contacts.Evidence(tx, contact.id));
  contact.marketing = Decide(all, Purpose::kMarketing);
  contact.transactional = Decide(all, Purpose::kTransactional);
  return absl::OkStatus();
}

}  // namespace

absl::Status ActOnConsent(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                          const Consent& evidence, absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<Consent> known, contacts.Evidence(tx, contact.id));
  const bool suppressed = evidence.decision == Decision::kGranted && evidence.purpose == Purpose::kMarketing &&
                          (contact.suppressed & kOwnStops) != 0;
  if (BlockedByPerson(known, evidence) || suppressed) {
    return Error(absl::StatusCode::kFailedPrecondition, "OPT_OUT_BY_PERSON",
                 "The person opted out by an act of their own; only the person can opt in again.",
                 {{"contact_id", contact.id.ToString()}});
  }
  const Contact before = contact;
  RETURN_IF_ERROR(Record(tx, contacts, contact, evidence));
  return Follow(tx, contacts, before, contact, "API", now);
}

absl::Status ActOnCompliance(sql::Transaction& tx, const ContactRepository& contacts, Contact& contact,
                             ComplianceAct act, const std::string& source, const std::string& reference, absl::Time at,
                             absl::Time now) {
  if (act == ComplianceAct::kNone) return absl::OkStatus();
  const Contact before = contact;
  Consent evidence{.id = Uuid::New(now),
                   .contact_id = contact.id,
                   .purpose = Purpose::kMarketing,
                   .decision = Decision::kRevoked,
                   .at = at,
                   .source = source,
                   .reference = reference,
                   .actor = "contact",
                   .by_person = true};
  if (act == ComplianceAct::kStart) {
    evidence.decision = Decision::kGranted;
    for (int flag : {kSuppressedMarketing, kSuppressedInitiated}) RETURN_IF_ERROR(contacts.Lift(tx, contact, flag));
    contact.suppressed &= ~kOwnStops;
  } else {
    const int flag = act == ComplianceAct::kStopAll ? kSuppressedInitiated : kSuppressedMarketing;
    RETURN_IF_ERROR(contacts.Suppress(tx, contact, flag, std::nullopt, now));
    contact.suppressed |= flag;
  }
  RETURN_IF_ERROR(Record(tx, contacts, contact, evidence));
  return Follow(tx, contacts, before, contact, source, now);
}

}  // namespace vinculo::messaging
