#include "services/support/api/report_service.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/page.h"
#include "common/api/time.h"
#include "common/calendar/period.h"
#include "common/calendar/zone.h"
#include "common/text/validate.h"
#include "services/support/api/parse.h"
#include "services/support/api/render.h"
#include "services/support/domain/errors.h"
#include "services/support/limits.h"

namespace vinculo::support {
namespace {

using calendar::Period;
using calendar::PeriodKind;

struct WeekPlan {
  absl::TimeZone zone;
  std::vector<Period> weeks;
  bool by_agent = false;
  bool by_tag = false;
  absl::Time now;
};

struct WeekResult {
  Period week;
  Figures total;
  std::optional<Figures> previous;  // of a complete week
  std::map<std::string, Figures> by_agent;
  std::map<std::string, Figures> by_tag;
};

std::optional<Period> ParseWeek(absl::string_view field, absl::string_view name, FieldViolations& bad) {
  std::optional<Period> week = Period::FromName(name);
  if (week && week->kind() == PeriodKind::kWeek) return week;
  bad.Add(std::string(field), "must be an ISO week such as 2024-W08");
  return std::nullopt;
}

WeekPlan ParsePlan(const v1::GetWeeklyReportRequest& request, absl::TimeZone zone, absl::Time now,
                   FieldViolations& bad) {
  WeekPlan plan{zone, {}, false, false, now};
  for (int i = 0; i < request.breakdowns_size(); ++i) {
    plan.by_agent |= request.breakdowns(i) == v1::GROUP_BY_AGENT;
    plan.by_tag |= request.breakdowns(i) == v1::GROUP_BY_TAG;
    const bool known = request.breakdowns(i) == v1::GROUP_BY_AGENT || request.breakdowns(i) == v1::GROUP_BY_TAG;
    if (!known) bad.Add(text::Indexed("breakdowns", i), "must be AGENT or TAG");
  }
  const Period running = Period::Containing(PeriodKind::kWeek, now, zone);
  const Period newest = request.include_partial() ? running : running.Previous();
  std::optional<Period> from = newest;
  if (!request.from_week().empty()) from = ParseWeek("from_week", request.from_week(), bad);
  std::optional<Period> to = from;
  if (!request.to_week().empty()) to = ParseWeek("to_week", request.to_week(), bad);
  if (!from || !to) return plan;
  const int64_t weeks = to->Minus(*from) + 1;
  if (weeks < 1) bad.Add("to_week", "is before from_week");
  if (weeks > kMaxWeeks) bad.Add("to_week", absl::StrCat("a report has at most ", kMaxWeeks, " weeks"));
  for (int64_t i = 0; i < weeks && i < kMaxWeeks; ++i) {
    const Period week = from->Plus(i);
    // What has not ended is left out unless asked for; what has not begun, always.
    if (week == running ? request.include_partial() : week.IsComplete(now, zone)) plan.weeks.push_back(week);
  }
  return plan;
}

absl::StatusOr<std::map<std::string, Figures>> Load(sql::Transaction& tx, const MetricRepository& metrics,
                                                    const WeekPlan& plan, const Period& week, SumScope scope) {
  if (plan.zone != metrics.zone()) return metrics.FiguresFromFacts(tx, scope, week.Instants(plan.zone));
  if (scope != SumScope::kTotal) return metrics.FiguresBy(tx, scope, week.days());
  ASSIGN_OR_RETURN(const Figures total, metrics.TotalFigures(tx, week.days()));
  return std::map<std::string, Figures>{{"", total}};
}

absl::StatusOr<std::vector<WeekResult>> LoadWeeks(sql::Transaction& tx, const MetricRepository& metrics,
                                                  const WeekPlan& plan) {
  std::vector<WeekResult> results;
  std::map<std::string, Figures> known;  // totals by week name
  const auto total = [&](const Period& week) -> absl::StatusOr<Figures> {
    const auto [at, is_new] = known.try_emplace(week.Name());
    if (is_new) {
      ASSIGN_OR_RETURN(auto figures, Load(tx, metrics, plan, week, SumScope::kTotal));
      at->second = figures[""];
    }
    return at->second;
  };
  for (const Period& week : plan.weeks) {
    WeekResult result{week, {}, std::nullopt, {}, {}};
    ASSIGN_OR_RETURN(result.total, total(week));
    if (week.IsComplete(plan.now, plan.zone)) {
      ASSIGN_OR_RETURN(result.previous, total(week.Previous()));
    }
    if (plan.by_agent) {
      ASSIGN_OR_RETURN(result.by_agent, Load(tx, metrics, plan, week, SumScope::kAgent));
    }
    if (plan.by_tag) {
      ASSIGN_OR_RETURN(result.by_tag, Load(tx, metrics, plan, week, SumScope::kTag));
    }
    results.push_back(std::move(result));
  }
  return results;
}

void RenderGroups(const std::map<std::string, Figures>& groups, absl::Time now,
                  google::protobuf::RepeatedPtrField<v1::WeekGroup>* out) {
  for (const auto& [name, figures] : groups) {
    v1::WeekGroup* group = out->Add();
    group->set_key(name);
    RenderFigures(figures, now, group->mutable_figures());
  }
}

void RenderReport(const WeekPlan& plan, const std::vector<WeekResult>& results, v1::WeeklyReport* out) {
  out->set_time_zone(plan.zone.name());
  for (const WeekResult& result : results) {
    v1::WeekReport* week = out->add_weeks();
    week->set_week(result.week.Name());
    api::SetTimestamp(result.week.Start(plan.zone), week->mutable_start());
    api::SetTimestamp(result.week.End(plan.zone), week->mutable_end());
    week->set_complete(result.week.IsComplete(plan.now, plan.zone));
    RenderFigures(result.total, plan.now, week->mutable_total());
    RenderGroups(result.by_agent, plan.now, week->mutable_by_agent());
    RenderGroups(result.by_tag, plan.now, week->mutable_by_tag());
    if (result.previous) RenderChanges(result.total, *result.previous, week->mutable_changes());
  }
}

struct MetricPlan {
  MetricQuery query;
  calendar::TimeRange range;
  std::vector<std::string> names;
  absl::TimeZone zone;
};

absl::StatusOr<MetricPlan> PlanMetric(const v1::GetMetricRequest& request, absl::TimeZone tenant_zone,
                                      FieldViolations& bad) {
  MetricPlan plan{ParseMetricQuery(request, bad), {}, {}, tenant_zone};
  if (request.metric() == v1::METRIC_UNSPECIFIED) bad.Add("metric", "is required");
  if (!request.has_start()) bad.Add("start", "is required");
  if (!request.has_end()) bad.Add("end", "is required");
  plan.range = {api::ParseTimestamp("start", request.start(), bad), api::ParseTimestamp("end", request.end(), bad)};
  if (bad.empty() && plan.range.start >= plan.range.end) bad.Add("end", "must be after start");
  if (plan.range.end - plan.range.start > absl::Hours(24 * 732)) bad.Add("end", "a range is at most 2 years");
  if (request.bucket() < 0 || request.bucket() > 4) bad.Add("bucket", "is not a value of this enum");
  if (!bad.empty()) return bad.ToStatus();
  if (request.metric() < 1 || request.metric() > static_cast<int>(Metric::kBacklog)) return UnknownMetricError();
  ASSIGN_OR_RETURN(plan.zone, calendar::LoadZoneOr(request.time_zone(), tenant_zone));
  if (request.bucket() == v1::BUCKET_NONE) {
    plan.query.buckets = {plan.range};
    plan.names = {""};
    return plan;
  }
  const PeriodKind kind = request.bucket() == v1::BUCKET_DAY     ? PeriodKind::kDay
                          : request.bucket() == v1::BUCKET_MONTH ? PeriodKind::kMonth
                                                                 : PeriodKind::kWeek;
  ASSIGN_OR_RETURN(const std::vector<Period> periods,
                   calendar::PeriodsOver(kind, plan.range.start, plan.range.end, plan.zone, kMaxBuckets));
  for (const Period& period : periods) {
    const calendar::TimeRange whole = period.Instants(plan.zone);
    plan.query.buckets.push_back({std::max(whole.start, plan.range.start), std::min(whole.end, plan.range.end)});
    plan.names.push_back(period.Name());
  }
  return plan;
}

bool IsWhole(const MetricPlan& plan, size_t bucket, absl::Time now) {
  const calendar::TimeRange& range = plan.query.buckets[bucket];
  if (range.end > now) return false;
  const std::optional<Period> period = Period::FromName(plan.names[bucket]);
  return !period || period->Instants(plan.zone) == range;
}

struct Rebuilt {
  int64_t conversations = 0;
  int64_t differed = 0;
  std::optional<Uuid> next;
};

}  // namespace

ReportService::ReportService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk)
    : runtime_(runtime), db_(db), desk_(desk) {}
