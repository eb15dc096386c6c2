#include "services/messaging/domain/campaign.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/status/error.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

std::string FieldOf(const Contact& contact, absl::string_view field) {
  if (field == "name") return contact.name;
  if (field == "first_name") return contact.first_name;
  if (field == "language") return contact.language;
  if (field == "customer_id") return contact.customer_id;
  if (field == "phone") return contact.phone;
  return "";
}

std::string ValueOf(const ParameterSource& source, const Contact& contact,
                    const std::map<std::string, std::string>& variables) {
  const auto find = [&](const std::map<std::string, std::string>& map) {
    const auto it = map.find(source.text);
    return it == map.end() ? std::string() : it->second;
  };
  std::string value;
  switch (source.kind) {
    case ParameterSource::Kind::kFixed:
      value = source.text;
      break;
    case ParameterSource::Kind::kContactField:
      value = FieldOf(contact, source.text);
      break;
    case ParameterSource::Kind::kAttribute:
      value = find(contact.attributes);
      break;
    case ParameterSource::Kind::kListVariable:
      value = find(variables);
      break;
  }
  value = NormalizeValue(value);
  return value.empty() ? source.default_value : value;
}

const Translation* Sendable(const Template& t, absl::string_view language) {
  const Translation* found = t.Find(language);
  return found != nullptr && found->Sendable() ? found : nullptr;
}

}  // namespace

absl::string_view CampaignStateName(CampaignState state) {
  switch (state) {
    case CampaignState::kDraft:
      return "DRAFT";
    case CampaignState::kScheduled:
      return "SCHEDULED";
    case CampaignState::kFreezing:
      return "FREEZING";
    case CampaignState::kRunning:
      return "RUNNING";
    case CampaignState::kPaused:
      return "PAUSED";
    case CampaignState::kCompleted:
      return "COMPLETED";
    case CampaignState::kCancelled:
      return "CANCELLED";
  }
  return "";
}

RecipientState RecipientStateOf(MessageState state) {
  switch (state) {
    case MessageState::kQueued:
      return RecipientState::kQueued;
    case MessageState::kSending:
      return RecipientState::kSending;
    case MessageState::kUnknown:
      return RecipientState::kUnknown;
    case MessageState::kAccepted:
      return RecipientState::kAccepted;
    case MessageState::kHeld:
      return RecipientState::kHeld;
    case MessageState::kSent:
      return RecipientState::kSent;
    case MessageState::kDelivered:
      return RecipientState::kDelivered;
    case MessageState::kRead:
      return RecipientState::kRead;
    case MessageState::kFailed:
      return RecipientState::kFailed;
    case MessageState::kExpired:
      return RecipientState::kExpired;
    case MessageState::kCancelled:
      return RecipientState::kSkipped;
  }
  return RecipientState::kQueued;
}

absl::Status CheckAct(const Campaign& campaign, CampaignAct act) {
  const CampaignState s = campaign.state;
  bool allowed = false;
  switch (act) {
    case CampaignAct::kEdit:
    case CampaignAct::kDelete:
    case CampaignAct::kSchedule:
      allowed = s == CampaignState::kDraft;
      break;
    case CampaignAct::kTune:
      allowed = s != CampaignState::kCancelled;
      break;
    case CampaignAct::kUnschedule:
      allowed = s == CampaignState::kScheduled;
      break;
    case CampaignAct::kRetry:
      allowed = s == CampaignState::kPaused || s == CampaignState::kCompleted;
      break;
    case CampaignAct::kPause:
      allowed = s == CampaignState::kRunning || s == CampaignState::kFreezing;
      break;
    case CampaignAct::kResume:
      allowed = s == CampaignState::kPaused || (s == CampaignState::kFreezing && campaign.pause_when_frozen);
      break;
    case CampaignAct::kCancel:
      allowed = s == CampaignState::kScheduled || s == CampaignState::kFreezing || s == CampaignState::kRunning ||
                s == CampaignState::kPaused;
      break;
  }
  if (allowed) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_STATE",
               absl::StrCat("The campaign is ", CampaignStateName(s), ", which does not allow this."),
               {{"state", std::string(CampaignStateName(s))}});
}

int64_t Canary::SizeOf(int64_t recipients) const {
  if (count > 0) return count;
  if (percent > 0) return (recipients * percent + 99) / 100;
  return std::max<int64_t>(50, (recipients + 99) / 100);
}

