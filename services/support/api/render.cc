#include "services/support/api/render.h"

#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/calendar/statistics.h"

namespace vinculo::support {
namespace {

// The numbers of the domain are those of the contract.
static_assert(static_cast<int>(Channel::kPhone) == v1::CHANNEL_PHONE);
static_assert(static_cast<int>(State::kMerged) == v1::CONVERSATION_STATE_MERGED);
static_assert(static_cast<int>(Waiting::kThirdParty) == v1::WAITING_ON_THIRD_PARTY);
static_assert(static_cast<int>(Priority::kUrgent) == v1::PRIORITY_URGENT);
static_assert(static_cast<int>(Author::kAutomation) == v1::AUTHOR_KIND_AUTOMATION);
static_assert(static_cast<int>(Delivery::kFailed) == v1::DELIVERY_STATE_FAILED);
static_assert(static_cast<int>(EventKind::kConsentChanged) == v1::CONVERSATION_EVENT_KIND_CONSENT_CHANGED);
static_assert(static_cast<int>(Cause::kProfile) == v1::CAUSE_PROFILE);
static_assert(static_cast<int>(ReopenPolicy::kNew) == v1::REOPEN_POLICY_NEW);
static_assert(static_cast<int>(SurveyState::kFailed) == v1::SURVEY_STATE_FAILED);
static_assert(static_cast<int>(Metric::kBacklog) == v1::METRIC_BACKLOG);
static_assert(static_cast<int>(GroupBy::kInbox) == v1::GROUP_BY_INBOX);
static_assert(static_cast<int>(calendar::Statistic::kCount) + 1 == v1::STAT_COUNT);

void RenderDurations(const DurationFigures& figures, v1::DurationFigures* out) {
  out->set_n(figures.n);
  if (figures.median) out->set_median_seconds(*figures.median);
  if (figures.mean) out->set_mean_seconds(*figures.mean);
  if (figures.p90) out->set_p90_seconds(*figures.p90);
}

void RenderChange(const char* figure, std::optional<double> current, std::optional<double> previous,
                  google::protobuf::RepeatedPtrField<v1::FigureChange>* out) {
  if (!current && !previous) return;
  v1::FigureChange* change = out->Add();
  change->set_figure(figure);
  if (current) change->set_current(*current);
  if (previous) change->set_previous(*previous);
  const calendar::Change moved = calendar::ChangeOf(current, previous);
  if (moved.absolute) change->set_absolute(*moved.absolute);
  if (moved.percent) change->set_percent(calendar::Round2(*moved.percent));
}

}  // namespace

void RenderConversation(const Conversation& c, v1::Conversation* out) {
  out->set_id(c.id.ToString());
  out->set_number(c.number);
  out->set_customer_id(c.customer_id);
  out->set_requester_id(c.requester_id);
  out->set_channel(static_cast<v1::Channel>(c.channel));
  out->set_inbox(c.inbox);
  out->set_subject(c.subject);
  out->set_state(static_cast<v1::ConversationState>(c.state));
  out->set_waiting_on(static_cast<v1::WaitingOn>(c.waiting_on));
  out->set_priority(static_cast<v1::Priority>(c.priority));
  out->set_team(c.team);
  out->set_assignee(c.assignee);
  for (const std::string& tag : c.tags) out->add_tags(tag);
  out->set_module_key(c.module_key);
  if (c.snoozed_until) api::SetTimestamp(*c.snoozed_until, out->mutable_snoozed_until());
  if (c.rating != 0) {
    out->mutable_csat()->set_rating(c.rating);
    out->mutable_csat()->set_remark(c.remark);
    out->mutable_csat()->set_agent(c.rated_agent);
    if (c.rated_at) api::SetTimestamp(*c.rated_at, out->mutable_csat()->mutable_rated_at());
  }
  if (c.merged_into) out->set_merged_into(c.merged_into->ToString());
  if (c.follow_up_of) out->set_follow_up_of(c.follow_up_of->ToString());
  out->set_spam(c.spam);
  api::SetTimestamp(c.created_at, out->mutable_created_at());
  if (c.first_contact_at) api::SetTimestamp(*c.first_contact_at, out->mutable_first_contact_at());
  if (c.last_contact_at) api::SetTimestamp(*c.last_contact_at, out->mutable_last_contact_at());
  if (c.closed_at) api::SetTimestamp(*c.closed_at, out->mutable_closed_at());
  out->set_reopen_count(c.reopen_count);
  out->set_external_id(c.external_id);
  out->set_sender_id(c.sender_id);
  out->set_transcript_ref(c.transcript_ref);
  out->set_contact_opted_out(c.contact_opted_out);
  if (c.last_message_id) out->set_last_message_id(c.last_message_id->ToString());
  out->set_etag(api::FormatEtag(c.revision));
}

void RenderAttachments(const std::vector<Attachment>& attachments,
                       google::protobuf::RepeatedPtrField<v1::Attachment>* out) {
  for (const Attachment& a : attachments) {
    v1::Attachment* attachment = out->Add();
    attachment->set_name(a.name);
    attachment->set_content_type(a.content_type);
    attachment->set_reference(a.reference);
    attachment->set_size_bytes(a.size_bytes);
  }
}

void RenderMessage(const Message& m, v1::Message* out) {
  out->set_id(m.id.ToString());
  out->set_conversation_id(m.conversation_id.ToString());
  out->set_external_id(m.external_id);
  out->set_direction(static_cast<v1::MessageDirection>(m.direction));
  out->set_author(static_cast<v1::AuthorKind>(m.author.kind));
  out->set_author_id(m.author.id);
  out->set_visibility(static_cast<v1::MessageVisibility>(m.visibility));
  api::SetTimestamp(m.created_at, out->mutable_created_at());
  api::SetTimestamp(m.received_at, out->mutable_received_at());
  out->set_body(m.body);
  RenderAttachments(m.attachments, out->mutable_attachments());
  out->set_in_reply_to(m.in_reply_to);
  out->set_delivery(static_cast<v1::DeliveryState>(m.delivery));
  out->set_delivery_reason(m.delivery_reason);
  out->set_messaging_message_id(m.messaging_message_id);
}

void RenderReceived(const Received& received, v1::IngestMessageResponse* out) {
  RenderMessage(received.message, out->mutable_message());
  RenderConversation(received.conversation, out->mutable_conversation());
  out->set_duplicate(received.duplicate);
  out->set_opened(received.opened);
}

void RenderHistoryEvent(const HistoryEvent& e, v1::ConversationEvent* out) {
  out->set_seq(e.seq);
  out->set_kind(static_cast<v1::ConversationEventKind>(e.kind));
  api::SetTimestamp(e.at, out->mutable_occurred_at());
  api::SetTimestamp(e.recorded_at, out->mutable_recorded_at());
  out->set_actor(static_cast<v1::AuthorKind>(e.actor.kind));
  out->set_actor_id(e.actor.id);
  out->set_cause(static_cast<v1::Cause>(e.cause));
  if (e.message_id) out->set_message_id(e.message_id->ToString());
  out->set_from(e.from);
  out->set_to(e.to);
  out->set_detail(e.detail);
}

void RenderTeam(const Team& team, v1::Team* out) {
  out->set_id(team.id);
  out->set_display_name(team.display_name);
  out->set_etag(api::FormatEtag(team.revision));
}

void RenderAgent(const Agent& agent, v1::Agent* out) {
  out->set_id(agent.id);
  out->set_display_name(agent.display_name);
  out->set_team(agent.team);
  out->set_capacity(agent.capacity);
  out->set_presence(static_cast<v1::Presence>(agent.presence));
  api::SetTimestamp(agent.updated_at, out->mutable_updated_at());
  out->set_etag(api::FormatEtag(agent.revision));
}

void RenderInbox(const Inbox& inbox, v1::Inbox* out) {
  out->set_id(inbox.id);
  out->set_display_name(inbox.display_name);
  if (inbox.channel) out->set_channel(static_cast<v1::Channel>(*inbox.channel));
  out->set_sender_id(inbox.sender_id);
  out->set_reopen_policy(static_cast<v1::ReopenPolicy>(inbox.reopen_policy));
  *out->mutable_reopen_window() = api::ToDuration(inbox.reopen_window);
  out->set_note_unsnoozes(inbox.note_unsnoozes);
  out->set_survey_on_close(inbox.survey_on_close);
  out->set_team(inbox.team);
  out->set_survey_text(inbox.survey_text);
  out->set_etag(api::FormatEtag(inbox.revision));
}

void RenderTag(const Tag& tag, v1::Tag* out) {
  out->set_id(tag.id);
  out->set_display_name(tag.display_name);
  out->set_etag(api::FormatEtag(tag.revision));
}

void RenderSurvey(const Survey& survey, v1::Survey* out) {
  out->set_id(survey.id.ToString());
  out->set_conversation_id(survey.conversation_id.ToString());
  out->set_state(static_cast<v1::SurveyState>(survey.state));
  api::SetTimestamp(survey.sent_at, out->mutable_sent_at());
  api::SetTimestamp(survey.expires_at, out->mutable_expires_at());
  out->set_agent(survey.agent);
}

void RenderRating(const Survey& survey, v1::Rating* out) {
  out->set_survey_id(survey.id.ToString());
  out->set_conversation_id(survey.conversation_id.ToString());
  out->set_rating(survey.rating);
  out->set_remark(survey.remark);
  if (survey.rated_at) api::SetTimestamp(*survey.rated_at, out->mutable_rated_at());
  out->set_agent(survey.agent);
  api::SetTimestamp(ChangeableUntil(survey), out->mutable_changeable_until());
}

void RenderFigures(const Figures& f, absl::Time now, v1::WeekFigures* out) {
  out->set_new_conversations(f.begun);
  out->set_closed(f.closed);
  out->set_closed_unique(f.closed_unique);
  out->set_reopened(f.reopened);
  out->set_snoozed(f.snoozed);
  out->set_merged(f.merged);
  out->set_backlog_start(f.backlog_start);
  out->set_backlog_open(f.backlog_open());
  out->set_backlog_snoozed(f.backlog_snoozed);
  out->set_backlog_end(f.backlog_end);
  RenderDurations(f.first_response, out->mutable_first_response());
  RenderDurations(f.response, out->mutable_response());
  RenderDurations(f.time_to_close, out->mutable_time_to_close());
  v1::CsatFigures* csat = out->mutable_csat();
  if (f.csat()) csat->set_percent(*f.csat());
  if (f.average_rating()) csat->set_average_rating(*f.average_rating());
  csat->set_ratings(f.ratings);
  csat->set_positive(f.positive);
  csat->set_surveys_delivered(f.surveys_delivered);
  if (f.response_rate()) csat->set_response_rate_percent(*f.response_rate());
  out->set_unanswered(f.unanswered);
  if (f.oldest_unanswered) out->set_oldest_unanswered_seconds(absl::ToDoubleSeconds(now - *f.oldest_unanswered));
  out->set_closed_unanswered(f.closed_unanswered);
  out->set_clamped(f.clamped);
}

void RenderChanges(const Figures& current, const Figures& previous,
                   google::protobuf::RepeatedPtrField<v1::FigureChange>* out) {
  const auto count = [&](const char* name, int64_t now, int64_t before) {
    RenderChange(name, static_cast<double>(now), static_cast<double>(before), out);
  };
  count("new_conversations", current.begun, previous.begun);
  count("closed", current.closed, previous.closed);
  count("reopened", current.reopened, previous.reopened);
  count("backlog_end", current.backlog_end, previous.backlog_end);
  RenderChange("first_response.median_seconds", current.first_response.median, previous.first_response.median, out);
  RenderChange("response.median_seconds", current.response.median, previous.response.median, out);
  RenderChange("time_to_close.median_seconds", current.time_to_close.median, previous.time_to_close.median, out);
  RenderChange("csat.percent", current.csat(), previous.csat(), out);
}

}  // namespace vinculo::support