ReportService::~ReportService() = default;

void ReportService::GetWeeklyReport(rpc::Call<v1::GetWeeklyReportRequest, v1::WeeklyReport> call) {
  const auto zone = calendar::LoadZoneOr(call.request().time_zone(), desk_.metrics().zone());
  if (!zone.ok()) return call.Fail(zone.status());
  FieldViolations bad;
  const WeekPlan plan = ParsePlan(call.request(), *zone, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(), [this, plan](sql::Transaction& tx) { return LoadWeeks(tx, desk_.metrics(), plan); },
      call.Reply(
          [plan](const std::vector<WeekResult>& results, v1::WeeklyReport* out) { RenderReport(plan, results, out); }));
}

void ReportService::GetMetric(rpc::Call<v1::GetMetricRequest, v1::GetMetricResponse> call) {
  FieldViolations bad;
  absl::StatusOr<MetricPlan> parsed = PlanMetric(call.request(), desk_.metrics().zone(), bad);
  if (!parsed.ok()) return call.Fail(parsed.status());
  const MetricPlan plan = *std::move(parsed);
  db_.ReadOnPool(
      call.scope(),
      [this, plan](sql::Transaction& tx) -> absl::StatusOr<std::vector<MetricCell>> {
        MetricAggregation aggregation(plan.query);
        calendar::TimeRange span = plan.range;
        if (IsBacklog(plan.query.metric)) span.start = absl::FromUnixMicros(INT64_MIN);
        for (const Metric metric : FactsOf(plan.query.metric)) {
          const bool by_started = plan.query.by_started && IsDuration(metric);
          RETURN_IF_ERROR(desk_.metrics().EachFact(tx, metric, by_started, span,
                                                   [&](const FactRow& row) { aggregation.Add(row); }));
        }
        return aggregation.Finish();
      },
      call.Reply([plan, now = call.now()](const std::vector<MetricCell>& cells, v1::GetMetricResponse* out) {
        out->set_time_zone(plan.zone.name());
        for (const MetricCell& cell : cells) {
          v1::MetricRow* row = out->add_rows();
          row->set_bucket(plan.names[cell.bucket]);
          api::SetTimestamp(plan.query.buckets[cell.bucket].start, row->mutable_start());
          api::SetTimestamp(plan.query.buckets[cell.bucket].end, row->mutable_end());
          row->set_complete(IsWhole(plan, cell.bucket, now));
          row->set_group(cell.group);
          if (cell.value) row->set_value(*cell.value);
          row->set_n(cell.n);
          row->set_numerator(cell.numerator);
          row->set_denominator(cell.denominator);
        }
      }));
}

