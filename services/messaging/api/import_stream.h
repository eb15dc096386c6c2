#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/csv/reader.h"
#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "services/messaging/domain/import.h"
#include "services/messaging/store/import_repository.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::messaging {

// One import: header, chunks, then the report. Rows are judged as they are read and applied in batches; the next chunk
// is read when the batches of the one before are durable, so memory stays bounded and what was applied stays applied.
class ImportStream final : public rpc::ReadStream<v1::ImportContactsRequest, v1::ImportContactsResponse> {
 public:
  ImportStream(rpc::StreamContext stream, const ApiContext& context);

  void OnMessage(const v1::ImportContactsRequest& message) override;
  void OnEnd() override;
  void OnCancelled() override;

 private:
  // A row on its way into the store.
  struct PendingRow {
    int64_t line = 0;
    std::optional<ImportedRow> row;  // unset: refused
    RowNote note;
  };
  using Claims = absl::flat_hash_map<uint64_t, int64_t>;  // fingerprint of an identity -> line
  struct BatchResult {
    std::vector<RowOutcome> outcomes;
    std::vector<RowNote> notes;  // why, where rejected
    std::vector<int64_t> duplicates_of;
    std::vector<std::vector<RowNote>> warnings;
    Claims claims;
  };

  absl::Status Begin(const v1::ImportHeader& header);
  absl::Status OnTitles(const std::vector<std::string>& titles);
  absl::Status OnRow(csv::Row&& row);
  // The line that has one of these identities already; 0 for none.
  int64_t Earlier(const std::vector<std::string>& keys, const Claims& fresh) const;
  // Applies what is pending, then calls `then`.
  void Drain(absl::AnyInvocable<void()> then);
  absl::StatusOr<BatchResult> Apply(sql::Transaction& tx, const std::vector<PendingRow>& batch, const Import& import,
                                    absl::Time now) const;
  void Count(const std::vector<PendingRow>& batch, const BatchResult& result);
  void Report(int64_t line, RowOutcome outcome, const RowNote& note, int64_t duplicate_of);
  // False when the caller has given up: nothing more is begun.
  bool TakeTurn();
  void EndTurn();
  // Stores the final state, then answers with it or with `status`.
  void Close(ImportState state, const absl::Status& status);

  const ApiContext context_;
  std::map<std::string, std::string> mapping_;
  ImportPlan plan_;
  std::optional<Uuid> list_;
  Import import_;
  int64_t bytes_ = 0;  // received of the file
  bool begun_ = false;
  std::unique_ptr<csv::Reader> reader_;
  std::vector<PendingRow> pending_;
  Claims seen_;  // of the rows that were taken
  v1::ImportContactsResponse response_;

  // The caller may give up while a batch is being applied: whoever comes last closes the import. Everything else
  // belongs to the turn.
  absl::Mutex turn_mutex_;
  bool busy_ ABSL_GUARDED_BY(turn_mutex_) = false;
  bool gave_up_ ABSL_GUARDED_BY(turn_mutex_) = false;
  bool closed_ ABSL_GUARDED_BY(turn_mutex_) = false;
};

}  // namespace vinculo::messaging
