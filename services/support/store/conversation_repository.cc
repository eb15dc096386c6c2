#include "services/support/store/conversation_repository.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/support/domain/errors.h"
#include "services/support/store/conversation_queries.h"

namespace vinculo::support {
namespace {

std::vector<std::string> SplitTags(absl::string_view text) {
  if (text.empty()) return {};
  return absl::StrSplit(text, ',');
}

std::optional<std::string> NullIfEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

Conversation ReadConversation(const sql::Row& r) {
  Conversation c;
  c.id = r.Id(0);
  c.number = r.Int(1);
  c.external_id = r.String(2);
  c.customer_id = r.String(3);
  c.requester_id = r.String(4);
  c.channel = static_cast<Channel>(r.Int(5));
  c.inbox = r.String(6);
  c.sender_id = r.String(7);
  c.subject = r.String(8);
  c.state = static_cast<State>(r.Int(9));
  c.waiting_on = static_cast<Waiting>(r.Int(10));
  c.priority = static_cast<Priority>(r.Int(11));
  c.team = r.String(12);
  c.assignee = r.String(13);
  c.tags = SplitTags(r.Text(14));
  c.module_key = r.String(15);
  c.snoozed_until = r.OptionalTime(16);
  c.merged_into = r.OptionalId(17);
  c.follow_up_of = r.OptionalId(18);
  c.transcript_ref = r.String(19);
  c.spam = r.Bool(20);
  c.contact_opted_out = r.Bool(21);
  c.created_at = r.Time(22);
  c.first_contact_at = r.OptionalTime(23);
  c.last_contact_at = r.OptionalTime(24);
  c.closed_at = r.OptionalTime(25);
  c.reopen_count = static_cast<int32_t>(r.Int(26));
  c.human_replies = static_cast<int32_t>(r.Int(27));
  c.last_message_id = r.OptionalId(28);
  c.open_survey = r.OptionalId(29);
  c.rating = static_cast<int32_t>(r.Int(30));
  c.remark = r.String(31);
  c.rated_agent = r.String(32);
  c.rated_at = r.OptionalTime(33);
  c.last_seq = r.Int(34);
  c.revision = r.Int(35);
  return c;
}

HistoryEvent ReadEvent(const sql::Row& r) {
  HistoryEvent e;
  e.seq = r.Int(0);
  e.kind = static_cast<EventKind>(r.Int(1));
  e.at = r.Time(2);
  e.recorded_at = r.Time(3);
  e.actor = {static_cast<Author>(r.Int(4)), r.String(5)};
  e.cause = static_cast<Cause>(r.Int(6));
  e.message_id = r.OptionalId(7);
  e.from = r.String(8);
  e.to = r.String(9);
  e.detail = r.String(10);
  return e;
}

// The narrowest index that answers a part of the filter which names one value.
struct Driver {
  const sql::Query* query;
  std::string text;
  int64_t number = 0;
  bool is_number = false;
};
Driver ChooseDriver(const ConversationFilter& f) {
  if (f.requester_ids.size() == 1) return {&queries::kListByRequester, f.requester_ids[0]};
  if (f.customer_ids.size() == 1) return {&queries::kListByCustomer, f.customer_ids[0]};
  if (f.tags.size() == 1) return {&queries::kListByTag, f.tags[0]};
  if (f.assignees.size() == 1 && !f.assignees[0].empty()) return {&queries::kListByAssignee, f.assignees[0]};
  if (f.states.size() == 1) return {&queries::kListByState, "", static_cast<int64_t>(f.states[0]), true};
  return {&queries::kListAll, "", 0, true};
}

// Above every id.
Uuid HighestId() { return *Uuid::FromBytes(std::string(16, '\xff')); }

}  // namespace

absl::StatusOr<int64_t> ConversationRepository::NextNumber(sql::Transaction& tx) const {
  ASSIGN_OR_RETURN(const int64_t counted, tx.ExecCount(queries::kCount, tx.tenant()));
  if (counted == 0) {
    RETURN_IF_ERROR(tx.Exec(queries::kBeginCount, tx.tenant()));
    return 1;
  }
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       queries::kCounted, [](const sql::Row& r) { return r.Int(0); }, tx.tenant()));
  return n.value_or(1);
}

