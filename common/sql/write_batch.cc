#include "common/sql/write_batch.h"

#include "common/status/status_macros.h"

namespace vinculo::sql {
namespace {

using State = BatchConnection::State;

constexpr Query kSavepoint{"savepoint", "SAVEPOINT item"};
constexpr Query kRelease{"release", "RELEASE SAVEPOINT item"};
// Reads the counter and holds it against others until the commit.
constexpr Query kReadSequence{"sequence_read",
                              "INSERT INTO tenant_seq(tenant_id, n) VALUES (?,0) "
                              "ON CONFLICT (tenant_id) DO UPDATE SET n = tenant_seq.n RETURNING n"};
constexpr Query kSaveSequence{
    "sequence_save",
    "INSERT INTO tenant_seq(tenant_id, n) VALUES (?,?) ON CONFLICT (tenant_id) DO UPDATE SET n = excluded.n"};

}  // namespace

WriteBatch::Outcome WriteBatch::Outcome::AllFailed(const absl::Status& status, size_t tasks) {
  Outcome outcome;
  outcome.statuses.assign(tasks, status);
  return outcome;
}

absl::StatusOr<int64_t> WriteBatch::NextSequence(Connection& connection, const std::string& tenant) {
  std::unique_ptr<int64_t>& counter = sequences_[tenant];
  const bool first = counter == nullptr;
  if (first) {
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
  undo_.push_back({counter.get(), *counter, first});
  dirty_.try_emplace(counter.get(), tenant);
  return ++*counter;
}

void WriteBatch::RevertItem() {
  for (auto it = undo_.rbegin(); it != undo_.rend(); ++it) {
    *it->counter = it->before;
    // The hold on the row is undone with the item that took it.
    if (it->first && counters_ == Counters::kShared) sequences_.erase(dirty_.extract(it->counter).mapped());
  }
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
    RETURN_IF_ERROR(connection_.Exec(kSaveSequence, values));
  }
  return absl::OkStatus();
}

absl::Status WriteBatch::Commit() {
  RETURN_IF_ERROR(SaveSequences());
  RETURN_IF_ERROR(connection_.Commit());
  dirty_.clear();
  if (counters_ == Counters::kShared) sequences_.clear();
  return absl::OkStatus();
}

void WriteBatch::Abort() {
  connection_.Rollback();
  sequences_.clear();
  dirty_.clear();
}

WriteBatch::Pass WriteBatch::AfterError() const {
  switch (connection_.state()) {
    case State::kConflict:
      return Pass::kConflict;
    case State::kGone:
      return Pass::kRepeatOneByOne;
    default:
      return Pass::kRepeatWithSavepoints;
  }
}

WriteBatch::Pass WriteBatch::RunPlain(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    const int64_t before = connection_.changes_made();
    absl::Status status = RunItem(*task);
    if (connection_.state() != State::kOpen) return AfterError();
    if (status.ok()) {
      outcome.signals |= item_signals_;
    } else {
      if (connection_.changes_made() != before) return Pass::kRepeatWithSavepoints;
      RevertItem();
    }
    outcome.statuses.push_back(std::move(status));
  }
  // Of what was sent ahead, nobody can tell any more which item it belongs to.
  return connection_.Settle().ok() ? Pass::kDone : AfterError();
}

WriteBatch::Pass WriteBatch::RunWithSavepoints(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    absl::Status status = connection_.Exec(kSavepoint, {});
    if (status.ok()) status = RunItem(*task);
    if (status.ok()) status = connection_.Settle();
    if (const State state = connection_.state(); state == State::kGone || state == State::kConflict)
      return AfterError();
    if (status.ok()) {
      outcome.signals |= item_signals_;
      if (!connection_.Exec(kRelease, {}).ok()) return Pass::kRepeatOneByOne;
    } else {
      RevertItem();
      if (!connection_.UndoItem().ok()) return Pass::kRepeatOneByOne;
    }
    outcome.statuses.push_back(std::move(status));
  }
  return Pass::kDone;
}

void WriteBatch::RunOneByOne(const std::vector<std::unique_ptr<Task>>& tasks, Outcome& outcome) {
  for (const auto& task : tasks) {
    absl::Status status = connection_.Begin();
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
  absl::Status status = connection_.Begin();
  if (!status.ok()) return Outcome::AllFailed(status, tasks.size());
  Pass pass = RunPlain(tasks, outcome);
  if (pass == Pass::kRepeatWithSavepoints) {
    Abort();
    outcome = Outcome();
    status = connection_.Begin();
    if (!status.ok()) return Outcome::AllFailed(status, tasks.size());
    pass = RunWithSavepoints(tasks, outcome);
  }
  if (pass == Pass::kDone) {
    status = Commit();
    if (status.ok()) {
      outcome.committed = true;
      return outcome;
    }
    if (connection_.state() == State::kConflict) pass = Pass::kConflict;
  }
  Abort();
  if (pass == Pass::kDone) return Outcome::AllFailed(status, tasks.size());
  outcome = Outcome();
  if (pass == Pass::kConflict) {
    outcome.conflict = true;
  } else {
    RunOneByOne(tasks, outcome);
  }
  return outcome;
}

}  // namespace vinculo::sql
