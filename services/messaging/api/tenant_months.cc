#include <set>

#include "common/calendar/period.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/render_report.h"
#include "services/messaging/api/report_service.h"
#include "services/messaging/domain/money.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/report_counts.h"
#include "services/messaging/store/report_repository.h"
#include "services/messaging/store/template_history.h"

// ReportService.GetTenantMonths.
namespace vinculo::messaging {
namespace {

constexpr int kDefaultMonths = 6;
constexpr int kMaxMonths = 24;
constexpr int kMaxSenders = 1'000;

struct Month {
  explicit Month(const calendar::Period& p) : period(p) {}
  calendar::Period period;
  int64_t accepted_campaigns = 0;
  int64_t accepted_notifications = 0;
  int64_t campaigns_created = 0;
  int64_t campaigns_launched = 0;
  int64_t templates_created = 0;
  int64_t templates_submitted = 0;
  int64_t judged = 0;
  int64_t approved = 0;
  int64_t contacts_reached = 0;
  CostShares costs;
  std::set<Uuid> senders;
};

// The months from the one before the first that is shown, for the changes, to the running one.
class MonthTable {
 public:
  MonthTable(int shown, absl::Time now, absl::TimeZone zone) : zone_(zone) {
    const auto current = calendar::Period::Containing(calendar::PeriodKind::kMonth, now, zone);
    for (int i = -shown; i <= 0; ++i) months_.emplace_back(current.Plus(i));
  }
  absl::Time from() const { return months_.front().period.Start(zone_); }
  absl::Time until() const { return months_.back().period.End(zone_); }
  absl::TimeZone zone() const { return zone_; }
  std::vector<Month>& months() { return months_; }
  const std::vector<Month>& months() const { return months_; }

  Month& At(absl::Time t) {
    const auto period = calendar::Period::Containing(calendar::PeriodKind::kMonth, t, zone_);
    return months_[std::clamp<int64_t>(period.Minus(months_.front().period), 0,
                                       static_cast<int64_t>(months_.size()) - 1)];
  }
  void Count(const std::vector<absl::Time>& times, int64_t Month::*figure) {
    for (const absl::Time t : times) ++(At(t).*figure);
  }

