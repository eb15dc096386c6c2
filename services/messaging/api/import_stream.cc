#include "services/messaging/api/import_stream.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "common/api/time.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/import_row.h"
#include "services/messaging/api/render.h"
#include "services/messaging/job_kinds.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kMaxChunk = 1 << 20;
// Rows of one transaction: small enough that other writers wait a few milliseconds at most.
constexpr size_t kBatch = 200;
constexpr int kMaxProblems = 100;
constexpr int64_t kMaxFile = int64_t{1} << 30;
constexpr absl::Duration kRowsKept = absl::Hours(30 * 24);

std::string ProblemCode(csv::RowProblem problem) {
  switch (problem) {
    case csv::RowProblem::kNone:
      return "";
    case csv::RowProblem::kBadEncoding:
      return "BAD_ENCODING";
    case csv::RowProblem::kTooLong:
      return "VALUE_TOO_LONG";
    case csv::RowProblem::kColumnCount:
    case csv::RowProblem::kBadQuotes:
      break;
  }
  return "COLUMN_COUNT";
}

char DelimiterOf(v1::ImportHeader::Delimiter delimiter) {
  switch (delimiter) {
    case v1::ImportHeader::DELIMITER_COMMA:
      return ',';
    case v1::ImportHeader::DELIMITER_SEMICOLON:
      return ';';
    case v1::ImportHeader::DELIMITER_TAB:
      return '\t';
    case v1::ImportHeader::DELIMITER_PIPE:
      return '|';
    default:
      return 0;
  }
}

// What makes the whole file unreadable, or too much, is wrong with what was sent.
absl::Status AsViolation(const absl::Status& status) {
  if (!absl::StartsWith(ErrorReason(status), "CSV_")) return status;
  FieldViolations bad;
  bad.Add("chunk", std::string(status.message()));
  return bad.ToStatus();
}

absl::Status ForgetRowsLater(sql::Transaction& tx, const Uuid& import, absl::Time at) {
  return jobs::Enqueue(
      tx, {.kind = kJobForgetImport, .key = import.ToString(), .due_at = at + kRowsKept, .payload = import.ToString()});
}

}  // namespace

ImportStream::ImportStream(rpc::StreamContext stream, const ApiContext& context)
    : ReadStream(std::move(stream)), context_(context) {
  import_.id = Uuid::New(now());
  import_.started_at = now();
  import_.owner = context_.instance;
  plan_.now = now();
}

bool ImportStream::TakeTurn() {
  absl::MutexLock lock(&turn_mutex_);
  busy_ = !gave_up_;
  return busy_;
}

void ImportStream::EndTurn() {
  {
    absl::MutexLock lock(&turn_mutex_);
    busy_ = false;
    if (!gave_up_) return Next();
  }
  Close(ImportState::kInterrupted, absl::CancelledError("the caller gave up"));
}

void ImportStream::OnMessage(const v1::ImportContactsRequest& message) {
  if (!TakeTurn()) return;
  absl::Status status;
  if (!begun_ && !message.has_header()) {
    FieldViolations bad;
    bad.Add("header", "is required in the first message");
    status = bad.ToStatus();
  } else if (message.has_header()) {
    status = begun_ ? Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", "Only the first message is a header.")
                    : Begin(message.header());
  } else if (message.chunk().size() > kMaxChunk) {
    FieldViolations bad;
    bad.Add("chunk", "is at most 1 MiB");
    status = bad.ToStatus();
  } else if ((bytes_ += static_cast<int64_t>(message.chunk().size())) > kMaxFile) {
    FieldViolations bad;
    bad.Add("chunk", "a file is at most 1 GiB; split it");
    status = bad.ToStatus();
  } else {
    status = AsViolation(reader_->Feed(message.chunk()));
  }
  const auto self = std::static_pointer_cast<ImportStream>(shared_from_this());
  if (!status.ok()) return Drain([self, status] { self->Close(ImportState::kInterrupted, status); });
  Drain([self] { self->EndTurn(); });
}

