#include "services/messaging/domain/preflight.h"

#include "absl/strings/str_cat.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

void Add(std::vector<Finding>& out, const char* code, Severity severity, const char* field, std::string message,
         std::string fix) {
  out.push_back({code, severity, field, std::move(message), std::move(fix), "", ""});
}

}  // namespace

void AudienceSummary::Add(const RecipientPlan& plan, const Contact& contact) {
  ++matched;
  if (!plan.excluded.empty()) {
    ++excluded[plan.excluded];
    return;
  }
  ++reachable;
  ++by_language[plan.language];
  ++by_country[contact.country];
}

std::vector<Finding> CheckCampaign(const Campaign& campaign, const Template* t, const Sender& sender,
                                   const AudienceSummary& audience, absl::Time now) {
  std::vector<Finding> out;
  const Translation* translation = t == nullptr ? nullptr : t->Find(campaign.language.language);
  if (translation == nullptr || !translation->Sendable()) {
    Add(out, "C_TEMPLATE", Severity::kError, "campaign.template",
        absl::StrCat("WhatsApp has not approved ", campaign.template_name, " in ", campaign.language.language, "."),
        "Submit it and wait for its approval, or choose another template.");
  } else {
    for (const std::string& place : RequiredPlaces(translation->submitted->components, translation->category)) {
      if (campaign.parameters.contains(place)) continue;
      Add(out, "C_PARAMETER_UNMAPPED", Severity::kError, "campaign.parameters",
          absl::StrCat("Nothing says what ", place, " is."),
          absl::StrCat("Map ", place, " to a text, a contact field, an attribute or a list variable."));
    }
    if (translation->quality == "YELLOW" || translation->quality == "RED") {
      Add(out, "C_QUALITY", Severity::kWarning, "campaign.template", "People have complained about this template.",
          "Send to fewer people.");
    }
  }
  if (sender.state != SenderState::kActive) {
    Add(out, "C_SENDER", Severity::kError, "campaign.sender_id",
        absl::StrCat("The sender is ", SenderStateName(sender.state), ": ", sender.block_reason, "."),
        "Solve the cause, then resume the sender.");
  }
  if (audience.reachable == 0) {
    Add(out, "C_AUDIENCE_EMPTY", Severity::kError, "campaign.audience", "Nobody would be written to.",
        "See why people are excluded.");
  }
  if (campaign.deadline && *campaign.deadline <= now) {
    Add(out, "C_DEADLINE", Severity::kWarning, "campaign.deadline", "The deadline has passed.", "Move it.");
  }
  const auto consent = audience.excluded.find("NO_CONSENT");
  if (consent != audience.excluded.end() && consent->second * 5 > audience.matched) {
    Add(out, "C_LOW_CONSENT", Severity::kWarning, "campaign.audience",
        absl::StrCat(consent->second, " of ", audience.matched, " people have not agreed to marketing."),
        "Ask them, and record their consent.");
  }
  if (campaign.reply_route.route == Route::kUnspecified) {
    Add(out, "C_NO_REPLY_ROUTE", Severity::kWarning, "campaign.reply_route", "Answers will go to support.",
        "Set a reply route if a flow should take them.");
  }
  return out;
}

}  // namespace vinculo::messaging