 private:
  absl::TimeZone zone_;
  std::vector<Month> months_;
};

absl::Status CountCosts(sql::Transaction& tx, const std::vector<Sender>& senders, absl::TimeZone zone, Month& month) {
  const calendar::TimeRange span = month.period.Instants(zone);
  for (const Sender& sender : senders) {
    ASSIGN_OR_RETURN(const auto by_source,
                     ReportRepository::CostsOfSender(tx, sender.id, QuarterOf(span.start), QuarterOf(span.end)));
    for (const auto& [source, shares] : by_source) AddShares(shares, 1, month.costs);
  }
  return absl::OkStatus();
}

absl::Status CountMessages(sql::Transaction& tx, MonthTable& table) {
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::ListSenders(tx, Uuid(), kMaxSenders));
  for (const Sender& sender : senders) {
    RETURN_IF_ERROR(ReportRepository::EachAcceptedQuarter(
        tx, sender.id, QuarterOf(table.from()), QuarterOf(table.until()),
        [&](int64_t quarter, Source source, int64_t n) {
          Month& month = table.At(StartOfMinute(quarter * 15));
          (source == Source::kCampaign ? month.accepted_campaigns : month.accepted_notifications) += n;
          month.senders.insert(sender.id);
        }));
  }
  for (Month& month : table.months()) {
    const calendar::TimeRange span = month.period.Instants(table.zone());
    ASSIGN_OR_RETURN(month.contacts_reached, ReportRepository::ContactsReached(tx, span.start, span.end));
    RETURN_IF_ERROR(CountCosts(tx, senders, table.zone(), month));
  }
  return absl::OkStatus();
}

absl::StatusOr<MonthTable> LoadMonths(sql::Transaction& tx, int shown, absl::Time now) {
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  MonthTable table(shown, now, policy.zone());
  RETURN_IF_ERROR(CountMessages(tx, table));
  const absl::Time from = table.from(), until = table.until();
  ASSIGN_OR_RETURN(const auto created, ReportRepository::CampaignsCreated(tx, from, until));
  table.Count(created, &Month::campaigns_created);
  ASSIGN_OR_RETURN(const auto launched, ReportRepository::CampaignsLaunched(tx, from, until));
  table.Count(launched, &Month::campaigns_launched);
  ASSIGN_OR_RETURN(const auto templates, ReportRepository::TemplatesCreated(tx, from, until));
  table.Count(templates, &Month::templates_created);
  ASSIGN_OR_RETURN(const auto firsts, TemplateHistory::FirstSubmissions(tx, from, until));
  for (const TemplateHistory::First& first : firsts) {
    Month& month = table.At(first.submitted_at);
    ++month.templates_submitted;
    if (!first.verdict.empty()) ++month.judged;
    if (first.verdict == "APPROVED") ++month.approved;
  }
  return table;
}

// The currencies of both months, so that what no longer costs anything shows too.
void RenderMonthCosts(const CostShares& before, const CostShares& in,
                      google::protobuf::RepeatedPtrField<v1::MonthCost>* out) {
  CostShares shown = in;
  AddShares(before, 0, shown);
  google::protobuf::RepeatedPtrField<v1::CostLine> lines;
  RenderCosts(shown, /*repliers=*/0, &lines);
  for (v1::CostLine& line : lines) {
    v1::MonthCost* added = out->Add();
    if (line.has_cost()) {
      const std::string& currency = line.cost().currency();
      const auto was = before.find({CostKind::kPriced, currency});
      const int64_t cost_was = was == before.end() ? 0 : ToMinorUnits(was->second.micros, currency);
      added->mutable_change()->set_currency(currency);
      added->mutable_change()->set_minor_units(line.cost().minor_units() - cost_was);
    }
    *added->mutable_line() = std::move(line);
  }
}

void RenderMonth(const Month& before, const Month& in, v1::TenantMonth* out) {
  const auto set = [](int64_t was, int64_t is, v1::MonthCount* count) {
    count->set_count(is);
    count->set_change(is - was);
  };
  out->set_month(in.period.Name());
  set(before.accepted_campaigns, in.accepted_campaigns, out->mutable_accepted_campaigns());
  set(before.accepted_notifications, in.accepted_notifications, out->mutable_accepted_notifications());
  set(before.campaigns_created, in.campaigns_created, out->mutable_campaigns_created());
  set(before.campaigns_launched, in.campaigns_launched, out->mutable_campaigns_launched());
  set(before.templates_created, in.templates_created, out->mutable_templates_created());
  set(before.templates_submitted, in.templates_submitted, out->mutable_templates_submitted());
  set(static_cast<int64_t>(before.senders.size()), static_cast<int64_t>(in.senders.size()),
      out->mutable_active_senders());
  set(before.contacts_reached, in.contacts_reached, out->mutable_contacts_reached());
  RenderMonthCosts(before.costs, in.costs, out->mutable_costs());
  if (in.judged > 0) FillRate(in.approved, in.judged, out->mutable_approved_at_first());
}

}  // namespace

void ReportService::GetTenantMonths(rpc::Call<v1::GetTenantMonthsRequest, v1::GetTenantMonthsResponse> call) {
  FieldViolations bad;
  const auto asked = static_cast<int>(text::ParseInRange("months", call.request().months(), 0, kMaxMonths, bad));
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [shown = asked == 0 ? kDefaultMonths : asked, now = call.now()](sql::Transaction& tx) {
        return LoadMonths(tx, shown, now);
      },
      call.Reply([](const MonthTable& table, v1::GetTenantMonthsResponse* out) {
        out->set_time_zone(table.zone().name());
        for (size_t i = 1; i < table.months().size(); ++i)
          RenderMonth(table.months()[i - 1], table.months()[i], out->add_months());
      }));
}

}  // namespace vinculo::messaging