absl::Status ImportStream::Begin(const v1::ImportHeader& header) {
  FieldViolations bad;
  mapping_.insert(header.columns().begin(), header.columns().end());
  plan_.default_region = header.default_region();
  if (!header.default_region().empty() && !text::IsPhoneRegion(header.default_region()))
    bad.Add("header.default_region", "is not a country such as AR");
  list_ = text::ParseOptionalUuid("header.list_id", header.list_id(), bad);
  plan_.defaults.source =
      text::ParseText("header.consent_defaults.source", header.consent_defaults().source(), {.max = 200}, bad);
  plan_.defaults.text_version = text::ParseText("header.consent_defaults.text_version",
                                                header.consent_defaults().text_version(), {.max = 200}, bad);
  plan_.defaults.at =
      api::ParseOptionalTimestamp("header.consent_defaults.at",
                                  header.consent_defaults().has_at() ? &header.consent_defaults().at() : nullptr, bad);
  if (plan_.defaults.at && *plan_.defaults.at > now())
    bad.Add("header.consent_defaults.at", "must not lie in the future");
  import_.dry_run = header.dry_run();
  RETURN_IF_ERROR(bad.ToStatus());
  if (list_) {
    RETURN_IF_ERROR(
        context_.db.ReadInline(scope(), [&](sql::Transaction& tx) { return ListRepository::Get(tx, *list_); })
            .status());
  }
  csv::ReaderOptions options{.delimiter = DelimiterOf(header.delimiter())};
  if (header.encoding() == v1::ImportHeader::ENCODING_WINDOWS_1252) options.encoding = csv::Encoding::kWindows1252;
  reader_ = std::make_unique<csv::Reader>(
      options, [this](const std::vector<std::string>& titles) { return OnTitles(titles); },
      [this](csv::Row&& row) { return OnRow(std::move(row)); });
  begun_ = true;
  return absl::OkStatus();
}

absl::Status ImportStream::OnTitles(const std::vector<std::string>& titles) {
  ASSIGN_OR_RETURN(plan_.columns, PlanColumns(titles, mapping_));
  bool variables = false;
  for (const ImportColumn& column : plan_.columns) {
    if (column.field == ImportField::kIgnored) import_.ignored_columns.push_back(column.title);
    variables = variables || column.field == ImportField::kVariable;
  }
  if (!variables || list_) return absl::OkStatus();
  FieldViolations bad;
  bad.Add("header.list_id", "is required, since a column is a list variable");
  return bad.ToStatus();
}

absl::Status ImportStream::OnRow(csv::Row&& row) {
  PendingRow pending{.line = row.line};
  RowVerdict verdict = JudgeRow(plan_, {std::move(row.cells), ProblemCode(row.problem), row.problem_column});
  pending.note = verdict.rejection;
  pending.row = std::move(verdict.row);
  pending_.push_back(std::move(pending));
  return absl::OkStatus();
}

int64_t ImportStream::Earlier(const std::vector<std::string>& keys, const Claims& fresh) const {
  int64_t earlier = 0;
  for (const std::string& key : keys) {
    for (const Claims* claims : {&seen_, &fresh}) {
      const auto found = claims->find(absl::HashOf(key));
      if (found != claims->end()) earlier = found->second;
    }
  }
  return earlier;
}

void ImportStream::Drain(absl::AnyInvocable<void()> then) {
  if (pending_.empty()) return then();
  const size_t n = std::min(kBatch, pending_.size());
  auto batch = std::make_shared<std::vector<PendingRow>>(std::make_move_iterator(pending_.begin()),
                                                         std::make_move_iterator(pending_.begin() + n));
  pending_.erase(pending_.begin(), pending_.begin() + n);
  const auto self = std::static_pointer_cast<ImportStream>(shared_from_this());
  auto body = [self, batch, import = import_, at = context_.runtime.clock().Now()](sql::Transaction& tx) {
    return self->Apply(tx, *batch, import, at);
  };
  auto completion = [self, batch, then = std::move(then)](absl::StatusOr<BatchResult> result) mutable {
    if (!result.ok()) {
      self->pending_.clear();
      return self->Close(ImportState::kInterrupted, result.status());
    }
    self->Count(*batch, *result);
    self->Drain(std::move(then));
  };
  // What was received is applied even when the caller gives up meanwhile.
  sql::Scope applied = scope();
  applied.cancelled = nullptr;
  applied.deadline = absl::InfiniteFuture();
  if (import_.dry_run) {
    context_.db.ReadOnPool(applied, std::move(body), std::move(completion));
  } else {
    context_.db.Write(applied, std::move(body), std::move(completion));
  }
}

