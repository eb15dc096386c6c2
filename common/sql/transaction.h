#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/connection.h"
#include "common/sql/scope.h"

namespace vinculo::sql {

// What a commit contained, told to listeners once it is durable. A bit set.
enum Signal : uint32_t { kSignalEvents = 1, kSignalJobs = 2 };

// Counters and signals of the transaction in hand; implemented by the engine, used through Transaction.
class TransactionState {
 public:
  virtual ~TransactionState() = default;
  virtual absl::StatusOr<int64_t> NextSequence(Connection& connection, const std::string& tenant) = 0;
  virtual void Raise(Signal signal) = 0;
};

// A running transaction, handed to the closures that Database runs. Not thread-safe; never kept beyond the closure.
// Every repository takes the tenant from here.
class Transaction {
 public:
  Transaction(Connection& connection, const Scope& scope, TransactionState* state)
      : connection_(connection), scope_(scope), state_(state) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  const Scope& scope() const { return scope_; }
  const std::string& tenant() const { return scope_.tenant(); }
  bool read_only() const { return state_ == nullptr; }

  // Runs a statement that returns nothing of interest. Errors as in Connection::Run; they may come with a later
  // statement or the commit, which undoes the whole body, so hand them on. Who acts on an error uses ExecCount.
  template <class... Args>
  absl::Status Exec(const Query& query, const Args&... args) {
    if (read_only()) return absl::InternalError("a read cannot write");
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return connection_.Exec(query, absl::MakeConstSpan(values.data(), values.size()));
  }

  // The same, and tells how many rows changed.
  template <class... Args>
  absl::StatusOr<int64_t> ExecCount(const Query& query, const Args&... args) {
    int64_t changes = 0;
    const absl::Status status = Run(
        query, [](const Row&) { return absl::OkStatus(); }, &changes, args...);
    if (!status.ok()) return status;
    return changes;
  }

  // Calls `on_row(const Row&)` for each row; it returns void, or a status whose error ends the walk.
  template <class OnRow, class... Args>
  absl::Status Each(const Query& query, OnRow&& on_row, const Args&... args) {
    if constexpr (std::is_void_v<std::invoke_result_t<OnRow&, const Row&>>) {
      return Run(
          query,
          [&on_row](const Row& row) {
            on_row(row);
            return absl::OkStatus();
          },
          nullptr, args...);
    } else {
      return Run(query, on_row, nullptr, args...);
    }
  }

  // The same for a statement put together at run time; its text must live as long as the store is open.
  absl::Status EachOf(const Query& query, absl::Span<const Value> values, RowCallback on_row) {
    return connection_.Run(query, values, on_row, nullptr);
  }
  absl::Status ExecOf(const Query& query, absl::Span<const Value> values) { return connection_.Exec(query, values); }

  // The first row read by `read(const Row&) -> T`, or nullopt when there is none.
  template <class Read, class... Args>
  auto Find(const Query& query, Read&& read, const Args&... args)
      -> absl::StatusOr<std::optional<std::invoke_result_t<Read&, const Row&>>> {
    std::optional<std::invoke_result_t<Read&, const Row&>> found;
    const absl::Status status = Run(
        query,
        [&](const Row& row) {
          if (!found) found.emplace(read(row));
          return absl::OkStatus();
        },
        nullptr, args...);
    if (!status.ok()) return status;
    return found;
  }

  // The next number of the tenant's counter: from 1, without gaps, in commit order. Only in a write.
  absl::StatusOr<int64_t> NextSequence() { return state_->NextSequence(connection_, tenant()); }
  // Tells the commit listeners, once this transaction is durable.
  void Raise(Signal signal) { state_->Raise(signal); }

 private:
  template <class OnRow, class... Args>
  absl::Status Run(const Query& query, OnRow&& on_row, int64_t* changes, const Args&... args) {
    const std::array<Value, sizeof...(Args)> values{Value(args)...};
    return connection_.Run(query, absl::MakeConstSpan(values.data(), values.size()), on_row, changes);
  }

  Connection& connection_;
  const Scope& scope_;
  TransactionState* state_;  // null in a read
};

}  // namespace vinculo::sql
