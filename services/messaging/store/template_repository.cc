#include "services/messaging/store/template_repository.h"

#include <limits>

#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"
#include "services/messaging/store/template_hash.h"
#include "services/messaging/store/template_history.h"

namespace vinculo::messaging {
namespace {

#define KEY "tenant_id = ? AND channel_id = ? AND name = ?"

constexpr sql::Query kGet{"template_get",
                          "SELECT name, variable_format, revision, created_at FROM template WHERE " KEY};
constexpr sql::Query kList{
    "template_list",
    "SELECT name, variable_format, revision, created_at FROM template WHERE tenant_id = ? AND channel_id = ? AND "
    "name > ? ORDER BY name LIMIT ?"};
constexpr sql::Query kTranslations{
    "translation_list",
    "SELECT t.language, t.category, t.state, t.status, t.quality, t.graph_id, t.rejected_reason, t.status_at, "
    "t.quality_at, t.category_at, t.announced_category, t.pause_title, t.paused_at, t.locked_until, t.submitted_at, "
    "t.updated_at, s.version, s.components, s.category, s.origin, s.created_at, d.version, d.components, d.category, "
    "d.origin, d.created_at, t.posts FROM translation t "
    "LEFT JOIN template_version s ON s.tenant_id = t.tenant_id AND s.channel_id = t.channel_id AND s.name = t.name AND "
    "s.language = t.language AND s.version = t.submitted_version "
    "LEFT JOIN template_version d ON d.tenant_id = t.tenant_id AND d.channel_id = t.channel_id AND d.name = t.name AND "
    "d.language = t.language AND d.version = t.draft_version "
    "WHERE t.tenant_id = ? AND t.channel_id = ? AND t.name = ? ORDER BY t.language"};
constexpr sql::Query kVersion{"template_version_get",
                              "SELECT components FROM template_version WHERE " KEY " AND language = ? AND version = ?"};
constexpr sql::Query kVersions{
    "template_version_list", "SELECT version, components, category, origin, created_at FROM template_version WHERE " KEY
                             " AND language = ? AND version < ? ORDER BY version DESC LIMIT ?"};
constexpr sql::Query kLastVersion{"template_version_last", "SELECT version FROM template_version WHERE " KEY
                                                           " AND language = ? ORDER BY version DESC LIMIT 1"};
// Only a template whose translations are all gone comes back in another format.
constexpr sql::Query kInsertTemplate{
    "template_insert",
    "INSERT INTO template (tenant_id, channel_id, name, variable_format, revision, created_at) VALUES "
    "(?, ?, ?, ?, 1, ?) ON CONFLICT (tenant_id, channel_id, name) DO UPDATE SET revision = template.revision + 1, "
    "variable_format = excluded.variable_format"};
constexpr sql::Query kTouch{"template_touch", "UPDATE template SET revision = revision + 1 WHERE " KEY};
constexpr sql::Query kInsertTranslation{
    "translation_insert",
    "INSERT INTO translation (tenant_id, channel_id, name, language, category, state, status, quality, graph_id, "
    "rejected_reason, submitted_version, draft_version, text_hash, status_at, updated_at, quality_at, category_at, "
    "announced_category, pause_title, paused_at, locked_until, submitted_at, previous_version, posts, seen_at) VALUES "
    "(?, ?, ?, ?, ?, ?, '', '', '', '', ?, ?, ?, 0, ?, 0, 0, 0, '', NULL, NULL, 0, NULL, 0, 0) ON CONFLICT (tenant_id, "
    "channel_id, name, language) DO UPDATE SET category = excluded.category, state = excluded.state, status = '', "
    "quality = '', graph_id = '', rejected_reason = '', submitted_version = excluded.submitted_version, "
    "draft_version = excluded.draft_version, text_hash = excluded.text_hash, updated_at = excluded.updated_at"};
constexpr sql::Query kSaveVersion{"template_version_save",
                                  "INSERT INTO template_version (tenant_id, channel_id, name, language, version, "
                                  "components, content_hash, origin, created_at, category) VALUES "
                                  "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, channel_id, name, language, "
                                  "version) DO UPDATE SET components = excluded.components, "
                                  "content_hash = excluded.content_hash, category = excluded.category"};
// What WhatsApp has keeps its category until WhatsApp takes the draft.
constexpr sql::Query kSetDraft{
    "translation_set_draft",
    "UPDATE translation SET draft_version = ?, category = CASE state WHEN 1 THEN ? ELSE category END, text_hash = ?, "
    "updated_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kDropVersion{"template_version_drop",
                                  "DELETE FROM template_version WHERE " KEY " AND language = ? AND version = ?"};
constexpr sql::Query kDropTranslation{"translation_drop", "DELETE FROM translation WHERE " KEY " AND language = ?"};
constexpr sql::Query kDropTemplate{"template_drop", "DELETE FROM template WHERE " KEY};
constexpr sql::Query kBury{"translation_bury",
                           "UPDATE translation SET state = 3, status = 'DELETED', draft_version = NULL, updated_at = ? "
                           "WHERE " KEY " AND language = ?"};
constexpr sql::Query kFreeze{
    "translation_freeze",
    "UPDATE translation SET previous_version = submitted_version, submitted_version = draft_version, draft_version = "
    "NULL, state = 2, rejected_reason = '', posts = 0, submitted_at = ?, updated_at = ? WHERE " KEY
    " AND language = ?"};
constexpr sql::Query kCountPost{"translation_count_post",
                                "UPDATE translation SET posts = posts + 1 WHERE " KEY " AND language = ?"};
// A translation that WhatsApp already has falls back to the version before, another one to a draft.
constexpr sql::Query kFail{
    "translation_fail",
    "UPDATE translation SET draft_version = submitted_version, submitted_version = previous_version, state = CASE "
    "graph_id WHEN '' THEN 1 ELSE 3 END, rejected_reason = ?, updated_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kSaveVerdict{
    "translation_verdict",
    "UPDATE translation SET category = ?, state = ?, status = ?, quality = ?, graph_id = ?, rejected_reason = ?, "
    "status_at = ?, quality_at = ?, category_at = ?, announced_category = ?, pause_title = ?, paused_at = ?, "
    "locked_until = ?, updated_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kSetLive{
    "translation_set_live",
    "UPDATE translation SET submitted_version = ?, state = 3, text_hash = ?, updated_at = ? WHERE " KEY
    " AND language = ?"};
constexpr sql::Query kAdopt{"translation_adopt_draft",
                            "UPDATE translation SET submitted_version = draft_version, draft_version = NULL, state = "
                            "3, updated_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kMarkSeen{"translation_mark_seen",
                               "UPDATE translation SET seen_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kUnseen{
    "translation_unseen",
    "SELECT name, language FROM translation WHERE tenant_id = ? AND channel_id = ? AND (name, language) > (?, ?) AND "
    "state = 3 AND status <> 'DELETED' AND seen_at < ? AND updated_at < ? ORDER BY name, language LIMIT ?"};
constexpr sql::Query kByGraphId{
    "translation_by_graph_id",
    "SELECT channel_id, name, language FROM translation WHERE tenant_id = ? AND graph_id = ? AND graph_id <> ''"};
TemplateVersion ReadVersion(const sql::Row& r, int first, absl::Status& status) {
  absl::StatusOr<TemplateComponents> components = DecodeComponents(r.Text(first + 1));
  if (!components.ok()) {
    status = components.status();
    return {};
  }
  return {.version = static_cast<int>(r.Int(first)),
          .components = *std::move(components),
          .category = static_cast<Category>(r.Int(first + 2)),
          .origin = static_cast<VersionOrigin>(r.Int(first + 3)),
          .created_at = r.Time(first + 4)};
}

// A row of kTranslations. Decoding errors are reported through `status`.
Translation ReadTranslation(const sql::Row& r, absl::Status& status) {
  Translation t{.language = r.String(0),
                .category = static_cast<Category>(r.Int(1)),
                .state = static_cast<TranslationState>(r.Int(2)),
                .status = r.String(3),
                .quality = r.String(4),
                .provider_id = r.String(5),
                .rejected_reason = r.String(6),
                .submitted = std::nullopt,
                .draft = std::nullopt,
                .status_at = r.Time(7),
                .quality_at = r.Time(8),
                .category_at = r.Time(9),
                .announced_category = static_cast<Category>(r.Int(10)),
                .pause_title = r.String(11),
                .paused_at = r.OptionalTime(12),
                .locked_until = r.OptionalTime(13),
                .submitted_at = r.Time(14),
                .posts = static_cast<int>(r.Int(26)),
                .updated_at = r.Time(15)};
  if (!r.IsNull(16)) t.submitted = ReadVersion(r, 16, status);
  if (!r.IsNull(21)) t.draft = ReadVersion(r, 21, status);
  return t;
}

absl::Status LoadTranslations(sql::Transaction& tx, Template& t) {
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      kTranslations, [&](const sql::Row& r) { t.translations.push_back(ReadTranslation(r, decoded)); }, tx.tenant(),
      t.channel_id, t.name));
  return decoded;
}