absl::Status ConversationRepository::Insert(sql::Transaction& tx, Conversation& c) const {
  if (!c.external_id.empty()) {
    ASSIGN_OR_RETURN(const std::optional<Conversation> taken, FindByExternalId(tx, c.external_id));
    if (taken) return ConversationExistsError(c.external_id, taken->id.ToString());
  }
  c.revision = 1;
  RETURN_IF_ERROR(tx.Exec(queries::kInsert, tx.tenant(), c.id, c.number, NullIfEmpty(c.external_id), c.customer_id,
                          c.requester_id, c.channel, c.inbox, c.sender_id, c.subject, c.state, c.waiting_on, c.priority,
                          c.team, c.assignee, absl::StrJoin(c.tags, ","), c.module_key, c.snoozed_until, c.merged_into,
                          c.follow_up_of, c.transcript_ref, c.spam, c.contact_opted_out, c.created_at,
                          c.first_contact_at, c.last_contact_at, c.closed_at, c.reopen_count, c.human_replies,
                          c.last_message_id, c.open_survey, c.rating, c.remark, c.rated_agent, c.rated_at, c.last_seq,
                          c.revision));
  for (const std::string& tag : c.tags)
    RETURN_IF_ERROR(tx.Exec(queries::kInsertTag, tx.tenant(), tag, c.created_at, c.id));
  return absl::OkStatus();
}

absl::Status ConversationRepository::Update(sql::Transaction& tx, Conversation& c,
                                            const std::vector<std::string>& before) const {
  ASSIGN_OR_RETURN(
      const int64_t changed,
      tx.ExecCount(queries::kUpdate, tx.tenant(), c.id, c.customer_id, c.subject, c.state, c.waiting_on, c.priority,
                   c.team, c.assignee, absl::StrJoin(c.tags, ","), c.module_key, c.snoozed_until, c.merged_into,
                   c.transcript_ref, c.spam, c.contact_opted_out, c.first_contact_at, c.last_contact_at, c.closed_at,
                   c.reopen_count, c.human_replies, c.last_message_id, c.open_survey, c.rating, c.remark, c.rated_agent,
                   c.rated_at, c.last_seq, c.revision));
  if (changed == 0) return EtagMismatch("conversation", c.id.ToString(), "");
  ++c.revision;
  if (c.tags == before) return absl::OkStatus();
  for (const std::string& tag : before) {
    if (!std::binary_search(c.tags.begin(), c.tags.end(), tag)) {
      RETURN_IF_ERROR(tx.Exec(queries::kDeleteTag, tx.tenant(), tag, c.created_at, c.id));
    }
  }
  for (const std::string& tag : c.tags)
    RETURN_IF_ERROR(tx.Exec(queries::kInsertTag, tx.tenant(), tag, c.created_at, c.id));
  return absl::OkStatus();
}

absl::StatusOr<Conversation> ConversationRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<Conversation> found, tx.Find(queries::kGet, ReadConversation, tx.tenant(), id));
  if (!found) return NotFound("conversation", id.ToString());
  return *std::move(found);
}

absl::StatusOr<Conversation> ConversationRepository::GetByNumber(sql::Transaction& tx, int64_t number) const {
  ASSIGN_OR_RETURN(std::optional<Conversation> found,
                   tx.Find(queries::kGetByNumber, ReadConversation, tx.tenant(), number));
  if (!found) return NotFound("conversation", absl::StrCat("#", number));
  return *std::move(found);
}

absl::StatusOr<std::optional<Conversation>> ConversationRepository::FindByExternalId(
    sql::Transaction& tx, const std::string& external_id) const {
  return tx.Find(queries::kFindByExternalId, ReadConversation, tx.tenant(), external_id);
}

absl::StatusOr<std::optional<Conversation>> ConversationRepository::FindNewest(sql::Transaction& tx,
                                                                               const std::string& requester,
                                                                               const std::string& inbox) const {
  return tx.Find(queries::kFindNewest, ReadConversation, tx.tenant(), requester, inbox);
}

