#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "common/sql/database.h"

namespace vinculo::lifecycle {

// Walks all clients of a tenant, one write after another, so that no transaction is long. `step(tx, after)` handles the
// clients after `after` and returns a chunk with `last_customer_id` and `end`; `fold(chunk)` gets each chunk once it is
// durable; `done(status)` is called once at the end. `step` may run twice for one chunk; neither call blocks.
template <class Chunk>
class ChunkedWalk : public std::enable_shared_from_this<ChunkedWalk<Chunk>> {
 public:
  using Step = std::function<absl::StatusOr<Chunk>(sql::Transaction&, const std::string& after)>;
  using Fold = std::function<void(const Chunk&)>;
  using Done = std::function<void(const absl::Status&)>;

  static void Start(sql::Database& database, sql::Scope scope, Step step, Fold fold, Done done) {
    scope.request.reset();  // the reply belongs to the last write alone
    std::shared_ptr<ChunkedWalk> walk(
        new ChunkedWalk(database, std::move(scope), std::move(step), std::move(fold), std::move(done)));
    walk->Next();
  }

 private:
  ChunkedWalk(sql::Database& database, sql::Scope scope, Step step, Fold fold, Done done)
      : database_(database),
        scope_(std::move(scope)),
        step_(std::move(step)),
        fold_(std::move(fold)),
        done_(std::move(done)) {}

  void Next() {
    const auto self = this->shared_from_this();
    database_.Write(
        scope_, [self](sql::Transaction& tx) { return self->step_(tx, self->after_); },
        [self](absl::StatusOr<Chunk> chunk) {
          if (!chunk.ok()) return self->done_(chunk.status());
          self->fold_(*chunk);
          if (chunk->end) return self->done_(absl::OkStatus());
          self->after_ = chunk->last_customer_id;
          self->Next();
        });
  }

  sql::Database& database_;
  const sql::Scope scope_;
  const Step step_;
  const Fold fold_;
  const Done done_;
  std::string after_;
};

}  // namespace vinculo::lifecycle
