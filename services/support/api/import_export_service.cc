#include "services/support/api/import_export_service.h"

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "services/support/api/parse.h"
#include "services/support/limits.h"
#include "services/support/store/importer.h"

namespace vinculo::support {
namespace {

// One import: items go to the store up to kImportInFlight at a time, each in a transaction of its own, and are reported
// in the order in which they came.
class ImportStream final : public rpc::ReadStream<v1::ImportConversationsRequest, v1::ImportConversationsResponse> {
 public:
  ImportStream(rpc::StreamContext context, sql::Database& db, const Desk& desk)
      : ReadStream(std::move(context)), db_(db), desk_(desk) {}

 private:
  void OnMessage(const v1::ImportConversationsRequest& message) override {
    FieldViolations bad;
    ImportItem item = ParseImport(message.conversation(), now(), bad);
    size_t index;
    bool full;
    {
      absl::MutexLock lock(&mutex_);
      index = reports_.size();
      v1::ImportItemReport& report = reports_.emplace_back();
      report.set_index(static_cast<int64_t>(index));
      report.set_external_id(message.conversation().external_id());
      if (!bad.empty()) Reject(report, bad.ToStatus());
      if (bad.empty()) ++in_flight_;
      full = in_flight_ >= kImportInFlight;
      waiting_ = full;
    }
    if (bad.empty()) Submit(index, std::move(item));
    if (!full) Next();
  }

  void OnEnd() override {
    bool idle;
    {
      absl::MutexLock lock(&mutex_);
      ended_ = true;
      idle = in_flight_ == 0;
    }
    if (idle) Answer();
  }

  void Submit(size_t index, ImportItem item) {
    auto self = std::static_pointer_cast<ImportStream>(shared_from_this());
    db_.Write(
        scope(),
        [self, item = std::move(item)](sql::Transaction& tx) { return Import(self->desk_, tx, item, self->now()); },
        [self, index](absl::StatusOr<Imported> imported) { self->Stored(index, std::move(imported)); });
  }

  void Stored(size_t index, absl::StatusOr<Imported> imported) {
    bool next = false, answer = false;
    {
      absl::MutexLock lock(&mutex_);
      v1::ImportItemReport& report = reports_[index];
      if (imported.ok()) {
        report.set_outcome(imported->duplicate ? v1::IMPORT_OUTCOME_DUPLICATE : v1::IMPORT_OUTCOME_CREATED);
        report.set_conversation_id(imported->id.ToString());
        report.set_number(imported->number);
      } else {
        Reject(report, imported.status());
      }
      --in_flight_;
      next = std::exchange(waiting_, false);
      answer = ended_ && in_flight_ == 0;
    }
    if (next) Next();
    if (answer) Answer();
  }

  static void Reject(v1::ImportItemReport& report, const absl::Status& status) {
    report.set_outcome(v1::IMPORT_OUTCOME_REJECTED);
    const std::optional<ErrorDetails> details = GetErrorDetails(status);
    // What is no error of ours must not show the inside.
    report.set_reason(details ? details->reason : "NOT_STORED");
    if (details && details->violations.empty()) report.add_problems(std::string(status.message()));
    for (const FieldViolation& violation : details ? details->violations : std::vector<FieldViolation>()) {
      report.add_problems(absl::StrCat(violation.field, " ", violation.description));
    }
  }

  void Answer() {
    v1::ImportConversationsResponse response;
    {
      absl::MutexLock lock(&mutex_);
      response.set_received(static_cast<int64_t>(reports_.size()));
      for (v1::ImportItemReport& report : reports_) {
        const bool rejected = report.outcome() == v1::IMPORT_OUTCOME_REJECTED;
        if (rejected) response.set_rejected(response.rejected() + 1);
        if (report.outcome() == v1::IMPORT_OUTCOME_CREATED) response.set_created(response.created() + 1);
        if (report.outcome() == v1::IMPORT_OUTCOME_DUPLICATE) response.set_duplicates(response.duplicates() + 1);
        const int64_t told = response.items_size();
        if (told < kMaxImportReports || (rejected && told < kMaxImportRejected))
          *response.add_items() = std::move(report);
      }
      reports_.clear();
    }
    Reply(std::move(response));
  }

  sql::Database& db_;
  const Desk& desk_;
  absl::Mutex mutex_;
  std::vector<v1::ImportItemReport> reports_ ABSL_GUARDED_BY(mutex_);
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // for room
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace

ImportExportService::ImportExportService(rpc::Runtime& runtime, sql::Database& db, const Desk& desk)
    : runtime_(runtime), db_(db), desk_(desk) {}
ImportExportService::~ImportExportService() = default;

rpc::ReadStream<v1::ImportConversationsRequest, v1::ImportConversationsResponse>*
ImportExportService::ImportConversations(rpc::StreamContext context) {
  return new ImportStream(std::move(context), db_, desk_);
}

}  // namespace vinculo::support
