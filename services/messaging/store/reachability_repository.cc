#include "services/messaging/store/reachability_repository.h"

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kNote{"undeliverable_day_put",
                           "INSERT INTO undeliverable_day (tenant_id, contact_id, day) VALUES (?, ?, ?) ON CONFLICT "
                           "(tenant_id, contact_id, day) DO NOTHING"};
constexpr sql::Query kCount{
    "undeliverable_day_count",
    "SELECT COUNT(*) FROM undeliverable_day WHERE tenant_id = ? AND contact_id = ? AND day >= ?"};
constexpr sql::Query kForget{"undeliverable_day_forget",
                             "DELETE FROM undeliverable_day WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kConfirm{
    "opt_out_confirmation_put",
    "INSERT INTO opt_out_confirmation (tenant_id, contact_id, confirmed_at) VALUES (?1, ?2, ?3) ON CONFLICT "
    "(tenant_id, "
    "contact_id) DO UPDATE SET confirmed_at = excluded.confirmed_at WHERE opt_out_confirmation.confirmed_at <= ?4"};
constexpr sql::Query kForgetConfirmation{"opt_out_confirmation_forget",
                                         "DELETE FROM opt_out_confirmation WHERE tenant_id = ? AND contact_id = ?"};

}  // namespace

absl::StatusOr<int64_t> ReachabilityRepository::NoteUndeliverable(sql::Transaction& tx, const Uuid& contact,
                                                                  int64_t day, int64_t since) {
  RETURN_IF_ERROR(tx.Exec(kNote, tx.tenant(), contact, day));
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       kCount, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), contact, since));
  return n.value_or(0);
}

absl::Status ReachabilityRepository::ForgetUndeliverable(sql::Transaction& tx, const Uuid& contact) {
  return tx.Exec(kForget, tx.tenant(), contact);
}

absl::StatusOr<bool> ReachabilityRepository::MayConfirmOptOut(sql::Transaction& tx, const Uuid& contact,
                                                              absl::Time since, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t written, tx.ExecCount(kConfirm, tx.tenant(), contact, now, since));
  return written == 1;
}

absl::Status ReachabilityRepository::ForgetConfirmation(sql::Transaction& tx, const Uuid& contact) {
  return tx.Exec(kForgetConfirmation, tx.tenant(), contact);
}

std::vector<sql::Query> ReachabilityRepository::Queries() {
  return {kNote, kCount, kForget, kConfirm, kForgetConfirmation};
}

}  // namespace vinculo::messaging
