#include "services/messaging/store/template_repository.h"

#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/store/encoding.h"

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
    "SELECT t.language, t.category, t.state, t.status, t.quality, t.graph_id, t.rejected_reason, t.submitted_version, "
    "s.components, "
    "t.draft_version, d.components, t.status_at, t.updated_at FROM translation t "
    "LEFT JOIN template_version s ON s.tenant_id = t.tenant_id AND s.channel_id = t.channel_id AND s.name = t.name AND "
    "s.language = t.language AND s.version = t.submitted_version "
    "LEFT JOIN template_version d ON d.tenant_id = t.tenant_id AND d.channel_id = t.channel_id AND d.name = t.name AND "
    "d.language = t.language AND d.version = t.draft_version "
    "WHERE t.tenant_id = ? AND t.channel_id = ? AND t.name = ? ORDER BY t.language"};
constexpr sql::Query kVersion{"template_version_get",
                              "SELECT components FROM template_version WHERE " KEY " AND language = ? AND version = ?"};
constexpr sql::Query kLastVersion{"template_version_last", "SELECT version FROM template_version WHERE " KEY
                                                           " AND language = ? ORDER BY version DESC LIMIT 1"};
constexpr sql::Query kInsertTemplate{
    "template_insert",
    "INSERT INTO template (tenant_id, channel_id, name, variable_format, revision, created_at) VALUES "
    "(?, ?, ?, ?, 1, ?) ON CONFLICT (tenant_id, channel_id, name) DO UPDATE SET revision = template.revision + 1"};
constexpr sql::Query kTouch{"template_touch", "UPDATE template SET revision = revision + 1 WHERE " KEY};
constexpr sql::Query kInsertTranslation{"translation_insert",
                                        "INSERT INTO translation (tenant_id, channel_id, name, language, category, "
                                        "state, status, quality, graph_id, rejected_reason, "
                                        "submitted_version, draft_version, text_hash, status_at, updated_at) VALUES "
                                        "(?, ?, ?, ?, ?, ?, '', '', '', '', NULL, 1, ?, 0, ?)"};
constexpr sql::Query kSaveVersion{"template_version_save",
                                  "INSERT INTO template_version (tenant_id, channel_id, name, language, version, "
                                  "components, content_hash, origin, created_at) VALUES "
                                  "(?, ?, ?, ?, ?, ?, ?, 1, ?) ON CONFLICT (tenant_id, channel_id, name, language, "
                                  "version) DO UPDATE SET components = excluded.components, "
                                  "content_hash = excluded.content_hash"};
constexpr sql::Query kSetDraft{
    "translation_set_draft",
    "UPDATE translation SET draft_version = ?, category = ?, text_hash = ?, updated_at = ? WHERE " KEY
    " AND language = ?"};
constexpr sql::Query kFreeze{
    "translation_freeze",
    "UPDATE translation SET submitted_version = draft_version, draft_version = NULL, state = ?, "
    "rejected_reason = '', updated_at = ? WHERE " KEY " AND language = ?"};
constexpr sql::Query kVerdict{"translation_verdict",
                              "UPDATE translation SET state = ?, status = ?, category = CASE WHEN ? = 0 THEN category "
                              "ELSE ? END, graph_id = CASE ? WHEN '' THEN "
                              "graph_id ELSE ? END, rejected_reason = ?, quality = CASE ? WHEN '' THEN quality ELSE ? "
                              "END, status_at = ?, updated_at = ? WHERE " KEY " AND language = ? AND status_at <= ?"};
constexpr sql::Query kByGraphId{
    "translation_by_graph_id",
    "SELECT channel_id, name, language FROM translation WHERE tenant_id = ? AND graph_id = ? AND graph_id <> ''"};
constexpr sql::Query kSameText{
    "translation_same_text",
    "SELECT name FROM translation WHERE tenant_id = ? AND channel_id = ? AND text_hash = ? AND name <> ? LIMIT 1"};

// A translation that WhatsApp already has falls back to the version before, another one to a draft.
constexpr sql::Query kFail{
    "translation_fail",
    "UPDATE translation SET draft_version = submitted_version, submitted_version = CASE graph_id WHEN '' THEN NULL "
    "ELSE submitted_version - 1 END, state = CASE graph_id WHEN '' THEN 1 ELSE 3 END, rejected_reason = ?, "
    "updated_at = ? WHERE " KEY " AND language = ?"};

// Joins a row of kTranslations. Decoding errors are reported through `status`.
Translation ReadTranslation(const sql::Row& r, absl::Status& status) {
  Translation t;
  t.language = r.String(0);
  t.category = static_cast<Category>(r.Int(1));
  t.state = static_cast<TranslationState>(r.Int(2));
  t.status = r.String(3);
  t.quality = r.String(4);
  t.provider_id = r.String(5);
  t.rejected_reason = r.String(6);
  const auto version = [&](int number, int text) -> std::optional<TemplateVersion> {
    if (r.IsNull(number) || r.IsNull(text)) return std::nullopt;
    absl::StatusOr<TemplateComponents> components = DecodeComponents(r.Text(text));
    if (!components.ok()) {
      status = components.status();
      return std::nullopt;
    }
    return TemplateVersion{static_cast<int>(r.Int(number)), *std::move(components)};
  };
  t.submitted = version(7, 8);
  t.draft = version(9, 10);
  t.status_at = r.Time(11);
  t.updated_at = r.Time(12);
  return t;
}

