#include "common/sql/sqlite_connection.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/sql/sqlite_vfs.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr int kProgressEveryOps = 1000;

constexpr Query kBegin{"begin", "BEGIN IMMEDIATE"};
constexpr Query kCommit{"commit", "COMMIT"};
constexpr Query kRollback{"rollback", "ROLLBACK"};
constexpr Query kRollbackTo{"rollback_to", "ROLLBACK TO item"};
constexpr Query kRelease{"release", "RELEASE item"};

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool IsNull(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t Int(int column) const override { return sqlite3_column_int64(statement_, column); }
  double Double(int column) const override { return sqlite3_column_double(statement_, column); }
  absl::string_view Text(int column) const override {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return {text, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }
  absl::string_view Blob(int column) const override {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  sqlite3_stmt* statement_;
};

int Bind(sqlite3_stmt* statement, int index, const Value& value) {
  const absl::string_view bytes = value.bytes();
  // An empty string_view may point nowhere, which SQLite would take for NULL.
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  switch (value.kind()) {
    case Value::Kind::kNull:
      return sqlite3_bind_null(statement, index);
    case Value::Kind::kInteger:
      return sqlite3_bind_int64(statement, index, value.integer());
    case Value::Kind::kReal:
      return sqlite3_bind_double(statement, index, value.real());
    case Value::Kind::kText:
      return sqlite3_bind_text64(statement, index, data, bytes.size(), SQLITE_STATIC, SQLITE_UTF8);
    case Value::Kind::kBlob:
      return sqlite3_bind_blob64(statement, index, data, bytes.size(), SQLITE_STATIC);
  }
  return SQLITE_MISUSE;
}

}  // namespace

absl::Status SqliteError(int code, const char* name) {
  using absl::StatusCode;
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
      return Error(StatusCode::kAlreadyExists, "DUPLICATE_KEY", "it already exists");
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Error(StatusCode::kFailedPrecondition, "FOREIGN_KEY",
                   "what this refers to does not exist, or is still referred to");
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_NOTNULL:
      return Error(StatusCode::kInvalidArgument, "CHECK_FAILED", "a value is outside its range");
    default:
      break;
  }
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the store is busy; try again");
    case SQLITE_FULL:
      return Error(StatusCode::kResourceExhausted, "STORAGE_FULL", "the disk is full; nothing was changed");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(StatusCode::kDataLoss, "STORE_CORRUPT", "the store is damaged; restore a backup");
    case SQLITE_INTERRUPT:
      return Error(StatusCode::kDeadlineExceeded, "DEADLINE", "the statement took too long");
    case SQLITE_IOERR:
      return Error(StatusCode::kUnavailable, "STORE_UNAVAILABLE", "the disk does not answer as it should");
    case SQLITE_TOOBIG:
      return Error(StatusCode::kInvalidArgument, "VALUE_TOO_LARGE", "a value is larger than the store takes");
    default:
      return absl::InternalError(
          absl::StrCat("statement ", name, ": SQLite says ", sqlite3_errstr(code), " (", code, ")"));
  }
}

absl::StatusOr<std::unique_ptr<SqliteConnection>> SqliteConnection::Open(const std::string& path, Mode mode,
                                                                         StatementMetrics* metrics) {
  const int flags = (mode == Mode::kWriter ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, SqliteVfsName());
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle, metrics));
  if (code != SQLITE_OK) {
    return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                 absl::StrCat("cannot open ", path, ": ", sqlite3_errstr(code)));
  }
  RETURN_IF_ERROR(connection->Configure(mode));
  return connection;
}

absl::Status SqliteConnection::Configure(Mode mode) {
  const bool writer = mode == Mode::kWriter;
  sqlite3_busy_timeout(handle_, writer ? 2000 : 250);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, writer ? 0 : 1, nullptr);
  sqlite3_limit(handle_, SQLITE_LIMIT_LENGTH, 16 << 20);
  sqlite3_limit(handle_, SQLITE_LIMIT_SQL_LENGTH, 64 << 10);
  sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  std::string script =
      "PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY;";
  if (writer) {
    absl::StrAppend(
        &script,
        "PRAGMA page_size=4096; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-32768; PRAGMA secure_delete=ON;");
  } else {
    absl::StrAppend(&script, "PRAGMA query_only=ON; PRAGMA cache_size=-8192;");
    sqlite3_progress_handler(handle_, kProgressEveryOps, OnProgress, this);
  }
  RETURN_IF_ERROR(RunScript(script));
  sqlite3_wal_autocheckpoint(handle_, 0);
  static constexpr Query kJournalMode{"journal_mode", "PRAGMA journal_mode"};
  std::string journal;
  RETURN_IF_ERROR(Run(
      kJournalMode, {},
      [&](const Row& row) {
        journal = row.String(0);
        return absl::OkStatus();
      },
      nullptr));
  if (journal != "wal") {
    return Error(absl::StatusCode::kFailedPrecondition, "WAL_REFUSED",
                 "this file system does not support write-ahead logging");
  }
  return absl::OkStatus();
}

