#include "services/support/api/parse.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/text/validate.h"
#include "services/support/limits.h"

namespace vinculo::support {
namespace {

using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;

template <class E>
E ParseEnum(absl::string_view field, int value, int max, std::optional<E> otherwise, FieldViolations& bad) {
  if (value == 0 && otherwise) return *otherwise;
  if (value >= 1 && value <= max) return static_cast<E>(value);
  bad.Add(std::string(field), value == 0 ? "is required" : "is not a value of this enum");
  return static_cast<E>(1);
}

template <class E>
std::vector<E> ParseEnums(absl::string_view field, const RepeatedField<int>& values, int max, FieldViolations& bad) {
  text::CheckCount(field, values.size(), kMaxFilterValues, bad);
  std::vector<E> parsed;
  parsed.reserve(values.size());
  for (int i = 0; i < values.size(); ++i) {
    parsed.push_back(ParseEnum<E>(text::Indexed(field, i), values[i], max, std::nullopt, bad));
  }
  return parsed;
}

std::vector<std::string> ParseStrings(absl::string_view field, const RepeatedPtrField<std::string>& values,
                                      FieldViolations& bad) {
  text::CheckCount(field, values.size(), kMaxFilterValues, bad);
  std::vector<std::string> parsed;
  parsed.reserve(values.size());
  for (int i = 0; i < values.size(); ++i) {
    parsed.push_back(
        text::ParseText(text::Indexed(field, i), values[i], {.max = kMaxExternalId, .single_line = true}, bad));
  }
  return parsed;
}

std::string ParseDisplayName(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 1, .max = kMaxDisplayName, .single_line = true}, bad);
}

}  // namespace

Channel ParseChannel(absl::string_view field, int value, FieldViolations& bad) {
  return ParseEnum<Channel>(field, value, 6, std::nullopt, bad);
}
Priority ParsePriority(absl::string_view field, int value, FieldViolations& bad) {
  return ParseEnum<Priority>(field, value, 4, Priority::kNormal, bad);
}
std::string ParsePersonId(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 1, .max = kMaxPersonId, .single_line = true}, bad);
}
std::string ParseOptionalId(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return text::ParseText(field, value, {.max = kMaxExternalId, .single_line = true}, bad);
}
std::string ParseInbox(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return value.empty() ? kDefaultInbox : text::ParseSlug(field, value, bad);
}
std::string ParseBody(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 1, .max = kMaxBody}, bad);
}

std::vector<std::string> ParseTags(absl::string_view field, const RepeatedPtrField<std::string>& values,
                                   FieldViolations& bad) {
  text::CheckCount(field, values.size(), kMaxTags, bad);
  std::vector<std::string> tags;
  tags.reserve(values.size());
  for (int i = 0; i < values.size(); ++i) tags.push_back(text::ParseSlug(text::Indexed(field, i), values[i], bad));
  return tags;
}

std::vector<Attachment> ParseAttachments(const RepeatedPtrField<v1::Attachment>& values, FieldViolations& bad) {
  text::CheckCount("attachments", values.size(), kMaxAttachments, bad);
  std::vector<Attachment> attachments;
  for (int i = 0; i < values.size(); ++i) {
    const auto path = [&](absl::string_view field) { return text::Indexed("attachments", i, field); };
    Attachment a;
    a.name = text::ParseText(path("name"), values[i].name(), {.max = kMaxSubject, .single_line = true}, bad);
    a.content_type =
        text::ParseText(path("content_type"), values[i].content_type(), {.max = 127, .single_line = true}, bad);
    a.reference = text::ParseText(path("reference"), values[i].reference(),
                                  {.min = 1, .max = kMaxReference, .single_line = true}, bad);
    a.size_bytes = text::ParseInRange(path("size_bytes"), values[i].size_bytes(), 0, INT64_MAX, bad);
    attachments.push_back(std::move(a));
  }
  return attachments;
}

