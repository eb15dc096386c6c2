#include "services/lifecycle/api/usage_service.h"

#include <limits>

#include "common/api/page.h"
#include "common/calendar/period.h"
#include "common/calendar/zone.h"
#include "common/sql/replay_log.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/lifecycle/api/paging.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/render.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/chunks.h"
#include "services/lifecycle/store/usage_ledger.h"

namespace vinculo::lifecycle {
namespace {

using calendar::Period;
using calendar::PeriodKind;

// A fact with the instance that it went to, as ListUsage and UpsertUsage show it.
struct FactView {
  ModuleInstance module;
  StoredFact fact;
};

void RenderFactView(const FactView& view, v1::UsageFact* out) { RenderFact(view.module, view.fact, out); }

// The buckets that GetUsage was asked for.
struct UsageSpan {
  PeriodKind kind = PeriodKind::kWeek;
  RollupKind rollup = RollupKind::kWeek;
  absl::CivilDay first;  // first day of the first bucket
  absl::CivilDay last;   // first day of the last bucket
};

UsageSpan ParseSpan(const v1::GetUsageRequest& request, absl::CivilDay today, FieldViolations& bad) {
  UsageSpan span;
  if (request.bucket() == v1::USAGE_BUCKET_MONTH) {
    span.kind = PeriodKind::kMonth;
    span.rollup = RollupKind::kMonth;
  } else if (request.bucket() != v1::USAGE_BUCKET_WEEK && request.bucket() != v1::USAGE_BUCKET_UNSPECIFIED) {
    bad.Add("bucket", "must be WEEK or MONTH");
  }
  const absl::CivilDay end = ParseDateUpTo("end_date", request.end_date(), today, bad);
  const Period last = Period::Containing(span.kind, end);
  span.last = last.first_day();
  span.first = last.Plus(span.kind == PeriodKind::kWeek ? -16 : -6).first_day();
  if (!request.start_date().empty()) {
    const absl::CivilDay start = ParseDateUpTo("start_date", request.start_date(), today, bad);
    if (start > end) bad.Add("start_date", "must not be after end_date");
    if (end - start > 366 * kMaxUsageYears)
      bad.Add("start_date", absl::StrCat("at most ", kMaxUsageYears, " years before end_date"));
    span.first = Period::Containing(span.kind, start).first_day();
  }
  return span;
}

struct RebuildChunk {
  int64_t modules = 0;
  RebuildOutcome outcome;
  std::string last_customer_id;
  bool end = false;
};

absl::StatusOr<RebuildChunk> RebuildModules(sql::Transaction& tx, const std::vector<ModuleInstance>& modules) {
  RebuildChunk chunk;
  for (const ModuleInstance& module : modules) {
    ASSIGN_OR_RETURN(const RebuildOutcome outcome, UsageRepository().Rebuild(tx, module));
    ++chunk.modules;
    chunk.outcome.rollups += outcome.rollups;
    chunk.outcome.differing += outcome.differing;
    chunk.last_customer_id = module.customer_id;
  }
  return chunk;
}

}  // namespace

UsageService::UsageService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings, Metrics& metrics)
    : runtime_(runtime), db_(database), settings_(settings), metrics_(metrics) {}
UsageService::~UsageService() = default;

void UsageService::UpsertUsage(rpc::Call<v1::UpsertUsageRequest, v1::UsageFact> call) {
  FieldViolations fields;
  const IncomingFact fact = ParseFact(call.request().fact(), calendar::LocalDay(call.now(), settings_.zone), fields);
  FieldViolations bad;
  bad.AddAll("fact", fields);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, fact, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<FactView> {
        UsageLedger ledger(settings_.zone);
        ASSIGN_OR_RETURN(const FactOutcome outcome, ledger.Take(tx, fact, now));
        RETURN_IF_ERROR(outcome.refusal);
        FactView view;
        ASSIGN_OR_RETURN(view.module, modules_.Get(tx, outcome.module_instance_id));
        ASSIGN_OR_RETURN(const std::optional<StoredFact> stored,
                         usage_.FindFact(tx, outcome.module_instance_id, fact.local_date, fact.source));
        if (!stored) return absl::DataLossError("a fact that was just written is not there");
        view.fact = *stored;
        return view;
      },
      call.Reply(RenderFactView));
}

