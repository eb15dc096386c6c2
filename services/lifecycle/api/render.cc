#include "services/lifecycle/api/render.h"

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/calendar/period.h"
#include "common/calendar/statistics.h"
#include "common/calendar/zone.h"

namespace vinculo::lifecycle {
namespace {

using api::SetTimestamp;
using calendar::FormatDate;
using calendar::Period;
using calendar::PeriodKind;

v1::Stage ToProto(Stage stage) { return static_cast<v1::Stage>(stage); }
std::string WeekName(absl::CivilDay monday) { return Period::Containing(PeriodKind::kWeek, monday).Name(); }

void RenderEvidence(const StageEvidence& evidence, v1::StageEvidence* out) {
  out->set_first_week(WeekName(evidence.first_week()));
  out->set_last_week(WeekName(evidence.last_week));
  RenderRatio(evidence.r4, out->mutable_r4());
  RenderRatio(evidence.r16, out->mutable_r16());
  out->set_active_weeks(evidence.active_weeks);
  out->set_weeks_since_go_live(static_cast<int32_t>(evidence.weeks_live.value_or(0)));
  absl::CivilDay week = evidence.first_week();
  for (const UsageCounts& counts : evidence.weeks) {
    v1::WeekCount* const count = out->add_weeks();
    count->set_week(WeekName(week));
    count->set_started(counts.started);
    count->set_completed(counts.completed);
    week += 7;
  }
}

std::string TierExplanation(const HealthSnapshot& s, const HealthModel& model) {
  if (s.tier == kNoDataTier)
    return "nothing was started within the window, so there is no score; that is not a bad score";
  if (s.tier == s.raw_tier) return absl::StrCat("the score falls into ", s.raw_tier);
  return absl::StrCat("the score falls into ", s.raw_tier, ", but a cut is passed only ", model.margin,
                      " points beyond it or in two evaluations in a row, so the client stays in ", s.tier);
}

}  // namespace

void RenderRatio(const Ratio& ratio, v1::Ratio* out) {
  out->set_completed(ratio.completed);
  out->set_started(ratio.started);
  out->set_capped(ratio.capped);
  switch (ratio.state) {
    case RatioState::kOk:
      out->set_state(v1::RATIO_STATE_OK);
      break;
    case RatioState::kNoVolume:
      out->set_state(v1::RATIO_STATE_NO_VOLUME);
      break;
    case RatioState::kInsufficient:
      out->set_state(v1::RATIO_STATE_INSUFFICIENT);
      break;
  }
  if (const auto percent = calendar::Percent(ratio.completed, ratio.started)) out->set_percent(*percent);
}

void RenderModuleDef(const ModuleDef& def, v1::ModuleDef* out) {
  out->set_module_key(def.module_key);
  out->set_unit_name(def.unit_name);
  out->set_started_meaning(def.started_meaning);
  out->set_completed_meaning(def.completed_meaning);
  out->set_active(def.active);
  out->set_etag(api::FormatEtag(def.revision));
}

void RenderAccount(const AccountView& view, v1::Account* out) {
  const Account& a = view.account;
  out->set_customer_id(a.customer_id);
  out->set_name(a.name);
  out->set_owner_cs(a.owner_cs);
  out->set_owner_ops(a.owner_ops);
  out->set_segment(a.segment);
  if (a.users_count) out->set_users_count(*a.users_count);
  out->set_time_zone(a.time_zone);
  out->set_stage(ToProto(view.stage));
  for (const ModuleInstance& module : view.modules) {
    v1::ModuleStage* const stage = out->add_modules();
    stage->set_module_instance_id(module.id.ToString());
    stage->set_module_key(module.module_key);
    stage->set_stage(ToProto(module.stage));
    SetTimestamp(module.stage_since, stage->mutable_stage_since());
  }
  out->set_partial_churn(view.partial_churn);
  if (view.engagement) out->set_engagement_id(view.engagement->id.ToString());
  SetTimestamp(a.created_at, out->mutable_created_at());
  SetTimestamp(a.updated_at, out->mutable_updated_at());
  out->set_etag(api::FormatEtag(a.revision));
}

void RenderEngagement(const Engagement& e, v1::Engagement* out) {
  out->set_engagement_id(e.id.ToString());
  out->set_customer_id(e.customer_id);
  out->set_sequence_no(e.sequence_no);
  SetTimestamp(e.opened_at, out->mutable_opened_at());
  if (e.closed_at) SetTimestamp(*e.closed_at, out->mutable_closed_at());
}

void RenderModule(const ModuleInstance& m, v1::ModuleInstance* out) {
  out->set_module_instance_id(m.id.ToString());
  out->set_engagement_id(m.engagement_id.ToString());
  out->set_customer_id(m.customer_id);
  out->set_module_key(m.module_key);
  SetTimestamp(m.contracted_at, out->mutable_contracted_at());
  if (m.go_live_at) SetTimestamp(*m.go_live_at, out->mutable_go_live_at());
  out->set_stage(ToProto(m.stage));
  SetTimestamp(m.stage_since, out->mutable_stage_since());
  if (m.adopted_at) SetTimestamp(*m.adopted_at, out->mutable_adopted_at());
  if (m.suppressed_until) SetTimestamp(*m.suppressed_until, out->mutable_suppressed_until());
  out->set_suppression_reason(m.suppression_reason);
  out->set_below_adoption_threshold(m.memory.below_adoption_threshold);
  if (m.memory.evaluated_week) out->set_evaluated_week(WeekName(*m.memory.evaluated_week));
  out->set_etag(api::FormatEtag(m.revision));
}

void RenderStageEvent(const StageEvent& e, v1::StageEvent* out) {
  out->set_stage_event_id(e.id.ToString());
  out->set_module_instance_id(e.module_instance_id.ToString());
  out->set_customer_id(e.customer_id);
  out->set_module_key(e.module_key);
  out->set_from_stage(ToProto(e.from));
  out->set_to_stage(ToProto(e.to));
  SetTimestamp(e.at, out->mutable_at());
  SetTimestamp(e.recorded_at, out->mutable_recorded_at());
  out->set_reason(e.reason);
  out->set_comment(e.comment);
  out->set_rule_version(e.rule_version);
  if (e.evidence) RenderEvidence(*e.evidence, out->mutable_evidence());
  out->set_actor(e.actor);
  out->set_bypass(e.bypass);
}

void RenderStageOutcome(const StageOutcome& o, v1::EvaluateStagesResponse* out) {
  RenderModule(o.module, out->mutable_module_instance());
  out->set_from_stage(ToProto(o.from));
  out->set_to_stage(ToProto(o.to));
  out->set_reason(o.reason);
  RenderEvidence(o.evidence, out->mutable_evidence());
  out->set_already_evaluated(o.already_evaluated);
}

void RenderFact(const ModuleInstance& module, const StoredFact& fact, v1::UsageFact* out) {
  out->set_customer_id(module.customer_id);
  out->set_module_key(module.module_key);
  out->set_local_date(FormatDate(fact.local_date));
  out->set_source(fact.source);
  out->set_started(fact.values.counts.started);
  out->set_completed(fact.values.counts.completed);
  if (fact.values.active_users) out->set_active_users(*fact.values.active_users);
  out->set_revision(fact.values.revision);
  out->set_attribution(static_cast<v1::Attribution>(fact.values.attribution));
  out->set_module_instance_id(module.id.ToString());
  SetTimestamp(fact.recorded_at, out->mutable_recorded_at());
}

void RenderHealth(const HealthView& view, v1::Health* out) {
  const HealthSnapshot& s = view.snapshot;
  out->set_customer_id(s.customer_id);
  out->set_name(view.name);
  out->set_as_of_date(FormatDate(s.as_of));
  out->set_revision(s.revision);
  out->set_window_start_date(FormatDate(s.window_first));
  if (const auto score = s.score.presented()) out->set_score(*score);
  out->set_completed(s.score.completed);
  out->set_started(s.score.started);
  out->set_tier(s.tier);
  out->set_raw_tier(s.raw_tier);
  out->set_days_in_tier(static_cast<int32_t>(s.days_in_tier()));
  for (const ModuleTerm& term : s.terms) {
    v1::ModuleHealth* const module = out->add_modules();
    module->set_module_instance_id(term.module_instance_id.ToString());
    module->set_module_key(term.module_key);
    RenderRatio(term.ratio(), module->mutable_ratio());
  }
  for (const HealthDelta& d : view.deltas) {
    v1::HealthDelta* const delta = out->add_deltas();
    delta->set_days_before(d.days_before);
    if (d.as_of) delta->set_as_of_date(FormatDate(*d.as_of));
    if (d.previous) delta->set_previous_score(calendar::Round2(*d.previous));
    if (d.change) delta->set_change(calendar::Round2(*d.change));
  }
  if (view.slope_per_week) out->set_slope_per_week(*view.slope_per_week);
  out->set_conversations_per_month(calendar::Round2(view.contact.conversations_per_month));
  if (view.contact.mean_rating) out->set_mean_rating(calendar::Round2(*view.contact.mean_rating));
  out->set_model_version(s.model_version);
  SetTimestamp(s.computed_at, out->mutable_computed_at());
}

void RenderExplanation(const HealthView& view, const HealthModel& model, v1::ExplainHealthResponse* out) {
  RenderHealth(view, out->mutable_health());
  for (const ExplainedTerm& e : Explain(view.snapshot.terms)) {
    const Ratio ratio = e.term.ratio();
    v1::HealthTerm* const term = out->add_terms();
    term->set_module_instance_id(e.term.module_instance_id.ToString());
    term->set_module_key(e.term.module_key);
    term->set_numerator(ratio.completed);
    term->set_denominator(ratio.started);
    term->set_weight(e.weight);
    if (e.ratio) term->set_ratio(*e.ratio);
    term->set_contribution(e.contribution);
    term->set_state(ratio.usable() ? v1::RATIO_STATE_OK : v1::RATIO_STATE_NO_VOLUME);
  }
  if (const auto score = view.snapshot.score.exact()) out->set_score_exact(*score);
  for (size_t i = 0; i < model.bands.size(); ++i) {
    v1::HealthBand* const band = out->add_bands();
    band->set_tier(model.bands[i].tier);
    band->set_lower(model.bands[i].lower);
    band->set_upper(i + 1 < model.bands.size() ? model.bands[i + 1].lower : 100);
  }
  out->set_band_margin(model.margin);
  out->set_tier_explanation(TierExplanation(view.snapshot, model));
}

}  // namespace vinculo::lifecycle
