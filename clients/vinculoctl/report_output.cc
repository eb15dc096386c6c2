#include "clients/vinculoctl/report_output.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/text/currency.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;

const std::vector<Column> kColumns = {{"campaign", "campaign_id"},
                                      {"name", "display_name"},
                                      {"state", "state"},
                                      {"audience", "audience"},
                                      {"excluded", "excluded"},
                                      {"skipped", "skipped"},
                                      {"queued", "queued"},
                                      {"sending", "sending"},
                                      {"unknown", "unknown"},
                                      {"attempted", "attempted"},
                                      {"accepted_ever", "accepted_ever"},
                                      {"delivered_ever", "delivered_ever"},
                                      {"read", "read"},
                                      {"failed", "failed"},
                                      {"expired", "expired"},
                                      {"repliers_direct", "repliers_direct"},
                                      {"repliers_inferred", "repliers_inferred"},
                                      {"opt_outs", "opt_outs"}};

using Reasons = google::protobuf::RepeatedPtrField<v1::ReasonCount>;

std::string ReasonsText(const Reasons& reasons) {
  return absl::StrJoin(reasons, ", ", [](std::string* out, const v1::ReasonCount& r) {
    absl::StrAppend(out, r.reason(), " ", r.count());
  });
}

class Funnel {
 public:
  explicit Funnel(std::ostream& out) : out_(out) {}
  void Line(const char* title, int64_t n, const std::string& note = "") {
    out_ << absl::StrFormat("%-22s %8d", title, n) << (note.empty() ? "" : "   ") << note << "\n";
  }
  // Left out when there are none.
  void Some(const char* title, int64_t n, const std::string& note = "") {
    if (n != 0) Line(title, n, note);
  }

 private:
  std::ostream& out_;
};

std::string Share(const v1::Rate& rate, bool known, const char* of) {
  return known ? absl::StrCat(Percent(rate, known), " of ", of) : "";
}

std::string Amount(const v1::Money& money) {
  const int digits = text::CurrencyDigits(money.currency());
  int64_t unit = 1;
  for (int i = 0; i < digits; ++i) unit *= 10;
  const int64_t whole = money.minor_units() / unit, rest = money.minor_units() % unit;
  return digits == 0 ? absl::StrCat(whole) : absl::StrFormat("%d.%0*d", whole, digits, rest);
}

// One line for each currency; nothing while no price is known.
void PrintCosts(std::ostream& out, const v1::CampaignReport& r) {
  for (const v1::CostLine& line : r.costs()) {
    if (!line.has_cost()) continue;
    std::vector<std::string> notes;
    if (line.has_per_reply()) notes.push_back(absl::StrCat(Amount(line.per_reply()), " for each answer"));
    if (line.unpriced() > 0) notes.push_back(absl::StrCat(line.unpriced(), " messages without a price"));
    out << absl::StrFormat("%-22s %8s", absl::StrCat("cost ", line.cost().currency()), Amount(line.cost()))
        << (notes.empty() ? "" : "   ") << absl::StrJoin(notes, ", ") << "\n";
  }
}

void PrintFunnel(std::ostream& out, const v1::CampaignReport& r) {
  const v1::Rates& rates = r.rates();
  out << r.display_name() << ": " << absl::string_view(v1::CampaignState_Name(r.state())).substr(15) << "\n\n";
  Funnel f(out);
  f.Line("audience", r.audience());
  f.Some("  left out", r.excluded(), ReasonsText(r.excluded_by_reason()));
  f.Some("  passed over", r.skipped(), ReasonsText(r.skipped_by_reason()));
  f.Some("  still waiting", r.queued());
  f.Line("attempted", r.attempted());
  f.Some("  on the way", r.sending());
  f.Some("  unclear", r.unknown());
  f.Line("  accepted", r.accepted_ever());
  f.Line("    delivered", r.delivered_ever(), Share(rates.delivery(), rates.has_delivery(), "accepted"));
  f.Line("      read", r.read(), Share(rates.read(), rates.has_read(), "delivered"));
  f.Some("    held by WhatsApp", r.held());
  f.Some("    not in time", r.expired());
  f.Some(
      "  failed", r.failed(),
      absl::StrCat(Share(rates.failure(), rates.has_failure(), "attempted"), ": ", ReasonsText(r.failed_by_reason())));
  f.Line("answered", r.repliers_direct() + r.repliers_inferred(), Share(rates.reply(), rates.has_reply(), "delivered"));
  f.Line("opted out", r.opt_outs(), Share(rates.opt_out(), rates.has_opt_out(), "delivered"));
  PrintCosts(out, r);
}

}  // namespace

std::string Percent(const v1::Rate& rate, bool known) {
  return known ? absl::StrFormat("%.1f %%", rate.percent()) : "";
}

void PrintCampaignReport(const Context& context, const v1::CampaignReport& report) {
  if (context.format == Format::kTable) return PrintFunnel(std::cout, report);
  PrintOne(std::cout, context.format, report, kColumns);
}

}  // namespace vinculo::ctl
