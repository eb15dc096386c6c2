#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/scope.h"
#include "common/sql/transaction.h"

namespace vinculo::sql {

// A unit of work on its way through the engine: a write waiting for the group commit, or a read waiting for the pool.
// Run may be called more than once and must have no effect outside the transaction; Finish is called exactly once, when
// the outcome is durable or has failed.
class Task {
 public:
  explicit Task(Scope scope) : scope_(std::move(scope)) {}
  virtual ~Task() = default;
  virtual absl::Status Run(Transaction& tx) = 0;
  virtual void Finish(absl::Status status) = 0;
  const Scope& scope() const { return scope_; }

 private:
  const Scope scope_;
};

// A completion with a half that runs inside the transaction: it may answer from a stored reply instead of running the
// body, and renders (and stores) the reply as the transaction's last step. `common/rpc`'s Reply is one.
//   absl::StatusOr<bool> Replayed(Transaction&)       true: the reply is taken from the log, the body is skipped
//   absl::Status Prepare(Transaction&, const T&)      render; store the reply
//   void Done(absl::Status)                           send
template <class C, class T>
concept TransactionalCompletion = requires(C completion, Transaction& tx, const T& value, absl::Status status) {
  completion.Replayed(tx);
  completion.Prepare(tx, value);
  completion.Done(status);
};

namespace internal {

// What a body yields: `T` for StatusOr<T>, a placeholder for plain Status.
struct Nothing {};
template <class R>
struct BodyResult;
template <class T>
struct BodyResult<absl::StatusOr<T>> {
  using Type = T;
};
template <>
struct BodyResult<absl::Status> {
  using Type = Nothing;
};

inline absl::StatusOr<Nothing> AsStatusOr(absl::Status status) {
  if (!status.ok()) return status;
  return Nothing();
}
template <class T>
absl::StatusOr<T> AsStatusOr(absl::StatusOr<T> result) {
  return result;
}

}  // namespace internal

// Joins a body and its completion into one task, in one allocation.
template <class Body, class Completion>
class BoundTask final : public Task {
  using Result = std::invoke_result_t<Body&, Transaction&>;
  using T = typename internal::BodyResult<Result>::Type;

 public:
  BoundTask(Scope scope, Body body, Completion completion)
      : Task(std::move(scope)), body_(std::move(body)), completion_(std::move(completion)) {}

  absl::Status Run(Transaction& tx) override {
    if constexpr (TransactionalCompletion<Completion, T>) {
      absl::StatusOr<bool> replayed = completion_.Replayed(tx);
      if (!replayed.ok()) return replayed.status();
      if (*replayed) return absl::OkStatus();
    }
    absl::StatusOr<T> result = internal::AsStatusOr(body_(tx));
    if (!result.ok()) return result.status();
    if constexpr (TransactionalCompletion<Completion, T>) {
      return completion_.Prepare(tx, *result);
    } else {
      value_.emplace(*std::move(result));
      return absl::OkStatus();
    }
  }

  void Finish(absl::Status status) override {
    if constexpr (TransactionalCompletion<Completion, T>) {
      completion_.Done(std::move(status));
    } else if constexpr (std::is_same_v<Result, absl::Status>) {
      completion_(std::move(status));
    } else if (status.ok()) {
      completion_(absl::StatusOr<T>(*std::move(value_)));
    } else {
      completion_(absl::StatusOr<T>(std::move(status)));
    }
  }

 private:
  Body body_;
  Completion completion_;
  std::optional<T> value_;
};

}  // namespace vinculo::sql
