#pragma once

#include <vector>

#include "common/sql/query.h"

// Every SQL statement of the service.
namespace vinculo::lifecycle::store {

#define LIFECYCLE_ACCOUNT_COLUMNS \
  "customer_id, name, owner_cs, owner_ops, segment, users_count, time_zone, created_at, updated_at, revision"

inline constexpr sql::Query kAccountInsert{
    "account_insert", "INSERT INTO account (tenant_id, " LIFECYCLE_ACCOUNT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?,?)"};
inline constexpr sql::Query kAccountGet{
    "account_get", "SELECT " LIFECYCLE_ACCOUNT_COLUMNS " FROM account WHERE tenant_id = ? AND customer_id = ?"};
inline constexpr sql::Query kAccountUpdate{"account_update",
                                           "UPDATE account SET name = ?3, owner_cs = ?4, owner_ops = ?5, segment = ?6, "
                                           "users_count = ?7, time_zone = ?8, updated_at = ?9, "
                                           "revision = revision + 1 WHERE tenant_id = ?1 AND customer_id = ?2"};
inline constexpr sql::Query kAccountList{
    "account_list", "SELECT " LIFECYCLE_ACCOUNT_COLUMNS
                    " FROM account WHERE tenant_id = ?1 AND customer_id > ?2 ORDER BY customer_id LIMIT ?3"};
inline constexpr sql::Query kAccountListByOwner{
    "account_list_by_owner", "SELECT " LIFECYCLE_ACCOUNT_COLUMNS
                             " FROM account WHERE tenant_id = ?1 AND owner_cs = ?4 AND owner_cs <> '' AND customer_id "
                             "> ?2 AND (?5 = '' OR segment = ?5) ORDER BY customer_id LIMIT ?3"};
inline constexpr sql::Query kAccountListBySegment{"account_list_by_segment",
                                                  "SELECT " LIFECYCLE_ACCOUNT_COLUMNS
                                                  " FROM account WHERE tenant_id = ?1 AND segment = ?4 AND segment <> "
                                                  "'' AND customer_id > ?2 ORDER BY customer_id LIMIT ?3"};

#define LIFECYCLE_MODULE_DEF_COLUMNS "module_key, unit_name, started_meaning, completed_meaning, active, revision"

inline constexpr sql::Query kModuleDefGet{
    "module_def_get", "SELECT " LIFECYCLE_MODULE_DEF_COLUMNS " FROM module_def WHERE tenant_id = ? AND module_key = ?"};
inline constexpr sql::Query kModuleDefPut{
    "module_def_put",
    "INSERT INTO module_def (tenant_id, " LIFECYCLE_MODULE_DEF_COLUMNS
    ") VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT (tenant_id, module_key) DO UPDATE SET unit_name = excluded.unit_name, "
    "started_meaning = excluded.started_meaning, completed_meaning = excluded.completed_meaning, active = "
    "excluded.active, "
    "revision = excluded.revision"};
inline constexpr sql::Query kModuleDefList{"module_def_list",
                                           "SELECT " LIFECYCLE_MODULE_DEF_COLUMNS
                                           " FROM module_def WHERE tenant_id = ? ORDER BY module_key"};

#define LIFECYCLE_ENGAGEMENT_COLUMNS "id, customer_id, sequence_no, opened_at, closed_at"

inline constexpr sql::Query kEngagementInsert{
    "engagement_insert", "INSERT INTO engagement (tenant_id, " LIFECYCLE_ENGAGEMENT_COLUMNS ") VALUES (?,?,?,?,?,?)"};
inline constexpr sql::Query kEngagementClose{"engagement_close",
                                             "UPDATE engagement SET closed_at = ?3 WHERE tenant_id = ?1 AND id = ?2"};
inline constexpr sql::Query kEngagementGet{
    "engagement_get", "SELECT " LIFECYCLE_ENGAGEMENT_COLUMNS " FROM engagement WHERE tenant_id = ? AND id = ?"};
inline constexpr sql::Query kEngagementLatest{
    "engagement_latest", "SELECT " LIFECYCLE_ENGAGEMENT_COLUMNS
                         " FROM engagement WHERE tenant_id = ? AND customer_id = ? ORDER BY sequence_no DESC LIMIT 1"};
inline constexpr sql::Query kEngagementList{
    "engagement_list",
    "SELECT " LIFECYCLE_ENGAGEMENT_COLUMNS
    " FROM engagement WHERE tenant_id = ? AND customer_id = ? AND sequence_no > ? ORDER BY sequence_no LIMIT ?"};

#define LIFECYCLE_MODULE_COLUMNS                                                                            \
  "id, engagement_id, customer_id, module_key, contracted_at, go_live_at, stage, stage_since, adopted_at, " \
  "suppressed_until, "                                                                                      \
  "suppression_reason, evaluated_week, was_low, adoption_results, success_misses, low_hits, low_holds, "    \
  "below_adoption, revision"

inline constexpr sql::Query kModuleInsert{"module_insert",
                                          "INSERT INTO module_instance (tenant_id, " LIFECYCLE_MODULE_COLUMNS
                                          ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
inline constexpr sql::Query kModuleGet{
    "module_get", "SELECT " LIFECYCLE_MODULE_COLUMNS " FROM module_instance WHERE tenant_id = ? AND id = ?"};
inline constexpr sql::Query kModuleUpdate{
    "module_update",
    "UPDATE module_instance SET go_live_at = ?4, stage = ?5, stage_since = ?6, adopted_at = ?7, suppressed_until = ?8, "
    "suppression_reason = ?9, evaluated_week = ?10, was_low = ?11, adoption_results = ?12, success_misses = ?13, "
    "low_hits = ?14, "
    "low_holds = ?15, below_adoption = ?16, revision = revision + 1 WHERE tenant_id = ?1 AND customer_id = ?2 AND id = "
    "?3"};
inline constexpr sql::Query kModulesOfCustomer{
    "modules_of_customer",
    "SELECT " LIFECYCLE_MODULE_COLUMNS " FROM module_instance WHERE tenant_id = ? AND customer_id = ? ORDER BY id"};
// ?6: the last client to list; empty means no bound.
inline constexpr sql::Query kModuleList{
    "module_list",
    "SELECT " LIFECYCLE_MODULE_COLUMNS
    " FROM module_instance WHERE tenant_id = ?1 AND (customer_id, id) > (?2, ?3) AND (?6 = '' OR customer_id <= ?6)"
    " AND (?5 = '' OR module_key = ?5) ORDER BY customer_id, id LIMIT ?4"};
inline constexpr sql::Query kModuleListByStage{"module_list_by_stage",
                                               "SELECT " LIFECYCLE_MODULE_COLUMNS
                                               " FROM module_instance WHERE tenant_id = ?1 AND stage = ?7 AND "
                                               "(customer_id, id) > (?2, ?3) AND (?6 = '' OR customer_id <= ?6)"
                                               " AND (?5 = '' OR module_key = ?5) ORDER BY customer_id, id LIMIT ?4"};

#define LIFECYCLE_STAGE_EVENT_COLUMNS                                                                             \
  "id, module_instance_id, customer_id, module_key, sequence_no, from_stage, to_stage, at, recorded_at, reason, " \
  "comment, "                                                                                                     \
  "rule_version, evidence, actor, bypass, request_id"

inline constexpr sql::Query kStageEventLast{"stage_event_last",
                                            "SELECT sequence_no FROM stage_event WHERE tenant_id = ? AND "
                                            "module_instance_id = ? ORDER BY sequence_no DESC LIMIT 1"};
inline constexpr sql::Query kStageEventInsert{"stage_event_insert",
                                              "INSERT INTO stage_event (tenant_id, " LIFECYCLE_STAGE_EVENT_COLUMNS
                                              ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
inline constexpr sql::Query kStageEventList{"stage_event_list",
                                            "SELECT " LIFECYCLE_STAGE_EVENT_COLUMNS
                                            " FROM stage_event WHERE tenant_id = ? AND module_instance_id = ? AND "
                                            "sequence_no < ? ORDER BY sequence_no DESC LIMIT ?"};

#define LIFECYCLE_FACT_COLUMNS \
  "local_date, source, started, completed, active_users, attribution, revision, recorded_at"

inline constexpr sql::Query kFactGet{
    "fact_get", "SELECT " LIFECYCLE_FACT_COLUMNS
                " FROM usage_fact WHERE tenant_id = ? AND module_instance_id = ? AND local_date = ? AND source = ?"};
inline constexpr sql::Query kFactPut{
    "fact_put",
    "INSERT INTO usage_fact (tenant_id, module_instance_id, " LIFECYCLE_FACT_COLUMNS
    ") VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (tenant_id, module_instance_id, local_date, source) DO UPDATE SET "
    "started = excluded.started, completed = excluded.completed, active_users = excluded.active_users, "
    "attribution = excluded.attribution, revision = excluded.revision, recorded_at = excluded.recorded_at"};
inline constexpr sql::Query kFactList{"fact_list",
                                      "SELECT " LIFECYCLE_FACT_COLUMNS
                                      " FROM usage_fact WHERE tenant_id = ? AND module_instance_id = ? AND "
                                      "(local_date, source) > (?, ?) ORDER BY local_date, source LIMIT ?"};
inline constexpr sql::Query kFactSumBetween{
    "fact_sum_between",
    "SELECT COALESCE(SUM(started), 0), COALESCE(SUM(completed), 0) FROM usage_fact "
    "WHERE tenant_id = ? AND module_instance_id = ? AND local_date >= ? AND local_date <= ?"};
inline constexpr sql::Query kFactWalk{
    "fact_walk",
    "SELECT local_date, started, completed FROM usage_fact WHERE tenant_id = ? AND module_instance_id = ?"};

inline constexpr sql::Query kRollupAdd{
    "rollup_add",
    "INSERT INTO usage_rollup (tenant_id, kind, customer_id, module_instance_id, bucket, started, completed) VALUES "
    "(?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, kind, customer_id, module_instance_id, bucket) DO UPDATE SET "
    "started = usage_rollup.started + excluded.started, completed = usage_rollup.completed + excluded.completed"};
inline constexpr sql::Query kRollupsOfModule{
    "rollups_of_module",
    "SELECT bucket, started, completed FROM usage_rollup WHERE tenant_id = ? AND kind = ? AND customer_id = ? AND "
    "module_instance_id = ? AND bucket >= ? AND bucket <= ? ORDER BY bucket"};
inline constexpr sql::Query kRollupWalk{
    "rollup_walk",
    "SELECT module_instance_id, bucket, started, completed FROM usage_rollup WHERE tenant_id = ?1 AND kind = ?2 AND "
    "customer_id > ?3 AND customer_id <= ?4 AND bucket >= ?5 AND bucket <= ?6 ORDER BY customer_id, "
    "module_instance_id, bucket"};
inline constexpr sql::Query kRollupDelete{
    "rollup_delete",
    "DELETE FROM usage_rollup WHERE tenant_id = ? AND kind = ? AND customer_id = ? AND module_instance_id = ?"};

#define LIFECYCLE_SNAPSHOT_COLUMNS                                                                                 \
  "s.customer_id, s.as_of, s.revision, s.window_first, s.completed, s.started, s.raw_tier, s.tier, s.tier_since, " \
  "s.terms, "                                                                                                      \
  "s.model_version, s.computed_at"

inline constexpr sql::Query kSnapshotInsert{
    "snapshot_insert",
    "INSERT INTO health_snapshot (tenant_id, customer_id, as_of, revision, window_first, completed, started, raw_tier, "
    "tier, "
    "tier_since, terms, model_version, computed_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"};
// The newest revision of the newest date up to ?3.
inline constexpr sql::Query kSnapshotUpTo{
    "snapshot_up_to", "SELECT " LIFECYCLE_SNAPSHOT_COLUMNS
                      " FROM health_snapshot s WHERE s.tenant_id = ? AND s.customer_id = ? AND s.as_of <= ? "
                      "ORDER BY s.as_of DESC, s.revision DESC LIMIT 1"};
inline constexpr sql::Query kSnapshotScores{"snapshot_scores",
                                            "SELECT as_of, completed, started FROM health_snapshot WHERE tenant_id = ? "
                                            "AND customer_id = ? AND as_of <= ? AND as_of >= ? "
                                            "ORDER BY as_of DESC, revision DESC"};
inline constexpr sql::Query kCurrentPut{
    "current_put",
    "INSERT INTO health_current (tenant_id, customer_id, as_of, revision, tier, sort_key) VALUES (?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, customer_id) DO UPDATE SET as_of = excluded.as_of, revision = excluded.revision, tier = "
    "excluded.tier, "
    "sort_key = excluded.sort_key WHERE excluded.as_of >= health_current.as_of"};
inline constexpr sql::Query kCurrentDelete{
    "current_delete", "DELETE FROM health_current WHERE tenant_id = ? AND customer_id = ? AND as_of <= ?"};

#define LIFECYCLE_CURRENT_FROM                                                                                        \
  " FROM health_current c JOIN health_snapshot s ON s.tenant_id = c.tenant_id AND s.customer_id = c.customer_id AND " \
  "s.as_of = c.as_of AND s.revision = c.revision JOIN account a ON a.tenant_id = c.tenant_id AND a.customer_id = "    \
  "c.customer_id "
#define LIFECYCLE_CURRENT_FILTER                                                                                   \
  " AND (?5 = '' OR a.owner_cs = ?5) AND (?6 = '' OR EXISTS (SELECT 1 FROM module_instance m WHERE m.tenant_id = " \
  "c.tenant_id AND "                                                                                               \
  "m.customer_id = c.customer_id AND m.module_key = ?6 AND m.stage <> 9)) ORDER BY c.sort_key, c.customer_id LIMIT ?4"

inline constexpr sql::Query kCurrentList{
    "current_list", "SELECT " LIFECYCLE_SNAPSHOT_COLUMNS ", a.name" LIFECYCLE_CURRENT_FROM
                    "WHERE c.tenant_id = ?1 AND (c.sort_key, c.customer_id) > (?2, ?3)" LIFECYCLE_CURRENT_FILTER};
inline constexpr sql::Query kCurrentListByTier{
    "current_list_by_tier",
    "SELECT " LIFECYCLE_SNAPSHOT_COLUMNS ", a.name" LIFECYCLE_CURRENT_FROM
    "WHERE c.tenant_id = ?1 AND c.tier = ?7 AND (c.sort_key, c.customer_id) > (?2, ?3)" LIFECYCLE_CURRENT_FILTER};

inline constexpr sql::Query kConversationPut{"conversation_put",
                                             "INSERT INTO support_conversation (tenant_id, conversation_id, "
                                             "customer_id, created_at, spam, merged) VALUES (?,?,?,?,0,0) "
                                             "ON CONFLICT (tenant_id, conversation_id) DO UPDATE SET customer_id = "
                                             "excluded.customer_id, created_at = excluded.created_at"};
inline constexpr sql::Query kConversationSpam{
    "conversation_spam", "UPDATE support_conversation SET spam = ?3 WHERE tenant_id = ?1 AND conversation_id = ?2"};
inline constexpr sql::Query kConversationTimes{"conversation_times",
                                               "SELECT created_at FROM support_conversation WHERE tenant_id = ? AND "
                                               "customer_id = ? AND created_at >= ? AND created_at < ? AND "
                                               "spam = 0 AND merged = 0"};
inline constexpr sql::Query kRatingPut{
    "rating_put",
    "INSERT INTO support_rating (tenant_id, survey_id, conversation_id, customer_id, rating, rated_at) VALUES "
    "(?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, survey_id) DO UPDATE SET rating = excluded.rating, rated_at = excluded.rated_at"};
inline constexpr sql::Query kRatingSum{"rating_sum",
                                       "SELECT COUNT(*), COALESCE(SUM(rating), 0) FROM support_rating WHERE tenant_id "
                                       "= ? AND customer_id = ? AND rated_at >= ? AND "
                                       "rated_at < ?"};

inline constexpr sql::Query kScheduleGet{"schedule_get",
                                         "SELECT next_week FROM evaluation_schedule WHERE tenant_id = ?"};
inline constexpr sql::Query kSchedulePut{
    "schedule_put",
    "INSERT INTO evaluation_schedule (tenant_id, next_week) VALUES (?,?) ON CONFLICT (tenant_id) DO UPDATE SET "
    "next_week = excluded.next_week"};

// All of the above, for the check of their plans.
std::vector<sql::Query> AllQueries();

}  // namespace vinculo::lifecycle::store
