#include "services/messaging/domain/consent.h"

namespace vinculo::messaging {

namespace {

const Consent* Latest(const std::vector<Consent>& evidence, Purpose purpose) {
  const Consent* latest = nullptr;
  for (const Consent& c : evidence) {
    if (c.purpose != purpose) continue;
    const bool later = latest == nullptr || c.at > latest->at;
    const bool tie = latest != nullptr && c.at == latest->at && c.decision == Decision::kRevoked;
    if (later || tie) latest = &c;
  }
  return latest;
}

bool Expired(const Consent& c, absl::Time now) {
  return c.decision == Decision::kGranted && c.expires_at && *c.expires_at <= now;
}

}  // namespace

Decision Decide(const std::vector<Consent>& evidence, Purpose purpose, absl::Time now) {
  const Consent* latest = Latest(evidence, purpose);
  return latest == nullptr || Expired(*latest, now) ? Decision::kNone : latest->decision;
}

std::optional<absl::Time> NextExpiry(const std::vector<Consent>& evidence, absl::Time now) {
  std::optional<absl::Time> next;
  for (const Purpose purpose : {Purpose::kMarketing, Purpose::kTransactional}) {
    const Consent* latest = Latest(evidence, purpose);
    if (latest == nullptr || latest->decision != Decision::kGranted || !latest->expires_at || Expired(*latest, now))
      continue;
    if (!next || *latest->expires_at < *next) next = latest->expires_at;
  }
  return next;
}

bool BlockedByPerson(const std::vector<Consent>& evidence, const Consent& grant) {
  if (grant.decision != Decision::kGranted || grant.by_person) return false;
  std::optional<absl::Time> stopped, started;
  for (const Consent& c : evidence) {
    if (c.purpose != grant.purpose || !c.by_person) continue;
    std::optional<absl::Time>& slot = c.decision == Decision::kRevoked ? stopped : started;
    if (!slot || c.at > *slot) slot = c.at;
  }
  return stopped && (!started || *started <= *stopped);
}

namespace {

absl::string_view TemplateBlock(const Permissions& contact, const SendKind& kind, const Policy& policy) {
  const bool marketing = kind.category == Category::kMarketing;
  const int operators = kOperatorInitiated | (marketing ? kOperatorMarketing : 0);
  if (contact.suppressed & operators) return "CONTACT_BLOCKED";
  const int own = kSuppressedInitiated | (marketing ? kSuppressedMarketing : 0);
  const Decision decision = marketing ? contact.marketing : contact.transactional;
  if ((contact.suppressed & own) || decision == Decision::kRevoked) return "OPTED_OUT";
  if (contact.suppressed & kSuppressedUnreachable) return "UNREACHABLE";
  const bool granted = contact.marketing == Decision::kGranted ||
                       (!marketing && contact.transactional == Decision::kGranted) || (kind.test && contact.tester);
  const bool must = marketing || (kind.category == Category::kUtility && policy.utility_needs_grant);
  if (must && !granted) return "NO_CONSENT";
  if (marketing && policy.Bars(contact.country)) return "COUNTRY";
  return kind.needs_phone && !contact.has_phone ? "PHONE_REQUIRED" : "";
}

}  // namespace

absl::string_view SendBlock(const Permissions& contact, const SendKind& kind, const Policy& policy, bool window_open) {
  if (!contact.live) return "CONTACT_ERASED";
  if (contact.suppressed & kSuppressedBlocked) return "CONTACT_BLOCKED";
  if (!kind.is_template) return window_open ? "" : "WINDOW_CLOSED";
  return TemplateBlock(contact, kind, policy);
}

absl::string_view CampaignBlock(const Permissions& contact, const SendKind& kind, const Policy& policy) {
  const absl::string_view block = SendBlock(contact, kind, policy, /*window_open=*/false);
  if (block == "CONTACT_BLOCKED") return "BLOCKED";
  return block == "CONTACT_ERASED" ? "ERASED" : block;
}

}  // namespace vinculo::messaging
