#include "services/messaging/domain/import.h"

#include <array>
#include <set>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/calendar/zone.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/phone_key.h"
#include "common/text/text.h"
#include "common/text/validate.h"
#include "services/messaging/domain/help.h"

namespace vinculo::messaging {
namespace {

constexpr std::array<std::pair<absl::string_view, ImportField>, 13> kWords = {{
    {"phone", ImportField::kPhone},
    {"bsuid", ImportField::kBsuid},
    {"name", ImportField::kName},
    {"first_name", ImportField::kFirstName},
    {"language", ImportField::kLanguage},
    {"time_zone", ImportField::kTimeZone},
    {"customer_id", ImportField::kCustomerId},
    {"tag", ImportField::kTag},
    {"consent_marketing", ImportField::kConsentMarketing},
    {"consent_transactional", ImportField::kConsentTransactional},
    {"consent_source", ImportField::kConsentSource},
    {"consent_text", ImportField::kConsentText},
    {"consent_at", ImportField::kConsentAt},
}};

std::optional<ImportColumn> ParseField(absl::string_view word) {
  for (const auto& [name, field] : kWords) {
    if (word == name) return ImportColumn{"", field, ""};
  }
  absl::string_view key = word;
  if (absl::ConsumePrefix(&key, "attr:") && IsSlug(key))
    return ImportColumn{"", ImportField::kAttribute, std::string(key)};
  key = word;
  if (absl::ConsumePrefix(&key, "var:") && IsSlug(key))
    return ImportColumn{"", ImportField::kVariable, std::string(key)};
  return std::nullopt;
}

std::string Clean(absl::string_view cell) {
  cell = text::Trim(cell);
  absl::ConsumePrefix(&cell, "'");
  return text::Nfc(text::Trim(cell));
}

// nullopt: neither yes nor no.
std::optional<Decision> ParseYesNo(absl::string_view cell) {
  const std::string folded = text::Fold(cell);
  for (absl::string_view yes : {"si", "s", "yes", "y", "sim", "1", "true", "x", "ok", "acepta", "aceita"}) {
    if (folded == yes) return Decision::kGranted;
  }
  for (absl::string_view no : {"no", "n", "nao", "0", "false", "baja", "rechaza"}) {
    if (folded == no) return Decision::kRevoked;
  }
  return std::nullopt;
}

std::optional<absl::Time> ParseDate(absl::string_view cell) {
  absl::Time t;
  std::string error;
  for (const char* format : {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", absl::RFC3339_full}) {
    if (absl::ParseTime(format, cell, &t, &error)) return t;
  }
  return std::nullopt;
}

// One row on its way to a verdict.
struct Judge {
  const ImportPlan& plan;
  ImportedRow row;
  bool has_source = false, has_text = false, has_at = false;
  std::optional<RowNote> rejection;

  void Reject(absl::string_view code, const ImportColumn& column) {
    if (!rejection) rejection = RowNote{std::string(code), column.title, RowFix(code)};
  }
  void Warn(absl::string_view code, const ImportColumn& column) {
    row.warnings.push_back({std::string(code), column.title, RowFix(code)});
  }

  void Phone(const ImportColumn& column, const std::string& cell) {
    const absl::StatusOr<text::Phone> phone = text::ParsePhone(cell, plan.default_region);
    if (!phone.ok()) return Reject(ErrorReason(phone.status()), column);
    row.phone = phone->e164;
    row.phone_key = phone->key;
    row.country = phone->region;
    if (!phone->MayBeMobile()) Warn("PHONE_NOT_MOBILE", column);
  }
  void Text(const ImportColumn& column, const std::string& cell, int max, std::string& out) {
    if (text::CodePoints(cell) > max) return Reject("VALUE_TOO_LONG", column);
    if (text::HasForbiddenControl(cell)) return Reject("BAD_ENCODING", column);
    out = cell;
  }
  void ConsentCell(const ImportColumn& column, const std::string& cell, Purpose purpose) {
    const std::optional<Decision> decision = ParseYesNo(cell);
    if (!decision) return Reject("CONSENT_INCOMPLETE", column);
    row.consents.push_back({purpose, *decision});
  }
  void Date(const ImportColumn& column, const std::string& cell) {
    const std::optional<absl::Time> at = ParseDate(cell);
    if (!at || *at > plan.now) return Reject("BAD_DATE", column);
    row.consent_at = *at;
    has_at = true;
  }

  void Cell(const ImportColumn& column, const std::string& cell) {
    switch (column.field) {
      case ImportField::kIgnored:
        return;
      case ImportField::kPhone:
        return Phone(column, cell);
      case ImportField::kBsuid:
        return IsBsuid(cell) ? void(row.bsuid = cell) : Reject("PHONE_INVALID", column);
      case ImportField::kName:
        return Text(column, cell, 200, row.patch.name);
      case ImportField::kFirstName:
        return Text(column, cell, 200, row.patch.first_name);
      case ImportField::kLanguage: {
        const std::optional<std::string> tag = text::NormalizeLanguage(cell);
        return tag ? void(row.patch.language = *tag) : Reject("BAD_LANGUAGE", column);
      }
      case ImportField::kTimeZone:
        return calendar::IsZone(cell) ? void(row.patch.time_zone = cell) : Reject("BAD_ZONE", column);
      case ImportField::kCustomerId:
        return Text(column, cell, 128, row.patch.customer_id);
      case ImportField::kTag:
        row.patch.add_tags.emplace_back();
        return Text(column, cell, 64, row.patch.add_tags.back());
      case ImportField::kAttribute:
        return Text(column, cell, 1024, row.patch.attributes[column.key]);
      case ImportField::kVariable:
        return Text(column, cell, 1024, row.variables[column.key]);
      case ImportField::kConsentMarketing:
        return ConsentCell(column, cell, Purpose::kMarketing);
      case ImportField::kConsentTransactional:
        return ConsentCell(column, cell, Purpose::kTransactional);
      case ImportField::kConsentSource:
        has_source = true;
        return Text(column, cell, 200, row.consent_source);
      case ImportField::kConsentText:
        has_text = true;
        return Text(column, cell, 200, row.consent_text);
      case ImportField::kConsentAt:
        return Date(column, cell);
    }
  }

  void CompleteConsent() {
    if (!has_source) row.consent_source = plan.defaults.source;
    if (!has_text) row.consent_text = plan.defaults.text_version;
    if (!has_at) row.consent_at = plan.defaults.at.value_or(plan.now);
    const bool complete = !row.consent_source.empty() && !row.consent_text.empty() && (has_at || plan.defaults.at);
    const bool grants =
        absl::c_any_of(row.consents, [](const RowConsent& c) { return c.decision == Decision::kGranted; });
    if (grants && !complete) Reject("CONSENT_INCOMPLETE", ImportColumn{});
  }
};

}  // namespace

std::string RowFix(absl::string_view code) {
  const std::optional<Help> help = FindHelp(code, HelpLanguage::kEnglish);
  return help ? help->fix : "";
}

std::vector<std::string> ImportedRow::keys() const {
  std::vector<std::string> out;
  if (!phone_key.empty()) out.push_back(absl::StrCat("p", phone_key));
  if (!bsuid.empty()) out.push_back(absl::StrCat("b", bsuid));
  return out;
}

absl::StatusOr<std::vector<ImportColumn>> PlanColumns(const std::vector<std::string>& titles,
                                                      const std::map<std::string, std::string>& mapping) {
  FieldViolations bad;
  std::vector<ImportColumn> columns;
  std::set<std::pair<ImportField, std::string>> seen;
  std::set<std::string> found;
  for (const std::string& raw : titles) {
    const std::string title = Clean(raw);
    const auto mapped = mapping.find(title);
    std::optional<ImportColumn> column;
    if (mapped != mapping.end()) {
      found.insert(title);
      column = ParseField(mapped->second);
      if (!column) bad.Add(absl::StrCat("columns[", title, "]"), absl::StrCat("\"", mapped->second, "\" is no field"));
    } else if (mapping.empty()) {
      column = ParseField(title);
    }
    columns.push_back(column.value_or(ImportColumn{}));
    columns.back().title = title;
    const bool may_repeat = columns.back().field == ImportField::kIgnored || columns.back().field == ImportField::kTag;
    if (!may_repeat && !seen.emplace(columns.back().field, columns.back().key).second) {
      bad.Add(absl::StrCat("columns[", title, "]"), "this field is mapped twice");
    }
  }
  for (const auto& [title, word] : mapping) {
    if (!found.contains(title)) bad.Add(absl::StrCat("columns[", title, "]"), "the file has no such column");
  }
  const bool identity = absl::c_any_of(
      columns, [](const ImportColumn& c) { return c.field == ImportField::kPhone || c.field == ImportField::kBsuid; });
  if (!identity) bad.Add("columns", "a phone or bsuid column is required");
  RETURN_IF_ERROR(bad.ToStatus());
  return columns;
}

RowVerdict JudgeRow(const ImportPlan& plan, const RawRow& row) {
  Judge judge{plan, {}};
  if (!row.problem.empty()) {
    const size_t at = static_cast<size_t>(std::max(0, row.problem_column));
    const bool known = row.problem_column >= 0 && at < plan.columns.size();
    judge.Reject(row.problem, known ? plan.columns[at] : ImportColumn{});
  }
  if (!judge.rejection) {
    for (size_t i = 0; i < row.cells.size() && i < plan.columns.size(); ++i) {
      const std::string cell = Clean(row.cells[i]);
      if (!cell.empty()) judge.Cell(plan.columns[i], cell);
    }
    if (judge.row.phone.empty() && judge.row.bsuid.empty()) judge.Reject("IDENTITY_MISSING", ImportColumn{});
    judge.CompleteConsent();
  }
  RowVerdict verdict;
  if (judge.rejection) {
    verdict.rejection = *judge.rejection;
  } else {
    if (judge.row.country.empty() && !judge.row.bsuid.empty()) judge.row.country = judge.row.bsuid.substr(0, 2);
    verdict.row = std::move(judge.row);
  }
  return verdict;
}

}  // namespace vinculo::messaging
