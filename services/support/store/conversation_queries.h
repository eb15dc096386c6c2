#pragma once

#include "common/sql/query.h"

// The statements of ConversationRepository.
namespace vinculo::support::queries {

#define VINCULO_CONVERSATION_COLUMNS                                                                            \
  "id, number, external_id, customer_id, requester_id, channel, inbox, sender_id, subject, state, waiting_on, " \
  "priority, "                                                                                                  \
  "team, assignee, tags, module_key, snoozed_until, merged_into, follow_up_of, transcript_ref, spam, "          \
  "contact_opted_out, "                                                                                         \
  "created_at, first_contact_at, last_contact_at, closed_at, reopen_count, human_replies, last_message_id, "    \
  "open_survey, "                                                                                               \
  "rating, remark, rated_agent, rated_at, last_seq, revision"
#define VINCULO_CONVERSATION_PAGE                                                                                   \
  " AND (created_at < ?3 OR (created_at = ?3 AND id < ?4)) AND created_at <= ?3 ORDER BY created_at DESC, id DESC " \
  "LIMIT ?5"

// Two plain statements: RETURNING costs SQLite four times as much.
inline constexpr sql::Query kCount{"conversation_count",
                                   "UPDATE conversation_counter SET n = n + 1 WHERE tenant_id = ?"};
inline constexpr sql::Query kCounted{"conversation_counted", "SELECT n FROM conversation_counter WHERE tenant_id = ?"};
inline constexpr sql::Query kBeginCount{"conversation_begin_count",
                                        "INSERT INTO conversation_counter (tenant_id, n) VALUES (?, 1)"};
inline constexpr sql::Query kInsert{"conversation_insert",
                                    "INSERT INTO conversation (tenant_id, " VINCULO_CONVERSATION_COLUMNS
                                    ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
inline constexpr sql::Query kUpdate{
    "conversation_update",
    "UPDATE conversation SET customer_id = ?3, subject = ?4, state = ?5, waiting_on = ?6, priority = ?7, team = ?8, "
    "assignee = ?9, "
    "tags = ?10, module_key = ?11, snoozed_until = ?12, merged_into = ?13, transcript_ref = ?14, spam = ?15, "
    "contact_opted_out = ?16, first_contact_at = ?17, last_contact_at = ?18, closed_at = ?19, reopen_count = ?20, "
    "human_replies = ?21, last_message_id = ?22, open_survey = ?23, rating = ?24, remark = ?25, rated_agent = ?26, "
    "rated_at = ?27, last_seq = ?28, revision = revision + 1 WHERE tenant_id = ?1 AND id = ?2 AND revision = ?29"};
inline constexpr sql::Query kGet{
    "conversation_get", "SELECT " VINCULO_CONVERSATION_COLUMNS " FROM conversation WHERE tenant_id = ? AND id = ?"};
inline constexpr sql::Query kGetByNumber{"conversation_get_by_number",
                                         "SELECT " VINCULO_CONVERSATION_COLUMNS
                                         " FROM conversation WHERE tenant_id = ? AND number = ?"};
inline constexpr sql::Query kFindByExternalId{"conversation_find_by_external_id",
                                              "SELECT " VINCULO_CONVERSATION_COLUMNS
                                              " FROM conversation WHERE tenant_id = ? AND external_id = ?"};
inline constexpr sql::Query kFindNewest{"conversation_find_newest",
                                        "SELECT " VINCULO_CONVERSATION_COLUMNS
                                        " FROM conversation WHERE tenant_id = ? AND requester_id = ? AND inbox = ? AND "
                                        "state <> 4 ORDER BY created_at DESC, id DESC "
                                        "LIMIT 1"};
inline constexpr sql::Query kOfRequester{
    "conversation_of_requester",
    "SELECT " VINCULO_CONVERSATION_COLUMNS
    " FROM conversation WHERE tenant_id = ? AND requester_id = ? ORDER BY created_at DESC, id DESC LIMIT ?"};
inline constexpr sql::Query kIds{"conversation_ids",
                                 "SELECT id FROM conversation WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};

// Lists: ?1 tenant, ?2 the value of the driving column, ?3 and ?4 the position, ?5 how many.
inline constexpr sql::Query kListAll{"conversation_list",
                                     "SELECT " VINCULO_CONVERSATION_COLUMNS
                                     " FROM conversation WHERE tenant_id = ?1 AND ?2 = ?2" VINCULO_CONVERSATION_PAGE};
inline constexpr sql::Query kListByState{
    "conversation_list_by_state", "SELECT " VINCULO_CONVERSATION_COLUMNS
                                  " FROM conversation WHERE tenant_id = ?1 AND state = ?2" VINCULO_CONVERSATION_PAGE};
inline constexpr sql::Query kListByAssignee{
    "conversation_list_by_assignee",
    "SELECT " VINCULO_CONVERSATION_COLUMNS
    " FROM conversation WHERE tenant_id = ?1 AND assignee = ?2 AND assignee <> ''" VINCULO_CONVERSATION_PAGE};
inline constexpr sql::Query kListByCustomer{
    "conversation_list_by_customer",
    "SELECT " VINCULO_CONVERSATION_COLUMNS
    " FROM conversation WHERE tenant_id = ?1 AND customer_id = ?2" VINCULO_CONVERSATION_PAGE};
inline constexpr sql::Query kListByRequester{
    "conversation_list_by_requester",
    "SELECT " VINCULO_CONVERSATION_COLUMNS
    " FROM conversation WHERE tenant_id = ?1 AND requester_id = ?2" VINCULO_CONVERSATION_PAGE};
inline constexpr sql::Query kListByTag{
    "conversation_list_by_tag",
    "SELECT c.id, number, external_id, customer_id, requester_id, channel, inbox, sender_id, subject, state, "
    "waiting_on, priority, "
    "team, assignee, tags, module_key, snoozed_until, merged_into, follow_up_of, transcript_ref, spam, "
    "contact_opted_out, "
    "c.created_at, first_contact_at, last_contact_at, closed_at, reopen_count, human_replies, last_message_id, "
    "open_survey, "
    "rating, remark, rated_agent, rated_at, last_seq, revision "
    "FROM conversation_tag t JOIN conversation c ON c.tenant_id = t.tenant_id AND c.id = t.conversation_id "
    "WHERE t.tenant_id = ?1 AND t.tag = ?2 AND (t.created_at < ?3 OR (t.created_at = ?3 AND t.conversation_id < ?4)) "
    "AND t.created_at <= ?3 ORDER BY t.created_at DESC, t.conversation_id DESC LIMIT ?5"};

inline constexpr sql::Query kInsertTag{"conversation_tag_insert",
                                       "INSERT INTO conversation_tag (tenant_id, tag, created_at, conversation_id) "
                                       "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"};
inline constexpr sql::Query kDeleteTag{
    "conversation_tag_delete",
    "DELETE FROM conversation_tag WHERE tenant_id = ? AND tag = ? AND created_at = ? AND conversation_id = ?"};

inline constexpr sql::Query kInsertEvent{
    "conversation_event_insert",
    "INSERT INTO conversation_event (tenant_id, conversation_id, seq, kind, occurred_at, recorded_at, actor_kind, "
    "actor_id, cause, "
    "message_id, from_value, to_value, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
inline constexpr sql::Query kHistory{
    "conversation_event_list",
    "SELECT seq, kind, occurred_at, recorded_at, actor_kind, actor_id, cause, message_id, from_value, to_value, detail "
    "FROM conversation_event WHERE tenant_id = ? AND conversation_id = ? AND seq > ? ORDER BY seq LIMIT ?"};

}  // namespace vinculo::support::queries
