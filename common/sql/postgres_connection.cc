#include "common/sql/postgres_connection.h"

#include <endian.h>

#include <bit>
#include <chrono>
#include <cstring>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/sql/postgres_dialect.h"
#include "common/sql/postgres_row.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr Query kBegin{"begin", "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"};
constexpr Query kCommit{"commit", "COMMIT"};
constexpr Query kRollback{"rollback", "ROLLBACK"};
constexpr Query kRollbackTo{"rollback_to", "ROLLBACK TO SAVEPOINT item"};
constexpr Query kRelease{"release", "RELEASE SAVEPOINT item"};
constexpr Query kBeginRead{"begin_read", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
constexpr Query kLimitRead{"limit_read", "SELECT set_config('statement_timeout', ?, true)"};
constexpr Query kPing{"ping", "SELECT 1"};
constexpr Query kPipelineEnd{"pipeline_end", ""};

// More would let the server's answers fill both sockets while nobody reads them.
constexpr size_t kMaxWaiting = 64;

// Values as PostgreSQL wants them, by the type it expects: binary where that is fixed, text for the rare others.
class Parameters {
 public:
  Parameters(absl::Span<const Value> values, const std::vector<Oid>& types) {
    for (size_t i = 0; i < values.size(); ++i) Add(values[i], types[i]);
    for (size_t i = 0; i < values.size(); ++i) {
      if (offsets_[i] >= 0) pointers_[i] = storage_.data() + offsets_[i];
    }
  }
  const char* const* values() const { return pointers_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void Add(const Value& value, Oid type) {
    switch (value.kind()) {
      case Value::Kind::kNull:
        return Point(nullptr, 0, 1);
      case Value::Kind::kInteger:
        if (type == kPgInt8) return Store(htobe64(static_cast<uint64_t>(value.integer())));
        if (type == kPgFloat8) return StoreReal(static_cast<double>(value.integer()));
        return StoreText(absl::StrCat(value.integer()));
      case Value::Kind::kReal:
        return StoreReal(value.real());
      case Value::Kind::kText:
      case Value::Kind::kBlob: {
        const absl::string_view bytes = value.bytes();
        return Point(bytes.data() == nullptr ? "" : bytes.data(), bytes.size(), 1);
      }
    }
  }
  void Point(const char* at, size_t length, int format) {
    pointers_.push_back(at);
    offsets_.push_back(-1);
    lengths_.push_back(static_cast<int>(length));
    formats_.push_back(format);
  }
  void StoreBytes(const void* bytes, size_t length, size_t told, int format) {
    Point(nullptr, told, format);
    offsets_.back() = static_cast<int>(storage_.size());
    storage_.append(static_cast<const char*>(bytes), length);
  }
  void Store(uint64_t big_endian) { StoreBytes(&big_endian, sizeof(big_endian), sizeof(big_endian), 1); }
  void StoreReal(double value) { Store(htobe64(std::bit_cast<uint64_t>(value))); }
  void StoreText(const std::string& text) { StoreBytes(text.c_str(), text.size() + 1, text.size(), 0); }

  std::string storage_;
  absl::InlinedVector<const char*, 24> pointers_;
  absl::InlinedVector<int, 24> offsets_;  // into storage_; -1: points elsewhere
  absl::InlinedVector<int, 24> lengths_;
  absl::InlinedVector<int, 24> formats_;
};

// What a value says of its parameter's type. Text, bytes and NULL say nothing: the server knows from the statement.
Oid TypeOf(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::kInteger:
      return kPgInt8;
    case Value::Kind::kReal:
      return kPgFloat8;
    default:
      return kPgUnknown;
  }
}

absl::Status NoRows(const Row&) { return absl::OkStatus(); }

}  // namespace

