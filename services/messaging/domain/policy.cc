#include "services/messaging/domain/policy.h"

#include <algorithm>

#include "absl/strings/match.h"

namespace vinculo::messaging {
namespace {

constexpr char kOptOutSpanish[] =
    "Listo: no vas a recibir más promociones por este medio. Para volver a recibirlas, respondé ALTA.";
constexpr char kOptOutEnglish[] = "Done: you will get no more promotions here. To get them again, answer START.";
constexpr char kOptOutPortuguese[] =
    "Pronto: você não receberá mais promoções por aqui. Para voltar a recebê-las, responda START.";

}  // namespace

WeeklyHours DefaultHours() {
  WeeklyHours week;
  week.fill({{9 * 3600, 21 * 3600}});
  return week;
}

absl::TimeZone Policy::zone() const {
  const absl::StatusOr<absl::TimeZone> zone = calendar::LoadZone(time_zone);
  return zone.ok() ? *zone : absl::UTCTimeZone();
}

bool Policy::Bars(const std::string& country) const {
  return std::find(barred_countries.begin(), barred_countries.end(), country) != barred_countries.end();
}

std::string Policy::OptOutText(const std::string& language) const {
  const std::string base = language.substr(0, language.find('_'));
  for (const std::string& key : {language, base}) {
    if (const auto it = opt_out_texts.find(key); it != opt_out_texts.end()) return it->second;
  }
  if (base == "en") return kOptOutEnglish;
  if (base == "pt") return kOptOutPortuguese;
  const auto spanish = opt_out_texts.find("es");
  return spanish == opt_out_texts.end() ? kOptOutSpanish : spanish->second;
}

}  // namespace vinculo::messaging
