#include "common/sql/postgres_plan.h"

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/postgres_dialect.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

// PREPARE and EXPLAIN EXECUTE: what a prepared statement does once it is planned for any values.
int CountPlaceholders(absl::string_view text) {
  int count = 0;
  for (int n = 1; absl::StrContains(text, absl::StrCat("$", n)); ++n) count = n;
  return count;
}

bool ReadsIndex(absl::string_view line) {
  return absl::StrContains(line, "Index Scan") || absl::StrContains(line, "Index Only Scan");
}

}  // namespace

absl::StatusOr<std::vector<PlanStep>> ExplainPostgres(PostgresConnection& connection, const Query& query) {
  const std::string text = PostgresStatement(query);
  if (text.empty()) return std::vector<PlanStep>();
  RETURN_IF_ERROR(connection.RunScript(
      absl::StrCat("SET enable_seqscan = off; SET enable_bitmapscan = off; SET plan_cache_mode = force_generic_plan; "
                   "PREPARE explained AS ",
                   text)));
  std::string nulls;
  for (int i = CountPlaceholders(text); i > 0; --i) absl::StrAppend(&nulls, nulls.empty() ? "(NULL" : ", NULL");
  if (!nulls.empty()) nulls += ")";
  const std::string explain = absl::StrCat("EXPLAIN (COSTS OFF) EXECUTE explained", nulls);
  std::vector<PlanStep> steps;
  RETURN_IF_ERROR(connection.Run(
      {"explain", explain.c_str()}, {},
      [&](const Row& row) {
        const absl::string_view line = row.Text(0);
        if (absl::StrContains(line, "Index Cond:") && !steps.empty()) steps.back().walks = false;
        if (ReadsIndex(line) || absl::StrContains(line, "Seq Scan on")) steps.push_back({std::string(line), true});
        return absl::OkStatus();
      },
      nullptr));
  return steps;
}

}  // namespace vinculo::sql