absl::Status SaveVersion(sql::Transaction& tx, const TranslationKey& key, int version, VersionOrigin origin,
                         Category category, const TemplateComponents& components, absl::Time now) {
  return tx.Exec(kSaveVersion, tx.tenant(), key.channel_id, key.name, key.language, version,
                 EncodeComponents(components), sql::Blob{ContentHash(components)}, origin, now, category);
}

absl::StatusOr<int> LastVersion(sql::Transaction& tx, const TranslationKey& key) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> last, tx.Find(
                                                          kLastVersion, [](const sql::Row& r) { return r.Int(0); },
                                                          tx.tenant(), key.channel_id, key.name, key.language));
  return static_cast<int>(last.value_or(0));
}

absl::Status Touch(sql::Transaction& tx, const TranslationKey& key) {
  return tx.Exec(kTouch, tx.tenant(), key.channel_id, key.name);
}

}  // namespace

absl::StatusOr<std::optional<Template>> TemplateRepository::Find(sql::Transaction& tx, const Uuid& channel,
                                                                 const std::string& name) {
  const auto read = [&](const sql::Row& r) {
    return Template{.channel_id = channel,
                    .name = r.String(0),
                    .variable_format = static_cast<VariableFormat>(r.Int(1)),
                    .translations = {},
                    .revision = r.Int(2),
                    .created_at = r.Time(3)};
  };
  ASSIGN_OR_RETURN(std::optional<Template> found, tx.Find(kGet, read, tx.tenant(), channel, name));
  if (found) RETURN_IF_ERROR(LoadTranslations(tx, *found));
  return found;
}

