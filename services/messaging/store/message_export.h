#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/message.h"

namespace vinculo::messaging {

// A message with the person and the number behind it.
struct ExportedMessage {
  Message message;  // without resend policy, fallback, quote and routes
  std::string name;
  std::string phone;
  std::string sender_phone;
};

// Messages, but for tests, by id in (after, before), oldest first, at most `limit`.
absl::StatusOr<std::vector<ExportedMessage>> ExportPage(sql::Transaction& tx, const Uuid& after, const Uuid& before,
                                                        int limit);
std::vector<sql::Query> ExportQueries();

}  // namespace vinculo::messaging
