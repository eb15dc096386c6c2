#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"
#include "services/profiling/domain/lead.h"

namespace vinculo::profiling {

// Leads, connectors and deliveries.
class LeadRepository {
 public:
  static absl::Status Insert(sql::Transaction& tx, const Lead& lead);
  static absl::StatusOr<std::optional<Lead>> Find(sql::Transaction& tx, const Uuid& id);
  // The lead of the same profile and product made after `since`.
  static absl::StatusOr<std::optional<Lead>> FindRecent(sql::Transaction& tx, const Uuid& profile,
                                                        const std::string& product_id, absl::Time since);
  // Content, state and CRM reference; raises the revision.
  static absl::Status Update(sql::Transaction& tx, const Lead& lead);
  // Newest first, before `before` (nil: from the newest).
  static absl::StatusOr<std::vector<Lead>> List(sql::Transaction& tx, const Uuid& before, int limit);
  static absl::StatusOr<std::vector<Lead>> ListByProfile(sql::Transaction& tx, const Uuid& profile);

  static absl::StatusOr<std::optional<Connector>> FindConnector(sql::Transaction& tx, const std::string& connector_id);
  static absl::Status PutConnector(sql::Transaction& tx, const Connector& connector);
  static absl::StatusOr<std::vector<Connector>> ListConnectors(sql::Transaction& tx);

  static absl::Status InsertDelivery(sql::Transaction& tx, const Delivery& delivery);
  static absl::StatusOr<std::optional<Delivery>> FindDelivery(sql::Transaction& tx, const Uuid& id);
  static absl::Status UpdateDelivery(sql::Transaction& tx, const Delivery& delivery);
  static absl::StatusOr<std::vector<Delivery>> ListDeliveries(sql::Transaction& tx, const Uuid& before, int limit);
  static absl::StatusOr<std::vector<Delivery>> ListDeliveriesOfLead(sql::Transaction& tx, const Uuid& lead);
  // Deliveries of a connector that wait: PENDING or RETRY.
  static absl::StatusOr<std::vector<Delivery>> ListWaiting(sql::Transaction& tx, const std::string& connector_id);
};

const std::vector<sql::Query>& LeadQueries();

}  // namespace vinculo::profiling
