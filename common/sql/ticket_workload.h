#pragma once

#include <vector>

#include "common/sql/database.h"
#include "common/sql/replay_log.h"
#include "common/status/status_macros.h"

// What a real mutation asks of the store: the look-up of a reply, a row with two indexes, an event's number and row,
// the reply. For benchmarks.
namespace vinculo::sql::workload {

inline const std::vector<Migration> kSteps = {
    {1, "ticket",
     "CREATE TABLE ticket (tenant_id TEXT NOT NULL, id BLOB NOT NULL, customer TEXT NOT NULL, state INTEGER NOT NULL,"
     " at INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT;"
     "CREATE INDEX ticket_customer ON ticket (tenant_id, customer, id);"
     "CREATE INDEX ticket_state ON ticket (tenant_id, state, at);"
     "CREATE TABLE happened (tenant_id TEXT NOT NULL, seq INTEGER NOT NULL, type TEXT NOT NULL, payload BLOB NOT NULL,"
     " PRIMARY KEY (tenant_id, seq)) STRICT, WITHOUT ROWID"}};
inline constexpr Query kInsert{"ticket_insert",
                               "INSERT INTO ticket(tenant_id, id, customer, state, at, body) VALUES (?,?,?,?,?,?)"};
inline constexpr Query kGet{"ticket_get",
                            "SELECT customer, state, at, body FROM ticket WHERE tenant_id = ? AND id = ?"};
inline constexpr Query kEvent{"happened_insert",
                              "INSERT INTO happened(tenant_id, seq, type, payload) VALUES (?,?,?,?)"};

inline Scope WithRequest(Scope scope, absl::Time now) {
  scope.request = RequestKey{"/vinculo.support.v1.TicketService/CreateConversation", Uuid::New(now), {1}};
  return scope;
}

inline absl::Status WriteTicket(Transaction& tx, const Uuid& id, absl::Time now) {
  RETURN_IF_ERROR(FindReply(tx).status());
  RETURN_IF_ERROR(
      tx.Exec(kInsert, tx.tenant(), id, "customer-77", 1, now, "El cliente no puede cerrar el caso desde ayer"));
  ASSIGN_OR_RETURN(const int64_t seq, tx.NextSequence());
  RETURN_IF_ERROR(
      tx.Exec(kEvent, tx.tenant(), seq, "ticket.created", Blob{"0123456789012345678901234567890123456789"}));
  return StoreReply(tx, "reply of about a hundred bytes, as small resources are when they are rendered .........", now);
}

}  // namespace vinculo::sql::workload
