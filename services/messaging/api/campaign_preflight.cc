#include "services/messaging/api/campaign_preflight.h"

#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "services/messaging/api/render.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/count_deltas.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"
#include "services/messaging/template_act.h"

namespace vinculo::messaging {
namespace {

constexpr int kWalkPage = 1000;
constexpr absl::Duration kLongestWindow = absl::Hours(72);

// One walk over the audience.
class Walk {
 public:
  Walk(sql::Transaction& tx, const CampaignPlan& plan, const Policy& policy, absl::Time start, Preflight& out)
      : tx_(tx), plan_(plan), policy_(policy), start_(start), clock_(policy, *plan.campaign, start), out_(out) {}

  absl::Status Run(const ContactRepository& contacts) {
    const auto on_match = [&](const Contact& c, const std::map<std::string, std::string>& v) { return Take(c, v); };
    AudiencePage page;
    while (!page.done) {
      ASSIGN_OR_RETURN(page,
                       WalkAudience(tx_, contacts, plan_.campaign->audience, page.last, kWalkPage, start_, on_match));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Take(const Contact& contact, const std::map<std::string, std::string>& variables) {
    RecipientPlan recipient = PlanRecipient(plan_, contact, variables);
    out_.audience.Add(recipient, contact, clock_.Of(contact));
    if (recipient.excluded.empty()) {
      RETURN_IF_ERROR(AddCost(contact, recipient.category));
      const bool capped = recipient.category == Category::kMarketing && policy_.frequency_cap > 0 &&
                          MarketingWithin(contact, policy_.frequency_window, start_) >= policy_.frequency_cap;
      out_.audience.at_frequency_cap += capped ? 1 : 0;
    }
    out_.audience.AddSample({.contact = contact.id,
                             .position = RecipientPosition(plan_.campaign->id, contact.id),
                             .plan = std::move(recipient)});
    return absl::OkStatus();
  }

  absl::Status AddCost(const Contact& contact, Category category) {
    bool free = false;
    // Only who has written within the last days can have a window.
    if (contact.last_inbound_at && start_ < *contact.last_inbound_at + kLongestWindow) {
      ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(tx_, plan_.campaign->sender_id, contact.id));
      free = (window.entry_until && start_ < *window.entry_until) ||
             (category == Category::kUtility && window.IsOpen(start_));
    }
    const absl::CivilDay day = absl::ToCivilDay(start_, absl::UTCTimeZone());
    ASSIGN_OR_RETURN(const std::optional<CostRate> rate,
                     rates_.Rate(tx_, contact.country, std::string(CategoryName(category)), day));
    out_.audience.AddCost(rate, free);
    return absl::OkStatus();
  }

  sql::Transaction& tx_;
  const CampaignPlan& plan_;
  const Policy& policy_;
  const absl::Time start_;
  ZoneClock clock_;
  CountDeltas rates_;
  Preflight& out_;
};

// A file that the campaign names for everybody and that will have ended at `finish`.
absl::StatusOr<std::string> EndedMedia(sql::Transaction& tx, const Campaign& campaign, absl::Time finish) {
  TemplateContent content;
  for (const auto& [place, source] : campaign.parameters) {
    if (source.kind == ParameterSource::Kind::kFixed) content.values[place] = source.text;
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> ended, MediaRepository::FirstEnded(tx, MediaIds(content), finish));
  return ended.value_or("");
}

void RenderSamples(const Template& t, Preflight& out) {
  for (PreflightSample& sample : out.audience.Samples()) {
    const Translation* translation = t.Find(sample.plan.language);
    if (translation == nullptr || !translation->submitted) continue;
    RenderedTemplate rendered = Render(translation->submitted->components, sample.plan.values);
    out.samples.emplace_back(std::move(sample), std::move(rendered));
  }
}

}  // namespace

absl::StatusOr<Preflight> RunPreflight(sql::Transaction& tx, const ContactRepository& contacts, const Uuid& id,
                                       const std::optional<CampaignStart>& start, absl::Time now) {
  ASSIGN_OR_RETURN(Campaign campaign, CampaignRepository::Get(tx, id));
  if (start) campaign.start = *start;
  ASSIGN_OR_RETURN(const Sender sender, ChannelRepository::GetSender(tx, campaign.sender_id));
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  ASSIGN_OR_RETURN(const std::optional<Template> found,
                   TemplateRepository::Find(tx, campaign.channel_id, campaign.template_name));
  static const Template& none = *new Template();
  const Template& t = found ? *found : none;
  const CampaignPlan plan{&campaign, &t, &policy};
  Preflight out;
  out.start = StartInstant(campaign.start, policy.zone(), now);
  const absl::Time from = std::max(out.start, now);
  RETURN_IF_ERROR(Walk(tx, plan, policy, from, out).Run(contacts));
  if (sender.daily_reach >= 0) {
    ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, sender.channel_id));
    ASSIGN_OR_RETURN(const int64_t used, LimitRepository::ReachUsedAt(tx, channel.portfolio_id, from));
    out.reach_left = std::max<int64_t>(0, sender.daily_reach - used);
  }
  const std::optional<int64_t> per_day =
      sender.daily_reach >= 0 ? std::optional<int64_t>(sender.daily_reach) : std::nullopt;
  const Pace pace{BulkPace(sender.throughput, campaign.rate_per_second), out.reach_left, per_day};
  out.finish = EstimateFinish(out.audience.Groups(), HoursOf(policy, campaign), pace, from, campaign.deadline);
  ASSIGN_OR_RETURN(std::string ended, EndedMedia(tx, campaign, out.finish.finish.value_or(from)));
  const PreflightFacts facts{.campaign = campaign,
                             .message_template = found ? &*found : nullptr,
                             .sender = sender,
                             .policy = policy,
                             .now = now,
                             .start = out.start,
                             .ended_media = std::move(ended)};
  out.findings = CheckCampaign(facts, out.audience, out.finish);
  if (found) {
    ASSIGN_OR_RETURN(const std::vector<Finding> advice, LintLive(tx, *found, campaign.language.language, now));
    out.findings.insert(out.findings.end(), advice.begin(), advice.end());
  }
  RenderSamples(t, out);
  return out;
}

