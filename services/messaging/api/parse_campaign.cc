#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/text/validate.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/policy.h"
#include "services/messaging/domain/money.h"

namespace vinculo::messaging {
namespace {

constexpr absl::Duration kMinWait = absl::Minutes(1), kMaxWait = absl::Hours(24);

std::string Text(absl::string_view field, const std::string& value, FieldViolations& bad) {
  return text::ParseText(field, value, {.min = 0, .max = 1024, .trim = false}, bad);
}

ParameterSource ParseSource(const v1::ParameterSource& in, const std::string& field, FieldViolations& bad) {
  ParameterSource s;
  s.default_value = Text(absl::StrCat(field, ".default_value"), in.default_value(), bad);
  switch (in.source_case()) {
    case v1::ParameterSource::kFixed:
      s.kind = ParameterSource::Kind::kFixed;
      s.text = Text(absl::StrCat(field, ".fixed"), in.fixed(), bad);
      break;
    case v1::ParameterSource::kContactField: {
      s.kind = ParameterSource::Kind::kContactField;
      s.text = in.contact_field();
      for (absl::string_view known : {"name", "first_name", "language", "customer_id", "phone"}) {
        if (s.text == known) return s;
      }
      bad.Add(absl::StrCat(field, ".contact_field"), "is not name, first_name, language, customer_id or phone");
      break;
    }
    case v1::ParameterSource::kAttribute:
      s.kind = ParameterSource::Kind::kAttribute;
      s.text = text::ParseSlug(absl::StrCat(field, ".attribute"), in.attribute(), bad);
      break;
    case v1::ParameterSource::kListVariable:
      s.kind = ParameterSource::Kind::kListVariable;
      s.text = text::ParseSlug(absl::StrCat(field, ".list_variable"), in.list_variable(), bad);
      break;
    case v1::ParameterSource::SOURCE_NOT_SET:
      bad.Add(field, "a source is required");
      break;
  }
  return s;
}

Canary ParseCanary(const v1::Canary& in, const std::string& field, FieldViolations& bad) {
  Canary canary{
      .count = static_cast<int>(text::ParseInRange(absl::StrCat(field, ".count"), in.count(), 0, 1'000'000, bad)),
      .percent = static_cast<int>(text::ParseInRange(absl::StrCat(field, ".percent"), in.percent(), 0, 50, bad))};
  if (canary.count > 0 && canary.percent > 0) bad.Add(field, "takes count or percent, not both");
  if (in.has_wait()) canary.wait = api::ParseDuration(absl::StrCat(field, ".wait"), in.wait(), kMinWait, kMaxWait, bad);
  return canary;
}

CampaignGuards ParseGuards(const v1::CampaignGuards& in, FieldViolations& bad) {
  const std::string field = "campaign.guards";
  CampaignGuards out;
  if (in.has_max_cost()) {
    const std::string currency =
        text::ParseCurrency(absl::StrCat(field, ".max_cost.currency"), in.max_cost().currency(), bad);
    constexpr int64_t kMost = 1'000'000'000'000;
    const int64_t minor =
        text::ParseInRange(absl::StrCat(field, ".max_cost.minor_units"), in.max_cost().minor_units(), 1, kMost, bad);
    out.max_cost = MaxCost{currency, FromMinorUnits(minor, currency)};
  }
  if (in.has_canary()) out.canary = ParseCanary(in.canary(), absl::StrCat(field, ".canary"), bad);
  if (!in.allowed_hours().empty())
    out.allowed_hours = ParseHours(in.allowed_hours(), absl::StrCat(field, ".allowed_hours"), bad);
  if (in.has_protection())
    out.protection = ParseProtection(in.protection(), absl::StrCat(field, ".protection"), kUnsetProtection, bad);
  return out;
}

void ParseLanguages(const v1::Campaign& in, Campaign& c, FieldViolations& bad) {
  const bool both = !in.language().fixed().empty() && !in.language().contact_or().empty();
  c.language.by_contact = !in.language().contact_or().empty();
  c.language.language = text::ParseLanguage(
      "campaign.language", c.language.by_contact ? in.language().contact_or() : in.language().fixed(), bad);
  if (both || c.language.language.empty())
    bad.Add("campaign.language", "exactly one of fixed and contact_or is required");
}

}  // namespace

CampaignStart ParseStart(const v1::CampaignStart& in, absl::string_view field, FieldViolations& bad) {
  CampaignStart out;
  const std::string local = absl::StrCat(field, ".local_time");
  if (in.has_instant() == !in.local_time().empty()) {
    bad.Add(std::string(field), "exactly one of instant and local_time is required");
  } else if (in.has_instant()) {
    out.kind = CampaignStart::Kind::kInstant;
    out.instant = api::ParseTimestamp(absl::StrCat(field, ".instant"), in.instant(), bad);
  } else if (absl::CivilMinute minute; absl::ParseCivilTime(in.local_time(), &minute)) {
    const bool own = in.zone() == v1::CampaignStart::ZONE_CONTACT;
    out.kind = own ? CampaignStart::Kind::kContactTime : CampaignStart::Kind::kTenantTime;
    out.local = absl::CivilSecond(minute);
  } else {
    bad.Add(local, "must be a date and time such as 2026-03-01T10:00");
  }
  if (!v1::CampaignStart::Zone_IsValid(in.zone())) bad.Add(absl::StrCat(field, ".zone"), "is not a known value");
  return out;
}

Campaign ParseCampaign(const v1::Campaign& in, absl::Time now, FieldViolations& bad) {
  Campaign c;
  c.display_name =
      text::ParseText("campaign.display_name", in.display_name(), {.min = 1, .max = 200, .single_line = true}, bad);
  c.sender_id = text::ParseUuid("campaign.sender_id", in.sender_id(), bad);
  c.template_name =
      text::ParseText("campaign.template", in.template_(), {.min = 1, .max = 512, .single_line = true}, bad);
  ParseLanguages(in, c, bad);
  text::CheckCount("campaign.parameters", in.parameters_size(), 64, bad);
  for (const auto& [place, source] : in.parameters()) {
    c.parameters[place] = ParseSource(source, absl::StrCat("campaign.parameters[", place, "]"), bad);
  }
  c.audience = ParseFilter(in.audience(), "campaign.audience", bad);
  if (in.has_reply_route()) c.reply_route = ParseReplyRoute(in.reply_route(), "campaign.reply_route", true, bad);
  c.rate_per_second =
      static_cast<int>(text::ParseInRange("campaign.rate_per_second", in.rate_per_second(), 0, 1000, bad));
  c.deadline = api::ParseOptionalTimestamp("campaign.deadline", in.has_deadline() ? &in.deadline() : nullptr, bad);
  if (c.deadline && *c.deadline > now + kMaxAhead + kMaxDuration)
    bad.Add("campaign.deadline", "must lie at most 396 days ahead");
  if (in.has_start()) c.start = ParseStart(in.start(), "campaign.start", bad);
  c.guards = ParseGuards(in.guards(), bad);
  return c;
}

}  // namespace vinculo::messaging
