#include "services/profiling/domain/lead_mapping.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/text.h"
#include "services/profiling/domain/capture.h"

namespace vinculo::profiling {
namespace {

constexpr size_t kMaxPath = 200;

std::string Transformed(FieldMapping::Transform transform, std::string value) {
  switch (transform) {
    case FieldMapping::Transform::kNone:
      return value;
    case FieldMapping::Transform::kTrim:
      return std::string(text::Trim(value));
    case FieldMapping::Transform::kLower:
      return absl::AsciiStrToLower(value);
    case FieldMapping::Transform::kUpper:
      return absl::AsciiStrToUpper(value);
    case FieldMapping::Transform::kFirstName:
      return SplitFullName(value).first;
    case FieldMapping::Transform::kLastName:
      return SplitFullName(value).last;
  }
  return value;
}

}  // namespace

const std::vector<FieldMapping>& DefaultMapping() {
  static const auto* const kMapping = [] {
    auto* out = new std::vector<FieldMapping>();
    for (absl::string_view field : {"id", "name", "first_name", "last_name", "email", "phone", "product_id",
                                    "product_name", "rank", "source", "created_at", "answers_summary"}) {
      FieldMapping mapping;
      mapping.to = field == "id" ? "lead_id" : field == "rank" ? "recommendation_rank" : std::string(field);
      mapping.from = absl::StrCat("{{lead.", field, "}}");
      mapping.omit_empty = true;
      out->push_back(std::move(mapping));
    }
    return out;
  }();
  return *kMapping;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> MapFields(
    const std::vector<FieldMapping>& mapping, absl::FunctionRef<std::string(const Reference&)> value) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const FieldMapping& field : mapping) {
    ASSIGN_OR_RETURN(const TextTemplate from, TextTemplate::Parse(field.from));
    std::string text = Transformed(field.transform, from.Render(value));
    const auto replaced = field.map.find(text);
    if (replaced != field.map.end()) text = replaced->second;
    if (text.empty() && field.required) {
      return Error(absl::StatusCode::kFailedPrecondition, "MAPPING",
                   absl::StrCat("the lead has no value for the required field `", field.to, "`"),
                   {{"field", field.to}});
    }
    if (text.empty() && field.omit_empty) continue;
    out.emplace_back(field.to, std::move(text));
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> CheckMapping(const std::vector<FieldMapping>& mapping) {
  std::vector<std::pair<std::string, std::string>> problems;
  std::set<std::string> targets;
  for (size_t i = 0; i < mapping.size(); ++i) {
    const std::string path = absl::StrCat("mapping[", i, "]");
    const std::string& to = mapping[i].to;
    const std::vector<absl::string_view> steps = absl::StrSplit(to, '.');
    const bool broken = std::any_of(steps.begin(), steps.end(), [](absl::string_view step) { return step.empty(); });
    if (broken || to.size() > kMaxPath)
      problems.emplace_back(path + ".to", "is no dotted path such as `contact.email`");
    for (const std::string& other : targets) {
      if (other == to || absl::StartsWith(to, other + ".") || absl::StartsWith(other, to + ".")) {
        problems.emplace_back(path + ".to", absl::StrCat("collides with `", other, "`"));
      }
    }
    targets.insert(to);
    const absl::StatusOr<TextTemplate> from = TextTemplate::Parse(mapping[i].from);
    if (!from.ok()) problems.emplace_back(path + ".from", std::string(from.status().message()));
  }
  return problems;
}

}  // namespace vinculo::profiling
