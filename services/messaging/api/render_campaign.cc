#include "common/api/etag.h"
#include "common/api/time.h"
#include "services/messaging/api/policy.h"
#include "services/messaging/api/render.h"
#include "services/messaging/domain/help.h"
#include "services/messaging/domain/money.h"

namespace vinculo::messaging {
namespace {

void RenderSource(const ParameterSource& in, v1::ParameterSource* out) {
  switch (in.kind) {
    case ParameterSource::Kind::kFixed:
      out->set_fixed(in.text);
      break;
    case ParameterSource::Kind::kContactField:
      out->set_contact_field(in.text);
      break;
    case ParameterSource::Kind::kAttribute:
      out->set_attribute(in.text);
      break;
    case ParameterSource::Kind::kListVariable:
      out->set_list_variable(in.text);
      break;
  }
  out->set_default_value(in.default_value);
}

}  // namespace

void RenderFilter(const AudienceFilter& in, v1::AudienceFilter* out) {
  using Kind = AudienceFilter::Kind;
  const auto children = [&](v1::AudienceFilters* filters) {
    for (const AudienceFilter& child : in.children) RenderFilter(child, filters->add_filters());
  };
  switch (in.kind) {
    case Kind::kEmpty:
      break;
    case Kind::kAllContacts:
      out->set_all_contacts(true);
      break;
    case Kind::kList:
      out->set_list_id(in.list_id.ToString());
      break;
    case Kind::kTag:
      out->set_tag(in.text);
      break;
    case Kind::kLanguage:
      out->set_language(in.text);
      break;
    case Kind::kCountry:
      out->set_country(in.text);
      break;
    case Kind::kAttribute:
      out->mutable_attribute()->set_key(in.text);
      out->mutable_attribute()->set_operator_(static_cast<v1::AttributeFilter::Operator>(in.op));
      for (const std::string& v : in.values) out->mutable_attribute()->add_values(v);
      break;
    case Kind::kAll:
      children(out->mutable_all());
      break;
    case Kind::kAny:
      children(out->mutable_any());
      break;
    case Kind::kNot:
      RenderFilter(in.children[0], out->mutable_not_());
      break;
    case Kind::kConsent:
      out->mutable_consent()->set_purpose(static_cast<v1::ConsentFilter::Purpose>(in.purpose));
      out->mutable_consent()->set_decision(in.decision == Decision::kNone
                                               ? v1::ConsentFilter::DECISION_NONE
                                               : static_cast<v1::ConsentFilter::Decision>(in.decision));
      break;
    case Kind::kLastInbound:
      *out->mutable_last_inbound_within() = api::ToDuration(in.within);
      break;
    case Kind::kOutcome:
      out->mutable_campaign_outcome()->set_campaign_id(in.campaign_id.ToString());
      out->mutable_campaign_outcome()->set_outcome(static_cast<v1::CampaignOutcomeFilter::Outcome>(in.outcome));
      break;
    case Kind::kSegment:
      out->set_segment_id(in.text);
      break;
  }
}

namespace {

void RenderStart(const CampaignStart& in, v1::CampaignStart* out) {
  if (in.kind == CampaignStart::Kind::kInstant) return api::SetTimestamp(in.instant, out->mutable_instant());
  out->set_local_time(absl::FormatCivilTime(absl::CivilMinute(in.local)));
  out->set_zone(in.kind == CampaignStart::Kind::kContactTime ? v1::CampaignStart::ZONE_CONTACT
                                                             : v1::CampaignStart::ZONE_TENANT);
}

void RenderGuards(const CampaignGuards& in, v1::CampaignGuards* out) {
  if (in.max_cost) {
    out->mutable_max_cost()->set_currency(in.max_cost->currency);
    out->mutable_max_cost()->set_minor_units(ToMinorUnits(in.max_cost->micros, in.max_cost->currency));
  }
  if (in.canary) {
    out->mutable_canary()->set_count(in.canary->count);
    out->mutable_canary()->set_percent(in.canary->percent);
    *out->mutable_canary()->mutable_wait() = api::ToDuration(in.canary->wait);
  }
  if (in.allowed_hours) RenderHours(*in.allowed_hours, out->mutable_allowed_hours());
  if (!(in.protection == kUnsetProtection)) RenderProtection(in.protection, out->mutable_protection());
}

void RenderPause(const Campaign& in, v1::Campaign* out) {
  out->set_pause_reason(in.pause_reason);
  if (in.state != CampaignState::kPaused) return;
  const std::optional<Help> help = FindHelp(in.pause_reason, HelpLanguage::kEnglish);
  if (!help) return;
  out->set_pause_message(help->message);
  out->set_pause_fix(help->fix);
}

}  // namespace

void RenderCampaign(const Campaign& in, int64_t in_flight, v1::Campaign* out) {
  out->set_id(in.id.ToString());
  out->set_display_name(in.display_name);
  out->set_sender_id(in.sender_id.ToString());
  out->set_template_(in.template_name);
  (in.language.by_contact ? out->mutable_language()->set_contact_or(in.language.language)
                          : out->mutable_language()->set_fixed(in.language.language));
  for (const auto& [place, source] : in.parameters) RenderSource(source, &(*out->mutable_parameters())[place]);
  RenderFilter(in.audience, out->mutable_audience());
  if (in.reply_route.route != Route::kUnspecified) RenderReplyRoute(in.reply_route, out->mutable_reply_route());
  out->set_rate_per_second(in.rate_per_second);
  if (in.deadline) api::SetTimestamp(*in.deadline, out->mutable_deadline());
  out->set_state(static_cast<v1::CampaignState>(in.state));
  RenderPause(in, out);
  if (in.start.kind != CampaignStart::Kind::kNow) RenderStart(in.start, out->mutable_start());
  v1::CampaignGuards guards;
  RenderGuards(in.guards, &guards);
  if (guards.ByteSizeLong() > 0) *out->mutable_guards() = std::move(guards);
  if (in.state == CampaignState::kRunning && !in.wait.reason.empty()) {
    out->mutable_waiting_on()->set_reason(in.wait.reason);
    if (in.wait.until) api::SetTimestamp(*in.wait.until, out->mutable_waiting_on()->mutable_until());
  }
  if (in.started_at) api::SetTimestamp(*in.started_at, out->mutable_start_time());
  if (in.ended_at) api::SetTimestamp(*in.ended_at, out->mutable_end_time());
  out->set_in_flight(in_flight);
  api::SetTimestamp(in.created_at, out->mutable_create_time());
  out->set_etag(api::FormatEtag(in.revision));
}

void RenderRecipient(const Recipient& in, v1::CampaignRecipient* out) {
  out->set_contact_id(in.contact_id.ToString());
  out->set_state(static_cast<v1::RecipientState>(in.state));
  out->set_reason(in.reason);
  out->set_language(in.language);
  if (in.message_id) out->set_message_id(in.message_id->ToString());
  out->set_replied(in.replied > 0);
  out->set_replied_direct(in.replied == 1);
  if (in.replied_at) api::SetTimestamp(*in.replied_at, out->mutable_reply_time());
  out->set_opted_out(in.opted_out);
  api::SetTimestamp(in.updated_at, out->mutable_update_time());
  out->set_round(in.round);
  if (in.first_message_id) out->set_first_message_id(in.first_message_id->ToString());
  if (in.state == RecipientState::kQueued) api::SetTimestamp(in.not_before, out->mutable_not_before());
}

}  // namespace vinculo::messaging
