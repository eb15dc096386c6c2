#include "services/messaging/domain/preflight.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/messaging/domain/help.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kFirstSamples = 5;
constexpr size_t kMaxSamples = 10;

class Findings {
 public:
  void Error(absl::string_view code, const char* field, std::string message, std::string fix = "") {
    Add(Severity::kError, code, field, std::move(message), std::move(fix));
  }
  void Warn(absl::string_view code, const char* field, std::string message, std::string fix = "") {
    Add(Severity::kWarning, code, field, std::move(message), std::move(fix));
  }
  std::vector<Finding> Take() {
    std::stable_sort(all_.begin(), all_.end(),
                     [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
    return std::move(all_);
  }

 private:
  void Add(Severity severity, absl::string_view code, const char* field, std::string message, std::string fix) {
    if (const std::optional<Help> help = FindHelp(code, HelpLanguage::kEnglish)) {
      if (message.empty()) message = help->message;
      if (fix.empty()) fix = help->fix;
    }
    all_.push_back({std::string(code), severity, field, std::move(message), std::move(fix), "", ""});
  }
  std::vector<Finding> all_;
};

const Translation* MainTranslation(const PreflightFacts& f) {
  return f.message_template == nullptr ? nullptr : f.message_template->Find(f.campaign.language.language);
}

void CheckTemplate(const PreflightFacts& f, Findings& out) {
  const Translation* translation = MainTranslation(f);
  if (translation == nullptr || !translation->Sendable()) {
    out.Error("C_TEMPLATE", "campaign.template",
              absl::StrCat("WhatsApp has not approved ", f.campaign.template_name, " in ", f.campaign.language.language,
                           "."));
    return;
  }
  for (const std::string& place : RequiredPlaces(translation->submitted->components, translation->category)) {
    if (f.campaign.parameters.contains(place)) continue;
    out.Error("C_PARAMETER_UNMAPPED", "campaign.parameters", absl::StrCat("Nothing says what ", place, " is."),
              absl::StrCat("Map ", place, " to a text, a contact field, an attribute or a list variable."));
  }
  const bool low = translation->quality == "RED";
  if (low && f.campaign.pause_reason == "TEMPLATE_QUALITY") {
    out.Error("C_QUALITY", "campaign.template", "");
  } else if (low || translation->quality == "YELLOW") {
    out.Warn("C_QUALITY", "campaign.template", "");
  }
  for (const auto& [language, places] : f.campaign.frozen_places) {
    const Translation* is = f.message_template->Find(language);
    if (is != nullptr && is->submitted && JoinedPlaces(*is) != places)
      out.Error("C_TEMPLATE_CHANGED", "campaign.template", "");
  }
}

void CheckMedia(const PreflightFacts& f, Findings& out) {
  if (f.ended_media.empty()) return;
  out.Error("C_MEDIA_EXPIRES", "campaign.parameters",
            absl::StrCat("The file ", f.ended_media, " ends before the last message would go out."));
}

void CheckSender(const PreflightFacts& f, Findings& out) {
  if (f.sender.state == SenderState::kActive) return;
  out.Error("C_SENDER", "campaign.sender_id",
            absl::StrCat("The sender is ", SenderStateName(f.sender.state), ": ", f.sender.block_reason, "."));
}

bool IsMarketing(const PreflightFacts& f) {
  const Translation* translation = MainTranslation(f);
  return translation == nullptr || translation->category == Category::kMarketing;
}

void CheckTimes(const PreflightFacts& f, Findings& out) {
  if (f.campaign.state == CampaignState::kDraft && StartIsPast(f.campaign.start, f.policy.zone(), f.now))
    out.Error("C_START_PAST", "campaign.start", "");
  if (!IsMarketing(f)) return;
  const std::optional<absl::Time> open =
      NextAllowed(HoursOf(f.policy, f.campaign), f.policy.zone(), std::max(f.now, f.start));
  if (!open || (f.campaign.deadline && *open >= *f.campaign.deadline))
    out.Error("C_NEVER_OPEN", "campaign.guards.allowed_hours", "");
}

void CheckAudience(const PreflightFacts& f, const AudienceSummary& a, Findings& out) {
  if (a.reachable == 0) out.Error("C_AUDIENCE_EMPTY", "campaign.audience", "");
  if (a.matched > kMaxAudience)
    out.Error("C_AUDIENCE_SIZE", "campaign.audience",
              absl::StrCat(a.matched, " people match; a campaign may have ", kMaxAudience, "."));
  const auto consent = a.excluded.find("NO_CONSENT");
  if (consent != a.excluded.end() && consent->second * 5 > a.matched)
    out.Warn("C_LOW_CONSENT", "campaign.audience",
             absl::StrCat(consent->second, " of ", a.matched, " people have not agreed to marketing."));
  if (a.at_frequency_cap > 0)
    out.Warn("C_FREQUENCY", "campaign.audience",
             absl::StrCat(a.at_frequency_cap, " people have had ", f.policy.frequency_cap,
                          " marketing messages lately and would be skipped."));
  if (a.without_rate > 0) {
    const std::string message = absl::StrCat("There is no rate for ", a.without_rate, " people.");
    f.campaign.guards.max_cost ? out.Error("C_NO_RATE", "campaign.guards.max_cost", message)
                               : out.Warn("C_NO_RATE", "campaign.audience", message);
  }
}

void CheckFinish(const PreflightFacts& f, const FinishEstimate& finish, Findings& out) {
  if (finish.days_of_reach > 1)
    out.Warn(
        "C_REACH", "campaign.sender_id",
        absl::StrCat("The sender's daily limit for new people stretches it over ", finish.days_of_reach, " days."));
  if (f.campaign.deadline && finish.after_deadline > 0)
    out.Warn("C_DEADLINE", "campaign.deadline",
             absl::StrCat(finish.after_deadline, " people would not be written to before the deadline."));
}

// Characters of what a person reads, but for what is the same for everybody in a language.
int64_t LengthOf(const RecipientPlan& plan) {
  int64_t n = 0;
  for (const auto& [place, value] : plan.values) n += static_cast<int64_t>(value.size());
  return n;
}

}  // namespace

void AudienceSummary::Add(const RecipientPlan& plan, const Contact& contact, const ZoneClock::Opening& opening) {
  ++matched;
  if (!plan.excluded.empty()) {
    ++excluded[plan.excluded];
    return;
  }
  ++reachable;
  ++by_language[plan.language];
  ++by_country[contact.country];
  const bool marketing = plan.category == Category::kMarketing;
  if (marketing && !opening.marketing) ++never_open;
  ZoneGroup& group = groups_[{opening.zone.name(), marketing}];
  if (group.people++ == 0) {
    group.zone = opening.zone;
    group.from = opening.any;
    group.marketing = marketing;
  }
}

void AudienceSummary::AddCost(const std::optional<CostRate>& rate, bool is_free) {
  if (is_free) {
    ++free[rate ? rate->currency : ""];
  } else if (rate) {
    ++billed[rate->currency];
    cost.Add(rate->currency, rate->micros);
  } else {
    ++without_rate;
  }
}

void AudienceSummary::AddSample(PreflightSample sample) {
  if (!sample.plan.excluded.empty()) {
    sample.why = sample.plan.excluded;
    if (!sample.plan.problem_place.empty())
      problems_.try_emplace(absl::StrCat(sample.plan.problem_place, " ", sample.why), std::move(sample));
    return;
  }
  sample.length = LengthOf(sample.plan);
  if (!shortest_ || sample.length < shortest_->length) shortest_ = sample;
  if (!longest_ || sample.length > longest_->length) longest_ = sample;
  if (first_.size() == kMaxSamples && sample.position >= first_.back().position) return;
  const auto at = std::upper_bound(first_.begin(), first_.end(), sample.position,
                                   [](int64_t p, const PreflightSample& s) { return p < s.position; });
  first_.insert(at, std::move(sample));
  if (first_.size() > kMaxSamples) first_.pop_back();
}

std::vector<PreflightSample> AudienceSummary::Samples() const {
  std::vector<PreflightSample> out;
  const auto add = [&](const PreflightSample& sample, absl::string_view why, size_t most) {
    const bool shown =
        std::any_of(out.begin(), out.end(), [&](const PreflightSample& s) { return s.contact == sample.contact; });
    if (shown || out.size() >= most) return;
    out.push_back(sample);
    out.back().why = std::string(why);
  };
  for (const PreflightSample& s : first_) add(s, "FIRST", kFirstSamples);
  if (shortest_) add(*shortest_, "SHORTEST", kMaxSamples);
  if (longest_) add(*longest_, "LONGEST", kMaxSamples);
  for (const auto& [key, sample] : problems_) add(sample, sample.why, kMaxSamples);
  for (const PreflightSample& s : first_) add(s, "FIRST", kMaxSamples);
  return out;
}

std::vector<ZoneGroup> AudienceSummary::Groups() const {
  std::vector<ZoneGroup> out;
  for (const auto& [key, group] : groups_) out.push_back(group);
  return out;
}

std::vector<Finding> CheckStart(const PreflightFacts& facts) {
  Findings out;
  CheckTemplate(facts, out);
  CheckSender(facts, out);
  CheckTimes(facts, out);
  return out.Take();
}

std::vector<Finding> CheckCampaign(const PreflightFacts& facts, const AudienceSummary& audience,
                                   const FinishEstimate& finish) {
  Findings out;
  CheckTemplate(facts, out);
  CheckSender(facts, out);
  CheckTimes(facts, out);
  CheckMedia(facts, out);
  CheckAudience(facts, audience, out);
  CheckFinish(facts, finish, out);
  if (facts.campaign.reply_route.route == Route::kUnspecified) out.Warn("C_NO_REPLY_ROUTE", "campaign.reply_route", "");
  return out.Take();
}

}  // namespace vinculo::messaging