absl::StatusOr<Template> TemplateRepository::Get(sql::Transaction& tx, const Uuid& channel, const std::string& name) {
  ASSIGN_OR_RETURN(std::optional<Template> found, Find(tx, channel, name));
  if (!found) return NotFound("template", name);
  return *std::move(found);
}

absl::StatusOr<std::vector<Template>> TemplateRepository::List(sql::Transaction& tx, const Uuid& channel,
                                                               const std::string& after, int limit) {
  std::vector<Template> out;
  RETURN_IF_ERROR(tx.Each(
      kList,
      [&](const sql::Row& r) {
        out.push_back({.channel_id = channel,
                       .name = r.String(0),
                       .variable_format = static_cast<VariableFormat>(r.Int(1)),
                       .translations = {},
                       .revision = r.Int(2),
                       .created_at = r.Time(3)});
      },
      tx.tenant(), channel, after, limit));
  for (Template& t : out) RETURN_IF_ERROR(LoadTranslations(tx, t));
  return out;
}

absl::StatusOr<TemplateComponents> TemplateRepository::GetVersion(sql::Transaction& tx, const TranslationKey& key,
                                                                  int version) {
  ASSIGN_OR_RETURN(const std::optional<std::string> text,
                   tx.Find(
                       kVersion, [](const sql::Row& r) { return r.String(0); }, tx.tenant(), key.channel_id, key.name,
                       key.language, version));
  if (!text) return NotFound("template", key.name);
  return DecodeComponents(*text);
}

