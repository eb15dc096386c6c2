#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/messaging_lookup.h"
#include "clients/vinculoctl/report_output.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"
#include "vinculo/messaging/v1/report_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
constexpr int kShownSamples = 3;
const std::string kService = "vinculo.messaging.v1.CampaignService/";
const std::string kReports = "vinculo.messaging.v1.ReportService/";
const std::vector<Column> kColumns = {{"id", "id"},
                                      {"name", "display_name"},
                                      {"state", "state"},
                                      {"template", "template"},
                                      {"pause reason", "pause_reason"},
                                      {"started", "start_time"},
                                      {"ended", "end_time"}};
struct CreateOptions {
  std::string name, sender, template_name, language, fallback_language, list, tag, flow, file;
  std::vector<std::string> values;
  bool everybody = false;
  int per_second = 0;
};

// `place=source[:key][|default]`: body.1=contact:first_name|amigo, body.2=fixed:20 %, body.3=attr:city,
// body.4=var:amount.
absl::Status AddParameter(const std::string& text, v1::Campaign* campaign) {
  const std::vector<std::string> sides = absl::StrSplit(text, absl::MaxSplits('=', 1));
  const std::vector<std::string> source =
      sides.size() == 2 ? absl::StrSplit(sides[1], absl::MaxSplits(':', 1)) : std::vector<std::string>();
  if (source.size() != 2) {
    return Error(absl::StatusCode::kInvalidArgument, "VALUE",
                 absl::StrCat("--value wants place=fixed:TEXT, contact:FIELD, attr:KEY or var:NAME, not ", text));
  }
  v1::ParameterSource& parameter = (*campaign->mutable_parameters())[sides[0]];
  if (source[0] == "fixed") {
    parameter.set_fixed(source[1]);
    return absl::OkStatus();
  }
  const std::vector<std::string> parts = absl::StrSplit(source[1], absl::MaxSplits('|', 1));
  if (parts.size() == 2) parameter.set_default_value(parts[1]);
  if (source[0] == "contact") {
    parameter.set_contact_field(parts[0]);
  } else if (source[0] == "attr") {
    parameter.set_attribute(parts[0]);
  } else if (source[0] == "var") {
    parameter.set_list_variable(parts[0]);
  } else {
    return Error(absl::StatusCode::kInvalidArgument, "VALUE",
                 absl::StrCat("--value: '", source[0], "' is none of fixed, contact, attr, var"));
  }
  return absl::OkStatus();
}

void Create(const Context& context, const CreateOptions& options) {
  v1::CreateCampaignRequest request;
  v1::Campaign* campaign = request.mutable_campaign();
  if (!options.file.empty()) Check(ParseJson(Check(ReadInput(options.file)), options.file, campaign));
  if (!options.name.empty()) campaign->set_display_name(options.name);
  if (campaign->sender_id().empty() || !options.sender.empty())
    campaign->set_sender_id(SenderOr(context.session(), options.sender));
  if (!options.template_name.empty()) campaign->set_template_(options.template_name);
  if (!options.language.empty()) campaign->mutable_language()->set_fixed(options.language);
  if (!options.fallback_language.empty()) campaign->mutable_language()->set_contact_or(options.fallback_language);
  for (const std::string& value : options.values) Check(AddParameter(value, campaign));
  if (options.everybody) campaign->mutable_audience()->set_all_contacts(true);
  if (!options.list.empty())
    campaign->mutable_audience()->set_list_id(ListNamed(context.session(), options.list, /*create=*/false));
  if (!options.tag.empty()) campaign->mutable_audience()->set_tag(options.tag);
  if (!options.flow.empty()) {
    campaign->mutable_reply_route()->set_route(v1::ROUTE_PROFILING);
    campaign->mutable_reply_route()->set_ref(options.flow);
  }
  campaign->set_rate_per_second(options.per_second);
  v1::Campaign created;
  Check(context.session().Call(kService + "CreateCampaign", request, &created));
  PrintOne(std::cout, context.format, created, kColumns);
}

