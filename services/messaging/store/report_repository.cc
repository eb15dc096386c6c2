#include "services/messaging/store/report_repository.h"

#include "common/status/status_macros.h"
#include "services/messaging/store/report_counts.h"

namespace vinculo::messaging {
namespace {

constexpr int kRecountPage = 2'000;

constexpr sql::Query kMinutes{"campaign_minute_list",
                              "SELECT minute, figure, count FROM campaign_minute WHERE tenant_id = ? AND campaign_id = "
                              "? AND count <> 0 ORDER BY minute, figure"};
constexpr sql::Query kLedgerTimes{
    "campaign_recipient_times",
    "SELECT r.contact_id, r.replied_at, r.opted_out_at, m.phase, m.error_reason, m.error_code, m.accepted_at, "
    "m.sent_at, "
    "m.delivered_at, m.read_at, m.failed_at, m.expired_at FROM campaign_recipient r LEFT JOIN message m ON m.tenant_id "
    "= r.tenant_id AND m.message_id = r.message_id WHERE r.tenant_id = ? AND r.campaign_id = ? AND r.contact_id > ? "
    "ORDER BY r.contact_id LIMIT ?"};
constexpr sql::Query kOfTemplate{
    "template_count_of",
    "SELECT language, version, source, figure, detail, count FROM template_count WHERE tenant_id = ? AND sender_id = ? "
    "AND name = ? AND count <> 0 ORDER BY language, version"};
constexpr sql::Query kCostsOfTemplate{
    "template_cost_of",
    "SELECT language, version, source, kind, currency, messages, micros FROM template_cost WHERE tenant_id = ? AND "
    "sender_id = ? AND name = ? AND (messages <> 0 OR micros <> 0) ORDER BY language, version"};
constexpr sql::Query kCostsOfSender{
    "sender_cost_sum",
    "SELECT source, kind, currency, SUM(messages), SUM(micros) FROM sender_cost WHERE tenant_id = ? AND sender_id = ? "
    "AND quarter >= ? AND quarter < ? GROUP BY source, kind, currency HAVING SUM(messages) <> 0 OR SUM(micros) <> 0"};
constexpr sql::Query kOfSender{"sender_quarter_sum",
                               "SELECT source, figure, detail, SUM(count) FROM sender_quarter WHERE tenant_id = ? AND "
                               "sender_id = ? AND quarter >= "
                               "? AND quarter < ? GROUP BY source, figure, detail"};
constexpr sql::Query kAcceptedQuarters{
    "sender_quarter_accepted",
    "SELECT quarter, source, count FROM sender_quarter WHERE tenant_id = ? AND sender_id = ? AND quarter >= ? AND "
    "quarter < ? AND figure = 1 AND count <> 0"};
constexpr sql::Query kReached{"message_contacts_reached",
                              "SELECT COUNT(DISTINCT contact_id) FROM message WHERE tenant_id = ? AND accepted_at >= ? "
                              "AND accepted_at < ? AND accepted_at IS NOT NULL"};
constexpr sql::Query kCreated{
    "campaign_created_between",
    "SELECT created_at FROM campaign WHERE tenant_id = ? AND campaign_id >= ? AND campaign_id "
    "< ? ORDER BY campaign_id LIMIT 100000"};
constexpr sql::Query kLaunched{
    "campaign_started_between",
    "SELECT started_at FROM campaign WHERE tenant_id = ? AND started_at >= ? AND started_at < "
    "? AND started_at IS NOT NULL AND state > 2 ORDER BY started_at LIMIT 100000"};
constexpr sql::Query kTemplates{
    "template_created_between",
    "SELECT created_at FROM template WHERE tenant_id = ? AND created_at >= ? AND created_at "
    "< ? ORDER BY created_at LIMIT 100000"};

template <class... Args>
absl::StatusOr<std::vector<absl::Time>> Times(sql::Transaction& tx, const sql::Query& query, const Args&... args) {
  std::vector<absl::Time> out;
  RETURN_IF_ERROR(tx.Each(
      query, [&](const sql::Row& r) { out.push_back(r.Time(0)); }, args...));
  return out;
}

// From kind, currency, messages and micros.
CostShares ReadShare(const sql::Row& r, int first) {
  return {{{static_cast<CostKind>(r.Int(first)), r.String(first + 1)}, {r.Int(first + 2), r.Int(first + 3)}}};
}

// What a ledger row counts for.
void CountRow(const sql::Row& r, MinuteCounts& out) {
  const auto add = [&](Figure figure, std::optional<absl::Time> at) {
    if (at) ++out[{MinuteOf(*at), figure}];
  };
  add(Figure::kReplied, r.OptionalTime(1));
  add(Figure::kOptedOut, r.OptionalTime(2));
  if (r.IsNull(3)) return;
  Message m;
  m.progress = {.phase = static_cast<Phase>(r.Int(3)),
                .accepted_at = r.OptionalTime(6),
                .sent_at = r.OptionalTime(7),
                .delivered_at = r.OptionalTime(8),
                .read_at = r.OptionalTime(9),
                .failed_at = r.OptionalTime(10),
                .expired_at = r.OptionalTime(11),
                .error_reason = r.String(4),
                .error_code = static_cast<int>(r.Int(5))};
  for (const FigureAt& f : FiguresOf(m)) add(f.figure, f.at);
}

}  // namespace

absl::Status ReportRepository::EachMinute(sql::Transaction& tx, const Uuid& campaign,
                                          const std::function<void(int64_t, Figure, int64_t)>& on_count) {
  return tx.Each(
      kMinutes, [&](const sql::Row& r) { on_count(r.Int(0), static_cast<Figure>(r.Int(1)), r.Int(2)); }, tx.tenant(),
      campaign);
}

absl::StatusOr<MinuteCounts> ReportRepository::RecountMinutes(sql::Transaction& tx, const Uuid& campaign) {
  MinuteCounts out;
  Uuid after;
  for (int rows = kRecountPage; rows == kRecountPage;) {
    rows = 0;
    RETURN_IF_ERROR(tx.Each(
        kLedgerTimes,
        [&](const sql::Row& r) {
          ++rows;
          after = r.Id(0);
          CountRow(r, out);
        },
        tx.tenant(), campaign, after, kRecountPage));
  }
  return out;
}

absl::StatusOr<std::vector<VersionCounts>> ReportRepository::OfTemplate(sql::Transaction& tx,
                                                                        const std::vector<Uuid>& senders,
                                                                        const std::string& name) {
  std::map<std::pair<std::string, int>, CountsBySource> found;
  const auto counts = [&](const sql::Row& r) -> MessageCounts& {
    return found[{r.String(0), static_cast<int>(r.Int(1))}][static_cast<Source>(r.Int(2))];
  };
  for (const Uuid& sender : senders) {
    RETURN_IF_ERROR(tx.Each(
        kOfTemplate,
        [&](const sql::Row& r) {
          counts(r).figures[{static_cast<Figure>(r.Int(3)), r.String(4)}] += r.Int(5);
        },
        tx.tenant(), sender, name));
    RETURN_IF_ERROR(tx.Each(
        kCostsOfTemplate, [&](const sql::Row& r) { AddShares(ReadShare(r, 3), 1, counts(r).costs); }, tx.tenant(),
        sender, name));
  }
  std::vector<VersionCounts> out;
  for (auto& [key, by_source] : found) out.push_back({key.first, key.second, std::move(by_source)});
  return out;
}

absl::StatusOr<CountsBySource> ReportRepository::OfSender(sql::Transaction& tx, const Uuid& sender, int64_t from,
                                                          int64_t until) {
  CountsBySource out;
  RETURN_IF_ERROR(tx.Each(
      kOfSender,
      [&](const sql::Row& r) {
        out[static_cast<Source>(r.Int(0))].figures[{static_cast<Figure>(r.Int(1)), r.String(2)}] = r.Int(3);
      },
      tx.tenant(), sender, from, until));
  ASSIGN_OR_RETURN(const auto costs, CostsOfSender(tx, sender, from, until));
  for (const auto& [source, shares] : costs) out[source].costs = shares;
  return out;
}

absl::StatusOr<std::map<Source, CostShares>> ReportRepository::CostsOfSender(sql::Transaction& tx, const Uuid& sender,
                                                                             int64_t from, int64_t until) {
  std::map<Source, CostShares> out;
  RETURN_IF_ERROR(tx.Each(
      kCostsOfSender, [&](const sql::Row& r) { AddShares(ReadShare(r, 1), 1, out[static_cast<Source>(r.Int(0))]); },
      tx.tenant(), sender, from, until));
  return out;
}

absl::Status ReportRepository::EachAcceptedQuarter(sql::Transaction& tx, const Uuid& sender, int64_t from,
                                                   int64_t until,
                                                   const std::function<void(int64_t, Source, int64_t)>& on_count) {
  return tx.Each(
      kAcceptedQuarters, [&](const sql::Row& r) { on_count(r.Int(0), static_cast<Source>(r.Int(1)), r.Int(2)); },
      tx.tenant(), sender, from, until);
}

absl::StatusOr<int64_t> ReportRepository::ContactsReached(sql::Transaction& tx, absl::Time from, absl::Time until) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       kReached, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), from, until));
  return n.value_or(0);
}

absl::StatusOr<std::vector<absl::Time>> ReportRepository::CampaignsCreated(sql::Transaction& tx, absl::Time from,
                                                                           absl::Time until) {
  return Times(tx, kCreated, tx.tenant(), Uuid::LeastAt(from), Uuid::LeastAt(until));
}

absl::StatusOr<std::vector<absl::Time>> ReportRepository::CampaignsLaunched(sql::Transaction& tx, absl::Time from,
                                                                            absl::Time until) {
  return Times(tx, kLaunched, tx.tenant(), from, until);
}

absl::StatusOr<std::vector<absl::Time>> ReportRepository::TemplatesCreated(sql::Transaction& tx, absl::Time from,
                                                                           absl::Time until) {
  return Times(tx, kTemplates, tx.tenant(), from, until);
}

std::vector<sql::Query> ReportRepository::Queries() {
  return {kMinutes,          kLedgerTimes, kOfTemplate, kOfSender, kCostsOfTemplate, kCostsOfSender,
          kAcceptedQuarters, kReached,     kCreated,    kLaunched, kTemplates};
}

}  // namespace vinculo::messaging
