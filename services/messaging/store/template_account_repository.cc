#include "services/messaging/store/template_account_repository.h"

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "services/messaging/domain/template_verdict.h"
#include "services/messaging/store/template_hash.h"

namespace vinculo::messaging {
namespace {

constexpr int kMaxBuckets = 100;
constexpr int kMaxEdits = 100;
constexpr int kMaxNames = 1000;
// Creating one also looks its name up when an earlier try may have arrived.
constexpr ManagementCost kCreation{.calls = 2, .creations = 1};

constexpr sql::Query kBuckets{"template_call_list",
                              "SELECT bucket, calls, creations FROM template_call WHERE tenant_id = ? AND channel_id = "
                              "? AND bucket >= ? ORDER BY bucket LIMIT ?"};
constexpr sql::Query kAddCalls{
    "template_call_add",
    "INSERT INTO template_call (tenant_id, channel_id, bucket, calls, creations) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, channel_id, bucket) DO UPDATE SET calls = template_call.calls + excluded.calls, creations = "
    "template_call.creations + excluded.creations"};
constexpr sql::Query kForgetCalls{"template_call_forget",
                                  "DELETE FROM template_call WHERE tenant_id = ? AND channel_id = ? AND bucket < ?"};
constexpr sql::Query kAddEdit{
    "template_edit_add",
    "INSERT INTO template_edit (tenant_id, channel_id, name, language, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT "
    "(tenant_id, channel_id, name, language, at) DO NOTHING"};
constexpr sql::Query kEdits{"template_edit_list",
                            "SELECT at FROM template_edit WHERE tenant_id = ? AND channel_id = ? AND name = ? AND "
                            "language = ? AND at >= ? ORDER BY at LIMIT ?"};
constexpr sql::Query kForgetEdits{"template_edit_forget",
                                  "DELETE FROM template_edit WHERE tenant_id = ? AND channel_id = ? AND name = ? AND "
                                  "language = ? AND at < ?"};
constexpr sql::Query kGetSync{
    "template_sync_get",
    "SELECT running, wanted_at, started_at, ended_at, complete_at, next_page, pages, error, full_at FROM template_sync "
    "WHERE tenant_id = ? AND channel_id = ?"};
constexpr sql::Query kPutSync{
    "template_sync_put",
    "INSERT INTO template_sync (tenant_id, channel_id, running, wanted_at, started_at, ended_at, complete_at, "
    "next_page, pages, error, full_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tenant_id, channel_id) DO "
    "UPDATE SET running = excluded.running, wanted_at = excluded.wanted_at, started_at = excluded.started_at, ended_at "
    "= excluded.ended_at, complete_at = excluded.complete_at, next_page = excluded.next_page, pages = excluded.pages, "
    "error = excluded.error, full_at = excluded.full_at"};
constexpr sql::Query kCount{
    "translation_count",
    "SELECT COUNT(*) FROM translation WHERE tenant_id = ? AND channel_id = ? AND graph_id <> '' "
    "AND status <> 'DELETED'"};
constexpr sql::Query kSameText{
    "translation_same_text",
    "SELECT name FROM translation WHERE tenant_id = ? AND channel_id = ? AND text_hash = ? AND name <> ? AND status <> "
    "'DELETED' AND category <> 3 ORDER BY name LIMIT 1"};
constexpr sql::Query kNames{"template_names",
                            "SELECT name FROM template WHERE tenant_id = ? AND channel_id = ? AND name >= ? AND name < "
                            "? ORDER BY name LIMIT ?"};

absl::StatusOr<std::string> FreeName(sql::Transaction& tx, const TranslationKey& key) {
  const std::string stem = absl::StrCat(NameStem(key.name), "_v");
  std::vector<std::string> taken;
  RETURN_IF_ERROR(tx.Each(
      kNames, [&](const sql::Row& r) { taken.push_back(r.String(0)); }, tx.tenant(), key.channel_id, stem,
      absl::StrCat(stem, ":"), kMaxNames));  // ':' follows '9'
  return NextFreeName(key.name, taken);
}

}  // namespace

absl::StatusOr<std::vector<CallBucket>> TemplateAccountRepository::Calls(sql::Transaction& tx, const Uuid& channel,
                                                                         absl::Time now) {
  std::vector<CallBucket> out;
  RETURN_IF_ERROR(tx.Each(
      kBuckets,
      [&](const sql::Row& r) {
        out.push_back({r.Time(0), static_cast<int>(r.Int(1)), static_cast<int>(r.Int(2))});
      },
      tx.tenant(), channel, CallBucketOf(now) - absl::Hours(1) - kCallBucket, kMaxBuckets));
  return out;
}

absl::StatusOr<std::optional<absl::Time>> TemplateAccountRepository::TakeCalls(sql::Transaction& tx,
                                                                               const Uuid& channel,
                                                                               const ManagementCost& cost,
                                                                               const ManagementLimits& limits,
                                                                               absl::Time now) {
  ASSIGN_OR_RETURN(const std::vector<CallBucket> buckets, Calls(tx, channel, now));
  const std::optional<absl::Time> room = RoomForCalls(buckets, cost, limits, now);
  if (room) return room;
  const absl::Time bucket = CallBucketOf(now);
  RETURN_IF_ERROR(tx.Exec(kAddCalls, tx.tenant(), channel, bucket, cost.calls, cost.creations));
  RETURN_IF_ERROR(tx.Exec(kForgetCalls, tx.tenant(), channel, bucket - absl::Hours(2)));
  return std::nullopt;
}

absl::Status TemplateAccountRepository::AddEdit(sql::Transaction& tx, const TranslationKey& key, absl::Time now) {
  RETURN_IF_ERROR(tx.Exec(kForgetEdits, tx.tenant(), key.channel_id, key.name, key.language, now - EditLimits().month));
  return tx.Exec(kAddEdit, tx.tenant(), key.channel_id, key.name, key.language, now);
}

absl::StatusOr<std::optional<absl::Time>> TemplateAccountRepository::EditFreeAt(sql::Transaction& tx,
                                                                                const TranslationKey& key,
                                                                                absl::Time now) {
  const EditLimits limits;
  std::vector<absl::Time> edits;
  RETURN_IF_ERROR(tx.Each(
      kEdits, [&](const sql::Row& r) { edits.push_back(r.Time(0)); }, tx.tenant(), key.channel_id, key.name,
      key.language, now - limits.month, kMaxEdits));
  return RoomForEdit(edits, limits, now);
}

absl::StatusOr<TemplateSync> TemplateAccountRepository::GetSync(sql::Transaction& tx, const Uuid& channel) {
  const auto read = [](const sql::Row& r) {
    TemplateSync s{.running = r.Bool(0),
                   .wanted_at = r.OptionalTime(1),
                   .started_at = r.OptionalTime(2),
                   .ended_at = r.OptionalTime(3),
                   .complete_at = r.OptionalTime(4),
                   .next_page = r.String(5),
                   .pages = static_cast<int>(r.Int(6)),
                   .error = r.String(7),
                   .full_at = std::nullopt};
    if (!r.IsNull(8)) s.full_at = static_cast<int>(r.Int(8));
    return s;
  };
  ASSIGN_OR_RETURN(std::optional<TemplateSync> found, tx.Find(kGetSync, read, tx.tenant(), channel));
  return found.value_or(TemplateSync());
}

absl::Status TemplateAccountRepository::PutSync(sql::Transaction& tx, const Uuid& channel, const TemplateSync& s) {
  const std::optional<int64_t> full = s.full_at ? std::optional<int64_t>(*s.full_at) : std::nullopt;
  return tx.Exec(kPutSync, tx.tenant(), channel, s.running, s.wanted_at, s.started_at, s.ended_at, s.complete_at,
                 s.next_page, s.pages, s.error, full);
}

absl::StatusOr<int> TemplateAccountRepository::CountTranslations(sql::Transaction& tx, const Uuid& channel) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> n,
                   tx.Find(
                       kCount, [](const sql::Row& r) { return r.Int(0); }, tx.tenant(), channel));
  return static_cast<int>(n.value_or(0));
}

