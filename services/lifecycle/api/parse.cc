#include "services/lifecycle/api/parse.h"

#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/text/validate.h"
#include "services/lifecycle/limits.h"

namespace vinculo::lifecycle {
namespace {

constexpr int64_t kMaxUsers = 1'000'000'000;

}  // namespace

std::string ParseCustomerId(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 1, .max = kMaxCustomerId, .trim = false, .single_line = true}, bad);
}

std::string ParseOptionalCustomerId(absl::string_view field, absl::string_view value, FieldViolations& bad) {
  return value.empty() ? std::string() : ParseCustomerId(field, value, bad);
}

absl::Time ParsePastTime(absl::string_view field, const google::protobuf::Timestamp* value, absl::Time now,
                         FieldViolations& bad) {
  const absl::Time time = api::ParseOptionalTimestamp(field, value, bad).value_or(now);
  if (time > now) bad.Add(std::string(field), "must not be in the future");
  return time;
}

absl::CivilDay ParseDateUpTo(absl::string_view field, absl::string_view value, absl::CivilDay today,
                             FieldViolations& bad) {
  if (value.empty()) return today;
  const std::optional<absl::CivilDay> day = calendar::ParseDate(value);
  if (!day || day->year() < 1970) {
    bad.Add(std::string(field), "must be a date such as 2024-03-15, not before 1970");
    return today;
  }
  if (*day > today) bad.Add(std::string(field), absl::StrCat("must not be after today, ", calendar::FormatDate(today)));
  return *day;
}

Stage ParseStage(absl::string_view field, int value, FieldViolations& bad) {
  const std::optional<Stage> stage = StageFromNumber(value);
  if (!stage) bad.Add(std::string(field), "must be one of the nine stages");
  return stage.value_or(Stage::kNew);
}

Stage ParseOptionalStage(absl::string_view field, int value, FieldViolations& bad) {
  return value == 0 ? Stage::kUnspecified : ParseStage(field, value, bad);
}

void ParseAccountFields(const v1::Account& account, Account& out, FieldViolations& bad) {
  out.name = text::ParseText("account.name", account.name(), {.max = kMaxName, .single_line = true}, bad);
  out.owner_cs =
      text::ParseText("account.owner_cs", account.owner_cs(), {.max = kMaxShortText, .single_line = true}, bad);
  out.owner_ops =
      text::ParseText("account.owner_ops", account.owner_ops(), {.max = kMaxShortText, .single_line = true}, bad);
  out.segment = text::ParseText("account.segment", account.segment(), {.max = kMaxShortText, .single_line = true}, bad);
  out.users_count.reset();
  if (account.has_users_count()) {
    out.users_count = text::ParseInRange("account.users_count", account.users_count(), 0, kMaxUsers, bad);
  }
  out.time_zone = account.time_zone();
  if (!out.time_zone.empty()) calendar::ParseZone("account.time_zone", out.time_zone, bad);
}

ModuleDef ParseModuleDef(const v1::ModuleDef& def, FieldViolations& bad) {
  ModuleDef out;
  out.module_key = text::ParseSlug("module_def.module_key", def.module_key(), bad);
  out.unit_name =
      text::ParseText("module_def.unit_name", def.unit_name(), {.max = kMaxShortText, .single_line = true}, bad);
  out.started_meaning = text::ParseText("module_def.started_meaning", def.started_meaning(), {.max = kMaxText}, bad);
  out.completed_meaning =
      text::ParseText("module_def.completed_meaning", def.completed_meaning(), {.max = kMaxText}, bad);
  out.active = def.active();
  return out;
}

IncomingFact ParseFact(const v1::UsageFact& fact, absl::CivilDay today, FieldViolations& bad) {
  IncomingFact out;
  out.customer_id = ParseCustomerId("customer_id", fact.customer_id(), bad);
  out.module_key = text::ParseSlug("module_key", fact.module_key(), bad);
  if (fact.local_date().empty()) bad.Add("local_date", "is required");
  out.local_date = ParseDateUpTo("local_date", fact.local_date(), today, bad);
  out.source = fact.source().empty() ? "default" : text::ParseSlug("source", fact.source(), bad);
  out.values.counts.started = text::ParseInRange("started", fact.started(), 0, kMaxCount, bad);
  out.values.counts.completed = text::ParseInRange("completed", fact.completed(), 0, kMaxCount, bad);
  if (fact.has_active_users()) {
    out.values.active_users = text::ParseInRange("active_users", fact.active_users(), 0, kMaxUsers, bad);
  }
  out.values.revision = text::ParseInRange("revision", fact.revision(), 0, std::numeric_limits<int64_t>::max(), bad);
  switch (fact.attribution()) {
    case v1::ATTRIBUTION_UNSPECIFIED:
    case v1::ATTRIBUTION_COHORT:
      break;
    case v1::ATTRIBUTION_EVENT:
      out.values.attribution = Attribution::kEvent;
      break;
    default:
      bad.Add("attribution", "must be COHORT or EVENT");
  }
  return out;
}

std::vector<std::string> ParseCustomerIds(const google::protobuf::RepeatedPtrField<std::string>& ids,
                                          FieldViolations& bad) {
  text::CheckCount("customer_ids", ids.size(), kMaxCustomerIds, bad);
  std::vector<std::string> out;
  if (!bad.empty()) return out;
  for (int i = 0; i < ids.size(); ++i) out.push_back(ParseCustomerId(text::Indexed("customer_ids", i), ids[i], bad));
  return out;
}

}  // namespace vinculo::lifecycle
