// HealthService.ExportHealth: the listing as CSV, a page of rows per message.
#include <algorithm>

#include "common/csv/writer.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/lifecycle/api/health_service.h"
#include "services/lifecycle/limits.h"

namespace vinculo::lifecycle {
namespace {

class ExportStream final : public rpc::WriteStream<v1::ExportHealthResponse> {
 public:
  ExportStream(rpc::StreamContext context, sql::Database& db, const Settings& settings, HealthFilter filter)
      : WriteStream(std::move(context)), db_(db), zone_(settings.zone), filter_(std::move(filter)) {}

 private:
  // What one read gives.
  struct Rows {
    std::vector<std::string> other_keys;  // only of the first page
    std::vector<std::vector<std::string>> rows;
    HealthPosition last;
  };

  void Produce() override {
    if (end_) return Finish(absl::OkStatus());
    const auto self = std::static_pointer_cast<ExportStream>(shared_from_this());
    db_.ReadOnPool(
        scope(), [self](sql::Transaction& tx) { return self->Load(tx); },
        [self](absl::StatusOr<Rows> rows) { self->Write(std::move(rows)); });
  }

  absl::StatusOr<Rows> Load(sql::Transaction& tx) const {
    Rows page;
    page.other_keys = other_keys_;
    if (!writer_) {
      ASSIGN_OR_RETURN(const std::vector<ModuleDef> defs, ModuleDefRepository().ListAll(tx));
      for (const ModuleDef& def : defs) page.other_keys.push_back(def.module_key);
      for (const ModuleDef& seed : PreloadedModules()) std::erase(page.other_keys, seed.module_key);
    }
    ASSIGN_OR_RETURN(const std::vector<ListedHealth> list,
                     HealthRepository().List(tx, filter_, after_, kExportPageRows));
    for (const ListedHealth& health : list) {
      const HealthSnapshot& s = health.snapshot;
      ASSIGN_OR_RETURN(const ContactFigures figures, ContactRepository().Figures(tx, s.customer_id, s.as_of, zone_));
      page.rows.push_back(HealthCsvRow(health.name.empty() ? s.customer_id : health.name, s, figures, page.other_keys));
      page.last = {SortKey(s.score.exact()), s.customer_id};
    }
    return page;
  }

  void Write(absl::StatusOr<Rows> page) {
    if (!page.ok()) return Finish(page.status());
    other_keys_ = page->other_keys;
    if (!writer_) writer_.emplace(csv::WriterOptions(), HealthCsvHeader(other_keys_), &csv_);
    for (const std::vector<std::string>& row : page->rows) writer_->Row(row);
    after_ = page->last;
    end_ = page->rows.size() < kExportPageRows;
    v1::ExportHealthResponse response;
    response.set_csv(std::exchange(csv_, std::string()));
    response.set_row_count(static_cast<int64_t>(page->rows.size()));
    Send(std::move(response));
  }

  sql::Database& db_;
  const absl::TimeZone zone_;
  const HealthFilter filter_;
  std::vector<std::string> other_keys_;
  std::string csv_;
  std::optional<csv::Writer> writer_;
  HealthPosition after_;
  bool end_ = false;
};

}  // namespace

rpc::WriteStream<v1::ExportHealthResponse>* HealthService::ExportHealth(rpc::StreamContext context,
                                                                        const v1::ExportHealthRequest& request) {
  FieldViolations bad;
  HealthFilter filter{request.tier(), request.owner_cs(),
                      text::ParseOptionalSlug("module_key", request.module_key(), bad)};
  if (!bad.empty()) return rpc::RefuseWrite<v1::ExportHealthResponse>(std::move(context), bad.ToStatus());
  return new ExportStream(std::move(context), db_, settings_, std::move(filter));
}

}  // namespace vinculo::lifecycle
