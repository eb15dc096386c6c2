#include "services/messaging/store/compliance_repository.h"

#include "common/json/json_text.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

constexpr sql::Query kAll{
    "compliance_words_all",
    "SELECT language, words, revision FROM compliance_words WHERE tenant_id = ? ORDER BY language"};
constexpr sql::Query kPut{
    "compliance_words_put",
    "INSERT INTO compliance_words (tenant_id, language, words, revision, updated_at) VALUES (?, ?, ?, ?, ?) ON "
    "CONFLICT "
    "(tenant_id, language) DO UPDATE SET words = excluded.words, revision = excluded.revision, updated_at = "
    "excluded.updated_at"};

LanguageWords Read(const Json& j) {
  using Words = std::vector<std::string>;
  return {j.at("stop").get<Words>(), j.at("all").get<Words>(), j.at("start").get<Words>()};
}

}  // namespace

absl::StatusOr<std::map<std::string, LanguageWords>> ComplianceRepository::All(sql::Transaction& tx) {
  std::map<std::string, LanguageWords> out = DefaultComplianceWords();
  const auto read = [&](const sql::Row& r) -> absl::Status {
    ASSIGN_OR_RETURN(LanguageWords words, DecodeStoredJson<LanguageWords>(r.Text(1), Read));
    words.revision = r.Int(2);
    out[r.String(0)] = std::move(words);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(tx.Each(kAll, read, tx.tenant()));
  return out;
}

absl::Status ComplianceRepository::Put(sql::Transaction& tx, const std::string& language, LanguageWords& words,
                                       absl::Time now) {
  ++words.revision;
  const std::string text = DumpJson({{"stop", words.stop_marketing}, {"all", words.stop_all}, {"start", words.start}});
  return tx.Exec(kPut, tx.tenant(), language, text, words.revision, now);
}

std::vector<sql::Query> ComplianceRepository::Queries() { return {kAll, kPut}; }

}  // namespace vinculo::messaging
