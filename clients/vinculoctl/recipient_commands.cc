#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/messaging_lookup.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/report_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;

struct RecipientOptions {
  std::string campaign, state, reason, figure, reply, to = "-";
  bool opted_out = false, semicolon = false, bom = false;
};

template <class Enum, class Parse>
Enum ParseWord(const char* option, const std::string& word, const std::string& prefix, Parse parse) {
  auto value = static_cast<Enum>(0);
  if (!word.empty() && !parse(absl::StrCat(prefix, absl::AsciiStrToUpper(word)), &value)) {
    Check(Error(absl::StatusCode::kInvalidArgument, "OPTION",
                absl::StrCat(option, " knows no ", word, "; `vinculoctl recipients list --help` names them")));
  }
  return value;
}

// The same fields in both requests.
template <class Request>
void Fill(const Context& context, const RecipientOptions& options, Request* request) {
  request->set_campaign_id(CampaignNamed(context.session(), options.campaign));
  request->set_state(ParseWord<v1::RecipientState>(
      "--state", options.state, "RECIPIENT_STATE_",
      [](const std::string& name, v1::RecipientState* out) { return v1::RecipientState_Parse(name, out); }));
  request->set_figure(ParseWord<v1::RecipientFigure>(
      "--figure", options.figure, "RECIPIENT_FIGURE_",
      [](const std::string& name, v1::RecipientFigure* out) { return v1::RecipientFigure_Parse(name, out); }));
  request->set_reply(ParseWord<v1::ReplyFilter>(
      "--reply", options.reply, "REPLY_FILTER_",
      [](const std::string& name, v1::ReplyFilter* out) { return v1::ReplyFilter_Parse(name, out); }));
  request->set_reason(options.reason);
  request->set_opted_out(options.opted_out);
}

void List(const Context& context, const RecipientOptions& options) {
  v1::ListRecipientsRequest request;
  Fill(context, options, &request);
  request.set_page_size(1000);
  std::vector<std::unique_ptr<v1::ListRecipientsResponse>> pages;
  const Rows rows = ListAll(
      context.session(), "vinculo.messaging.v1.CampaignService/ListRecipients", request, 0,
      [](const v1::ListRecipientsResponse& page) -> auto& { return page.recipients(); }, pages);
  PrintRows(std::cout, context.format, rows,
            {{"contact", "contact_id"},
             {"state", "state"},
             {"reason", "reason"},
             {"language", "language"},
             {"replied", "replied"},
             {"opted out", "opted_out"},
             {"message", "message_id"}});
}

void Export(const Context& context, const RecipientOptions& options) {
  v1::ExportRecipientsRequest request;
  Fill(context, options, &request);
  if (options.semicolon) request.mutable_format()->set_delimiter(v1::CsvFormat::DELIMITER_SEMICOLON);
  request.mutable_format()->set_bom(options.bom);
  std::ofstream file;
  if (options.to != "-") {
    file.open(options.to, std::ios::binary);
    if (!file) Check(Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot write ", options.to)));
  }
  std::ostream& out = options.to == "-" ? std::cout : file;
  int64_t rows = 0;
  v1::ExportRecipientsResponse piece;
  Check(context.session().Follow(
      "vinculo.messaging.v1.ReportService/ExportRecipients", request, &piece,
      [&](const google::protobuf::Message& message) {
        const auto& part = static_cast<const v1::ExportRecipientsResponse&>(message);
        out << part.csv();
        rows += part.row_count();
        context.Progress(absl::StrCat("exporting: ", rows, " rows"));
        return true;
      },
      /*endless=*/true));
  context.Progress("");
  if (options.to == "-") return;
  file.close();
  if (!file) Check(Error(absl::StatusCode::kResourceExhausted, "FILE", absl::StrCat("cannot write ", options.to)));
  std::cout << rows << " rows in " << options.to << "\n";
}

void AddFilters(CLI::App* command, const std::shared_ptr<RecipientOptions>& options) {
  command->add_option("campaign", options->campaign, "name or id")->required();
  command->add_option(
      "--state", options->state,
      "excluded, queued, skipped, sending, unknown, accepted, held, sent, delivered, read, failed or expired");
  command->add_option("--reason", options->reason, "such as NO_CONSENT or PROVIDER_131026");
  command->add_option("--figure", options->figure, "attempted, accepted_ever, delivered_ever, refused or failed_later");
  command->add_option("--reply", options->reply, "any, direct, inferred or none");
  command->add_flag("--opted-out", options->opted_out, "only who opted out in answer");
}

}  // namespace

void AddRecipientCommands(CLI::App& app, Context& context) {
  CLI::App* recipients = app.add_subcommand("recipients", "the people behind each figure of a campaign's report");
  recipients->require_subcommand(1);

  auto listed = std::make_shared<RecipientOptions>();
  CLI::App* list = recipients->add_subcommand("list", "list them");
  AddFilters(list, listed);
  list->callback([&context, listed] { List(context, *listed); });

  auto exported = std::make_shared<RecipientOptions>();
  CLI::App* file = recipients->add_subcommand("export", "write them to a CSV file, with names, phones and times");
  AddFilters(file, exported);
  file->add_option("--to", exported->to, "the file; - is standard output")->capture_default_str();
  file->add_flag("--semicolon", exported->semicolon, "; between cells, as spreadsheets in Spanish expect");
  file->add_flag("--bom", exported->bom, "begin with a byte order mark, by which spreadsheets know the encoding");
  file->callback([&context, exported] { Export(context, *exported); });
}

}  // namespace vinculo::ctl