absl::StatusOr<std::vector<TemplateVersion>> TemplateRepository::ListVersions(sql::Transaction& tx,
                                                                              const TranslationKey& key, int before,
                                                                              int limit) {
  std::vector<TemplateVersion> out;
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      kVersions, [&](const sql::Row& r) { out.push_back(ReadVersion(r, 0, decoded)); }, tx.tenant(), key.channel_id,
      key.name, key.language, before == 0 ? std::numeric_limits<int32_t>::max() : before, limit));
  RETURN_IF_ERROR(decoded);
  return out;
}

absl::Status TemplateRepository::Create(sql::Transaction& tx, const TranslationKey& key, VariableFormat format,
                                        Category category, const TemplateComponents& components, absl::Time now) {
  ASSIGN_OR_RETURN(const int last, LastVersion(tx, key));
  RETURN_IF_ERROR(tx.Exec(kInsertTemplate, tx.tenant(), key.channel_id, key.name, format, now));
  RETURN_IF_ERROR(tx.Exec(kInsertTranslation, tx.tenant(), key.channel_id, key.name, key.language, category,
                          TranslationState::kDraft, std::optional<int64_t>(), last + 1, sql::Blob{TextHash(components)},
                          now));
  return SaveVersion(tx, key, last + 1, VersionOrigin::kUser, category, components, now);
}

absl::Status TemplateRepository::SaveDraft(sql::Transaction& tx, const TranslationKey& key, Category category,
                                           const TemplateComponents& components, absl::Time now) {
  ASSIGN_OR_RETURN(const Template t, Get(tx, key.channel_id, key.name));
  const Translation* current = t.Find(key.language);
  if (current == nullptr) return NotFound("template", key.name);
  ASSIGN_OR_RETURN(const int last, LastVersion(tx, key));
  const int version = current->draft ? current->draft->version : last + 1;
  RETURN_IF_ERROR(SaveVersion(tx, key, version, VersionOrigin::kUser, category, components, now));
  RETURN_IF_ERROR(tx.Exec(kSetDraft, version, category, sql::Blob{TextHash(components)}, now, tx.tenant(),
                          key.channel_id, key.name, key.language));
  return Touch(tx, key);
}

absl::Status TemplateRepository::DropDraft(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  ASSIGN_OR_RETURN(const Template t, Get(tx, key.channel_id, key.name));
  const Translation* current = t.Find(key.language);
  if (current == nullptr || !current->draft) return absl::OkStatus();
  const int version = current->draft->version;
  RETURN_IF_ERROR(tx.Exec(kDropVersion, tx.tenant(), key.channel_id, key.name, key.language, version));
  if (version > 1) {
    RETURN_IF_ERROR(tx.Exec(kBury, now, tx.tenant(), key.channel_id, key.name, key.language));
    return Touch(tx, key);
  }
  RETURN_IF_ERROR(tx.Exec(kDropTranslation, tx.tenant(), key.channel_id, key.name, key.language));
  return t.translations.size() == 1 ? tx.Exec(kDropTemplate, tx.tenant(), key.channel_id, key.name) : Touch(tx, key);
}

absl::Status TemplateRepository::Freeze(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kFreeze, now, now, tx.tenant(), key.channel_id, key.name, key.language));
  RETURN_IF_ERROR(TemplateHistory::Submitted(tx, key, now));
  return Touch(tx, key);
}

absl::Status TemplateRepository::CountPost(sql::Transaction& tx, const TranslationKey& key) {
  return tx.Exec(kCountPost, tx.tenant(), key.channel_id, key.name, key.language);
}

absl::Status TemplateRepository::FailSubmission(sql::Transaction& tx, const TranslationKey& key,
                                                const std::string& reason, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kFail, reason, now, tx.tenant(), key.channel_id, key.name, key.language));
  if (reason != "PROVIDER_UNAVAILABLE") RETURN_IF_ERROR(TemplateHistory::Judged(tx, key, "REFUSED"));
  return Touch(tx, key);
}

