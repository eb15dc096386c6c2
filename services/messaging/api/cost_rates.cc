#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/store/cost_repository.h"

namespace vinculo::messaging {
namespace {

constexpr char kListMethod[] = "messaging.ChannelService.ListCostRates";
constexpr char kPageShape[] = "ssi";

std::string ParseCountry(const std::string& field, const std::string& value, FieldViolations& bad) {
  if (!text::IsPhoneRegion(value)) bad.Add(field, "must be an ISO 3166 country of two capital letters, such as AR");
  return value;
}

std::optional<absl::CivilDay> ParseDay(const std::string& field, const std::string& value, FieldViolations& bad) {
  const std::optional<absl::CivilDay> day = calendar::ParseDate(value);
  if (!day) bad.Add(field, "must be a day such as 2026-04-01");
  return day;
}

CostRate ParseRate(const v1::CostRate& in, const std::string& field, FieldViolations& bad) {
  const auto at = [&](const char* name) { return absl::StrCat(field, ".", name); };
  CostRate rate{.country = ParseCountry(at("country"), in.country(), bad),
                .category = in.category(),
                .valid_from = ParseDay(at("valid_from"), in.valid_from(), bad).value_or(absl::CivilDay()),
                .currency = text::ParseCurrency(at("currency"), in.currency(), bad),
                .micros = text::ParseInRange(at("micros"), in.micros(), 0, kMaxRateMicros, bad)};
  if (!IsBillingCategory(in.category())) bad.Add(at("category"), "is not a category that WhatsApp bills by");
  if (!in.valid_to().empty()) {
    rate.valid_to = ParseDay(at("valid_to"), in.valid_to(), bad);
    if (rate.valid_to && *rate.valid_to <= rate.valid_from) bad.Add(at("valid_to"), "must come after valid_from");
  }
  return rate;
}

std::vector<CostRate> ParseRates(const v1::PutCostRatesRequest& request, FieldViolations& bad) {
  std::vector<CostRate> out;
  text::CheckCount("rates", request.rates_size(), kMaxCostRates, bad);
  if (request.rates().empty() && !request.replace_all()) bad.Add("rates", "is required");
  std::set<std::tuple<std::string, std::string, absl::CivilDay>> seen;
  for (int i = 0; i < std::min(request.rates_size(), kMaxCostRates); ++i) {
    const std::string field = text::Indexed("rates", i);
    CostRate rate = ParseRate(request.rates(i), field, bad);
    if (!seen.insert({rate.country, rate.category, rate.valid_from}).second)
      bad.Add(field, "repeats a country, category and day");
    out.push_back(std::move(rate));
  }
  return out;
}

absl::StatusOr<int> PutRates(sql::Transaction& tx, const std::vector<CostRate>& rates, bool replace_all) {
  if (replace_all) RETURN_IF_ERROR(CostRepository::DeleteRates(tx));
  for (const CostRate& rate : rates) RETURN_IF_ERROR(CostRepository::PutRate(tx, rate));
  ASSIGN_OR_RETURN(const int all, CostRepository::CountRates(tx));
  if (all <= kMaxCostRates) return all;
  return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
               absl::StrCat("There would be ", all, " rates; ", kMaxCostRates, " are allowed. Replace the old ones."));
}

void RenderRate(const CostRate& in, v1::CostRate* out) {
  out->set_country(in.country);
  out->set_category(in.category);
  out->set_valid_from(calendar::FormatDate(in.valid_from));
  if (in.valid_to) out->set_valid_to(calendar::FormatDate(*in.valid_to));
  out->set_currency(in.currency);
  out->set_micros(in.micros);
}

}  // namespace

void ChannelService::PutCostRates(rpc::Call<v1::PutCostRatesRequest, v1::PutCostRatesResponse> call) {
  FieldViolations bad;
  const auto rates = std::make_shared<const std::vector<CostRate>>(ParseRates(call.request(), bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [rates, all = call.request().replace_all()](sql::Transaction& tx) { return PutRates(tx, *rates, all); },
      call.Reply([](int n, v1::PutCostRatesResponse* out) { out->set_rates(n); }));
}

void ChannelService::ListCostRates(rpc::Call<v1::ListCostRatesRequest, v1::ListCostRatesResponse> call) {
  const v1::ListCostRatesRequest& request = call.request();
  FieldViolations bad;
  const std::string country = request.country().empty() ? "" : ParseCountry("country", request.country(), bad);
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant;
  const auto scope = [tenant, country] { return api::PageScope{tenant, kListMethod, country, "rate"}; };
  const absl::StatusOr<std::optional<api::PageKey>> key =
      api::ParsePageToken(scope(), request.page_token(), kPageShape);
  if (!key.ok()) return call.Fail(key.status());
  CostRate after;
  if (*key) {
    after.country = std::get<std::string>((**key)[0]);
    after.category = std::get<std::string>((**key)[1]);
    after.valid_from = absl::CivilDay() + std::get<int64_t>((**key)[2]);
  }
  context_.db.ReadOnPool(
      call.scope(),
      [country, after, size](sql::Transaction& tx) { return CostRepository::ListRates(tx, country, after, size + 1); },
      call.Reply([scope, size](std::vector<CostRate> rates, v1::ListCostRatesResponse* out) {
        if (static_cast<int>(rates.size()) > size) {
          rates.resize(size);
          const CostRate& last = rates.back();
          out->set_next_page_token(api::EncodePageToken(
              scope(), {last.country, last.category, static_cast<int64_t>(last.valid_from - absl::CivilDay())}));
        }
        for (const CostRate& rate : rates) RenderRate(rate, out->add_rates());
      }));
}

}  // namespace vinculo::messaging