// What one person would read.
void PrintSample(const v1::PreflightSample& sample) {
  std::cout << "\n--- " << sample.contact_id() << " (" << sample.language() << ")\n";
  if (!sample.rendered().header().empty()) std::cout << sample.rendered().header() << "\n";
  std::cout << sample.rendered().body() << "\n";
  if (!sample.rendered().footer().empty()) std::cout << sample.rendered().footer() << "\n";
  for (const auto& button : sample.rendered().buttons()) std::cout << "  [" << button.label() << "]\n";
}

void Preview(const Context& context, const std::string& id) {
  v1::PreflightCampaignRequest request;
  request.set_campaign_id(id);
  v1::PreflightCampaignResponse preflight;
  Check(context.session().Call(kService + "PreflightCampaign", request, &preflight));
  if (context.format != Format::kTable)
    return PrintOne(std::cout, context.format, preflight, {{"matched", "matched"}, {"reachable", "reachable"}});
  std::cout << "matched " << preflight.matched() << ", would be written to " << preflight.reachable() << ", in about "
            << preflight.estimated_seconds() << " s\n";
  for (const auto& excluded : preflight.excluded())
    std::cout << "  left out: " << excluded.count() << " " << excluded.reason() << "\n";
  if (!preflight.findings().empty()) {
    std::cout << "\n";
    Rows rows;
    for (const auto& finding : preflight.findings()) rows.push_back(&finding);
    PrintRows(std::cout, context.format, rows,
              {{"code", "code"}, {"severity", "severity"}, {"what", "message"}, {"what to do", "fix"}});
  }
  const int shown = std::min(kShownSamples, preflight.samples_size());
  for (int i = 0; i < shown; ++i) PrintSample(preflight.samples(i));
  if (shown < preflight.samples_size())
    std::cout << "\n" << preflight.samples_size() - shown << " further examples with -o json\n";
}

v1::CampaignReport GetReport(const Context& context, const std::string& id) {
  v1::GetCampaignReportRequest request;
  request.set_campaign_id(id);
  v1::CampaignReport report;
  Check(context.session().Call(kReports + "GetCampaignReport", request, &report));
  return report;
}

// Until it ends or pauses: for a person one line, for a program the whole report.
void Watch(const Context& context, const std::string& id) {
  v1::CampaignReport report;
  for (;;) {
    report = GetReport(context, id);
    const std::string state(absl::string_view(v1::CampaignState_Name(report.state())).substr(15));
    const std::string line = absl::StrCat(report.display_name(), " ", state, ": ", report.attempted(), " of ",
                                          report.audience() - report.excluded(), " attempted, ", report.accepted_ever(),
                                          " accepted, ", report.refused(), " refused");
    context.Progress(line);
    const bool rests = report.state() == v1::CAMPAIGN_STATE_COMPLETED ||
                       report.state() == v1::CAMPAIGN_STATE_CANCELLED || report.state() == v1::CAMPAIGN_STATE_PAUSED ||
                       report.state() == v1::CAMPAIGN_STATE_DRAFT;
    if (rests) {
      context.Progress("");
      if (context.format != Format::kTable) return PrintCampaignReport(context, report);
      std::cout << line << "\n";
      return;
    }
    absl::SleepFor(absl::Milliseconds(200));
  }
}

void AddStart(CLI::App* parent, Context& context) {
  auto name = std::make_shared<std::string>();
  auto watch = std::make_shared<bool>(false);
  CLI::App* start = parent->add_subcommand("start", "start it now");
  start->add_option("campaign", *name, "name or id")->required();
  start->add_flag("--watch", *watch, "follow it until it ends or pauses");
  start->callback([&context, name, watch] {
    v1::ScheduleCampaignRequest request;
    request.set_campaign_id(CampaignNamed(context.session(), *name));
    v1::Campaign started;
    Check(context.session().Call(kService + "ScheduleCampaign", request, &started));
    *watch ? Watch(context, started.id()) : PrintOne(std::cout, context.format, started, kColumns);
  });
}