void RenderPreflight(const Preflight& p, bool personal, v1::PreflightCampaignResponse* out) {
  const AudienceSummary& a = p.audience;
  out->set_matched(a.matched);
  out->set_reachable(a.reachable);
  for (const auto& [reason, n] : a.excluded) {
    v1::ReasonCount* added = out->add_excluded();
    added->set_reason(reason);
    added->set_count(n);
  }
  RenderFindings(p.findings, out->mutable_findings());
  for (const auto& [sample, rendered] : p.samples) {
    v1::PreflightSample* added = out->add_samples();
    added->set_contact_id(sample.contact.ToString());
    added->set_language(sample.plan.language);
    added->set_why(sample.why);
    added->set_place(sample.plan.problem_place);
    if (personal) RenderRendered(rendered, added->mutable_rendered());
  }
  out->mutable_reachable_by_language()->insert(a.by_language.begin(), a.by_language.end());
  out->mutable_reachable_by_country()->insert(a.by_country.begin(), a.by_country.end());
  if (p.finish.finish) {
    out->set_estimated_seconds(absl::ToInt64Seconds(absl::Ceil(*p.finish.finish - p.start, absl::Seconds(1))));
    api::SetTimestamp(*p.finish.finish, out->mutable_estimated_finish());
  }
  for (const auto& [currency, messages] : a.billed) {
    v1::CostEstimate* cost = out->add_costs();
    const auto free = a.free.find(currency);
    cost->mutable_cost()->set_currency(currency);
    cost->mutable_cost()->set_minor_units(ToMinorUnits(a.cost.micros().at(currency), currency));
    cost->set_messages(messages);
    if (free != a.free.end()) cost->set_free(free->second);
  }
  out->set_without_rate(a.without_rate);
  if (p.reach_left) out->set_reach_left(*p.reach_left);
}

}  // namespace vinculo::messaging
