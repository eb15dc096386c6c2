#include "services/lifecycle/api/announce.h"

#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/events/event_log.h"
#include "common/status/status_macros.h"
#include "vinculo/lifecycle/v1/events.pb.h"

namespace vinculo::lifecycle {

absl::Status AnnounceEngagement(sql::Transaction& tx, const Engagement& engagement, absl::Time now) {
  v1::EngagementOpened payload;
  payload.set_engagement_id(engagement.id.ToString());
  payload.set_customer_id(engagement.customer_id);
  payload.set_sequence_no(engagement.sequence_no);
  api::SetTimestamp(engagement.opened_at, payload.mutable_opened_at());
  return events::Append(tx, {"engagement.opened", payload.engagement_id(), engagement.opened_at, payload}, now);
}

absl::Status AnnounceStage(sql::Transaction& tx, const StageEvent& event, absl::Time now) {
  v1::StageChanged payload;
  payload.set_customer_id(event.customer_id);
  payload.set_module_instance_id(event.module_instance_id.ToString());
  payload.set_module_key(event.module_key);
  payload.set_from_stage(static_cast<v1::Stage>(event.from));
  payload.set_to_stage(static_cast<v1::Stage>(event.to));
  payload.set_reason(event.reason);
  payload.set_bypass(event.bypass);
  api::SetTimestamp(event.at, payload.mutable_at());
  return events::Append(tx, {"stage.changed", payload.module_instance_id(), event.at, payload}, now);
}

absl::Status AnnounceHealth(sql::Transaction& tx, const HealthOutcome& outcome, absl::Time now) {
  if (!outcome.saved) return absl::OkStatus();
  const HealthSnapshot& s = outcome.snapshot;
  v1::HealthComputed computed;
  computed.set_customer_id(s.customer_id);
  computed.set_as_of_date(calendar::FormatDate(s.as_of));
  computed.set_revision(s.revision);
  computed.set_completed(s.score.completed);
  computed.set_started(s.score.started);
  if (const auto score = s.score.presented()) computed.set_score(*score);
  computed.set_tier(s.tier);
  RETURN_IF_ERROR(events::Append(tx, {"health.computed", s.customer_id, now, computed}, now));
  if (!outcome.tier_before || *outcome.tier_before == s.tier) return absl::OkStatus();
  v1::HealthTierChanged changed;
  changed.set_customer_id(s.customer_id);
  changed.set_as_of_date(computed.as_of_date());
  changed.set_from_tier(*outcome.tier_before);
  changed.set_to_tier(s.tier);
  if (computed.has_score()) changed.set_score(computed.score());
  return events::Append(tx, {"health.tier_changed", s.customer_id, now, changed}, now);
}

}  // namespace vinculo::lifecycle