NewConversation ParseCreate(const v1::CreateConversationRequest& request, const std::string& caller, absl::Time now,
                            FieldViolations& bad) {
  NewConversation parsed;
  const v1::Conversation& in = request.conversation();
  FieldViolations inner;
  Conversation& c = parsed.conversation;
  c.requester_id = ParsePersonId("requester_id", in.requester_id(), inner);
  c.customer_id = ParseOptionalId("customer_id", in.customer_id(), inner);
  c.channel = ParseChannel("channel", in.channel(), inner);
  c.inbox = ParseInbox("inbox", in.inbox(), inner);
  c.subject = text::ParseText("subject", in.subject(), {.max = kMaxSubject, .single_line = true}, inner);
  c.priority = ParsePriority("priority", in.priority(), inner);
  c.team = text::ParseOptionalSlug("team", in.team(), inner);
  c.tags = ParseTags("tags", in.tags(), inner);
  c.module_key = text::ParseOptionalSlug("module_key", in.module_key(), inner);
  c.external_id = ParseOptionalId("external_id", in.external_id(), inner);
  c.sender_id = ParseOptionalId("sender_id", in.sender_id(), inner);
  bad.AddAll("conversation", inner);
  if (!request.has_first_message()) return parsed;
  FieldViolations message;
  Message& first = parsed.first.emplace();
  const Author author = ParseEnum<Author>("author", request.first_message().author(), 2, Author::kCustomer, message);
  first.author = {author, author == Author::kCustomer ? c.requester_id : caller};
  first.external_id = ParseOptionalId("external_id", request.first_message().external_id(), message);
  first.body = ParseBody("body", request.first_message().body(), message);
  first.attachments = ParseAttachments(request.first_message().attachments(), message);
  first.created_at = now;
  first.received_at = now;
  bad.AddAll("first_message", message);
  return parsed;
}

Inbound ParseIngest(const v1::IngestMessageRequest& request, absl::Time now, FieldViolations& bad) {
  Inbound in;
  in.channel = ParseChannel("channel", request.channel(), bad);
  in.external_id = text::ParseText("external_id", request.external_id(),
                                   {.min = 1, .max = kMaxExternalId, .single_line = true}, bad);
  in.inbox = ParseInbox("inbox", request.inbox(), bad);
  in.requester_id = ParsePersonId("requester_id", request.requester_id(), bad);
  in.customer_id = ParseOptionalId("customer_id", request.customer_id(), bad);
  in.subject = text::ParseText("subject", request.subject(), {.max = kMaxSubject, .single_line = true}, bad);
  in.body = ParseBody("body", request.body(), bad);
  in.attachments = ParseAttachments(request.attachments(), bad);
  in.in_reply_to = ParseOptionalId("in_reply_to", request.in_reply_to(), bad);
  in.at = request.has_created_at() ? api::ParseTimestamp("created_at", request.created_at(), bad) : now;
  in.author = ParseEnum<Author>("author", request.author(), 5, Author::kCustomer, bad);
  if (in.author == Author::kAgent || in.author == Author::kSystem)
    bad.Add("author", "must be CUSTOMER, BOT or AUTOMATION");
  in.cause = in.author == Author::kCustomer ? Cause::kCustomer : Cause::kCaller;
  return in;
}

Outgoing ParseReply(const v1::PostReplyRequest& request, const std::string& caller, FieldViolations& bad) {
  Outgoing out;
  out.conversation_id = text::ParseUuid("conversation_id", request.conversation_id(), bad);
  out.actor = {Author::kAgent, caller};
  out.body = ParseBody("body", request.body(), bad);
  out.attachments = ParseAttachments(request.attachments(), bad);
  out.last_seen = text::ParseOptionalUuid("last_seen_message_id", request.last_seen_message_id(), bad);
  out.allow_stale = request.allow_stale();
  if (request.then() < 0 || request.then() > 3) bad.Add("then", "is not a value of this enum");
  out.then = static_cast<Then>(request.then());
  out.snooze_until =
      api::ParseOptionalTimestamp("snooze_until", request.has_snooze_until() ? &request.snooze_until() : nullptr, bad);
  if (out.snooze_until && out.then != Then::kSnooze) bad.Add("snooze_until", "only with then = SNOOZE");
  return out;
}

ConversationFilter ParseFilter(const v1::ConversationFilter& filter, FieldViolations& bad) {
  const auto time = [&](const char* field, bool has, const google::protobuf::Timestamp& value) {
    return api::ParseOptionalTimestamp(absl::StrCat("filter.", field), has ? &value : nullptr, bad);
  };
  ConversationFilter f;
  f.states = ParseEnums<State>("filter.states", filter.states(), 4, bad);
  f.waiting_on = ParseEnums<Waiting>("filter.waiting_on", filter.waiting_on(), 4, bad);
  f.priorities = ParseEnums<Priority>("filter.priorities", filter.priorities(), 4, bad);
  f.channels = ParseEnums<Channel>("filter.channels", filter.channels(), 6, bad);
  f.inboxes = ParseStrings("filter.inboxes", filter.inboxes(), bad);
  f.teams = ParseStrings("filter.teams", filter.teams(), bad);
  f.assignees = ParseStrings("filter.assignees", filter.assignees(), bad);
  f.tags = ParseStrings("filter.tags", filter.tags(), bad);
  f.module_keys = ParseStrings("filter.module_keys", filter.module_keys(), bad);
  f.customer_ids = ParseStrings("filter.customer_ids", filter.customer_ids(), bad);
  f.requester_ids = ParseStrings("filter.requester_ids", filter.requester_ids(), bad);
  f.created_from = time("created_from", filter.has_created_from(), filter.created_from());
  f.created_to = time("created_to", filter.has_created_to(), filter.created_to());
  f.closed_from = time("closed_from", filter.has_closed_from(), filter.closed_from());
  f.closed_to = time("closed_to", filter.has_closed_to(), filter.closed_to());
  f.include_spam = filter.include_spam();
  return f;
}

