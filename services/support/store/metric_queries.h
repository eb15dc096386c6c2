#pragma once

#include "common/sql/query.h"

// The statements of MetricRepository.
namespace vinculo::support::metric_queries {

inline constexpr sql::Query kInsertFact{"metric_fact_insert",
                                        "INSERT INTO metric_fact (tenant_id, conversation_id, metric, ordinal, at, "
                                        "started_at, value, agent, team, priority, tags, "
                                        "automatic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
inline constexpr sql::Query kDeleteFact{
    "metric_fact_delete",
    "DELETE FROM metric_fact WHERE tenant_id = ? AND conversation_id = ? AND metric = ? AND ordinal = ?"};
inline constexpr sql::Query kFactsOf{"metric_fact_of_conversation",
                                     "SELECT metric, ordinal, at, started_at, value, agent, team, priority, tags, "
                                     "automatic FROM metric_fact WHERE tenant_id = ? AND "
                                     "conversation_id = ? ORDER BY metric, ordinal"};
#define VINCULO_FACT_ROW                                                                                          \
  "SELECT f.metric, f.ordinal, f.at, f.started_at, f.value, f.agent, f.team, f.priority, f.tags, f.automatic, "   \
  "f.conversation_id, c.channel, c.inbox, c.customer_id, c.module_key FROM metric_fact f JOIN conversation c ON " \
  "c.tenant_id = f.tenant_id AND c.id = f.conversation_id WHERE f.tenant_id = ? AND f.metric = ? "
inline constexpr sql::Query kFactsByTime{"metric_fact_by_time",
                                         VINCULO_FACT_ROW "AND f.at >= ? AND f.at < ? ORDER BY f.at"};
inline constexpr sql::Query kFactsByStart{
    "metric_fact_by_start", VINCULO_FACT_ROW "AND f.started_at >= ? AND f.started_at < ? ORDER BY f.started_at"};
inline constexpr sql::Query kCountBefore{
    "metric_fact_count_before", "SELECT COUNT(*) FROM metric_fact WHERE tenant_id = ? AND metric = ? AND at < ?"};
inline constexpr sql::Query kOldestUnanswered{
    "metric_fact_oldest",
    "SELECT at FROM metric_fact WHERE tenant_id = ? AND metric = ? AND at >= ? AND at < ? ORDER BY at LIMIT 1"};

inline constexpr sql::Query kMoveBucket{"day_bucket_move",
                                        "INSERT INTO day_bucket (tenant_id, scope, metric, day, name, bucket, n, "
                                        "total) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
                                        "(tenant_id, scope, metric, day, name, bucket) DO UPDATE SET n = day_bucket.n "
                                        "+ excluded.n, total = day_bucket.total + "
                                        "excluded.total"};
inline constexpr sql::Query kMoveCount{
    "day_count_move",
    "INSERT INTO day_count (tenant_id, scope, metric, day, name, n, total) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, "
    "scope, metric, day, name) DO UPDATE SET n = day_count.n + excluded.n, total = day_count.total + excluded.total"};
inline constexpr sql::Query kMoveReclose{"day_reclose_move",
                                         "INSERT INTO day_reclose (tenant_id, scope, day, name, previous_day, n) "
                                         "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, scope, "
                                         "day, name, previous_day) DO UPDATE SET n = day_reclose.n + excluded.n"};
inline constexpr sql::Query kInsertValue{"day_value_insert",
                                         "INSERT INTO day_value (tenant_id, scope, metric, name, bucket, day, value, "
                                         "conversation_id, ordinal) VALUES (?, ?, ?, ?, ?, ?, "
                                         "?, ?, ?)"};
inline constexpr sql::Query kDeleteValue{"day_value_delete",
                                         "DELETE FROM day_value WHERE tenant_id = ? AND scope = ? AND metric = ? AND "
                                         "name = ? AND bucket = ? AND day = ? AND value = ? AND "
                                         "conversation_id = ? AND ordinal = ?"};

inline constexpr sql::Query kBuckets{"day_bucket_list",
                                     "SELECT name, bucket, n, total FROM day_bucket WHERE tenant_id = ? AND scope = ? "
                                     "AND metric = ? AND day >= ? AND day < ?"};
inline constexpr sql::Query kCounts{
    "day_count_list",
    "SELECT name, n, total FROM day_count WHERE tenant_id = ? AND scope = ? AND metric = ? AND day >= ? AND day < ?"};
inline constexpr sql::Query kRecloses{"day_reclose_list",
                                      "SELECT name, n FROM day_reclose WHERE tenant_id = ?1 AND scope = ?2 AND day >= "
                                      "?3 AND day < ?4 AND previous_day >= ?3 AND "
                                      "previous_day < ?4"};
inline constexpr sql::Query kValues{"day_value_list",
                                    "SELECT value FROM day_value WHERE tenant_id = ? AND scope = ? AND metric = ? AND "
                                    "name = ? AND bucket = ? AND day >= ? AND day < "
                                    "?"};

}  // namespace vinculo::support::metric_queries
