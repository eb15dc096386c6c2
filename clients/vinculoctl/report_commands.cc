#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/messaging_lookup.h"
#include "clients/vinculoctl/report_output.h"
#include "common/status/error.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ReportService/";

const std::vector<Column> kFigureColumns(const std::string& prefix) {
  std::vector<Column> out;
  for (const char* field : {"attempted", "accepted_ever", "delivered_ever", "read", "failed", "repliers", "opt_outs"})
    out.push_back({field, absl::StrCat(prefix, field)});
  return out;
}

std::vector<Column> Join(std::vector<Column> first, const std::vector<Column>& then) {
  first.insert(first.end(), then.begin(), then.end());
  return first;
}

void Months(const Context& context, int months) {
  v1::GetTenantMonthsRequest request;
  request.set_months(months);
  v1::GetTenantMonthsResponse response;
  Check(context.session().Call(kService + "GetTenantMonths", request, &response));
  Rows rows;
  for (const v1::TenantMonth& month : response.months()) rows.push_back(&month);
  PrintRows(std::cout, context.format, rows,
            {{"month", "month"},
             {"campaign messages", "accepted_campaigns.count"},
             {"+/-", "accepted_campaigns.change"},
             {"single messages", "accepted_notifications.count"},
             {"+/-", "accepted_notifications.change"},
             {"people reached", "contacts_reached.count"},
             {"launched", "campaigns_launched.count"},
             {"templates submitted", "templates_submitted.count"},
             {"approved at once %", "approved_at_first.percent"}});
}

void OfTemplate(const Context& context, const std::string& name) {
  v1::GetTemplateReportRequest request;
  request.set_name(name);
  v1::TemplateReport report;
  Check(context.session().Call(kService + "GetTemplateReport", request, &report));
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, report, {});
  Rows rows;
  for (const v1::TemplateVersionReport& version : report.versions()) rows.push_back(&version);
  PrintRows(std::cout, context.format, rows,
            Join({{"language", "language"}, {"version", "version"}}, kFigureColumns("campaigns.")));
  if (context.format == Format::kCsv || report.quality_history().empty()) return;
  std::cout << "\n";
  Rows changes;
  for (const v1::QualityChange& change : report.quality_history()) changes.push_back(&change);
  PrintRows(std::cout, context.format, changes, {{"language", "language"}, {"quality", "quality"}, {"since", "time"}});
}

void OfSender(const Context& context, const std::string& sender) {
  v1::GetSenderReportRequest request;
  request.set_sender_id(SenderOr(context.session(), sender));
  v1::SenderReport report;
  Check(context.session().Call(kService + "GetSenderReport", request, &report));
  if (context.format != Format::kTable)
    return PrintOne(std::cout, context.format, report, kFigureColumns("campaigns."));
  for (const auto& [title, figures] :
       {std::pair("campaigns", &report.campaigns()), {"single messages", &report.notifications()}}) {
    std::cout << title << "\n";
    PrintOne(std::cout, context.format, *figures, kFigureColumns(""));
  }
}

void Compare(const Context& context, const std::vector<std::string>& campaigns) {
  v1::CompareCampaignsRequest request;
  for (const std::string& campaign : campaigns) request.add_campaign_ids(CampaignNamed(context.session(), campaign));
  v1::CompareCampaignsResponse response;
  Check(context.session().Call(kService + "CompareCampaigns", request, &response));
  Rows rows;
  for (const v1::CampaignReport& report : response.reports()) rows.push_back(&report);
  PrintRows(std::cout, context.format, rows,
            {{"campaign", "display_name"},
             {"state", "state"},
             {"attempted", "attempted"},
             {"delivered", "delivered_ever"},
             {"read %", "rates.read.percent"},
             {"answered %", "rates.reply.percent"},
             {"opted out %", "rates.opt_out.percent"},
             {"failed %", "rates.failure.percent"}});
}

