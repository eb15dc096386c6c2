#include "services/messaging/api/import_row.h"

#include "absl/algorithm/container.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/contact_parse.h"
#include "services/messaging/consent_act.h"

namespace vinculo::messaging {
namespace {

RowNote OptOutKept() { return {"OPT_OUT_KEPT", "", std::string(RowFix("OPT_OUT_KEPT"))}; }

}  // namespace

absl::StatusOr<RowOutcome> RowApplier::Apply(sql::Transaction& tx, const ImportedRow& row,
                                             std::vector<RowNote>& warnings, RowNote& rejection) {
  const PersonRef who{.phone = row.phone, .wa_id = "", .bsuid = row.bsuid, .country = row.country};
  ASSIGN_OR_RETURN(std::optional<Contact> found, contacts_.Find(tx, who));
  ASSIGN_OR_RETURN(const bool fits, Fits(tx, who, row.patch, found));
  if (!fits) {
    rejection = {"VALUE_TOO_LONG", "", RowFix("VALUE_TOO_LONG")};
    return RowOutcome::kRejected;
  }
  if (tx.read_only()) {
    if (!found) return RowOutcome::kCreated;
    return ApplyPatch(row.patch, *found) ? RowOutcome::kUpdated : RowOutcome::kUnchanged;
  }
  if (!found) {
    RETURN_IF_ERROR(Create(tx, who, row, warnings));
    return RowOutcome::kCreated;
  }
  ASSIGN_OR_RETURN(const bool changed, Change(tx, who, row, *found, warnings));
  return changed ? RowOutcome::kUpdated : RowOutcome::kUnchanged;
}

// Identities are read only where one may be new.
absl::StatusOr<bool> RowApplier::Fits(sql::Transaction& tx, const PersonRef& who, const ContactPatch& patch,
                                      const std::optional<Contact>& contact) const {
  if (!contact) return CheckBounds(who, patch, Contact()).ok();
  const bool same =
      (who.phone.empty() || who.phone == contact->phone) && (who.bsuid.empty() || who.bsuid == contact->bsuid);
  if (same) return CheckBounds({}, patch, *contact).ok();
  Contact known = *contact;
  RETURN_IF_ERROR(contacts_.LoadIdentities(tx, known));
  return CheckBounds(who, patch, known).ok();
}

absl::Status RowApplier::Finish(sql::Transaction& tx) {
  if (!origin_.list) return absl::OkStatus();
  RETURN_IF_ERROR(ListRepository::Grow(tx, *origin_.list, joined_));
  ASSIGN_OR_RETURN(const ContactList list, ListRepository::Get(tx, *origin_.list));
  return list.members > kMaxMembers ? ListFull() : absl::OkStatus();
}

// Nothing is known of a new contact but what was kept under its identities, so nothing else is read.
absl::Status RowApplier::Create(sql::Transaction& tx, const PersonRef& who, const ImportedRow& row,
                                std::vector<RowNote>& warnings) {
  ASSIGN_OR_RETURN(Contact contact, contacts_.Prepare(tx, who, at_));
  ApplyPatch(row.patch, contact);
  std::vector<Consent> evidence;
  for (const RowConsent& c : row.consents) {
    const bool grants = c.purpose == Purpose::kMarketing && c.decision == Decision::kGranted;
    if (grants && (contact.suppressed & kSuppressedByPerson) != 0) {
      warnings.push_back(OptOutKept());
      continue;
    }
    evidence.push_back(EvidenceOf(row, c, contact.id));
  }
  contact.marketing = Decide(evidence, Purpose::kMarketing, at_);
  contact.transactional = Decide(evidence, Purpose::kTransactional, at_);
  RETURN_IF_ERROR(contacts_.Insert(tx, contact));
  for (const Consent& c : evidence) RETURN_IF_ERROR(contacts_.InsertEvidence(tx, c));
  if (contact.marketing == Decision::kRevoked) {
    RETURN_IF_ERROR(AnnounceOptOut(tx, contact, "MARKETING", "IMPORT", at_));
  } else if (contact.marketing_allowed()) {
    RETURN_IF_ERROR(AnnounceOptIn(tx, contact, "IMPORT", at_));
  }
  if (!origin_.list) return absl::OkStatus();
  ++joined_;
  return ListRepository::InsertMember(tx, *origin_.list, contact.id, row.variables);
}

absl::StatusOr<bool> RowApplier::Change(sql::Transaction& tx, const PersonRef& who, const ImportedRow& row,
                                        Contact& contact, std::vector<RowNote>& warnings) {
  ASSIGN_OR_RETURN(bool changed, contacts_.AddIdentities(tx, who, contact, at_));
  changed = ApplyPatch(row.patch, contact) || changed;
  if (changed) RETURN_IF_ERROR(contacts_.Update(tx, contact, at_));
  if (!row.consents.empty()) {
    ASSIGN_OR_RETURN(const bool agreed, ApplyConsents(tx, contact, row, warnings));
    changed = changed || agreed;
  }
  if (origin_.list) {
    ASSIGN_OR_RETURN(const bool joined, ListRepository::PutMember(tx, *origin_.list, contact.id, row.variables));
    changed = changed || joined;
  }
  return changed;
}

Consent RowApplier::EvidenceOf(const ImportedRow& row, const RowConsent& consent, const Uuid& contact) const {
  return {.id = Uuid::New(at_),
          .contact_id = contact,
          .purpose = consent.purpose,
          .decision = consent.decision,
          .at = row.consent_at,
          .source = row.consent_source,
          .text_version = row.consent_text,
          .reference = origin_.import.ToString(),
          .actor = origin_.actor};
}

absl::StatusOr<bool> RowApplier::ApplyConsents(sql::Transaction& tx, Contact& contact, const ImportedRow& row,
                                               std::vector<RowNote>& warnings) {
  bool changed = false;
  RETURN_IF_ERROR(contacts_.LoadIdentities(tx, contact));
  ASSIGN_OR_RETURN(const std::vector<Consent> known, contacts_.Evidence(tx, contact.id));
  for (const RowConsent& c : row.consents) {
    // A revocation has no time of its own in most files: the same no again is nothing new.
    const bool repeated = absl::c_any_of(known, [&](const Consent& k) {
      const bool same_time = k.at == row.consent_at || c.decision == Decision::kRevoked;
      return k.purpose == c.purpose && k.decision == c.decision && k.source == row.consent_source &&
             k.text_version == row.consent_text && same_time;
    });
    if (repeated) continue;
    const absl::Status acted = ActOnConsent(tx, contacts_, contact, EvidenceOf(row, c, contact.id), "IMPORT", at_);
    if (ErrorReason(acted) == "OPT_OUT_BY_PERSON") {
      warnings.push_back(OptOutKept());
      continue;
    }
    RETURN_IF_ERROR(acted);
    changed = true;
  }
  return changed;
}

}  // namespace vinculo::messaging
