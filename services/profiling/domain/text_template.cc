#include "services/profiling/domain/text_template.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/id/uuid.h"
#include "common/status/status_macros.h"
#include "common/text/text.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {
namespace {

constexpr std::array<absl::string_view, 3> kAnswerFields = {"label", "value", "raw"};
constexpr std::array<absl::string_view, 4> kProfileFields = {"name", "email", "phone", "id"};
constexpr std::array<absl::string_view, 6> kProductFields = {"id",    "name",     "short_description",
                                                             "price", "currency", "image_url"};
constexpr std::array<absl::string_view, 12> kLeadFields = {"id",     "name",       "first_name", "last_name",
                                                           "email",  "phone",      "product_id", "product_name",
                                                           "source", "created_at", "rank",       "answers_summary"};
constexpr std::array<absl::string_view, 3> kFlowFields = {"id", "name", "purpose"};

template <size_t N>
bool Among(const std::array<absl::string_view, N>& names, absl::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

absl::Status Unknown(absl::string_view reference) {
  return absl::InvalidArgumentError(absl::StrCat("`", reference, "` is not something that can be put into a text"));
}

absl::StatusOr<Reference> ParseReference(absl::string_view text) {
  const std::vector<std::string> words = absl::StrSplit(text, '.');
  Reference out;
  if (words.size() == 3 && words[0] == "answer" && IsSlug(words[1]) && Among(kAnswerFields, words[2])) {
    out = {Reference::Kind::kAnswer, words[1], 0, words[2]};
  } else if (words.size() == 2 && words[0] == "trait" && IsSlug(words[1])) {
    out = {Reference::Kind::kTrait, words[1], 0, ""};
  } else if (words.size() == 2 && words[0] == "profile" && Among(kProfileFields, words[1])) {
    out = {Reference::Kind::kProfile, "", 0, words[1]};
  } else if (words.size() == 3 && words[0] == "product" && (words[1] == "1" || words[1] == "2") &&
             Among(kProductFields, words[2])) {
    out = {Reference::Kind::kProduct, "", words[1][0] - '0', words[2]};
  } else if (words.size() == 3 && words[0] == "product" && words[1] == "selected" && Among(kProductFields, words[2])) {
    out = {Reference::Kind::kProduct, "", 0, words[2]};
  } else if (words.size() == 2 && words[0] == "lead" && Among(kLeadFields, words[1])) {
    out = {Reference::Kind::kLead, "", 0, words[1]};
  } else if (words.size() == 2 && words[0] == "flow" && Among(kFlowFields, words[1])) {
    out = {Reference::Kind::kFlow, "", 0, words[1]};
  } else {
    return Unknown(text);
  }
  return out;
}

absl::StatusOr<std::string> ParseFilter(absl::string_view text) {
  constexpr absl::string_view kDefault = "default:\"";
  text = absl::StripAsciiWhitespace(text);
  if (text.size() <= kDefault.size() || text.substr(0, kDefault.size()) != kDefault || text.back() != '"') {
    return absl::InvalidArgumentError(absl::StrCat("`", text, "` is not a filter; there is only |default:\"...\""));
  }
  return std::string(text.substr(kDefault.size(), text.size() - kDefault.size() - 1));
}

}  // namespace

absl::StatusOr<TextTemplate> TextTemplate::Parse(absl::string_view text) {
  TextTemplate out;
  while (!text.empty()) {
    const size_t open = text.find("{{");
    if (open == absl::string_view::npos) {
      out.parts_.push_back({std::string(text), std::nullopt, std::nullopt});
      break;
    }
    if (open > 0) out.parts_.push_back({std::string(text.substr(0, open)), std::nullopt, std::nullopt});
    const size_t close = text.find("}}", open);
    if (close == absl::string_view::npos) return absl::InvalidArgumentError("a placeholder is not closed with }}");
    absl::string_view inside = text.substr(open + 2, close - open - 2);
    Part part;
    const size_t bar = inside.find('|');
    if (bar != absl::string_view::npos) {
      ASSIGN_OR_RETURN(part.fallback, ParseFilter(inside.substr(bar + 1)));
      inside = inside.substr(0, bar);
    }
    ASSIGN_OR_RETURN(part.reference, ParseReference(absl::StripAsciiWhitespace(inside)));
    out.parts_.push_back(std::move(part));
    text.remove_prefix(close + 2);
  }
  return out;
}

std::string TextTemplate::Render(absl::FunctionRef<std::string(const Reference&)> value) const {
  std::string out;
  for (const Part& part : parts_) {
    if (!part.reference) {
      out += part.literal;
      continue;
    }
    const std::string inserted = value(*part.reference);
    out += inserted.empty() && part.fallback ? *part.fallback : inserted;
  }
  if (out.size() > kMaxRendered) out = std::string(text::Truncate(out, kMaxRendered));
  return out;
}

}  // namespace vinculo::profiling
