#include "services/messaging/api/policy.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/store/policy_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kMaxHours = 28;
constexpr int kMaxCountries = 300;
constexpr int kMaxTexts = 20;
constexpr int kMaxText = 1024;

std::string Path(absl::string_view name) { return absl::StrCat("policy.", name); }

std::vector<std::string> ParseCountries(const google::protobuf::RepeatedPtrField<std::string>& in,
                                        FieldViolations& bad) {
  const std::string field = Path("barred_countries");
  text::CheckCount(field, in.size(), kMaxCountries, bad);
  std::vector<std::string> out;
  for (int i = 0; i < in.size(); ++i) {
    const std::string& c = in[i];
    if (c.size() != 2 || !absl::ascii_isupper(c[0]) || !absl::ascii_isupper(c[1])) {
      bad.Add(text::Indexed(field, i), "must be an ISO 3166 code of two capital letters, such as US");
    }
    out.push_back(c);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::map<std::string, std::string> ParseTexts(const google::protobuf::Map<std::string, std::string>& in,
                                              FieldViolations& bad) {
  const std::string field = Path("opt_out_texts");
  text::CheckCount(field, in.size(), kMaxTexts, bad);
  std::map<std::string, std::string> out;
  for (const auto& [language, words] : in) {
    const std::string where = absl::StrCat(field, "[", language, "]");
    out[text::ParseLanguage(where, language, bad)] = text::ParseText(where, words, {.min = 1, .max = kMaxText}, bad);
  }
  return out;
}

}  // namespace

Protection ParseProtection(const v1::Protection& in, absl::string_view field, const Protection& otherwise,
                           FieldViolations& bad) {
  Protection p = otherwise;
  const auto take = [&](const char* name, int32_t value, int lo, int hi, int& out) {
    if (value != 0) out = static_cast<int>(text::ParseInRange(absl::StrCat(field, ".", name), value, lo, hi, bad));
  };
  take("failure_percent", in.failure_percent(), 1, 100, p.failure_percent);
  take("capped_percent", in.capped_percent(), 1, 100, p.capped_percent);
  take("outcomes", in.outcomes(), 20, 10'000, p.outcomes);
  take("opt_out_percent", in.opt_out_percent(), 1, 100, p.opt_out_percent);
  take("opt_out_from", in.opt_out_from(), 20, 1'000'000, p.opt_out_from);
  take("unknowns_per_minute", in.unknowns_per_minute(), 1, 10'000, p.unknowns_per_minute);
  if (in.has_silence())
    p.silence =
        api::ParseDuration(absl::StrCat(field, ".silence"), in.silence(), absl::Minutes(1), absl::Hours(24), bad);
  return p;
}

WeeklyHours ParseHours(const google::protobuf::RepeatedPtrField<v1::AllowedHours>& in, absl::string_view field,
                       FieldViolations& bad) {
  WeeklyHours week;
  text::CheckCount(field, in.size(), kMaxHours, bad);
  for (int i = 0; i < in.size(); ++i) {
    const std::optional<int32_t> from = calendar::ParseTimeOfDay(in[i].from());
    const std::optional<int32_t> until = calendar::ParseTimeOfDay(in[i].until());
    if (!from) bad.Add(text::Indexed(field, i, "from"), "must be a time of day such as 09:00");
    if (!until) bad.Add(text::Indexed(field, i, "until"), "must be a time of day such as 21:00, or 24:00");
    if (from && until && *from >= *until) bad.Add(text::Indexed(field, i, "until"), "must be after `from`");
    const auto open = [&](int day) {
      if (from && until) week[day - 1].push_back({*from, *until});
    };
    for (const int day : in[i].days()) {
      day >= 1 && day <= 7 ? open(day) : bad.Add(text::Indexed(field, i, "days"), "must be 1 (Monday) to 7 (Sunday)");
    }
    for (int day = 1; in[i].days().empty() && day <= 7; ++day) open(day);
  }
  for (auto& day : week) {
    std::sort(day.begin(), day.end(), [](const auto& a, const auto& b) { return a.open < b.open; });
    const auto overlap =
        std::adjacent_find(day.begin(), day.end(), [](const auto& a, const auto& b) { return b.open < a.close; });
    if (overlap != day.end()) {
      bad.Add(std::string(field), "has hours that overlap on one day");
      break;
    }
  }
  return week;
}

void RenderHours(const WeeklyHours& in, google::protobuf::RepeatedPtrField<v1::AllowedHours>* out) {
  std::map<std::pair<int32_t, int32_t>, std::vector<int>> days;
  for (size_t day = 0; day < in.size(); ++day) {
    for (const calendar::OpenInterval& i : in[day]) days[{i.open, i.close}].push_back(static_cast<int>(day) + 1);
  }
  for (const auto& [hours, of] : days) {
    v1::AllowedHours* entry = out->Add();
    if (of.size() < in.size()) entry->mutable_days()->Add(of.begin(), of.end());
    entry->set_from(calendar::FormatTimeOfDay(hours.first));
    entry->set_until(calendar::FormatTimeOfDay(hours.second));
  }
}

void RenderProtection(const Protection& in, v1::Protection* out) {
  out->set_failure_percent(in.failure_percent);
  out->set_capped_percent(in.capped_percent);
  out->set_outcomes(in.outcomes);
  out->set_opt_out_percent(in.opt_out_percent);
  out->set_opt_out_from(in.opt_out_from);
  out->set_unknowns_per_minute(in.unknowns_per_minute);
  if (in.silence > absl::ZeroDuration()) *out->mutable_silence() = api::ToDuration(in.silence);
}

Policy ParsePolicy(const v1::Policy& in, FieldViolations& bad) {
  Policy p;
  calendar::ParseZone(Path("time_zone"), in.time_zone(), bad);
  p.time_zone = in.time_zone();
  p.allowed_hours = ParseHours(in.allowed_hours(), Path("allowed_hours"), bad);
  if (in.allowed_hours().empty()) bad.Add(Path("allowed_hours"), "needs at least one entry, or nothing could be sent");
  p.frequency_cap = static_cast<int>(text::ParseInRange(Path("frequency_cap"), in.frequency_cap(), 0, 100, bad));
  const auto duration = [&](const char* name, const google::protobuf::Duration& value, absl::Duration lo,
                            absl::Duration hi) { return api::ParseDuration(Path(name), value, lo, hi, bad); };
  constexpr absl::Duration kDay = absl::Hours(24);
  p.frequency_window = duration("frequency_window", in.frequency_window(), absl::Hours(1), 90 * kDay);
  p.utility_needs_grant = in.utility_needs_grant();
  p.barred_countries = ParseCountries(in.barred_countries(), bad);
  p.confirm_opt_out = in.confirm_opt_out();
  p.opt_out_texts = ParseTexts(in.opt_out_texts(), bad);
  p.attribution_window = duration("attribution_window", in.attribution_window(), absl::Hours(1), 7 * kDay);
  p.unreachable_days =
      static_cast<int>(text::ParseInRange(Path("unreachable_days"), in.unreachable_days(), 1, 30, bad));
  p.unreachable_for = duration("unreachable_for", in.unreachable_for(), kDay, 365 * kDay);
  p.protection = ParseProtection(in.protection(), Path("protection"), Protection(), bad);
  return p;
}

void RenderPolicy(const Policy& in, v1::Policy* out) {
  out->set_time_zone(in.time_zone);
  RenderHours(in.allowed_hours, out->mutable_allowed_hours());
  out->set_frequency_cap(in.frequency_cap);
  *out->mutable_frequency_window() = api::ToDuration(in.frequency_window);
  out->set_utility_needs_grant(in.utility_needs_grant);
  for (const std::string& country : in.barred_countries) out->add_barred_countries(country);
  out->set_confirm_opt_out(in.confirm_opt_out);
  out->mutable_opt_out_texts()->insert(in.opt_out_texts.begin(), in.opt_out_texts.end());
  *out->mutable_attribution_window() = api::ToDuration(in.attribution_window);
  out->set_unreachable_days(in.unreachable_days);
  *out->mutable_unreachable_for() = api::ToDuration(in.unreachable_for);
  RenderProtection(in.protection, out->mutable_protection());
  out->set_etag(api::FormatEtag(in.revision));
}

void ChannelService::GetPolicy(rpc::Call<v1::GetPolicyRequest, v1::Policy> call) {
  call.Answer(context_.db.ReadInline(call.scope(), PolicyRepository::Get), RenderPolicy);
}

void ChannelService::UpdatePolicy(rpc::Call<v1::UpdatePolicyRequest, v1::Policy> call) {
  FieldViolations bad;
  if (!call.request().has_policy()) bad.Add("policy", "is required");
  const std::optional<int64_t> etag = api::ParseEtag(call.request().policy().etag(), bad, "policy.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [etag, patch = call.request().policy(), mask = call.request().update_mask(),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Policy> {
        ASSIGN_OR_RETURN(const Policy before, PolicyRepository::Get(tx));
        RETURN_IF_ERROR(api::CheckRevision("policy", tx.tenant(), etag, before.revision));
        v1::Policy target;
        RenderPolicy(before, &target);
        RETURN_IF_ERROR(api::ApplyFieldMask(mask, patch, &target));
        FieldViolations bad;
        Policy policy = ParsePolicy(target, bad);
        RETURN_IF_ERROR(bad.ToStatus());
        policy.revision = before.revision;
        RETURN_IF_ERROR(PolicyRepository::Put(tx, policy, now));
        tx.Raise(kSignalQueue);
        return policy;
      },
      call.Reply(RenderPolicy));
}

}  // namespace vinculo::messaging
