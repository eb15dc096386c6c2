#include "services/profiling/store/flow_repository.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/store/publication.h"

namespace vinculo::profiling {
namespace {

constexpr sql::Query kInsert{
    "flow_insert",
    "INSERT INTO flow (tenant_id, flow_id, name, purpose_text, objectives, consent_purpose, base_language, draft, "
    "published_version, state, revision, created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) "
    "ON CONFLICT DO NOTHING"};
constexpr sql::Query kGet{
    "flow_get",
    "SELECT flow_id, name, purpose_text, objectives, consent_purpose, base_language, draft, published_version, "
    "state, revision, created_at, updated_at FROM flow WHERE tenant_id = ? AND flow_id = ?"};
constexpr sql::Query kUpdate{
    "flow_update",
    "UPDATE flow SET name = ?3, purpose_text = ?4, objectives = ?5, consent_purpose = ?6, base_language = ?7, "
    "draft = ?8, published_version = ?9, state = ?10, revision = ?11, updated_at = ?12 "
    "WHERE tenant_id = ?1 AND flow_id = ?2"};
constexpr sql::Query kList{
    "flow_list",
    "SELECT flow_id, name, purpose_text, objectives, consent_purpose, base_language, '', published_version, "
    "state, revision, created_at, updated_at FROM flow WHERE tenant_id = ? AND flow_id > ? "
    "ORDER BY flow_id LIMIT ?"};
constexpr sql::Query kInsertVersion{
    "flow_version_insert",
    "INSERT INTO flow_version (tenant_id, flow_id, version, name, purpose_text, objectives, consent_purpose, "
    "base_language, "
    "definition, definition_hash, matrices, products, report, state, published_at, published_by) "
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"};
constexpr sql::Query kSetVersionState{
    "flow_version_set_state",
    "UPDATE flow_version SET state = ?4 WHERE tenant_id = ?1 AND flow_id = ?2 AND version = ?3"};
constexpr sql::Query kGetVersion{"flow_version_get",
                                 "SELECT flow_id, version, name, purpose_text, objectives, consent_purpose, "
                                 "base_language, definition_hash, matrices, state, "
                                 "published_at, published_by, definition, products, report FROM flow_version WHERE "
                                 "tenant_id = ? AND flow_id = ? AND version = ?"};
constexpr sql::Query kLastVersion{
    "flow_version_last",
    "SELECT version FROM flow_version WHERE tenant_id = ? AND flow_id = ? ORDER BY version DESC LIMIT 1"};
constexpr sql::Query kListVersions{"flow_version_list",
                                   "SELECT flow_id, version, name, purpose_text, objectives, consent_purpose, "
                                   "base_language, definition_hash, matrices, state, "
                                   "published_at, published_by FROM flow_version WHERE tenant_id = ? AND flow_id = ? "
                                   "AND version < ? ORDER BY version DESC LIMIT ?"};
constexpr sql::Query kListRunning{"flow_version_list_running",
                                  "SELECT flow_id, version, name, purpose_text, objectives, consent_purpose, "
                                  "base_language, definition_hash, matrices, state, "
                                  "published_at, published_by, definition, products, report FROM flow_version WHERE "
                                  "tenant_id = ? AND flow_id >= '' AND state < 3"};

std::string JoinLines(const std::vector<std::string>& lines) { return absl::StrJoin(lines, "\n"); }

std::vector<std::string> SplitLines(absl::string_view text) { return absl::StrSplit(text, '\n', absl::SkipEmpty()); }

FlowHead ReadHead(const sql::Row& row, int id, int rest) {
  return {row.String(id),       row.String(rest),    row.String(rest + 1), SplitLines(row.Text(rest + 2)),
          row.String(rest + 3), row.String(rest + 4)};
}

FlowRow ReadFlow(const sql::Row& row) {
  FlowRow flow;
  flow.head = ReadHead(row, 0, 1);
  flow.draft = row.Bytes(6);
  flow.published_version = static_cast<int>(row.Int(7));
  flow.state = static_cast<FlowState>(row.Int(8));
  flow.revision = row.Int(9);
  flow.created_at = row.Time(10);
  flow.updated_at = row.Time(11);
  return flow;
}

std::string JoinRefs(const std::vector<MatrixRef>& refs) {
  return absl::StrJoin(
      refs, ",", [](std::string* out, const MatrixRef& ref) { absl::StrAppend(out, ref.matrix_id, ":", ref.version); });
}

std::vector<MatrixRef> SplitRefs(absl::string_view text) {
  std::vector<MatrixRef> out;
  for (absl::string_view piece : absl::StrSplit(text, ',', absl::SkipEmpty())) {
    const std::pair<std::string, std::string> halves = absl::StrSplit(piece, absl::MaxSplits(':', 1));
    MatrixRef ref{halves.first, 0};
    if (absl::SimpleAtoi(halves.second, &ref.version)) out.push_back(std::move(ref));
  }
  return out;
}

VersionRow ReadVersion(const sql::Row& row) {
  VersionRow version;
  version.head = ReadHead(row, 0, 2);
  version.version = static_cast<int>(row.Int(1));
  version.definition_hash = row.String(7);
  version.matrices = SplitRefs(row.Text(8));
  version.state = static_cast<VersionState>(row.Int(9));
  version.published_at = row.Time(10);
  version.published_by = row.String(11);
  return version;
}

VersionRow ReadWholeVersion(const sql::Row& row) {
  VersionRow version = ReadVersion(row);
  version.definition = row.Bytes(12);
  version.products = row.Bytes(13);
  version.report = row.Bytes(14);
  return version;
}

}  // namespace

absl::Status FlowRepository::Insert(sql::Transaction& tx, const FlowRow& flow) {
  const FlowHead& head = flow.head;
  ASSIGN_OR_RETURN(const int64_t added, tx.ExecCount(kInsert, tx.tenant(), head.flow_id, head.name, head.purpose_text,
                                                     JoinLines(head.objectives), head.consent_purpose,
                                                     head.base_language, sql::Blob{flow.draft}, flow.published_version,
                                                     flow.state, flow.revision, flow.created_at, flow.updated_at));
  if (added == 1) return absl::OkStatus();
  return Error(absl::StatusCode::kAlreadyExists, "SLUG_TAKEN",
               absl::StrCat("there is a flow `", head.flow_id, "` already"));
}

absl::StatusOr<FlowRow> FlowRepository::Get(sql::Transaction& tx, const std::string& flow_id) {
  ASSIGN_OR_RETURN(std::optional<FlowRow> found, tx.Find(kGet, ReadFlow, tx.tenant(), flow_id));
  if (!found) return NotFound("flow", flow_id);
  return *std::move(found);
}

absl::Status FlowRepository::Update(sql::Transaction& tx, const FlowRow& flow) {
  const FlowHead& head = flow.head;
  return tx.Exec(kUpdate, tx.tenant(), head.flow_id, head.name, head.purpose_text, JoinLines(head.objectives),
                 head.consent_purpose, head.base_language, sql::Blob{flow.draft}, flow.published_version, flow.state,
                 flow.revision, flow.updated_at);
}

absl::StatusOr<std::vector<FlowRow>> FlowRepository::List(sql::Transaction& tx, const std::string& after, int limit) {
  std::vector<FlowRow> out;
  RETURN_IF_ERROR(tx.Each(
      kList, [&](const sql::Row& row) { out.push_back(ReadFlow(row)); }, tx.tenant(), after, limit));
  return out;
}

absl::Status FlowRepository::InsertVersion(sql::Transaction& tx, const VersionRow& v) {
  RETURN_IF_ERROR(CountPublication(tx));
  return tx.Exec(kInsertVersion, tx.tenant(), v.head.flow_id, v.version, v.head.name, v.head.purpose_text,
                 JoinLines(v.head.objectives), v.head.consent_purpose, v.head.base_language, sql::Blob{v.definition},
                 v.definition_hash, JoinRefs(v.matrices), sql::Blob{v.products}, sql::Blob{v.report}, v.state,
                 v.published_at, v.published_by);
}

absl::Status FlowRepository::SetVersionState(sql::Transaction& tx, const std::string& flow_id, int version,
                                             VersionState state) {
  RETURN_IF_ERROR(CountPublication(tx));
  return tx.Exec(kSetVersionState, tx.tenant(), flow_id, version, state);
}

absl::StatusOr<VersionRow> FlowRepository::GetVersion(sql::Transaction& tx, const std::string& flow_id, int version) {
  ASSIGN_OR_RETURN(std::optional<VersionRow> found,
                   tx.Find(kGetVersion, ReadWholeVersion, tx.tenant(), flow_id, version));
  if (!found) return NotFound("flow version", absl::StrCat(flow_id, "/", version));
  return *std::move(found);
}

absl::StatusOr<int> FlowRepository::LastVersion(sql::Transaction& tx, const std::string& flow_id) {
  ASSIGN_OR_RETURN(const auto last, tx.Find(
                                        kLastVersion, [](const sql::Row& row) { return static_cast<int>(row.Int(0)); },
                                        tx.tenant(), flow_id));
  return last.value_or(0);
}

absl::StatusOr<std::vector<VersionRow>> FlowRepository::ListVersions(sql::Transaction& tx, const std::string& flow_id,
                                                                     int before, int limit) {
  std::vector<VersionRow> out;
  RETURN_IF_ERROR(tx.Each(
      kListVersions, [&](const sql::Row& row) { out.push_back(ReadVersion(row)); }, tx.tenant(), flow_id, before,
      limit));
  return out;
}

absl::StatusOr<std::vector<VersionRow>> FlowRepository::ListRunning(sql::Transaction& tx) {
  std::vector<VersionRow> out;
  RETURN_IF_ERROR(tx.Each(
      kListRunning, [&](const sql::Row& row) { out.push_back(ReadWholeVersion(row)); }, tx.tenant()));
  return out;
}

const std::vector<sql::Query>& FlowQueries() {
  static const auto* const kQueries =
      new std::vector<sql::Query>{kInsert,          kGet,        kUpdate,      kList,         kInsertVersion,
                                  kSetVersionState, kGetVersion, kLastVersion, kListVersions, kListRunning};
  return *kQueries;
}

}  // namespace vinculo::profiling
