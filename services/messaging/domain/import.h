#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/contact.h"

namespace vinculo::messaging {

// What a column of an imported file means.
enum class ImportField {
  kIgnored,
  kPhone,
  kBsuid,
  kName,
  kFirstName,
  kLanguage,
  kTimeZone,
  kCustomerId,
  kTag,
  kAttribute,
  kVariable,
  kConsentMarketing,
  kConsentTransactional,
  kConsentSource,
  kConsentText,
  kConsentAt
};

struct ImportColumn {
  std::string title;
  ImportField field = ImportField::kIgnored;
  std::string key;  // of an attribute or variable
};

struct ConsentDefaults {
  std::string source;
  std::string text_version;
  std::optional<absl::Time> at;
};

struct ImportPlan {
  std::vector<ImportColumn> columns;
  std::string default_region;
  ConsentDefaults defaults;
  absl::Time now;
};

// Reads the title line. `mapping` is column title -> field word; when empty, titles that are field words map to
// themselves. INVALID_ARGUMENT INVALID_FIELDS, before any row: no phone or bsuid column, a field mapped twice, a mapped
// title that the file does not have, an unknown field word. [M-31]
absl::StatusOr<std::vector<ImportColumn>> PlanColumns(const std::vector<std::string>& titles,
                                                      const std::map<std::string, std::string>& mapping);

// How a row ends.
enum class RowOutcome { kCreated = 1, kUpdated = 2, kUnchanged = 3, kDuplicate = 4, kRejected = 5 };

// Something to say about a row. Codes are a closed list [M-33].
struct RowNote {
  std::string code;
  std::string column;
  std::string fix;
  friend bool operator==(const RowNote&, const RowNote&) = default;
};

struct RowConsent {
  Purpose purpose = Purpose::kMarketing;
  Decision decision = Decision::kNone;
};

// A row that passed, ready to be applied.
struct ImportedRow {
  std::string phone;  // E.164
  std::string phone_key;
  std::string country;
  std::string bsuid;
  ContactPatch patch;
  std::map<std::string, std::string> variables;
  std::vector<RowConsent> consents;
  std::string consent_source;
  std::string consent_text;
  absl::Time consent_at;
  std::vector<RowNote> warnings;

  // By which a later row is found to be the same person.
  std::vector<std::string> keys() const;
};

// A row as it was read. `problem` is the code of what is wrong with it as CSV, "" when nothing is.
struct RawRow {
  std::vector<std::string> cells;
  std::string problem;
  int problem_column = -1;
};

// Judges one row: what to apply, or why it is refused. A blank cell changes nothing; outer spaces and a leading
// apostrophe are stripped. The first problem in column order is the one that is named. [M-32] [M-33] [M-35]
struct RowVerdict {
  std::optional<ImportedRow> row;
  RowNote rejection;  // when there is no row
};
RowVerdict JudgeRow(const ImportPlan& plan, const RawRow& row);

// What to do about a code, in the words of the help; "" for a code that is none.
std::string RowFix(absl::string_view code);

}  // namespace vinculo::messaging
