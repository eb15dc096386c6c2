#include "common/sql/write_batch.h"

#include <unistd.h>

#include <cstdio>

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

constexpr Query kBegin{"begin", "BEGIN IMMEDIATE"};
constexpr Query kCommit{"commit", "COMMIT"};
constexpr Query kRollback{"rollback", "ROLLBACK"};
constexpr Query kSavepoint{"savepoint", "SAVEPOINT item"};
constexpr Query kRelease{"release", "RELEASE item"};
constexpr Query kRollbackTo{"rollback_to", "ROLLBACK TO item"};
constexpr Query kReadSequence{"sequence_read", "SELECT n FROM tenant_seq WHERE tenant_id = ?"};
constexpr Query kSaveSequence{
    "sequence_save",
    "INSERT INTO tenant_seq(tenant_id, n) VALUES (?,?) ON CONFLICT (tenant_id) DO UPDATE SET n = excluded.n"};

absl::Status Run0(Connection& connection, const Query& query) {
  return connection.Run(
      query, {}, [](const Row&) { return absl::OkStatus(); }, nullptr);
}

}  // namespace

absl::StatusOr<int64_t> WriteBatch::NextSequence(Connection& connection, const std::string& tenant) {
  std::unique_ptr<int64_t>& counter = sequences_[tenant];
  if (counter == nullptr) {
    int64_t n = 0;
    const Value values[] = {tenant};
    const absl::Status read = connection.Run(
        kReadSequence, values,
        [&](const Row& row) {
          n = row.Int(0);
          return absl::OkStatus();
        },
        nullptr);
    if (!read.ok()) {
      sequences_.erase(tenant);
      return read;
    }
    counter = std::make_unique<int64_t>(n);
  }
  undo_.push_back({counter.get(), *counter});
  dirty_.try_emplace(counter.get(), tenant);
  return ++*counter;
}

void WriteBatch::RevertItem() {
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) *it->counter = it->before;
}

absl::Status WriteBatch::RunItem(Task& task) {
  undo_.clear();
  item_signals_ = 0;
  Transaction tx(connection_, task.scope(), this);
  return task.Run(tx);
}

absl::Status WriteBatch::SaveSequences() {
  for (const auto& [counter, tenant] : dirty_) {
    const Value values[] = {tenant, *counter};
    RETURN_IF_ERROR(connection_.Run(
        kSaveSequence, values, [](const Row&) { return absl::OkStatus(); }, nullptr));
  }
  return absl::OkStatus();
}

absl::Status WriteBatch::Commit() {
  absl::Status status = SaveSequences();
  if (status.ok()) status = Run0(connection_, kCommit);
  if (status.ok()) {
    dirty_.clear();
    return status;
  }
  const int code = sqlite3_extended_errcode(connection_.handle()) & 0xff;
  if (code == SQLITE_IOERR || code == SQLITE_CORRUPT) {
    std::fprintf(
        stderr, "fatal: a commit failed on the disk (SQLite code %d); the process ends so that a restart can recover\n",
        sqlite3_extended_errcode(connection_.handle()));
    _exit(70);
  }
  Abort();
  return status;
}

void WriteBatch::Abort() {
  if (connection_.in_transaction()) Run0(connection_, kRollback).IgnoreError();
  sequences_.clear();
  dirty_.clear();
}

void WriteBatch::FailAll(const absl::Status& status, Outcome& outcome, size_t count) {
  outcome.statuses.assign(count, status);
  outcome.signals = 0;
  outcome.committed = false;
}

WriteBatch::Pass WriteBatch::RunPlain(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    const int64_t before = connection_.total_changes();
    absl::Status status = RunItem(*task);
    if (status.ok()) {
      outcome.signals |= item_signals_;
    } else {
      if (!connection_.in_transaction()) return Pass::kRepeatOneByOne;
      if (connection_.total_changes() != before) return Pass::kRepeatWithSavepoints;
      RevertItem();
    }
    outcome.statuses.push_back(std::move(status));
  }
  return Pass::kDone;
}

WriteBatch::Pass WriteBatch::RunWithSavepoints(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    absl::Status status = Run0(connection_, kSavepoint);
    if (status.ok()) status = RunItem(*task);
    if (!connection_.in_transaction()) return Pass::kRepeatOneByOne;
    if (status.ok()) {
      outcome.signals |= item_signals_;
    } else {
      RevertItem();
      if (!Run0(connection_, kRollbackTo).ok()) return Pass::kRepeatOneByOne;
    }
    if (!Run0(connection_, kRelease).ok()) return Pass::kRepeatOneByOne;
    outcome.statuses.push_back(std::move(status));
  }
  return Pass::kDone;
}

void WriteBatch::RunOneByOne(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    absl::Status status = Run0(connection_, kBegin);
    if (status.ok()) {
      status = RunItem(*task);
      if (status.ok()) status = Commit();
      if (status.ok()) {
        outcome.signals |= item_signals_;
        outcome.committed = true;
      } else {
        Abort();
      }
    }
    outcome.statuses.push_back(std::move(status));
  }
}

WriteBatch::Outcome WriteBatch::Run(const std::vector<std::unique_ptr<Task>>& tasks) {
  Outcome outcome;
  outcome.statuses.reserve(tasks.size());
  if (absl::Status begun = Run0(connection_, kBegin); !begun.ok()) {
    FailAll(begun, outcome, tasks.size());
    return outcome;
  }
  Pass pass = RunPlain(tasks, outcome);
  if (pass == Pass::kRepeatWithSavepoints) {
    Abort();
    outcome = Outcome();
    absl::Status begun = Run0(connection_, kBegin);
    if (!begun.ok()) {
      FailAll(begun, outcome, tasks.size());
      return outcome;
    }
    pass = RunWithSavepoints(tasks, outcome);
  }
  if (pass == Pass::kRepeatOneByOne) {
    Abort();
    outcome = Outcome();
    RunOneByOne(tasks, outcome);
    return outcome;
  }
  if (absl::Status committed = Commit(); !committed.ok()) {
    FailAll(committed, outcome, tasks.size());
    return outcome;
  }
  outcome.committed = true;
  return outcome;
}

}  // namespace vinculo::sql
