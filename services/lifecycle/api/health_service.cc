#include "services/lifecycle/api/health_service.h"

#include <map>

#include "common/api/page.h"
#include "common/calendar/zone.h"
#include "common/sql/replay_log.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/lifecycle/api/announce.h"
#include "services/lifecycle/api/paging.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/render.h"
#include "services/lifecycle/limits.h"
#include "services/lifecycle/store/chunks.h"
#include "services/lifecycle/store/health_pass.h"

namespace vinculo::lifecycle {
namespace {

// What one ComputeHealth did.
struct ComputeTotal {
  absl::CivilDay as_of;
  int64_t accounts = 0;
  int64_t snapshots = 0;
  std::map<std::string, int64_t> tiers;
};

void RenderTotal(const ComputeTotal& total, const HealthModel& model, v1::ComputeHealthResponse* out) {
  out->set_as_of_date(calendar::FormatDate(total.as_of));
  out->set_account_count(total.accounts);
  out->set_snapshot_count(total.snapshots);
  const auto add = [&](const std::string& tier) {
    const auto it = total.tiers.find(tier);
    v1::TierCount* const count = out->add_tiers();
    count->set_tier(tier);
    count->set_count(it == total.tiers.end() ? 0 : it->second);
  };
  for (const Band& band : model.bands) add(band.tier);
  add(kNoDataTier);
}

// As of when a snapshot is asked for; the far future is "the newest".
absl::CivilDay ParseAsOf(const std::string& date, absl::CivilDay today, FieldViolations& bad) {
  return date.empty() ? absl::CivilDay(9999, 1, 1) : ParseDateUpTo("as_of_date", date, today, bad);
}

absl::StatusOr<HealthView> LoadOne(sql::Transaction& tx, const std::string& customer, absl::CivilDay as_of,
                                   const Settings& settings) {
  ASSIGN_OR_RETURN(const Account account, AccountRepository().Get(tx, customer));
  ASSIGN_OR_RETURN(std::optional<HealthSnapshot> snapshot, HealthRepository().FindUpTo(tx, customer, as_of));
  if (!snapshot) return NotFound("health", customer);
  return LoadHealthView(tx, *std::move(snapshot), account.name, settings);
}

}  // namespace

HealthService::HealthService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings, Metrics& metrics)
    : runtime_(runtime), db_(database), settings_(settings), metrics_(metrics) {}
HealthService::~HealthService() = default;

