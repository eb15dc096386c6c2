#include "common/search/text_index.h"

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "common/status/status_macros.h"
#include "common/text/text.h"

namespace vinculo::search {
namespace {

constexpr size_t kMaxText = 64 * 1024;
constexpr size_t kMaxWords = 16;

// Begins the word that stands for a tenant. A character for private use: no word of a text has it.
constexpr char kTenantMark[] = "\xEE\x80\x80";

// The words of a text, separated by one space. Whatever the engines take for syntax is gone with it.
std::string WordsOf(absl::string_view text) {
  std::string words = text::FoldKeepingPunctuation(text.substr(0, kMaxText));
  for (char& c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && !absl::ascii_isalnum(byte)) c = ' ';
  }
  absl::StrReplaceAll({{kTenantMark, " "}}, &words);
  return absl::StrJoin(absl::StrSplit(words, ' ', absl::SkipEmpty()), " ");
}

// Stands in every document of a tenant, so that the index itself keeps tenants apart.
std::string TenantWord(const std::string& tenant) { return absl::StrCat(kTenantMark, absl::BytesToHexString(tenant)); }

// All words, the last as a beginning, in either engine's words. The statement takes both and passes over the other's.
std::string Condition(const sql::Transaction& tx, const std::vector<std::string>& words, bool postgres) {
  std::vector<std::string> parts = {TenantWord(tx.tenant())};
  parts.insert(parts.end(), words.begin(), words.end());
  for (std::string& part : parts) part = postgres ? absl::StrCat("'", part, "'") : absl::StrCat("\"", part, "\"");
  parts.back() += postgres ? ":*" : "*";
  return absl::StrJoin(parts, postgres ? " & " : " AND ");
}

constexpr char kSqliteSchema[] = R"sql(
CREATE TABLE $0_document (
  tenant_id TEXT NOT NULL, key TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (tenant_id, key)
) STRICT;
CREATE VIRTUAL TABLE $0_index USING fts5(words, content='$0_document', content_rowid='rowid', tokenize='ascii', detail='none');
)sql";

constexpr char kPostgresSchema[] = R"sql(
CREATE TABLE $0_document (
  tenant_id TEXT NOT NULL, key TEXT NOT NULL, words TEXT NOT NULL, PRIMARY KEY (tenant_id, key)
);
CREATE INDEX $0_index ON $0_document USING gin (array_to_tsvector(string_to_array(words, ' ')));
)sql";

}  // namespace

const char* TextIndex::Keep(std::string text) {
  return texts_.emplace_back(std::make_unique<const std::string>(std::move(text)))->c_str();
}

TextIndex::TextIndex(const std::string& name)
    : step_name_(Keep(name)),
      sqlite_schema_(Keep(absl::Substitute(kSqliteSchema, name))),
      postgres_schema_(Keep(absl::Substitute(kPostgresSchema, name))),
      put_{Keep(name + "_put"),
           Keep(absl::Substitute("INSERT INTO $0_document(tenant_id, key, words) VALUES (?,?,?) "
                                 "ON CONFLICT (tenant_id, key) DO UPDATE SET words = excluded.words",
                                 name))},
      unindex_{Keep(name + "_unindex"),
               Keep(absl::Substitute("INSERT INTO $0_index($0_index, rowid, words) SELECT 'delete', rowid, words "
                                     "FROM $0_document WHERE tenant_id = ? AND key = ?",
                                     name)),
               ""},
      index_{Keep(name + "_index"),
             Keep(absl::Substitute("INSERT INTO $0_index(rowid, words) SELECT rowid, words FROM $0_document "
                                   "WHERE tenant_id = ? AND key = ?",
                                   name)),
             ""},
      remove_{Keep(name + "_remove"),
              Keep(absl::Substitute("DELETE FROM $0_document WHERE tenant_id = ? AND key = ?", name))},
      find_{
          Keep(name + "_find"),
          Keep(absl::Substitute("SELECT d.key FROM $0_index AS i JOIN $0_document AS d ON d.rowid = i.rowid "
                                "WHERE $0_index MATCH ?1 AND d.tenant_id = ?3 ORDER BY i.rank, d.key LIMIT ?4",
                                name)),
          Keep(absl::Substitute(
              "SELECT key FROM $0_document WHERE array_to_tsvector(string_to_array(words, ' ')) @@ ?2::text::tsquery "
              "AND "
              "?1::text IS NOT NULL "
              "AND tenant_id = ?3 "
              "ORDER BY ts_rank(array_to_tsvector(string_to_array(words, ' ')), ?2::text::tsquery) DESC, key LIMIT ?4",
              name))} {}

sql::Migration TextIndex::Step(int number) const { return {number, step_name_, sqlite_schema_, postgres_schema_}; }

absl::Status TextIndex::Put(sql::Transaction& tx, const std::string& key, absl::string_view text) const {
  RETURN_IF_ERROR(tx.Exec(unindex_, tx.tenant(), key));
  RETURN_IF_ERROR(tx.Exec(put_, tx.tenant(), key, absl::StrCat(TenantWord(tx.tenant()), " ", WordsOf(text))));
  return tx.Exec(index_, tx.tenant(), key);
}

absl::Status TextIndex::Remove(sql::Transaction& tx, const std::string& key) const {
  RETURN_IF_ERROR(tx.Exec(unindex_, tx.tenant(), key));
  return tx.Exec(remove_, tx.tenant(), key);
}

absl::StatusOr<std::vector<std::string>> TextIndex::Find(sql::Transaction& tx, absl::string_view wanted,
                                                         int limit) const {
  std::vector<std::string> words = absl::StrSplit(WordsOf(wanted), ' ', absl::SkipEmpty());
  if (words.empty()) return std::vector<std::string>();
  if (words.size() > kMaxWords) words.resize(kMaxWords);
  std::vector<std::string> keys;
  RETURN_IF_ERROR(tx.Each(
      find_, [&](const sql::Row& row) { keys.push_back(row.String(0)); }, Condition(tx, words, false),
      Condition(tx, words, true), tx.tenant(), limit));
  return keys;
}

}  // namespace vinculo::search
