#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/store/published.h"

namespace vinculo::profiling {

// A call's completion that also makes what was published visible, once it is durable and before the caller is told.
template <class Inner>
class Republishing {
 public:
  Republishing(Published& published, std::string tenant, Inner inner)
      : published_(&published), tenant_(std::move(tenant)), inner_(std::move(inner)) {}

  absl::StatusOr<bool> Replayed(sql::Transaction& tx) { return inner_.Replayed(tx); }
  template <class T>
  absl::Status Prepare(sql::Transaction& tx, const T& value) {
    return inner_.Prepare(tx, value);
  }
  void Done(const absl::Status& status) {
    if (status.ok()) published_->Invalidate(tenant_);
    inner_.Done(status);
  }

 private:
  Published* published_;
  std::string tenant_;
  Inner inner_;
};

}  // namespace vinculo::profiling