absl::StatusOr<ImportStream::BatchResult> ImportStream::Apply(sql::Transaction& tx,
                                                              const std::vector<PendingRow>& batch,
                                                              const Import& import, absl::Time at) const {
  BatchResult result;
  const RowApplier::Origin origin{import.id, principal().subject, list_};
  RowApplier rows(context_.contacts, origin, at);
  if (!tx.read_only()) RETURN_IF_ERROR(ImportRepository::Put(tx, import, at));
  if (!tx.read_only() && import.counts.rows == 0) RETURN_IF_ERROR(ForgetRowsLater(tx, import.id, at));
  for (const PendingRow& pending : batch) {
    std::vector<RowNote> warnings;
    RowOutcome outcome = RowOutcome::kRejected;
    RowNote note = pending.note;
    int64_t duplicate_of = 0;
    if (pending.row) {
      const std::vector<std::string> keys = pending.row->keys();
      duplicate_of = Earlier(keys, result.claims);
      if (duplicate_of != 0) {
        outcome = RowOutcome::kDuplicate;
      } else {
        warnings = pending.row->warnings;
        ASSIGN_OR_RETURN(outcome, rows.Apply(tx, *pending.row, warnings, note));
        // Who is refused leaves the identity to a later row.
        if (outcome != RowOutcome::kRejected) {
          for (const std::string& key : keys) result.claims.emplace(absl::HashOf(key), pending.line);
        }
      }
    }
    if (!tx.read_only()) {
      int item = 0;
      const bool told = outcome == RowOutcome::kRejected || outcome == RowOutcome::kDuplicate;
      if (told)
        RETURN_IF_ERROR(ImportRepository::PutRow(tx, import.id, {pending.line, item++, outcome, note, duplicate_of}));
      for (const RowNote& w : warnings)
        RETURN_IF_ERROR(ImportRepository::PutRow(tx, import.id, {pending.line, item++, outcome, w, 0}));
    }
    result.outcomes.push_back(outcome);
    result.notes.push_back(std::move(note));
    result.duplicates_of.push_back(duplicate_of);
    result.warnings.push_back(std::move(warnings));
  }
  if (!tx.read_only()) RETURN_IF_ERROR(rows.Finish(tx));
  return result;
}

void ImportStream::Count(const std::vector<PendingRow>& batch, const BatchResult& result) {
  seen_.insert(result.claims.begin(), result.claims.end());
  ImportCounts& c = import_.counts;
  for (size_t i = 0; i < batch.size(); ++i) {
    ++c.rows;
    const RowOutcome outcome = result.outcomes[i];
    if (outcome == RowOutcome::kCreated) ++c.created;
    if (outcome == RowOutcome::kUpdated) ++c.updated;
    if (outcome == RowOutcome::kUnchanged) ++c.unchanged;
    if (outcome == RowOutcome::kDuplicate) ++c.duplicates;
    if (outcome == RowOutcome::kRejected) ++c.rejected;
    if (outcome == RowOutcome::kRejected || outcome == RowOutcome::kDuplicate)
      Report(batch[i].line, outcome, result.notes[i], result.duplicates_of[i]);
    for (const RowNote& w : result.warnings[i]) {
      ++c.warnings;
      Report(batch[i].line, outcome, w, 0);
    }
  }
}

void ImportStream::Report(int64_t line, RowOutcome outcome, const RowNote& note, int64_t duplicate_of) {
  if (response_.problems_size() >= kMaxProblems) return;
  RenderImportRow({line, 0, outcome, note, duplicate_of}, response_.add_problems());
}

void ImportStream::OnEnd() {
  if (!TakeTurn()) return;
  const absl::Status status =
      begun_ ? AsViolation(reader_->Finish())
             : Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS", "A header is required.");
  const auto self = std::static_pointer_cast<ImportStream>(shared_from_this());
  Drain([self, status] { self->Close(status.ok() ? ImportState::kFinished : ImportState::kInterrupted, status); });
}

void ImportStream::OnCancelled() {
  {
    absl::MutexLock lock(&turn_mutex_);
    gave_up_ = true;
    if (busy_) return;
  }
  Close(ImportState::kInterrupted, absl::CancelledError("the caller gave up"));
}

void ImportStream::Close(ImportState state, const absl::Status& status) {
  {
    absl::MutexLock lock(&turn_mutex_);
    if (closed_) return;
    closed_ = true;
  }
  const auto self = std::static_pointer_cast<ImportStream>(shared_from_this());
  const bool nothing = import_.counts.rows == 0 && !status.ok();
  import_.state = state;
  import_.ended_at = context_.runtime.clock().Now();
  RenderImport(import_, response_.mutable_import());
  if (nothing) return Finish(status);
  context_.db.Write(
      sql::Scope::ForTenant(principal().tenant, principal().subject),
      [import = import_](sql::Transaction& tx) -> absl::Status {
        RETURN_IF_ERROR(ImportRepository::Put(tx, import, *import.ended_at));
        if (import.dry_run || import.state != ImportState::kFinished) return absl::OkStatus();
        v1::ImportFinished event;
        event.set_import_id(import.id.ToString());
        event.set_rows(import.counts.rows);
        event.set_created(import.counts.created);
        event.set_updated(import.counts.updated);
        event.set_unchanged(import.counts.unchanged);
        event.set_duplicates(import.counts.duplicates);
        event.set_rejected(import.counts.rejected);
        return AnnounceImport(tx, event, *import.ended_at);
      },
      [self, status](const absl::Status& stored) {
        if (!status.ok()) return self->Finish(status);
        stored.ok() ? self->Reply(self->response_) : self->Finish(stored);
      });
}

}  // namespace vinculo::messaging
