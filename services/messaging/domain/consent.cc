#include "services/messaging/domain/consent.h"

#include "absl/algorithm/container.h"
#include "common/text/text.h"

namespace vinculo::messaging {

Decision Decide(const std::vector<Consent>& evidence, Purpose purpose) {
  const Consent* latest = nullptr;
  for (const Consent& c : evidence) {
    if (c.purpose != purpose) continue;
    const bool later = latest == nullptr || c.at > latest->at;
    const bool tie = latest != nullptr && c.at == latest->at && c.decision == Decision::kRevoked;
    if (later || tie) latest = &c;
  }
  return latest == nullptr ? Decision::kNone : latest->decision;
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

absl::string_view SendBlock(const Permissions& contact, const SendKind& kind, bool window_open) {
  if (!contact.live) return "CONTACT_ERASED";
  if (contact.suppressed & kSuppressedBlocked) return "CONTACT_BLOCKED";
  if (!kind.is_template) return window_open ? "" : "WINDOW_CLOSED";
  if (contact.suppressed & kSuppressedInitiated) return "OPTED_OUT";
  if (contact.suppressed & kSuppressedUnreachable) return "UNREACHABLE";
  if (kind.category == Category::kMarketing) {
    if ((contact.suppressed & kSuppressedMarketing) || contact.marketing == Decision::kRevoked) return "OPTED_OUT";
    if (contact.marketing != Decision::kGranted) return "NO_CONSENT";
    if (contact.country == "US") return "COUNTRY";
  } else if (contact.transactional == Decision::kRevoked) {
    return "OPTED_OUT";
  }
  return kind.needs_phone && !contact.has_phone ? "PHONE_REQUIRED" : "";
}

absl::string_view CampaignBlock(const Permissions& contact, const SendKind& kind) {
  const absl::string_view block = SendBlock(contact, kind, /*window_open=*/false);
  return block == "CONTACT_BLOCKED" ? "BLOCKED" : block;
}

ComplianceAct ParseCompliance(const InboundContent& content, const ComplianceWords& words) {
  if (content.reply_id == "STOP:all") return ComplianceAct::kStopAll;
  if (content.reply_id == "STOP" || content.reply_id == "STOP:marketing") return ComplianceAct::kStopMarketing;
  if (content.kind != InboundKind::kText && content.kind != InboundKind::kTemplateButton) return ComplianceAct::kNone;
  const std::string folded = text::Fold(content.text);
  if (folded.empty()) return ComplianceAct::kNone;
  const auto is_one = [&](const std::vector<std::string>& list) {
    return absl::c_any_of(list, [&](const std::string& w) { return text::Fold(w) == folded; });
  };
  if (is_one(words.stop_all)) return ComplianceAct::kStopAll;
  if (is_one(words.stop_marketing)) return ComplianceAct::kStopMarketing;
  return is_one(words.start) ? ComplianceAct::kStart : ComplianceAct::kNone;
}

}  // namespace vinculo::messaging
