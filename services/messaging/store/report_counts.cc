#include "services/messaging/store/report_counts.h"

#include <algorithm>

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kAddMinute{
    "campaign_minute_add",
    "INSERT INTO campaign_minute (tenant_id, campaign_id, minute, figure, count) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, campaign_id, minute, figure) DO UPDATE SET count = campaign_minute.count + excluded.count"};
constexpr sql::Query kAddQuarter{
    "sender_quarter_add",
    "INSERT INTO sender_quarter (tenant_id, sender_id, quarter, source, figure, detail, count) VALUES (?, ?, ?, ?, ?, "
    "?, ?) ON CONFLICT (tenant_id, sender_id, quarter, source, figure, detail) DO UPDATE SET count = "
    "sender_quarter.count + excluded.count"};
constexpr sql::Query kAddTemplate{
    "template_count_add",
    "INSERT INTO template_count (tenant_id, sender_id, name, language, version, source, figure, detail, count) VALUES "
    "(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, sender_id, name, language, version, source, figure, detail) "
    "DO UPDATE SET count = template_count.count + excluded.count"};
constexpr sql::Query kAddSenderCost{
    "sender_cost_add",
    "INSERT INTO sender_cost (tenant_id, sender_id, quarter, source, kind, currency, messages, micros) VALUES (?, ?, "
    "?, "
    "?, ?, ?, ?, ?) ON CONFLICT (tenant_id, sender_id, quarter, source, kind, currency) DO UPDATE SET messages = "
    "sender_cost.messages + excluded.messages, micros = sender_cost.micros + excluded.micros"};
constexpr sql::Query kAddTemplateCost{
    "template_cost_add",
    "INSERT INTO template_cost (tenant_id, sender_id, name, language, version, source, kind, currency, messages, "
    "micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, sender_id, name, language, version, source, "
    "kind, currency) DO UPDATE SET messages = template_cost.messages + excluded.messages, micros = "
    "template_cost.micros + excluded.micros"};

// One statement for each share that changed, of the counter that `key` names.
template <class... Key>
absl::Status AddCosts(sql::Transaction& tx, const sql::Query& query, const std::tuple<Key...>& key,
                      const CostShares& shares) {
  for (const auto& [of, share] : shares) {
    if (share == CostShare()) continue;
    RETURN_IF_ERROR(std::apply(
        [&, kind = of.first, &currency = of.second](const auto&... part) {
          return tx.Exec(query, tx.tenant(), part..., kind, currency, share.messages, share.micros);
        },
        key));
  }
  return absl::OkStatus();
}

}  // namespace

void FigureDeltas::Change(const Message& m, const std::vector<FigureAt>& before, const std::vector<FigureAt>& after,
                          bool in_ledger) {
  const auto has = [](const std::vector<FigureAt>& figures, const FigureAt& f) {
    return std::find(figures.begin(), figures.end(), f) != figures.end();
  };
  for (const FigureAt& f : before) {
    if (!has(after, f)) Count(m, f, -1, in_ledger);
  }
  for (const FigureAt& f : after) {
    if (!has(before, f)) Count(m, f, 1, in_ledger);
  }
}

void FigureDeltas::Add(const Message& m, const FigureAt& figure, int64_t n) { Count(m, figure, n, true); }

void FigureDeltas::Show(const Message& m, bool in_ledger) {
  if (!m.campaign_id) return;
  for (const FigureAt& f : FiguresOf(m)) minutes_[{*m.campaign_id, MinuteOf(f.at), f.figure}] += in_ledger ? 1 : -1;
}

void FigureDeltas::Count(const Message& m, const FigureAt& f, int64_t n, bool in_ledger) {
  if (m.campaign_id && in_ledger) minutes_[{*m.campaign_id, MinuteOf(f.at), f.figure}] += n;
  quarters_[{m.sender_id, QuarterOf(f.at), SourceOf(m), f.figure, f.detail}] += n;
  if (const auto* content = std::get_if<TemplateContent>(&m.content))
    templates_[{m.sender_id, content->name, content->language, m.version, SourceOf(m), f.figure, f.detail}] += n;
}

void FigureDeltas::ChangeCost(const Message& before, const Message& after) {
  CountCost(before, -1);
  CountCost(after, 1);
}

void FigureDeltas::CountCost(const Message& m, int times) {
  const CostShares shares = ReportedShares(m);
  if (shares.empty()) return;
  AddShares(shares, times, quarter_costs_[{m.sender_id, QuarterOf(*m.progress.delivered_at), SourceOf(m)}]);
  if (const auto* content = std::get_if<TemplateContent>(&m.content))
    AddShares(shares, times, template_costs_[{m.sender_id, content->name, content->language, m.version, SourceOf(m)}]);
}

absl::Status FigureDeltas::FlushCosts(sql::Transaction& tx) {
  for (const auto& [key, shares] : quarter_costs_) RETURN_IF_ERROR(AddCosts(tx, kAddSenderCost, key, shares));
  for (const auto& [key, shares] : template_costs_) RETURN_IF_ERROR(AddCosts(tx, kAddTemplateCost, key, shares));
  quarter_costs_.clear();
  template_costs_.clear();
  return absl::OkStatus();
}

absl::Status FigureDeltas::Flush(sql::Transaction& tx) {
  for (const auto& [key, n] : minutes_) {
    if (n == 0) continue;
    RETURN_IF_ERROR(tx.Exec(kAddMinute, tx.tenant(), std::get<0>(key), std::get<1>(key), std::get<2>(key), n));
  }
  for (const auto& [key, n] : quarters_) {
    if (n == 0) continue;
    RETURN_IF_ERROR(tx.Exec(kAddQuarter, tx.tenant(), std::get<0>(key), std::get<1>(key), std::get<2>(key),
                            std::get<3>(key), std::get<4>(key), n));
  }
  for (const auto& [key, n] : templates_) {
    if (n == 0) continue;
    RETURN_IF_ERROR(tx.Exec(kAddTemplate, tx.tenant(), std::get<0>(key), std::get<1>(key), std::get<2>(key),
                            std::get<3>(key), std::get<4>(key), std::get<5>(key), std::get<6>(key), n));
  }
  minutes_.clear();
  quarters_.clear();
  templates_.clear();
  return FlushCosts(tx);
}

std::vector<sql::Query> FigureDeltas::Queries() {
  return {kAddMinute, kAddQuarter, kAddTemplate, kAddSenderCost, kAddTemplateCost};
}

}  // namespace vinculo::messaging
