#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/csv/writer.h"
#include "common/rpc/stream.h"
#include "common/sql/database.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/report_service.pb.h"

namespace vinculo::messaging {

// Rows of a CSV after a key, and where the next ones begin.
struct CsvPage {
  std::vector<std::vector<std::string>> rows;
  Uuid next;
  bool more = false;
};

// Reads the rows after `after` (nil: from the first). May run again with the same key.
using LoadCsvPage = std::function<absl::StatusOr<CsvPage>(sql::Transaction& tx, const Uuid& after)>;

// A violation of `format` for a delimiter that is not known.
csv::WriterOptions ParseCsvFormat(const v1::CsvFormat& in, FieldViolations& bad);

// "2026-11-28T22:22:22-03:00"; "" when unset.
std::string CsvTime(const std::optional<absl::Time>& t, absl::TimeZone zone);

// A CSV file as a stream: one page is read when the one before has been taken, so that a slow reader costs no memory.
// The header comes first, also when there are no rows.
template <class Response>
class CsvStream final : public rpc::WriteStream<Response> {
 public:
  CsvStream(rpc::StreamContext context, sql::Database& db, const csv::WriterOptions& options,
            const std::vector<std::string>& header, LoadCsvPage load)
      : rpc::WriteStream<Response>(std::move(context)),
        db_(db),
        load_(std::move(load)),
        writer_(options, header, &csv_) {}

 private:
  void Produce() override {
    if (end_) return this->Finish(absl::OkStatus());
    const auto self = std::static_pointer_cast<CsvStream>(this->shared_from_this());
    db_.ReadOnPool(
        this->scope(), [self](sql::Transaction& tx) { return self->load_(tx, self->after_); },
        [self](absl::StatusOr<CsvPage> page) { self->Write(std::move(page)); });
  }

  void Write(absl::StatusOr<CsvPage> page) {
    if (!page.ok()) return this->Finish(page.status());
    for (const std::vector<std::string>& row : page->rows) writer_.Row(row);
    after_ = page->next;
    end_ = !page->more;
    Response response;
    response.set_csv(std::exchange(csv_, std::string()));
    response.set_row_count(static_cast<int64_t>(page->rows.size()));
    this->Send(std::move(response));
  }

  sql::Database& db_;
  const LoadCsvPage load_;
  std::string csv_;
  csv::Writer writer_;
  Uuid after_;
  bool end_ = false;
};

}  // namespace vinculo::messaging