absl::Status TemplateRepository::SaveVerdict(sql::Transaction& tx, const TranslationKey& key, const Translation& t,
                                             bool visible, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kSaveVerdict, t.category, t.state, t.status, t.quality, t.provider_id, t.rejected_reason,
                          t.status_at, t.quality_at, t.category_at, t.announced_category, t.pause_title, t.paused_at,
                          t.locked_until, visible ? now : t.updated_at, tx.tenant(), key.channel_id, key.name,
                          key.language));
  RETURN_IF_ERROR(TemplateHistory::Judged(tx, key, t.status));
  RETURN_IF_ERROR(TemplateHistory::Quality(tx, key, t.quality, t.quality_at));
  return visible ? Touch(tx, key) : absl::OkStatus();
}

absl::Status TemplateRepository::AddSynced(sql::Transaction& tx, const TranslationKey& key, VariableFormat format,
                                           Category category, const TemplateComponents& components, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<Template> t, Find(tx, key.channel_id, key.name));
  ASSIGN_OR_RETURN(const int last, LastVersion(tx, key));
  const std::string hash = TextHash(components);
  const sql::Blob text{hash};
  if (t && t->Find(key.language) != nullptr) {
    RETURN_IF_ERROR(tx.Exec(kSetLive, last + 1, text, now, tx.tenant(), key.channel_id, key.name, key.language));
    RETURN_IF_ERROR(Touch(tx, key));
  } else {
    RETURN_IF_ERROR(tx.Exec(kInsertTemplate, tx.tenant(), key.channel_id, key.name, format, now));
    RETURN_IF_ERROR(tx.Exec(kInsertTranslation, tx.tenant(), key.channel_id, key.name, key.language, category,
                            TranslationState::kProvider, std::optional<int64_t>(last + 1), std::optional<int64_t>(),
                            text, now));
  }
  return SaveVersion(tx, key, last + 1, VersionOrigin::kSync, category, components, now);
}

absl::Status TemplateRepository::AdoptDraft(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kAdopt, now, tx.tenant(), key.channel_id, key.name, key.language));
  return Touch(tx, key);
}

absl::Status TemplateRepository::MarkSeen(sql::Transaction& tx, const TranslationKey& key, absl::Time began) {
  return tx.Exec(kMarkSeen, began, tx.tenant(), key.channel_id, key.name, key.language);
}

absl::StatusOr<std::vector<TranslationKey>> TemplateRepository::Unseen(sql::Transaction& tx,
                                                                       const TranslationKey& after, absl::Time began,
                                                                       int limit) {
  std::vector<TranslationKey> out;
  RETURN_IF_ERROR(tx.Each(
      kUnseen,
      [&](const sql::Row& r) {
        out.push_back({after.channel_id, r.String(0), r.String(1)});
      },
      tx.tenant(), after.channel_id, after.name, after.language, began, began, limit));
  return out;
}

absl::StatusOr<std::optional<TranslationKey>> TemplateRepository::FindByGraphId(sql::Transaction& tx,
                                                                                const std::string& graph_id) {
  if (graph_id.empty()) return std::nullopt;
  return tx.Find(
      kByGraphId,
      [](const sql::Row& r) {
        return TranslationKey{r.Id(0), r.String(1), r.String(2)};
      },
      tx.tenant(), graph_id);
}

std::vector<sql::Query> TemplateRepository::Queries() {
  return {kGet,
          kList,
          kTranslations,
          kVersion,
          kVersions,
          kLastVersion,
          kInsertTemplate,
          kTouch,
          kInsertTranslation,
          kSaveVersion,
          kSetDraft,
          kDropVersion,
          kDropTranslation,
          kDropTemplate,
          kBury,
          kFreeze,
          kCountPost,
          kFail,
          kSaveVerdict,
          kSetLive,
          kAdopt,
          kMarkSeen,
          kUnseen,
          kByGraphId};
}

}  // namespace vinculo::messaging
