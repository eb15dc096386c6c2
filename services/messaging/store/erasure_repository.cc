#include "services/messaging/store/erasure_repository.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/reachability_repository.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kContact{
    "erase_contact",
    "UPDATE contact SET state = 3, name = '', first_name = '', language = '', time_zone = '', customer_id = '', phone "
    "= "
    "'', bsuid = '', tags = '[]', attributes = '{}', last_route_ref = '', tester = 0, revision = revision + 1, "
    "updated_at = ? WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kIdentities{"erase_identities", "DELETE FROM identity WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kWindows{"erase_windows", "DELETE FROM contact_window WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kConsents{"erase_consents",
                               "UPDATE consent SET reference = '' WHERE tenant_id = ? AND contact_id = ?"};
constexpr sql::Query kMessages{
    "erase_messages",
    "UPDATE message SET content = '{}', fallback = '', labels = '{}', quote_wamid = '', wa_id = '' WHERE tenant_id = "
    "?1 AND "
    "message_id IN (SELECT message_id FROM message WHERE tenant_id = ?1 AND contact_id = ?2 AND content <> '{}' ORDER "
    "BY "
    "message_id LIMIT ?3)"};
constexpr sql::Query kRecipients{
    "erase_recipients",
    "UPDATE campaign_recipient SET params = '{}' WHERE tenant_id = ?1 AND contact_id = ?2 AND campaign_id IN (SELECT "
    "campaign_id FROM campaign_recipient WHERE tenant_id = ?1 AND contact_id = ?2 AND params <> '{}' LIMIT ?3)"};
constexpr sql::Query kInbound{
    "erase_inbound",
    "UPDATE inbound_event SET content = '{}' WHERE tenant_id = ?1 AND (sender_id, wamid) IN (SELECT sender_id, wamid "
    "FROM inbound_event WHERE tenant_id = ?1 AND contact_id = ?2 AND content <> '{}' ORDER BY received_at LIMIT ?3)"};
constexpr sql::Query kRaw{
    "erase_raw_page",
    "SELECT id, body, processed_at FROM raw_inbox WHERE tenant_id = ? AND id > ? ORDER BY id LIMIT ?"};
constexpr sql::Query kEmptyRaw{"erase_raw", "UPDATE raw_inbox SET body = ? WHERE tenant_id = ? AND id = ?"};

}  // namespace

absl::Status ErasureRepository::ScrubContact(sql::Transaction& tx, const Uuid& contact, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kIdentities, tx.tenant(), contact));
  RETURN_IF_ERROR(tx.Exec(kWindows, tx.tenant(), contact));
  RETURN_IF_ERROR(ReachabilityRepository::ForgetUndeliverable(tx, contact));
  RETURN_IF_ERROR(ReachabilityRepository::ForgetConfirmation(tx, contact));
  return tx.Exec(kContact, now, tx.tenant(), contact);
}

absl::Status ErasureRepository::ScrubConsents(sql::Transaction& tx, const Uuid& contact) {
  return tx.Exec(kConsents, tx.tenant(), contact);
}

absl::StatusOr<int64_t> ErasureRepository::ScrubMessages(sql::Transaction& tx, const Uuid& contact, int limit) {
  return tx.ExecCount(kMessages, tx.tenant(), contact, limit);
}

absl::StatusOr<int64_t> ErasureRepository::ScrubRecipients(sql::Transaction& tx, const Uuid& contact, int limit) {
  return tx.ExecCount(kRecipients, tx.tenant(), contact, limit);
}

absl::StatusOr<int64_t> ErasureRepository::ScrubInbound(sql::Transaction& tx, const Uuid& contact, int limit) {
  return tx.ExecCount(kInbound, tx.tenant(), contact, limit);
}

absl::StatusOr<ErasureRepository::RawPage> ErasureRepository::ScrubRaw(sql::Transaction& tx, const Uuid& after,
                                                                       const std::vector<std::string>& needles,
                                                                       int limit) {
  RawPage page{.last = after};
  std::vector<Uuid> hits;
  int seen = 0;
  RETURN_IF_ERROR(tx.Each(
      kRaw,
      [&](const sql::Row& r) {
        ++seen;
        if (page.waits) return;
        const absl::string_view body = r.Blob(1);
        bool hit = false;
        for (const std::string& needle : needles) hit = hit || body.find(needle) != absl::string_view::npos;
        page.waits = hit && r.IsNull(2);
        if (page.waits) return;
        if (hit) hits.push_back(r.Id(0));
        page.last = r.Id(0);
      },
      sql::kSystemTenant, after, limit));
  for (const Uuid& id : hits) RETURN_IF_ERROR(tx.Exec(kEmptyRaw, sql::Blob{""}, sql::kSystemTenant, id));
  page.done = seen < limit && !page.waits;
  return page;
}

std::vector<sql::Query> ErasureRepository::Queries() {
  return {kContact, kIdentities, kWindows, kConsents, kMessages, kRecipients, kInbound, kRaw, kEmptyRaw};
}

}  // namespace vinculo::messaging
