#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/auth/principal.h"
#include "common/id/uuid.h"

namespace vinculo::sql {

// Names one mutating request, so that its effect and its reply happen once. Kept 7 days.
struct RequestKey {
  std::string method;                        // full RPC name
  Uuid id;                                   // the caller's request_id
  std::array<uint8_t, 16> fingerprint = {};  // of the request body: the same id with another body is refused
};

// For whom and until when something is done. Comes from the caller's credentials and call, never from a request body.
// Cheap to copy.
struct Scope {
  std::shared_ptr<const auth::Principal> principal;
  absl::Time deadline = absl::InfiniteFuture();
  std::shared_ptr<const std::atomic<bool>> cancelled;  // null: cannot be cancelled
  std::optional<RequestKey> request;

  const std::string& tenant() const { return principal->tenant; }
  // Past its deadline or given up by its caller: not worth starting.
  bool Abandoned(absl::Time now) const { return now >= deadline || (cancelled != nullptr && cancelled->load()); }

  // What a service does by itself for a tenant: timers, feed consumers, deliveries.
  static Scope ForTenant(std::string tenant, std::string subject = "system") {
    Scope scope;
    scope.principal =
        std::make_shared<const auth::Principal>(auth::Principal{std::move(subject), std::move(tenant), {}});
    return scope;
  }
};

// The tenant that owns what precedes knowing the tenant. No credential can name it.
inline constexpr char kSystemTenant[] = "_system";

}  // namespace vinculo::sql
