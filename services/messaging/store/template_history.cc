#include "services/messaging/store/template_history.h"

#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

constexpr sql::Query kSubmitted{
    "template_first_insert",
    "INSERT INTO template_first (tenant_id, channel_id, name, language, submitted_at, verdict) VALUES (?, ?, ?, ?, ?, "
    "'') ON CONFLICT (tenant_id, channel_id, name, language) DO NOTHING"};
constexpr sql::Query kJudged{
    "template_first_judge",
    "UPDATE template_first SET verdict = ? WHERE tenant_id = ? AND channel_id = ? AND name = ? "
    "AND language = ? AND verdict = ''"};
constexpr sql::Query kLastQuality{
    "template_quality_last",
    "SELECT quality FROM template_quality WHERE tenant_id = ? AND channel_id = ? AND name "
    "= ? AND language = ? AND at <= ? ORDER BY at DESC LIMIT 1"};
constexpr sql::Query kAddQuality{
    "template_quality_insert",
    "INSERT INTO template_quality (tenant_id, channel_id, name, language, at, quality) VALUES (?, ?, ?, ?, ?, ?) ON "
    "CONFLICT (tenant_id, channel_id, name, language, at) DO UPDATE SET quality = excluded.quality"};
constexpr sql::Query kQualities{"template_quality_list",
                                "SELECT language, quality, at FROM template_quality WHERE tenant_id = ? AND channel_id "
                                "= ? AND name = ? ORDER BY language, at LIMIT 1000"};
constexpr sql::Query kFirsts{"template_first_between",
                             "SELECT submitted_at, verdict FROM template_first WHERE tenant_id = ? AND submitted_at >= "
                             "? AND submitted_at < ? ORDER BY submitted_at LIMIT 100000"};

}  // namespace

absl::Status TemplateHistory::Submitted(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  return tx.Exec(kSubmitted, tx.tenant(), key.channel_id, key.name, key.language, now);
}

absl::Status TemplateHistory::Judged(sql::Transaction& tx, const TranslationKey& key, const std::string& verdict) {
  if (verdict != "APPROVED" && verdict != "REJECTED" && verdict != "REFUSED") return absl::OkStatus();
  return tx.Exec(kJudged, verdict, tx.tenant(), key.channel_id, key.name, key.language);
}

absl::Status TemplateHistory::Quality(sql::Transaction& tx, const TranslationKey& key, const std::string& quality,
                                      absl::Time at) {
  if (quality.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<std::string> last,
                   tx.Find(
                       kLastQuality, [](const sql::Row& r) { return r.String(0); }, tx.tenant(), key.channel_id,
                       key.name, key.language, at));
  if (last == quality) return absl::OkStatus();
  return tx.Exec(kAddQuality, tx.tenant(), key.channel_id, key.name, key.language, at, quality);
}

absl::StatusOr<std::vector<QualityChange>> TemplateHistory::QualityChanges(sql::Transaction& tx, const Uuid& channel,
                                                                           const std::string& name) {
  std::vector<QualityChange> out;
  RETURN_IF_ERROR(tx.Each(
      kQualities,
      [&](const sql::Row& r) {
        out.push_back({r.String(0), r.String(1), r.Time(2)});
      },
      tx.tenant(), channel, name));
  return out;
}

absl::StatusOr<std::vector<TemplateHistory::First>> TemplateHistory::FirstSubmissions(sql::Transaction& tx,
                                                                                      absl::Time from,
                                                                                      absl::Time until) {
  std::vector<First> out;
  RETURN_IF_ERROR(tx.Each(
      kFirsts,
      [&](const sql::Row& r) {
        out.push_back({r.Time(0), r.String(1)});
      },
      tx.tenant(), from, until));
  return out;
}

std::vector<sql::Query> TemplateHistory::Queries() {
  return {kSubmitted, kJudged, kLastQuality, kAddQuality, kQualities, kFirsts};
}

}  // namespace vinculo::messaging
