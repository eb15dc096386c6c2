#pragma once

#include <algorithm>
#include <iterator>

#include "absl/strings/string_view.h"

// The closed lists of codes by which campaigns explain themselves [M-03]. Codes are API; each has an entry in the help.
namespace vinculo::messaging {

struct CodeText {
  absl::string_view code;
  absl::string_view message;
  absl::string_view fix;
};

// Why a campaign is PAUSED [M-72].
inline constexpr CodeText kPauseReasons[] = {
    {"BY_USER", "Somebody paused it.", "Resume it when it should go on."},
    {"TEMPLATE_UNAVAILABLE", "WhatsApp does not take this template at the moment.",
     "Look at the template's status; once it is approved again, resume."},
    {"TEMPLATE_QUALITY", "People block or report this template; WhatsApp rates its quality low.",
     "Write to fewer people or say it otherwise. Resume once the quality has recovered."},
    {"TEMPLATE_CATEGORY",
     "WhatsApp now counts this template as marketing: it costs more and needs consent to marketing.",
     "Look at the preflight again. Resume if you still want to send it; who has not agreed is passed over."},
    {"SENDER_BLOCKED", "WhatsApp has blocked the number or the account.",
     "Solve the cause that the sender shows, resume the sender, then the campaign."},
    {"SENDER_SPAM", "WhatsApp limits the number because people report its messages.",
     "Write only to people who expect it. Resume the sender when WhatsApp has lifted the limit, then the campaign."},
    {"FAILURES", "Too many of the last messages failed.",
     "Open the failed recipients by reason, correct the audience, then resume."},
    {"CAPPED", "WhatsApp holds too many messages back, because these people got much marketing lately.",
     "Wait at least a day before you resume, or write to other people."},
    {"OPT_OUTS", "Too many people opted out in answer to it.",
     "Look whether the audience expects this message; change it, or resume if you are sure."},
    {"BUDGET", "The next message would take it beyond its maximal cost, or has no rate to reckon with.",
     "Raise `guards.max_cost` or add the missing rate, then resume."},
    {"PROVIDER_DOWN", "WhatsApp did not answer for minutes.", "Resume once WhatsApp answers again."},
    {"UNKNOWNS", "Too many answers were lost within a minute, so nobody knows who got the message.",
     "Look at the connection to WhatsApp, then resume; nobody is written to twice."},
    {"CANARY_FAILED", "Too many of the first people failed, were held back or opted out.",
     "Look at the report of the first slice. Resume to send to the rest all the same."},
    {"PREFLIGHT", "Something stood in the way when it was to start.",
     "See PreflightCampaign; once nothing blocks, resume."},
};

// Why a matched contact is EXCLUDED, in the order in which they are looked at [M-60].
inline constexpr CodeText kExclusionReasons[] = {
    {"BLOCKED", "Your company blocked this contact.", "Remove the block if it was a mistake."},
    {"OPTED_OUT", "The person opted out.", "Only the person can opt in again."},
    {"UNREACHABLE", "WhatsApp could not deliver to this number on several days.",
     "It is tried again after a while, or when the person writes."},
    {"NO_CONSENT", "The person has not agreed to it.", "Ask for consent and record it."},
    {"COUNTRY", "Marketing does not go to this country.", "See `barred_countries` of the policy."},
    {"PHONE_REQUIRED", "A one-time code needs a phone number.", "Add the contact's phone."},
    {"LANGUAGE_UNAVAILABLE", "No translation may be sent in the person's language or the fallback.",
     "Get a translation approved, or choose another fallback language."},
    {"PARAMETER_MISSING", "A value of the template is missing for this person.",
     "Give the parameter a default, or fill the contact's field."},
    {"PARAMETER_INVALID", "A value of the template is too long for this person.", "Shorten it."},
};

// Why a queued recipient was SKIPPED [M-92]; beside these every exclusion that came true since the freeze.
inline constexpr CodeText kSkipReasons[] = {
    {"ERASED", "The contact was erased.", "Nothing can be done."},
    {"FREQUENCY_CAP", "The person has had as much marketing lately as your policy allows.",
     "Retry these recipients in some days, or see `frequency_cap` of the policy."},
    {"PROVIDER_CAP", "WhatsApp held a marketing message to this person back within the last day.",
     "Retry these recipients tomorrow."},
    {"DUPLICATE_PERSON", "It is the same person as another recipient, who was written to.", "Nothing needs doing."},
    {"DEADLINE", "The campaign's deadline came first.", "Start earlier, send faster, or copy it for the rest."},
    {"CAMPAIGN_CANCELLED", "The campaign was cancelled.", "Copy the campaign to send to the rest."},
};

// What a preflight finds [M-61].
inline constexpr CodeText kPreflightCodes[] = {
    {"C_TEMPLATE", "The template cannot be sent.", "Submit it and wait for its approval, or choose another template."},
    {"C_TEMPLATE_CHANGED", "The template has other variables than when the audience was frozen.",
     "Cancel and copy the campaign; the copy freezes the audience anew."},
    {"C_SENDER", "The sender is blocked.", "Solve the cause, then resume the sender."},
    {"C_AUDIENCE_EMPTY", "Nobody would be written to.", "See why people are excluded."},
    {"C_AUDIENCE_SIZE", "More people match than one campaign may have.", "Split the audience."},
    {"C_PARAMETER_UNMAPPED", "Nothing says what a variable of the template is.", "Map it to a value."},
    {"C_MEDIA_EXPIRES", "The header's media ends before the last message would go out.",
     "Upload it again, or use a link."},
    {"C_START_PAST", "The start lies in the past.", "Choose a later start, or none to start at once."},
    {"C_NEVER_OPEN", "No allowed hour comes before the deadline.", "Move the deadline or widen the allowed hours."},
    {"C_NO_RATE", "Some recipients have no price.", "Add their rates with PutCostRates."},
    {"C_REACH", "WhatsApp's daily limit for new people stretches it over several days.",
     "Start earlier, or write to fewer people."},
    {"C_DEADLINE", "Not everybody can be written to before the deadline.",
     "Move the deadline, send faster, or write to fewer people."},
    {"C_LOW_CONSENT", "Many people have not agreed to marketing.", "Ask them, and record their consent."},
    {"C_FREQUENCY", "Some people have had as much marketing as the policy allows and will be skipped.",
     "Start later, or retry them in some days."},
    {"C_QUALITY", "People have complained about this template.", "Send to fewer people."},
    {"C_NO_REPLY_ROUTE", "Answers will go to support.", "Set a reply route if a flow should take them."},
};

// What a RUNNING campaign waits for [M-73]; beside these SENDER_BLOCKED, as for a pause.
inline constexpr CodeText kWaitReasons[] = {
    {"RATE", "It goes as fast as the sender or the campaign may.", "Nothing needs doing."},
    {"REACH", "The day's new people are used up.", "It goes on by itself."},
    {"HOURS", "It is outside the allowed hours where the next people are.", "It goes on by itself."},
    {"CANARY", "The first slice is out; what comes of it is awaited.", "It goes on by itself."},
    {"PROVIDER", "WhatsApp asked to try later.", "It goes on by itself."},
    {"ANSWERS", "Everybody was written to; WhatsApp's last answers are awaited.", "It completes by itself."},
};

template <size_t N>
constexpr const CodeText* FindCode(const CodeText (&list)[N], absl::string_view code) {
  const auto* found = std::find_if(std::begin(list), std::end(list), [&](const CodeText& t) { return t.code == code; });
  return found == std::end(list) ? nullptr : found;
}

}  // namespace vinculo::messaging
