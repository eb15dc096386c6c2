#include "common/rpc/call.h"

namespace vinculo::rpc::internal {

void UnaryReactor::Complete(const absl::Status& status) {
  if (answered_.exchange(true, std::memory_order_acq_rel)) return;
  Finish(context_.Close(status));
}

void UnaryReactor::DropHandle() {
  if (handles_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Complete(absl::InternalError("the handler forgot to answer"));
  Unref();
}

void UnaryReactor::Unref() {
  if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

}  // namespace vinculo::rpc::internal