absl::StatusOr<AccountFacts> TemplateAccountRepository::Facts(sql::Transaction& tx, const TranslationKey& key,
                                                              const TemplateComponents& components, bool as_new,
                                                              absl::Time now) {
  AccountFacts facts;
  if (!components.body.empty()) {
    ASSIGN_OR_RETURN(facts.same_text, tx.Find(
                                          kSameText, [](const sql::Row& r) { return r.String(0); }, tx.tenant(),
                                          key.channel_id, sql::Blob{TextHash(components)}, key.name));
  }
  ASSIGN_OR_RETURN(const std::optional<Template> t, TemplateRepository::Find(tx, key.channel_id, key.name));
  const Translation* current = t ? t->Find(key.language) : nullptr;
  facts.name_taken = as_new && current != nullptr && current->Exists();
  if (t) facts.name_locked_until = LockedUntil(*t, key.language, now);
  const bool edit = current != nullptr && !current->provider_id.empty() && current->Exists();
  if (edit && current->Sendable() && !as_new) {
    facts.editing_approved = true;
    ASSIGN_OR_RETURN(facts.edit_free_at, EditFreeAt(tx, key, now));
  }
  if (!edit) {
    ASSIGN_OR_RETURN(const TemplateSync sync, GetSync(tx, key.channel_id));
    ASSIGN_OR_RETURN(const int held, CountTranslations(tx, key.channel_id));
    facts.account_full = held >= sync.full_at.value_or(TemplateLimits().account);
  }
  ASSIGN_OR_RETURN(const std::vector<CallBucket> buckets, Calls(tx, key.channel_id, now));
  facts.hour_free_at = RoomForCalls(buckets, edit ? ManagementCost{} : kCreation, {}, now);
  if (facts.name_taken || facts.name_locked_until || facts.editing_approved) {
    ASSIGN_OR_RETURN(facts.next_free_name, FreeName(tx, key));
  }
  return facts;
}

std::vector<sql::Query> TemplateAccountRepository::Queries() {
  return {kBuckets, kAddCalls, kForgetCalls, kAddEdit,  kEdits, kForgetEdits,
          kGetSync, kPutSync,  kCount,       kSameText, kNames};
}

}  // namespace vinculo::messaging
