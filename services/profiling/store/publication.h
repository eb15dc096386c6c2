#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/transaction.h"

namespace vinculo::profiling {

// How often what is published (flows, matrices, products) has changed: a replica that holds it in memory sees by the
// count that another has changed it. Every write to those tables counts.
absl::Status CountPublication(sql::Transaction& tx);
absl::StatusOr<int64_t> ReadPublication(sql::Transaction& tx);

const std::vector<sql::Query>& PublicationQueries();

}  // namespace vinculo::profiling