SqliteConnection::~SqliteConnection() {
  for (auto& [text, prepared] : prepared_) sqlite3_finalize(prepared->statement);
  sqlite3_close_v2(handle_);
}

void SqliteConnection::LimitTo(const Scope& scope, absl::Time now) {
  deadline_ = absl::Now() + (scope.deadline - now);
  cancelled_ = scope.cancelled;
}

int SqliteConnection::OnProgress(void* self) {
  auto* connection = static_cast<SqliteConnection*>(self);
  if (connection->cancelled_ != nullptr && connection->cancelled_->load()) return 1;
  return connection->deadline_ != absl::InfiniteFuture() && absl::Now() >= connection->deadline_ ? 1 : 0;
}

absl::Status SqliteConnection::RunScript(const std::string& script) {
  const int code = sqlite3_exec(handle_, script.c_str(), nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return absl::OkStatus();
  absl::Status status = SqliteError(code, "script");
  if (!absl::IsInternal(status)) return status;
  return absl::InternalError(absl::StrCat("script: ", sqlite3_errmsg(handle_)));
}

absl::StatusOr<SqliteConnection::Prepared*> SqliteConnection::Prepare(const Query& query) {
  std::unique_ptr<Prepared>& slot = prepared_[query.text];
  if (slot == nullptr) slot = std::make_unique<Prepared>();
  if (slot->statement == nullptr) {
    const int code = sqlite3_prepare_v3(handle_, query.text, -1, SQLITE_PREPARE_PERSISTENT, &slot->statement, nullptr);
    if (code != SQLITE_OK) {
      absl::Status status = SqliteError(code, query.name);
      if (absl::IsInternal(status))
        status = absl::InternalError(absl::StrCat(query.name, ": ", sqlite3_errmsg(handle_)));
      return status;
    }
    if (metrics_ != nullptr) slot->seconds = &metrics_->For(query.name);
  }
  return slot.get();
}

absl::Status SqliteConnection::Walk(sqlite3_stmt* statement, const Query& query, absl::Span<const Value> values,
                                    RowCallback on_row) {
  if (sqlite3_bind_parameter_count(statement) != static_cast<int>(values.size())) {
    return absl::InternalError(absl::StrCat(query.name, ": ", values.size(), " values for ",
                                            sqlite3_bind_parameter_count(statement), " placeholders"));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (const int code = Bind(statement, static_cast<int>(i) + 1, values[i]); code != SQLITE_OK)
      return SqliteError(code, query.name);
  }
  const SqliteRow row(statement);
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) return absl::OkStatus();
    if (code != SQLITE_ROW) return SqliteError(sqlite3_extended_errcode(handle_), query.name);
    RETURN_IF_ERROR(on_row(row));
  }
}

absl::Status SqliteConnection::Run(const Query& query, absl::Span<const Value> values, RowCallback on_row,
                                   int64_t* changes) {
  ASSIGN_OR_RETURN(Prepared * prepared, Prepare(query));
  sqlite3_stmt* statement = prepared->statement;
  const bool nested = prepared->busy;
  if (nested) {  // the same statement is being walked by a caller of ours: a second copy
    const int code = sqlite3_prepare_v3(handle_, query.text, -1, 0, &statement, nullptr);
    if (code != SQLITE_OK) return SqliteError(code, query.name);
  }
  prepared->busy = true;
  const auto start = std::chrono::steady_clock::now();
  absl::Status status = Walk(statement, query, values, on_row);
  if (prepared->seconds != nullptr) {
    prepared->seconds->Observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  if (changes != nullptr) *changes = sqlite3_changes64(handle_);
  if (nested) {
    sqlite3_finalize(statement);
  } else {
    sqlite3_reset(statement);
    prepared->busy = false;
  }
  return status;
}

absl::Status SqliteConnection::Exec(const Query& query, absl::Span<const Value> values) {
  return Run(
      query, values, [](const Row&) { return absl::OkStatus(); }, nullptr);
}

absl::Status SqliteConnection::Begin() { return Exec(kBegin, {}); }

absl::Status SqliteConnection::Commit() {
  absl::Status status = Exec(kCommit, {});
  const int code = sqlite3_extended_errcode(handle_);
  if (!status.ok() && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CORRUPT)) {
    std::fprintf(
        stderr, "fatal: a commit failed on the disk (SQLite code %d); the process ends so that a restart can recover\n",
        code);
    _exit(70);
  }
  return status;
}

void SqliteConnection::Rollback() {
  if (in_transaction()) Exec(kRollback, {}).IgnoreError();
}

absl::Status SqliteConnection::UndoItem() {
  RETURN_IF_ERROR(Exec(kRollbackTo, {}));
  return Exec(kRelease, {});
}

}  // namespace vinculo::sql