Team ParseTeam(const v1::Team& team, FieldViolations& bad) {
  FieldViolations inner;
  Team parsed{text::ParseSlug("id", team.id(), inner), ParseDisplayName("display_name", team.display_name(), inner)};
  bad.AddAll("team", inner);
  return parsed;
}

Agent ParseAgent(const v1::Agent& agent, absl::Time now, FieldViolations& bad) {
  FieldViolations inner;
  Agent parsed;
  parsed.id = ParsePersonId("id", agent.id(), inner);
  parsed.display_name = ParseDisplayName("display_name", agent.display_name(), inner);
  parsed.team = text::ParseOptionalSlug("team", agent.team(), inner);
  parsed.capacity = static_cast<int32_t>(text::ParseInRange("capacity", agent.capacity(), 0, 10'000, inner));
  parsed.presence = ParseEnum<Presence>("presence", agent.presence(), 2, Presence::kPresent, inner);
  parsed.updated_at = now;
  bad.AddAll("agent", inner);
  return parsed;
}

Inbox ParseInboxResource(const v1::Inbox& inbox, FieldViolations& bad) {
  FieldViolations inner;
  Inbox parsed;
  parsed.id = text::ParseSlug("id", inbox.id(), inner);
  parsed.display_name = ParseDisplayName("display_name", inbox.display_name(), inner);
  if (inbox.channel() != v1::CHANNEL_UNSPECIFIED) parsed.channel = ParseChannel("channel", inbox.channel(), inner);
  parsed.sender_id = ParseOptionalId("sender_id", inbox.sender_id(), inner);
  parsed.reopen_policy =
      ParseEnum<ReopenPolicy>("reopen_policy", inbox.reopen_policy(), 3, ReopenPolicy::kWindow, inner);
  if (inbox.has_reopen_window()) {
    parsed.reopen_window =
        api::ParseDuration("reopen_window", inbox.reopen_window(), absl::ZeroDuration(), absl::Hours(24 * 3650), inner);
  }
  parsed.note_unsnoozes = inbox.note_unsnoozes();
  parsed.survey_on_close = inbox.survey_on_close();
  parsed.team = text::ParseOptionalSlug("team", inbox.team(), inner);
  parsed.survey_text = text::ParseText("survey_text", inbox.survey_text(), {.max = kMaxSurveyText}, inner);
  bad.AddAll("inbox", inner);
  return parsed;
}

Tag ParseTag(const v1::Tag& tag, FieldViolations& bad) {
  FieldViolations inner;
  Tag parsed{text::ParseSlug("id", tag.id(), inner), ParseDisplayName("display_name", tag.display_name(), inner)};
  bad.AddAll("tag", inner);
  return parsed;
}

MetricQuery ParseMetricQuery(const v1::GetMetricRequest& request, FieldViolations& bad) {
  MetricQuery query;
  query.metric = static_cast<Metric>(request.metric());
  if (request.stat() < 0 || request.stat() > 7) bad.Add("stat", "is not a value of this enum");
  query.stat =
      request.stat() == 0 ? calendar::Statistic::kMedian : static_cast<calendar::Statistic>(request.stat() - 1);
  if (request.attribute_by() < 0 || request.attribute_by() > 2) bad.Add("attribute_by", "is not a value of this enum");
  query.by_started = request.attribute_by() == v1::ATTRIBUTE_BY_STARTED;
  if (request.group_by() < 0 || request.group_by() > 8) bad.Add("group_by", "is not a value of this enum");
  query.group_by = static_cast<GroupBy>(request.group_by());
  query.include_automatic_closes = request.include_automatic_closes();
  const v1::MetricFilter& filter = request.filter();
  query.filter.agents = ParseStrings("filter.agents", filter.agents(), bad);
  query.filter.teams = ParseStrings("filter.teams", filter.teams(), bad);
  query.filter.tags = ParseStrings("filter.tags", filter.tags(), bad);
  query.filter.customer_ids = ParseStrings("filter.customer_ids", filter.customer_ids(), bad);
  query.filter.channels = ParseEnums<Channel>("filter.channels", filter.channels(), 6, bad);
  query.filter.priorities = ParseEnums<Priority>("filter.priorities", filter.priorities(), 4, bad);
  query.filter.module_keys = ParseStrings("filter.module_keys", filter.module_keys(), bad);
  query.filter.inboxes = ParseStrings("filter.inboxes", filter.inboxes(), bad);
  return query;
}

}  // namespace vinculo::support