void UsageService::GetUsage(rpc::Call<v1::GetUsageRequest, v1::GetUsageResponse> call) {
  const v1::GetUsageRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const UsageSpan span = ParseSpan(request, calendar::LocalDay(call.now(), settings_.zone), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(),
      [this, id, span](sql::Transaction& tx) -> absl::StatusOr<std::vector<Rollup>> {
        ASSIGN_OR_RETURN(const ModuleInstance module, modules_.Get(tx, id));
        return usage_.Rollups(tx, span.rollup, module, span.first, span.last);
      },
      call.Reply([span, partial = request.include_partial(), now = call.now(), settings = &settings_](
                     const std::vector<Rollup>& rollups, v1::GetUsageResponse* out) {
        UsageCounts total;
        for (const Rollup& rollup : rollups) {
          const Period period = Period::Containing(span.kind, rollup.bucket);
          const bool complete = period.IsComplete(now, settings->zone);
          if (!complete && !partial) continue;
          total += rollup.counts;
          v1::UsageRollup* const bucket = out->add_rollups();
          bucket->set_bucket(period.Name());
          bucket->set_start_date(calendar::FormatDate(rollup.bucket));
          RenderRatio(MakeRatio(rollup.counts, settings->rules.min_volume), bucket->mutable_ratio());
          bucket->set_complete(complete);
        }
        RenderRatio(MakeRatio(total, settings->rules.min_volume), out->mutable_total());
      }));
}

void UsageService::ListUsage(rpc::Call<v1::ListUsageRequest, v1::ListUsageResponse> call) {
  const v1::ListUsageRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("module_instance_id", request.module_instance_id(), bad);
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.UsageService.ListUsage", FilterOf(request),
                             "local_date,source"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "is");
  if (!token.ok()) return call.Fail(token.status());
  const int64_t after_day = *token ? std::get<int64_t>((**token)[0]) : DayNumber(absl::CivilDay(1, 1, 1));
  const std::string after_source = *token ? std::get<std::string>((**token)[1]) : "";
  db_.ReadOnPool(
      call.scope(),
      [this, id, after_day, after_source, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<FactView>> {
        ASSIGN_OR_RETURN(const ModuleInstance module, modules_.Get(tx, id));
        ASSIGN_OR_RETURN(std::vector<StoredFact> facts,
                         usage_.ListFacts(tx, id, DayFromNumber(after_day), after_source, size + 1));
        std::vector<FactView> views;
        views.reserve(facts.size());
        for (StoredFact& fact : facts) views.push_back({module, std::move(fact)});
        return CutPage(std::move(views), size, scope, [](const FactView& v) {
          return api::PageKey{DayNumber(v.fact.local_date), v.fact.source};
        });
      },
      call.Reply([](const Page<FactView>& page, v1::ListUsageResponse* out) {
        for (const FactView& view : page.items) RenderFactView(view, out->add_facts());
        out->set_next_page_token(page.next_token);
      }));
}

void UsageService::RebuildRollups(rpc::Call<v1::RebuildRollupsRequest, v1::RebuildRollupsResponse> call) {
  FieldViolations bad;
  const std::string customer = ParseOptionalCustomerId("customer_id", call.request().customer_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto total = std::make_shared<RebuildChunk>();
  ChunkedWalk<RebuildChunk>::Start(
      db_, call.scope(),
      [this, customer](sql::Transaction& tx, const std::string& after) -> absl::StatusOr<RebuildChunk> {
        if (!customer.empty()) {
          ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.OfCustomer(tx, customer));
          ASSIGN_OR_RETURN(RebuildChunk chunk, RebuildModules(tx, modules));
          chunk.end = true;
          return chunk;
        }
        ASSIGN_OR_RETURN(const std::vector<ModuleInstance> modules, modules_.NextClients(tx, after, kChunkModules));
        ASSIGN_OR_RETURN(RebuildChunk chunk, RebuildModules(tx, modules));
        chunk.end = modules.empty();
        return chunk;
      },
      [total](const RebuildChunk& chunk) {
        total->modules += chunk.modules;
        total->outcome.rollups += chunk.outcome.rollups;
        total->outcome.differing += chunk.outcome.differing;
      },
      [this, call, total](const absl::Status& status) {
        if (!status.ok()) return call.Fail(status);
        db_.Write(
            call.scope(), [total](sql::Transaction&) -> absl::StatusOr<RebuildChunk> { return *total; },
            call.Reply([](const RebuildChunk& sum, v1::RebuildRollupsResponse* out) {
              out->set_module_instance_count(sum.modules);
              out->set_rollup_count(sum.outcome.rollups);
              out->set_differing_count(sum.outcome.differing);
            }));
      });
}

}  // namespace vinculo::lifecycle
