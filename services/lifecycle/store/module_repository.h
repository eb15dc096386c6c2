#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/lifecycle/domain/records.h"

namespace vinculo::lifecycle {

// Engagements. Stateless; the tenant is the transaction's.
class EngagementRepository {
 public:
  absl::Status Insert(sql::Transaction& tx, const Engagement& engagement) const;
  // Sets its end.
  absl::Status Close(sql::Transaction& tx, const Uuid& id, absl::Time closed_at) const;
  // NOT_FOUND ENGAGEMENT_NOT_FOUND.
  absl::StatusOr<Engagement> Get(sql::Transaction& tx, const Uuid& id) const;
  // The client's engagement with the highest number.
  absl::StatusOr<std::optional<Engagement>> FindLatest(sql::Transaction& tx, const std::string& customer_id) const;
  // By number, after `after`.
  absl::StatusOr<std::vector<Engagement>> List(sql::Transaction& tx, const std::string& customer_id, int64_t after,
                                               int limit) const;
};

struct ModuleFilter {
  std::string customer_id;            // empty: all
  std::string module_key;             // empty: all
  Stage stage = Stage::kUnspecified;  // kUnspecified: all
};

// Where a list of module instances goes on.
struct ModulePosition {
  std::string customer_id;
  Uuid id;
};

// Module instances and their stage history. Stateless.
class ModuleRepository {
 public:
  absl::Status Insert(sql::Transaction& tx, const ModuleInstance& module) const;
  // NOT_FOUND MODULE_INSTANCE_NOT_FOUND.
  absl::StatusOr<ModuleInstance> Get(sql::Transaction& tx, const Uuid& id) const;
  // Writes what can change; the revision goes up by one, also in `module`.
  absl::Status Update(sql::Transaction& tx, ModuleInstance& module) const;
  absl::StatusOr<std::vector<ModuleInstance>> OfCustomer(sql::Transaction& tx, const std::string& customer_id) const;
  // By client and id, after `after`.
  absl::StatusOr<std::vector<ModuleInstance>> List(sql::Transaction& tx, const ModuleFilter& filter,
                                                   const ModulePosition& after, int limit) const;
  // All instances of the clients after `after`, about `limit` of them and never part of a client; empty at the end.
  absl::StatusOr<std::vector<ModuleInstance>> NextClients(sql::Transaction& tx, const std::string& after,
                                                          int limit) const;

  // Saves a move: the module as it is now, and the event, whose number and request id are set here.
  absl::Status SaveMove(sql::Transaction& tx, ModuleInstance& module, StageEvent& event) const;
  // Adds the first event of a module that was just inserted.
  absl::Status AppendEvent(sql::Transaction& tx, StageEvent& event) const;
  // Newest first, below sequence number `before`.
  absl::StatusOr<std::vector<StageEvent>> History(sql::Transaction& tx, const Uuid& module_instance_id, int64_t before,
                                                  int limit) const;
};

}  // namespace vinculo::lifecycle