Protection ProtectionOf(const Policy& policy, const CampaignGuards& guards) {
  Protection p = policy.protection;
  const auto take = [](int own, int& out) { out = own > 0 ? own : out; };
  const Protection& own = guards.protection;
  take(own.failure_percent, p.failure_percent);
  take(own.capped_percent, p.capped_percent);
  take(own.outcomes, p.outcomes);
  take(own.opt_out_percent, p.opt_out_percent);
  take(own.opt_out_from, p.opt_out_from);
  take(own.unknowns_per_minute, p.unknowns_per_minute);
  if (own.silence > absl::ZeroDuration()) p.silence = own.silence;
  return p;
}

std::string JoinedPlaces(const Translation& t) {
  return t.submitted ? absl::StrJoin(RequiredPlaces(t.submitted->components, t.category), ",") : "";
}

const Translation* ChooseTranslation(const CampaignPlan& plan, absl::string_view contact_language) {
  const CampaignLanguage& want = plan.campaign->language;
  const Template& t = *plan.message_template;
  if (want.by_contact && !contact_language.empty()) {
    if (const Translation* exact = Sendable(t, contact_language)) return exact;
    const absl::string_view part = contact_language.substr(0, contact_language.find('_'));
    if (const Translation* base = Sendable(t, part)) return base;
    for (const Translation& other : t.translations) {
      if (other.Sendable() && absl::StartsWith(other.language, absl::StrCat(part, "_"))) return &other;
    }
  }
  return Sendable(t, want.language);
}

RecipientPlan PlanRecipient(const CampaignPlan& plan, const Contact& contact,
                            const std::map<std::string, std::string>& variables) {
  RecipientPlan out;
  const Translation* translation = ChooseTranslation(plan, contact.language);
  SendKind kind{.is_template = true, .category = Category::kMarketing};
  if (translation != nullptr) {
    out.category = translation->category;
    kind.category = translation->category;
    kind.test = plan.test;
    kind.needs_phone = translation->category == Category::kAuthentication;
  }
  out.excluded = std::string(CampaignBlock(contact.permissions(), kind, *plan.policy));
  if (!out.excluded.empty()) return out;
  if (translation == nullptr) {
    out.excluded = "LANGUAGE_UNAVAILABLE";
    return out;
  }
  out.language = translation->language;
  out.version = translation->submitted->version;
  for (const auto& [place, source] : plan.campaign->parameters) {
    const std::string value = ValueOf(source, contact, variables);
    if (!value.empty()) out.values[place] = value;
  }
  const std::vector<ParameterProblem> problems =
      CheckValues(translation->submitted->components, translation->category, out.values);
  if (!problems.empty()) {
    const auto missing = std::find_if(problems.begin(), problems.end(),
                                      [](const ParameterProblem& p) { return p.reason == "PARAMETER_MISSING"; });
    const ParameterProblem& first = missing == problems.end() ? problems[0] : *missing;
    out.excluded = first.reason;
    out.problem_place = first.place;
  }
  return out;
}

int64_t RecipientPosition(const Uuid& campaign, const Uuid& contact) {
  // FNV-1a over both ids, finished by a mixer; stable for ever, since positions are stored.
  uint64_t h = 14695981039346656037ull;
  for (absl::string_view bytes : {campaign.bytes(), contact.bytes()}) {
    for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  }
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdull;
  h ^= h >> 33;
  return static_cast<int64_t>(h >> 1);
}

int64_t Funnel::of(RecipientState state) const {
  const auto it = by_state.find(state);
  return it == by_state.end() ? 0 : it->second;
}

Funnel MakeFunnel(const RecipientCounts& counts) {
  Funnel f;
  for (const auto& [key, n] : counts) {
    f.by_state[key.first] += n;
    if (key.first < RecipientState::kReplierDirect) f.audience += n;
    if (key.first == RecipientState::kFailed)
      (absl::StartsWith(key.second, kFailedLater) ? f.failed_later : f.refused) += n;
  }
  f.attempted =
      f.audience - f.of(RecipientState::kExcluded) - f.of(RecipientState::kSkipped) - f.of(RecipientState::kQueued);
  f.accepted_ever = f.attempted - f.of(RecipientState::kSending) - f.of(RecipientState::kUnknown) - f.refused;
  f.delivered_ever = f.of(RecipientState::kDelivered) + f.of(RecipientState::kRead);
  return f;
}

}  // namespace vinculo::messaging