void ReportService::RebuildMetrics(rpc::Call<v1::RebuildMetricsRequest, v1::RebuildMetricsResponse> call) {
  FieldViolations bad;
  const std::optional<Uuid> one = text::ParseOptionalUuid("conversation_id", call.request().conversation_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  api::PageScope scope{call.scope().tenant(), "support.ReportService.RebuildMetrics", call.request().conversation_id(),
                       "id"};
  const auto token = api::ParsePageToken(scope, call.request().page_token(), "u");
  if (!token.ok()) return call.Fail(token.status());
  const Uuid after = *token ? std::get<Uuid>((**token)[0]) : Uuid();
  db_.Write(
      call.scope(),
      [this, one, after](sql::Transaction& tx) -> absl::StatusOr<Rebuilt> {
        std::vector<Uuid> ids;
        if (one) {
          ids = {*one};
        } else {
          ASSIGN_OR_RETURN(ids, desk_.conversations().Ids(tx, after, kRebuildPage));
        }
        Rebuilt rebuilt;
        for (const Uuid& id : ids) {
          ASSIGN_OR_RETURN(const bool differed, desk_.RebuildMetrics(tx, id));
          ++rebuilt.conversations;
          rebuilt.differed += differed;
        }
        if (!one && static_cast<int>(ids.size()) == kRebuildPage) rebuilt.next = ids.back();
        return rebuilt;
      },
      call.Reply([call, scope](const Rebuilt& rebuilt, v1::RebuildMetricsResponse* out) {
        out->set_conversations(rebuilt.conversations);
        out->set_differed(rebuilt.differed);
        if (rebuilt.next) out->set_next_page_token(api::EncodePageToken(scope, {*rebuilt.next}));
      }));
}

}  // namespace vinculo::support