absl::Status PostgresError(absl::string_view sqlstate, const char* name) {
  using absl::StatusCode;
  const auto in = [&](absl::string_view error_class) { return absl::StartsWith(sqlstate, error_class); };
  if (sqlstate == "23505") return Error(StatusCode::kAlreadyExists, "DUPLICATE_KEY", "it already exists");
  if (sqlstate == "23503") {
    return Error(StatusCode::kFailedPrecondition, "FOREIGN_KEY",
                 "what this refers to does not exist, or is still referred to");
  }
  if (in("23")) return Error(StatusCode::kInvalidArgument, "CHECK_FAILED", "a value is outside its range");
  if (sqlstate == "22021") return Error(StatusCode::kInvalidArgument, "CHECK_FAILED", "a text holds a NUL or no UTF-8");
  if (in("40")) return Error(StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the store is busy; try again");
  if (sqlstate == "53100")
    return Error(StatusCode::kResourceExhausted, "STORAGE_FULL", "the disk is full; nothing was changed");
  if (in("08") || in("53") || in("57P") || sqlstate == "25006" || sqlstate.empty())
    return Error(StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the store does not answer; try again");
  if (sqlstate == "57014") return Error(StatusCode::kDeadlineExceeded, "DEADLINE", "the statement took too long");
  if (in("XX001") || in("XX002"))
    return Error(StatusCode::kDataLoss, "STORE_CORRUPT", "the store is damaged; restore a backup");
  if (in("54")) return Error(StatusCode::kInvalidArgument, "VALUE_TOO_LARGE", "a value is larger than the store takes");
  return absl::InternalError(absl::StrCat("statement ", name, ": PostgreSQL says ", sqlstate));
}

absl::StatusOr<std::unique_ptr<PostgresConnection>> PostgresConnection::Open(const std::string& conninfo,
                                                                             StatementMetrics* metrics) {
  // Taken only where `conninfo` does not say otherwise: libpq lets what comes later win, and expands it in place.
  const char* const keywords[] = {
      "target_session_attrs", "connect_timeout",  "keepalives_idle", "keepalives_interval", "keepalives_count",
      "tcp_user_timeout",     "application_name", "dbname",          "client_encoding",     nullptr};
  const char* const values[] = {"read-write",     "5",    "5",    "2", "3", "15000", "vinculo",
                                conninfo.c_str(), "UTF8", nullptr};
  PGconn* handle = PQconnectdbParams(keywords, values, /*expand_dbname=*/1);
  std::unique_ptr<PostgresConnection> connection(new PostgresConnection(handle, metrics));
  if (connection->broken()) {
    return Error(
        absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
        absl::StrCat("cannot reach the PostgreSQL server: ", absl::StripAsciiWhitespace(PQerrorMessage(handle))));
  }
  PQsetNoticeProcessor(
      handle, [](void*, const char*) {}, nullptr);
  PQenterPipelineMode(handle);
  // Known before they are needed: in a failed transaction nothing new can be prepared.
  for (const Query* query : {&kBegin, &kCommit, &kRollback, &kRollbackTo, &kBeginRead})
    RETURN_IF_ERROR(connection->Prepare(*query, {}).status());
  RETURN_IF_ERROR(connection->Sync());
  return connection;
}

PostgresConnection::~PostgresConnection() { PQfinish(handle_); }

absl::Status PostgresConnection::Lost() {
  state_ = State::kGone;
  return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the store does not answer; try again");
}

absl::Status PostgresConnection::Fail(const PGresult* result, const char* statement) {
  if (broken()) return Lost();
  const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string sqlstate = field == nullptr ? "" : field;
  state_ = absl::StartsWith(sqlstate, "40") ? State::kConflict : State::kFailed;
  absl::Status status = PostgresError(sqlstate, statement);
  if (!absl::IsInternal(status) || result == nullptr) return status;
  const char* message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  return absl::InternalError(absl::StrCat(statement, ": ", sqlstate, " ", message == nullptr ? "" : message));
}

PostgresConnection::Result PostgresConnection::Take() {
  Result result(PQgetResult(handle_));
  // A statement's result is followed by a null; a sync's is not.
  if (result != nullptr && PQresultStatus(result.get()) != PGRES_PIPELINE_SYNC) {
    while (Result(PQgetResult(handle_)) != nullptr) {
    }
  }
  return result;
}

absl::Status PostgresConnection::StatusOf(const PGresult* result, const char* statement) {
  switch (result == nullptr ? PGRES_FATAL_ERROR : PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:  // told by what came before it
      return absl::OkStatus();
    default:
      return Fail(result, statement);
  }
}

absl::Status PostgresConnection::TakeWaiting() {
  absl::Status first;
  while (!waiting_.empty()) {
    const Query* query = waiting_.front();
    waiting_.pop_front();
    const Result result = Take();
    if (broken()) {
      waiting_.clear();
      return Lost();
    }
    absl::Status status = StatusOf(result.get(), query->name);
    if (first.ok()) first = std::move(status);
  }
  return first;
}

absl::Status PostgresConnection::Sync() {
  if (PQpipelineSync(handle_) != 1) return Lost();
  waiting_.push_back(&kPipelineEnd);
  return TakeWaiting();
}

absl::StatusOr<const PostgresConnection::Prepared*> PostgresConnection::Prepare(const Query& query,
                                                                                absl::Span<const Value> values) {
  std::unique_ptr<Prepared>& slot = prepared_[query.text];
  if (slot != nullptr) return slot.get();
  RETURN_IF_ERROR(Settle());
  auto prepared = std::make_unique<Prepared>();
  prepared->name = absl::StrCat("s", ++statements_named_);
  std::vector<Oid> types;
  for (const Value& value : values) types.push_back(TypeOf(value));
  const std::string text = PostgresStatement(query);
  if (PQsendPrepare(handle_, prepared->name.c_str(), text.c_str(), static_cast<int>(types.size()), types.data()) != 1 ||
      PQsendDescribePrepared(handle_, prepared->name.c_str()) != 1 || PQsendFlushRequest(handle_) != 1) {
    return Lost();
  }
  absl::Status status = StatusOf(Take().get(), query.name);
  const Result described = Take();
  if (status.ok()) status = StatusOf(described.get(), query.name);
  if (!status.ok()) {
    Sync().IgnoreError();
    return status;
  }
  const int parameters = PQnparams(described.get());
  if (parameters != static_cast<int>(values.size())) {
    return absl::InternalError(
        absl::StrCat(query.name, ": ", values.size(), " values for ", parameters, " placeholders"));
  }
  for (int i = 0; i < parameters; ++i) prepared->types.push_back(PQparamtype(described.get(), i));
  if (metrics_ != nullptr) prepared->seconds = &metrics_->For(query.name);
  slot = std::move(prepared);
  return slot.get();
}

absl::Status PostgresConnection::Send(const Query& query, absl::Span<const Value> values) {
  ASSIGN_OR_RETURN(const Prepared* prepared, Prepare(query, values));
  if (prepared->types.size() != values.size()) {
    return absl::InternalError(
        absl::StrCat(query.name, ": ", values.size(), " values for ", prepared->types.size(), " placeholders"));
  }
  const Parameters parameters(values, prepared->types);
  if (PQsendQueryPrepared(handle_, prepared->name.c_str(), static_cast<int>(values.size()), parameters.values(),
                          parameters.lengths(), parameters.formats(), /*resultFormat=*/1) != 1) {
    return broken() ? Lost() : absl::InternalError(absl::StrCat(query.name, ": not sent"));
  }
  return absl::OkStatus();
}

absl::Status PostgresConnection::Exec(const Query& query, absl::Span<const Value> values) {
  if (query.postgres != nullptr && *query.postgres == '\0') return absl::OkStatus();
  RETURN_IF_ERROR(Send(query, values));
  waiting_.push_back(&query);
  ++changes_made_;
  return waiting_.size() < kMaxWaiting ? absl::OkStatus() : Settle();
}

absl::Status PostgresConnection::Settle() {
  if (waiting_.empty()) return absl::OkStatus();
  if (PQsendFlushRequest(handle_) != 1) return Lost();
  absl::Status status = TakeWaiting();
  if (!status.ok() && !broken()) Sync().IgnoreError();
  return status;
}

absl::Status PostgresConnection::Run(const Query& query, absl::Span<const Value> values, RowCallback on_row,
                                     int64_t* changes) {
  RETURN_IF_ERROR(Send(query, values));
  if (PQsendFlushRequest(handle_) != 1) return Lost();
  const auto start = std::chrono::steady_clock::now();
  absl::Status status = TakeWaiting();
  Result result;
  if (!broken()) result = Take();
  if (status.ok()) status = StatusOf(result.get(), query.name);
  if (!status.ok()) {
    if (!broken()) Sync().IgnoreError();
    return status;
  }
  if (prometheus::Histogram* seconds = prepared_[query.text]->seconds; seconds != nullptr)
    seconds->Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  const bool read_only = absl::StartsWith(PQcmdStatus(result.get()), "SELECT");
  if (!read_only) ++changes_made_;
  if (changes != nullptr) *changes = read_only ? 0 : std::strtoll(PQcmdTuples(result.get()), nullptr, 10);
  const int rows = PQntuples(result.get());
  for (int row = 0; row < rows; ++row) RETURN_IF_ERROR(on_row(PostgresRow(result.get(), row)));
  return absl::OkStatus();
}

absl::Status PostgresConnection::RunScript(const std::string& script) {
  RETURN_IF_ERROR(Sync());
  PQexitPipelineMode(handle_);
  const Result result(PQexec(handle_, script.c_str()));
  absl::Status status = StatusOf(result.get(), "script");
  if (!broken()) PQenterPipelineMode(handle_);
  return status;
}

absl::Status PostgresConnection::Begin() {
  state_ = State::kOpen;
  return Exec(kBegin, {});
}

absl::Status PostgresConnection::Commit() {
  // Before it is asked for, everything else is answered: from here on only the outcome of the commit can be unknown.
  RETURN_IF_ERROR(Settle());
  RETURN_IF_ERROR(Send(kCommit, {}));
  absl::Status status;
  bool committed = false;
  if (PQpipelineSync(handle_) == 1) {
    const Result result = Take();
    status = StatusOf(result.get(), kCommit.name);
    // A transaction that cannot be committed is rolled back, and the server calls that a success.
    committed = status.ok() && absl::string_view(PQcmdStatus(result.get())) == "COMMIT";
    if (!broken()) Take();
  }
  if (committed || (!status.ok() && !broken())) return status;
  if (!broken()) return absl::InternalError("the server rolled back what was to be committed");
  state_ = State::kGone;
  return Error(absl::StatusCode::kUnavailable, "COMMIT_UNKNOWN",
               "the store was lost while it committed; try again with the same request_id");
}

void PostgresConnection::Rollback() {
  if (broken()) return;
  Sync().IgnoreError();
  Run(kRollback, {}, NoRows, nullptr).IgnoreError();
  Sync().IgnoreError();
}

absl::Status PostgresConnection::Ping() {
  RETURN_IF_ERROR(Run(kPing, {}, NoRows, nullptr));
  return Sync();
}

absl::Status PostgresConnection::UndoItem() {
  state_ = State::kOpen;
  RETURN_IF_ERROR(Exec(kRollbackTo, {}));
  return Exec(kRelease, {});
}

absl::Status PostgresConnection::BeginRead(absl::Duration limit) {
  state_ = State::kOpen;
  RETURN_IF_ERROR(TakeWaiting());
  RETURN_IF_ERROR(Exec(kBeginRead, {}));
  if (limit == absl::InfiniteDuration()) return absl::OkStatus();
  const std::string milliseconds = absl::StrCat(std::max<int64_t>(1, absl::ToInt64Milliseconds(limit)));
  const Value values[] = {milliseconds};
  return Exec(kLimitRead, values);
}

void PostgresConnection::EndRead() {
  if (broken()) return;
  if (state_ != State::kOpen) return Rollback();
  if (!Send(kCommit, {}).ok()) return;
  waiting_.push_back(&kCommit);
  if (PQpipelineSync(handle_) == 1) waiting_.push_back(&kPipelineEnd);
}

}  // namespace vinculo::sql
