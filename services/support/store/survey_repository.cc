#include "services/support/store/survey_repository.h"

#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::support {
namespace {

#define VINCULO_SURVEY_COLUMNS                                                                                   \
  "id, conversation_id, token_hash, state, agent, sent_at, delivered_at, expires_at, rating, remark, rated_at, " \
  "revision"

constexpr sql::Query kInsert{"survey_insert", "INSERT INTO survey (tenant_id, " VINCULO_SURVEY_COLUMNS
                                              ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"};
constexpr sql::Query kUpdate{
    "survey_update",
    "UPDATE survey SET state = ?, delivered_at = ?, rating = ?, remark = ?, rated_at = ?, revision = revision + 1 "
    "WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kGet{"survey_get", "SELECT " VINCULO_SURVEY_COLUMNS " FROM survey WHERE tenant_id = ? AND id = ?"};
constexpr sql::Query kGetByToken{
    "survey_get_by_token", "SELECT " VINCULO_SURVEY_COLUMNS " FROM survey WHERE tenant_id = ? AND token_hash = ?"};
constexpr sql::Query kListRated{"survey_list_rated",
                                "SELECT " VINCULO_SURVEY_COLUMNS
                                " FROM survey WHERE tenant_id = ?1 AND rated_at <= ?2 AND (rated_at < ?2 OR id < ?3) "
                                "ORDER BY rated_at DESC, id DESC LIMIT ?4"};
constexpr sql::Query kListRatedOf{
    "survey_list_rated_of",
    "SELECT " VINCULO_SURVEY_COLUMNS
    " FROM survey WHERE tenant_id = ?1 AND conversation_id = ?5 AND rated_at <= ?2 AND (rated_at < ?2 OR id < ?3) "
    "ORDER BY rated_at DESC, id DESC LIMIT ?4"};

Survey ReadSurvey(const sql::Row& r) {
  Survey s;
  s.id = r.Id(0);
  s.conversation_id = r.Id(1);
  s.token_hash = r.Bytes(2);
  s.state = static_cast<SurveyState>(r.Int(3));
  s.agent = r.String(4);
  s.sent_at = r.Time(5);
  s.delivered_at = r.OptionalTime(6);
  s.expires_at = r.Time(7);
  s.rating = static_cast<int32_t>(r.Int(8));
  s.remark = r.String(9);
  s.rated_at = r.OptionalTime(10);
  s.revision = r.Int(11);
  return s;
}

}  // namespace

absl::Status SurveyRepository::Insert(sql::Transaction& tx, const Survey& s) const {
  return tx.Exec(kInsert, tx.tenant(), s.id, s.conversation_id, sql::Blob{s.token_hash}, s.state, s.agent, s.sent_at,
                 s.delivered_at, s.expires_at, s.rating, s.remark, s.rated_at);
}

absl::Status SurveyRepository::Update(sql::Transaction& tx, const Survey& s) const {
  return tx.Exec(kUpdate, s.state, s.delivered_at, s.rating, s.remark, s.rated_at, tx.tenant(), s.id);
}

absl::StatusOr<Survey> SurveyRepository::Get(sql::Transaction& tx, const Uuid& id) const {
  ASSIGN_OR_RETURN(std::optional<Survey> found, tx.Find(kGet, ReadSurvey, tx.tenant(), id));
  if (!found) return NotFound("survey", id.ToString());
  return *std::move(found);
}

absl::StatusOr<Survey> SurveyRepository::GetByTokenHash(sql::Transaction& tx, const std::string& token_hash) const {
  ASSIGN_OR_RETURN(std::optional<Survey> found, tx.Find(kGetByToken, ReadSurvey, tx.tenant(), sql::Blob{token_hash}));
  if (!found) return NotFound("survey", "");
  return *std::move(found);
}

absl::StatusOr<std::vector<Survey>> SurveyRepository::ListRated(sql::Transaction& tx, std::optional<Uuid> conversation,
                                                                std::optional<Position> after, int limit) const {
  const Position at = after.value_or(Position{absl::FromUnixMicros(INT64_MAX), Uuid()});
  std::vector<Survey> rated;
  const auto on_row = [&](const sql::Row& r) { rated.push_back(ReadSurvey(r)); };
  RETURN_IF_ERROR(conversation ? tx.Each(kListRatedOf, on_row, tx.tenant(), at.rated_at, at.id, limit, *conversation)
                               : tx.Each(kListRated, on_row, tx.tenant(), at.rated_at, at.id, limit));
  return rated;
}

std::vector<sql::Query> SurveyRepository::Queries() {
  return {kInsert, kUpdate, kGet, kGetByToken, kListRated, kListRatedOf};
}

}  // namespace vinculo::support