absl::Status LoadTranslations(sql::Transaction& tx, Template& t) {
  absl::Status decoded;
  RETURN_IF_ERROR(tx.Each(
      kTranslations, [&](const sql::Row& r) { t.translations.push_back(ReadTranslation(r, decoded)); }, tx.tenant(),
      t.channel_id, t.name));
  return decoded;
}

// Body and footer: what WhatsApp compares.
std::string TextHash(const TemplateComponents& c) {
  return crypto::Sha256(absl::StrCat(c.body, "\x1f", c.footer)).substr(0, 16);
}

absl::Status SaveVersion(sql::Transaction& tx, const TranslationKey& key, int version,
                         const TemplateComponents& components, absl::Time now) {
  const std::string text = EncodeComponents(components);
  return tx.Exec(kSaveVersion, tx.tenant(), key.channel_id, key.name, key.language, version, text,
                 sql::Blob{crypto::Sha256(text).substr(0, 16)}, now);
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

absl::Status TemplateRepository::Create(sql::Transaction& tx, const TranslationKey& key, VariableFormat format,
                                        Category category, const TemplateComponents& components, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kInsertTemplate, tx.tenant(), key.channel_id, key.name, format, now));
  RETURN_IF_ERROR(tx.Exec(kInsertTranslation, tx.tenant(), key.channel_id, key.name, key.language, category,
                          TranslationState::kDraft, sql::Blob{TextHash(components)}, now));
  return SaveVersion(tx, key, 1, components, now);
}

absl::Status TemplateRepository::SaveDraft(sql::Transaction& tx, const TranslationKey& key, Category category,
                                           const TemplateComponents& components, absl::Time now) {
  ASSIGN_OR_RETURN(const Template t, Get(tx, key.channel_id, key.name));
  const Translation* current = t.Find(key.language);
  if (current == nullptr) return NotFound("template", key.name);
  int version = 0;
  if (current->draft) {
    version = current->draft->version;
  } else {
    ASSIGN_OR_RETURN(const std::optional<int64_t> last, tx.Find(
                                                            kLastVersion, [](const sql::Row& r) { return r.Int(0); },
                                                            tx.tenant(), key.channel_id, key.name, key.language));
    version = static_cast<int>(last.value_or(0)) + 1;
  }
  RETURN_IF_ERROR(SaveVersion(tx, key, version, components, now));
  RETURN_IF_ERROR(tx.Exec(kSetDraft, version, category, sql::Blob{TextHash(components)}, now, tx.tenant(),
                          key.channel_id, key.name, key.language));
  return Touch(tx, key);
}

absl::Status TemplateRepository::Freeze(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  RETURN_IF_ERROR(
      tx.Exec(kFreeze, TranslationState::kSubmitting, now, tx.tenant(), key.channel_id, key.name, key.language));
  return Touch(tx, key);
}

absl::Status TemplateRepository::FailSubmission(sql::Transaction& tx, const TranslationKey& key,
                                                const std::string& reason, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kFail, reason, now, tx.tenant(), key.channel_id, key.name, key.language));
  return Touch(tx, key);
}

absl::StatusOr<bool> TemplateRepository::ApplyVerdict(sql::Transaction& tx, const TranslationKey& key,
                                                      const ProviderVerdict& v, absl::Time now) {
  ASSIGN_OR_RETURN(const int64_t changed,
                   tx.ExecCount(kVerdict, TranslationState::kProvider, v.status, v.category, v.category, v.graph_id,
                                v.graph_id, v.rejected_reason, v.quality, v.quality, v.at, now, tx.tenant(),
                                key.channel_id, key.name, key.language, v.at));
  if (changed == 0) return false;
  RETURN_IF_ERROR(Touch(tx, key));
  return true;
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

absl::StatusOr<AccountFacts> TemplateRepository::Facts(sql::Transaction& tx, const TranslationKey& key,
                                                       const TemplateComponents& components) {
  AccountFacts facts;
  ASSIGN_OR_RETURN(facts.same_text, tx.Find(
                                        kSameText, [](const sql::Row& r) { return r.String(0); }, tx.tenant(),
                                        key.channel_id, sql::Blob{TextHash(components)}, key.name));
  ASSIGN_OR_RETURN(const std::optional<Template> t, Find(tx, key.channel_id, key.name));
  if (t) {
    const Translation* current = t->Find(key.language);
    facts.editing_approved = current != nullptr && current->draft && current->submitted && current->Sendable();
  }
  return facts;
}

std::vector<sql::Query> TemplateRepository::Queries() {
  return {kGet,         kList,     kTranslations, kVersion, kLastVersion, kInsertTemplate, kTouch,   kInsertTranslation,
          kSaveVersion, kSetDraft, kFreeze,       kFail,    kVerdict,     kByGraphId,      kSameText};
}

}  // namespace vinculo::messaging
