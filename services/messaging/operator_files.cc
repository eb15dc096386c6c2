#include "services/messaging/operator_files.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/id/uuid.h"
#include "common/status/status_macros.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

absl::StatusOr<Json> ParseObject(absl::string_view text) {
  Json json = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::InvalidArgumentError("must hold a JSON object");
  return json;
}

absl::Status Wrong(absl::string_view key, absl::string_view must) {
  return absl::InvalidArgumentError(absl::StrCat("\"", key, "\" ", must));
}

absl::StatusOr<ErrorSpan> ParseSpan(const std::string& key, const Json& value) {
  const std::vector<std::string> ends = absl::StrSplit(key, '-');
  ErrorSpan span;
  if (ends.size() > 2 || !absl::SimpleAtoi(ends.front(), &span.first) || !absl::SimpleAtoi(ends.back(), &span.last) ||
      span.first < 0 || span.last < span.first)
    return Wrong(key, "must be a code, or two with a - between them");
  const std::optional<ErrorClass> parsed =
      value.is_string() ? ParseErrorClass(value.get_ref<const std::string&>()) : std::nullopt;
  if (!parsed) return Wrong(key, "must have one of the classes R, P, L, X, T, A, B");
  span.error_class = *parsed;
  return span;
}

absl::Status Merge(const Json& from, const std::string& name, int least, std::vector<LevelMeaning>& into) {
  if (!from.is_object()) return Wrong(name, "must be an object of words and numbers");
  for (const auto& [word, value] : from.items()) {
    const bool whole = value.is_number_integer() && value.get<int64_t>() >= least &&
                       value.get<int64_t>() <= std::numeric_limits<int>::max() && value.get<int64_t>() != 0;
    if (!whole)
      return Wrong(absl::StrCat(name, ".", word), "must be a whole number above 0, or -1 for a tier without limit");
    const auto known =
        std::find_if(into.begin(), into.end(), [&w = word](const LevelMeaning& level) { return level.word == w; });
    if (known == into.end()) {
      into.push_back({word, value.get<int>()});
    } else {
      known->value = value.get<int>();
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ErrorSpan>> ParseErrorClasses(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  std::vector<ErrorSpan> out;
  for (const auto& [key, value] : json.items()) {
    ASSIGN_OR_RETURN(const ErrorSpan span, ParseSpan(key, value));
    out.push_back(span);
  }
  // A single code goes before a span that holds it.
  std::stable_sort(out.begin(), out.end(),
                   [](const ErrorSpan& a, const ErrorSpan& b) { return a.last - a.first < b.last - b.first; });
  return out;
}

absl::StatusOr<LevelTable> ParseLevels(absl::string_view text) {
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  LevelTable table;
  for (const auto& [key, value] : json.items()) {
    if (key == "tiers") {
      RETURN_IF_ERROR(Merge(value, key, kUnlimitedReach, table.tiers));
    } else if (key == "throughputs") {
      RETURN_IF_ERROR(Merge(value, key, 1, table.throughputs));
    } else {
      return Wrong(key, "is not known: tiers and throughputs are");
    }
  }
  return table;
}

absl::StatusOr<AppFile> ParseApp(const std::string& slug, absl::string_view text) {
  if (!IsSlug(slug)) return Wrong(slug, "must be a slug, as the app's path says it");
  ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  AppFile app{.slug = slug};
  const auto token = json.find("verify_token"), secrets = json.find("secrets");
  if (token == json.end() || !token->is_string() || token->get_ref<const std::string&>().empty())
    return Wrong("verify_token", "must be a text");
  app.verify_token = token->get<std::string>();
  if (secrets == json.end() || !secrets->is_array() || secrets->empty() || secrets->size() > 2)
    return Wrong("secrets", "must be a list of one secret, or of two while it is being replaced");
  for (const Json& secret : *secrets) {
    if (!secret.is_string() || secret.get_ref<const std::string&>().empty()) return Wrong("secrets", "must hold texts");
    app.secrets.push_back(secret.get<std::string>());
  }
  return app;
}

}  // namespace vinculo::messaging