absl::StatusOr<Conversation> ConversationRepository::Root(sql::Transaction& tx, Conversation conversation) const {
  while (conversation.state == State::kMerged && conversation.merged_into) {
    ASSIGN_OR_RETURN(conversation, Get(tx, Uuid(*conversation.merged_into)));
  }
  return conversation;
}

absl::StatusOr<std::vector<Conversation>> ConversationRepository::OfRequester(sql::Transaction& tx,
                                                                              const std::string& requester,
                                                                              int limit) const {
  std::vector<Conversation> all;
  RETURN_IF_ERROR(tx.Each(
      queries::kOfRequester, [&](const sql::Row& r) { all.push_back(ReadConversation(r)); }, tx.tenant(), requester,
      limit));
  return all;
}

absl::StatusOr<ConversationRepository::Page> ConversationRepository::List(sql::Transaction& tx,
                                                                          const ConversationFilter& filter,
                                                                          std::optional<Position> after,
                                                                          int limit) const {
  const Driver driver = ChooseDriver(filter);
  Position at = after.value_or(Position{filter.created_to.value_or(absl::FromUnixMicros(INT64_MAX)), HighestId()});
  Page page;
  for (int examined = 0; examined < kMaxExamined;) {
    const int chunk = std::min(kMaxExamined - examined, std::max(limit + 1, 100));
    std::vector<Conversation> rows;
    const auto on_row = [&](const sql::Row& r) { rows.push_back(ReadConversation(r)); };
    RETURN_IF_ERROR(driver.is_number
                        ? tx.Each(*driver.query, on_row, tx.tenant(), driver.number, at.created_at, at.id, chunk)
                        : tx.Each(*driver.query, on_row, tx.tenant(), driver.text, at.created_at, at.id, chunk));
    for (Conversation& row : rows) {
      if (filter.created_from && row.created_at < *filter.created_from) return page;
      if (static_cast<int>(page.conversations.size()) == limit) {
        page.next = at;
        return page;
      }
      at = {row.created_at, row.id};
      if (Matches(filter, row)) page.conversations.push_back(std::move(row));
    }
    if (static_cast<int>(rows.size()) < chunk) return page;
    examined += chunk;
  }
  page.next = at;
  return page;
}

absl::StatusOr<std::vector<Uuid>> ConversationRepository::Ids(sql::Transaction& tx, const Uuid& after,
                                                              int limit) const {
  std::vector<Uuid> ids;
  RETURN_IF_ERROR(tx.Each(
      queries::kIds, [&](const sql::Row& r) { ids.push_back(r.Id(0)); }, tx.tenant(), after, limit));
  return ids;
}

absl::Status ConversationRepository::AppendHistory(sql::Transaction& tx, const Uuid& conversation,
                                                   const std::vector<HistoryEvent>& events) const {
  for (const HistoryEvent& e : events) {
    RETURN_IF_ERROR(tx.Exec(queries::kInsertEvent, tx.tenant(), conversation, e.seq, e.kind, e.at, e.recorded_at,
                            e.actor.kind, e.actor.id, e.cause, e.message_id, e.from, e.to, e.detail));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<HistoryEvent>> ConversationRepository::History(sql::Transaction& tx,
                                                                          const Uuid& conversation, int64_t after_seq,
                                                                          int64_t limit) const {
  std::vector<HistoryEvent> events;
  RETURN_IF_ERROR(tx.Each(
      queries::kHistory, [&](const sql::Row& r) { events.push_back(ReadEvent(r)); }, tx.tenant(), conversation,
      after_seq, limit));
  return events;
}

std::vector<sql::Query> ConversationRepository::Queries() {
  using namespace queries;  // NOLINT(google-build-using-namespace): a list of everything in it
  return {kCount,       kCounted,          kBeginCount,     kInsert,          kUpdate,    kGet,
          kGetByNumber, kFindByExternalId, kFindNewest,     kOfRequester,     kIds,       kListAll,
          kListByState, kListByAssignee,   kListByCustomer, kListByRequester, kListByTag, kInsertTag,
          kDeleteTag,   kInsertEvent,      kHistory};
}

}  // namespace vinculo::support