void Series(const Context& context, const std::string& campaign, const std::string& step) {
  v1::GetCampaignSeriesRequest request;
  request.set_campaign_id(CampaignNamed(context.session(), campaign));
  v1::SeriesStep parsed = v1::SERIES_STEP_UNSPECIFIED;
  if (!v1::SeriesStep_Parse(absl::StrCat("SERIES_STEP_", absl::AsciiStrToUpper(step)), &parsed))
    Check(Error(absl::StatusCode::kInvalidArgument, "STEP", "--by wants minute, hour, day, week or month"));
  request.set_step(parsed);
  v1::CampaignSeries series;
  Check(context.session().Call(kService + "GetCampaignSeries", request, &series));
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, series, {});
  Rows rows;
  for (const v1::SeriesBucket& bucket : series.buckets()) rows.push_back(&bucket);
  std::vector<Column> columns = {{"from", "start_time"}};
  for (const char* count : {"accepted", "sent", "delivered", "read", "failed", "replied", "opted_out"})
    columns.push_back({count, absl::StrCat("counts.", count)});
  PrintRows(std::cout, context.format, rows, columns);
}

void Timeline(const Context& context, const std::string& contact) {
  v1::GetContactTimelineRequest request;
  request.set_contact_id(ContactNamed(context.session(), contact));
  std::vector<std::unique_ptr<v1::GetContactTimelineResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kService + "GetContactTimeline", request, 200,
      [](const v1::GetContactTimelineResponse& page) -> auto& { return page.items(); }, pages);
  PrintRows(std::cout, context.format, rows,
            {{"when", "time"},
             {"to the person", "message.state"},
             {"why", "message.error.reason"},
             {"from the person", "inbound.text"},
             {"consent", "consent.decision"},
             {"source", "consent.source"},
             {"campaign", "campaign.display_name"},
             {"because", "campaign.reason"}});
}

}  // namespace

void AddReportCommands(CLI::App& app, Context& context) {
  CLI::App* report = app.add_subcommand("report", "what came of it, beyond one campaign");
  report->require_subcommand(1);

  auto months = std::make_shared<int>(6);
  CLI::App* monthly = report->add_subcommand("months", "month by month, with the change on the month before");
  monthly->add_option("--months", *months, "how many, up to 24")->capture_default_str();
  monthly->callback([&context, months] { Months(context, *months); });

  auto name = std::make_shared<std::string>();
  CLI::App* of_template = report->add_subcommand("template", "a template's figures by language and version");
  of_template->add_option("name", *name, "template name")->required();
  of_template->callback([&context, name] { OfTemplate(context, *name); });

  auto sender = std::make_shared<std::string>();
  CLI::App* of_sender = report->add_subcommand("sender", "a number's figures of the last 30 days");
  of_sender->add_option("sender", *sender, "number's id; the default one when not given");
  of_sender->callback([&context, sender] { OfSender(context, *sender); });

  auto campaigns = std::make_shared<std::vector<std::string>>();
  CLI::App* compare = report->add_subcommand("compare", "campaigns side by side");
  compare->add_option("campaigns", *campaigns, "names or ids, up to 10")->required();
  compare->callback([&context, campaigns] { Compare(context, *campaigns); });

  auto campaign = std::make_shared<std::string>();
  auto step = std::make_shared<std::string>("hour");
  CLI::App* series = report->add_subcommand("series", "a campaign over time");
  series->add_option("campaign", *campaign, "name or id")->required();
  series->add_option("--by", *step, "minute, hour, day, week or month")->capture_default_str();
  series->callback([&context, campaign, step] { Series(context, *campaign, *step); });

  auto contact = std::make_shared<std::string>();
  CLI::App* timeline = report->add_subcommand("contact", "everything between you and one person, newest first");
  timeline->add_option("contact", *contact, "phone with +, or contact id")->required();
  timeline->callback([&context, contact] { Timeline(context, *contact); });
}

}  // namespace vinculo::ctl