// pause, resume and cancel differ only in the name.
template <class Request>
void AddChange(CLI::App* parent, Context& context, const char* name, const char* help, const std::string& rpc) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = parent->add_subcommand(name, help);
  command->add_option("campaign", *id, "name or id")->required();
  command->callback([&context, id, rpc] {
    Request request;
    request.set_campaign_id(CampaignNamed(context.session(), *id));
    v1::Campaign changed;
    Check(context.session().Call(kService + rpc, request, &changed));
    PrintOne(std::cout, context.format, changed, kColumns);
  });
}

void AddShow(CLI::App* parent, Context& context, const char* name, const char* help,
             void (*show)(const Context&, const std::string&)) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = parent->add_subcommand(name, help);
  command->add_option("campaign", *id, "name or id")->required();
  command->callback([&context, id, show] { show(context, CampaignNamed(context.session(), *id)); });
}

void AddCreate(CLI::App* parent, Context& context) {
  auto options = std::make_shared<CreateOptions>();
  CLI::App* create = parent->add_subcommand("create", "make a draft");
  create->add_option("--name", options->name, "for people");
  create->add_option("--sender", options->sender, "number's id (sender list); the default one when not given");
  create->add_option("--template", options->template_name, "template name");
  create->add_option("--language", options->language, "everybody in this language");
  create->add_option("--language-or", options->fallback_language, "each in their own language, else in this one");
  create->add_option("--value", options->values,
                     "place=fixed:TEXT | contact:FIELD | attr:KEY | var:NAME, with |default; repeat");
  create->add_option("--list", options->list, "the people on this list (name or id)");
  create->add_option("--tag", options->tag, "the people with this tag");
  create->add_flag("--everybody", options->everybody, "all contacts");
  create->add_option("--reply-flow", options->flow, "answers start this flow of profiling");
  create->add_option("--per-second", options->per_second, "at most so many messages per second");
  create->add_option("--file", options->file, "a Campaign as JSON, which the other flags complete");
  create->callback([&context, options] { Create(context, *options); });
}

}  // namespace

void AddCampaignCommands(CLI::App& app, Context& context) {
  CLI::App* campaign = app.add_subcommand("campaign", "campaigns: create, preflight, start, watch, report");
  campaign->require_subcommand(1);
  AddCreate(campaign, context);
  AddShow(campaign, context, "preflight", "who would be reached, who not and why, and what they would read", Preview);
  AddStart(campaign, context);
  AddShow(campaign, context, "watch", "follow it until it ends or pauses", Watch);
  AddShow(campaign, context, "report", "the figures as they stand",
          [](const Context& c, const std::string& id) { PrintCampaignReport(c, GetReport(c, id)); });
  AddChange<v1::PauseCampaignRequest>(campaign, context, "pause", "stop between two messages", "PauseCampaign");
  AddChange<v1::ResumeCampaignRequest>(campaign, context, "resume", "go on where it stopped", "ResumeCampaign");
  AddChange<v1::CancelCampaignRequest>(campaign, context, "cancel", "end it; who was not written to yet is skipped",
                                       "CancelCampaign");

  CLI::App* list = campaign->add_subcommand("list", "list campaigns, newest first");
  list->callback([&context] {
    std::vector<std::unique_ptr<v1::ListCampaignsResponse>> pages;
    const Rows rows = ListAll(
        context.session(), kService + "ListCampaigns", v1::ListCampaignsRequest(), 0,
        [](const v1::ListCampaignsResponse& page) -> auto& { return page.campaigns(); }, pages);
    PrintRows(std::cout, context.format, rows, kColumns);
  });
}

}  // namespace vinculo::ctl