void HealthService::ComputeHealth(rpc::Call<v1::ComputeHealthRequest, v1::ComputeHealthResponse> call) {
  FieldViolations bad;
  const absl::CivilDay as_of =
      ParseDateUpTo("as_of_date", call.request().as_of_date(), calendar::LocalDay(call.now(), settings_.zone), bad);
  const auto customers =
      std::make_shared<const std::vector<std::string>>(ParseCustomerIds(call.request().customer_ids(), bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto total = std::make_shared<ComputeTotal>();
  total->as_of = as_of;
  const HealthPass pass(settings_, as_of, call.now(), /*only_changes=*/false);
  const auto step = [pass, customers, now = call.now()](sql::Transaction& tx,
                                                        const std::string& after) -> absl::StatusOr<HealthChunk> {
    HealthChunk chunk;
    if (customers->empty()) {
      ASSIGN_OR_RETURN(chunk, pass.Next(tx, after, kChunkModules));
    }
    for (const std::string& customer : *customers) {
      ASSIGN_OR_RETURN(HealthChunk one, pass.OfCustomer(tx, customer));
      std::move(one.outcomes.begin(), one.outcomes.end(), std::back_inserter(chunk.outcomes));
      chunk.end = true;
    }
    for (const HealthOutcome& outcome : chunk.outcomes) RETURN_IF_ERROR(AnnounceHealth(tx, outcome, now));
    return chunk;
  };
  const auto fold = [this, total](const HealthChunk& chunk) {
    for (const HealthOutcome& outcome : chunk.outcomes) {
      ++total->accounts;
      total->snapshots += outcome.saved ? 1 : 0;
      ++total->tiers[outcome.snapshot.tier];
      if (outcome.saved) metrics_.health_snapshots.Increment();
    }
  };
  const auto answer = [this, call, total](const absl::Status& status) {
    if (!status.ok()) return call.Fail(status);
    db_.Write(
        call.scope(), [total](sql::Transaction&) -> absl::StatusOr<ComputeTotal> { return *total; },
        call.Reply([model = settings_.health](const ComputeTotal& sum, v1::ComputeHealthResponse* out) {
          RenderTotal(sum, model, out);
        }));
  };
  // A repetition is answered from the log and computes nothing.
  const auto replay = db_.ReadInline(call.scope(), [](sql::Transaction& tx) { return sql::FindReply(tx); });
  if (!replay.ok()) return call.Fail(replay.status());
  if (*replay) return answer(absl::OkStatus());
  ChunkedWalk<HealthChunk>::Start(db_, call.scope(), step, fold, answer);
}

void HealthService::GetHealth(rpc::Call<v1::GetHealthRequest, v1::Health> call) {
  FieldViolations bad;
  const std::string customer = ParseCustomerId("customer_id", call.request().customer_id(), bad);
  const absl::CivilDay as_of =
      ParseAsOf(call.request().as_of_date(), calendar::LocalDay(call.now(), settings_.zone), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(), [this, customer, as_of](sql::Transaction& tx) { return LoadOne(tx, customer, as_of, settings_); },
      call.Reply(RenderHealth));
}

void HealthService::ListHealth(rpc::Call<v1::ListHealthRequest, v1::ListHealthResponse> call) {
  const v1::ListHealthRequest& request = call.request();
  FieldViolations bad;
  const int size = api::ParsePageSize(request.page_size(), bad);
  const HealthFilter filter{request.tier(), request.owner_cs(),
                            text::ParseOptionalSlug("module_key", request.module_key(), bad)};
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.HealthService.ListHealth", FilterOf(request),
                             "score,customer_id"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "is");
  if (!token.ok()) return call.Fail(token.status());
  HealthPosition after;
  if (*token) after = {std::get<int64_t>((**token)[0]), std::get<std::string>((**token)[1])};
  db_.ReadOnPool(
      call.scope(),
      [this, filter, after, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<HealthView>> {
        ASSIGN_OR_RETURN(std::vector<ListedHealth> list, health_.List(tx, filter, after, size + 1));
        Page<ListedHealth> page = CutPage(std::move(list), size, scope, [](const ListedHealth& h) {
          return api::PageKey{SortKey(h.snapshot.score.exact()), h.snapshot.customer_id};
        });
        Page<HealthView> views{{}, page.next_token};
        for (ListedHealth& listed : page.items) {
          ASSIGN_OR_RETURN(HealthView view,
                           LoadHealthView(tx, std::move(listed.snapshot), std::move(listed.name), settings_));
          views.items.push_back(std::move(view));
        }
        return views;
      },
      call.Reply([](const Page<HealthView>& page, v1::ListHealthResponse* out) {
        for (const HealthView& view : page.items) RenderHealth(view, out->add_health());
        out->set_next_page_token(page.next_token);
      }));
}

void HealthService::ExplainHealth(rpc::Call<v1::ExplainHealthRequest, v1::ExplainHealthResponse> call) {
  FieldViolations bad;
  const std::string customer = ParseCustomerId("customer_id", call.request().customer_id(), bad);
  const absl::CivilDay as_of =
      ParseAsOf(call.request().as_of_date(), calendar::LocalDay(call.now(), settings_.zone), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.ReadOnPool(
      call.scope(), [this, customer, as_of](sql::Transaction& tx) { return LoadOne(tx, customer, as_of, settings_); },
      call.Reply([model = settings_.health](const HealthView& view, v1::ExplainHealthResponse* out) {
        RenderExplanation(view, model, out);
      }));
}

}  // namespace vinculo::lifecycle
