#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "vinculo/support/v1/import_export_service.pb.h"
#include "vinculo/support/v1/report_service.pb.h"
#include "vinculo/support/v1/ticket_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::support::v1;
const std::string kTickets = "vinculo.support.v1.TicketService/";
const std::vector<Column> kColumns = {{"number", "number"},   {"id", "id"},
                                      {"state", "state"},     {"waiting on", "waiting_on"},
                                      {"channel", "channel"}, {"assignee", "assignee"},
                                      {"subject", "subject"}, {"last contact", "last_contact_at"}};
const std::vector<Column> kMessageColumns = {
    {"at", "created_at"},     {"by", "author"},           {"who", "author_id"}, {"visibility", "visibility"},
    {"delivery", "delivery"}, {"why", "delivery_reason"}, {"text", "body"}};
const std::vector<Column> kWeekColumns = {{"week", "week"},
                                          {"new", "total.new_conversations"},
                                          {"closed", "total.closed"},
                                          {"snoozed", "total.snoozed"},
                                          {"open", "total.backlog_open"},
                                          {"backlog", "total.backlog_end"},
                                          {"first response s", "total.first_response.median_seconds"},
                                          {"response s", "total.response.median_seconds"},
                                          {"close s", "total.time_to_close.median_seconds"},
                                          {"CSAT %", "total.csat.percent"},
                                          {"rating", "total.csat.average_rating"},
                                          {"active users", "total.active_users"}};

void List(const Context& context, const std::string& state, const std::string& assignee, int limit) {
  v1::ListConversationsRequest request;
  if (!state.empty()) {
    v1::ConversationState parsed = v1::CONVERSATION_STATE_UNSPECIFIED;
    if (!v1::ConversationState_Parse("CONVERSATION_STATE_" + absl::AsciiStrToUpper(state), &parsed)) {
      Check(Error(absl::StatusCode::kInvalidArgument, "STATE",
                  absl::StrCat("there is no state ", state, "; say open, snoozed or closed")));
    }
    request.mutable_filter()->add_states(parsed);
  }
  if (!assignee.empty()) request.mutable_filter()->add_assignees(assignee);
  std::vector<std::unique_ptr<v1::ListConversationsResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kTickets + "ListConversations", request, limit,
      [](const v1::ListConversationsResponse& page) -> auto& { return page.conversations(); }, pages);
  PrintRows(std::cout, context.format, rows, kColumns);
}

void Show(const Context& context, const std::string& id) {
  v1::GetConversationRequest get;
  get.set_id(id);
  v1::Conversation conversation;
  Check(context.session().Call(kTickets + "GetConversation", get, &conversation));
  PrintOne(std::cout, context.format, conversation, kColumns);
  v1::ListMessagesRequest request;
  request.set_conversation_id(conversation.id());
  std::vector<std::unique_ptr<v1::ListMessagesResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kTickets + "ListMessages", request, 0,
      [](const v1::ListMessagesResponse& page) -> auto& { return page.messages(); }, pages);
  if (context.format == Format::kTable) std::cout << "\n";
  PrintRows(std::cout, context.format, rows, kMessageColumns);
}

void Reply(const Context& context, const std::string& id, const std::string& text, bool close) {
  v1::PostReplyRequest request;
  request.set_conversation_id(id);
  request.set_body(text);
  request.set_allow_stale(true);
  if (close) request.set_then(v1::REPLY_THEN_CLOSE);
  v1::Message message;
  Check(context.session().Call(kTickets + "PostReply", request, &message));
  PrintOne(std::cout, context.format, message, kMessageColumns);
}

void Import(const Context& context, const std::string& path) {
  std::ifstream file(path);
  if (!file) Check(Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot read ", path)));
  v1::ImportConversationsRequest message;
  v1::ImportConversationsResponse report;
  int64_t line_number = 0;
  Check(context.session().Upload(
      "vinculo.support.v1.ImportExportService/ImportConversations", &message,
      [&](google::protobuf::Message*) {
        std::string line;
        do {
          if (!std::getline(file, line)) return false;
          ++line_number;
        } while (line.empty());
        Check(ParseJson(line, absl::StrCat(path, " line ", line_number), &message));
        if (line_number % 100 == 0) context.Progress(absl::StrCat("conversations: ", line_number));
        return true;
      },
      &report));
  context.Progress("");
  PrintOne(std::cout, context.format, report,
           {{"received", "received"}, {"created", "created"}, {"duplicates", "duplicates"}, {"rejected", "rejected"}});
  Rows rows;
  for (const auto& item : report.items()) {
    if (item.outcome() == v1::IMPORT_OUTCOME_REJECTED) rows.push_back(&item);
  }
  if (context.format == Format::kTable && !rows.empty()) {
    PrintRows(std::cout, context.format, rows,
              {{"item", "index"}, {"external id", "external_id"}, {"reason", "reason"}, {"problems", "problems"}});
  }
}

void Report(const Context& context, v1::GetWeeklyReportRequest& request) {
  v1::WeeklyReport report;
  Check(context.session().Call("vinculo.support.v1.ReportService/GetWeeklyReport", request, &report));
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, report, {});
  Rows rows;
  for (const auto& week : report.weeks()) rows.push_back(&week);
  PrintRows(std::cout, context.format, rows, kWeekColumns);
}

}  // namespace

void AddSupportCommands(CLI::App& app, Context& context) {
  CLI::App* conversations = app.add_subcommand("conversations", "support conversations");
  conversations->require_subcommand(1);

  auto filter = std::make_shared<std::array<std::string, 2>>();
  auto limit = std::make_shared<int>(50);
  CLI::App* list = conversations->add_subcommand("list", "list conversations");
  list->add_option("--state", (*filter)[0], "open, snoozed or closed");
  list->add_option("--assignee", (*filter)[1], "only this agent's");
  list->add_option("--limit", *limit, "at most so many; 0 = all")->capture_default_str();
  list->callback([&context, filter, limit] { List(context, (*filter)[0], (*filter)[1], *limit); });

  auto shown = std::make_shared<std::string>();
  CLI::App* show = conversations->add_subcommand("show", "one conversation with its messages");
  show->add_option("id", *shown, "conversation id")->required();
  show->callback([&context, shown] { Show(context, *shown); });

  auto reply_to = std::make_shared<std::array<std::string, 2>>();
  auto close = std::make_shared<bool>(false);
  CLI::App* reply = conversations->add_subcommand("reply", "answer the customer");
  reply->add_option("id", (*reply_to)[0], "conversation id")->required();
  reply->add_option("text", (*reply_to)[1], "what to say")->required();
  reply->add_flag("--close", *close, "and close it");
  reply->callback([&context, reply_to, close] { Reply(context, (*reply_to)[0], (*reply_to)[1], *close); });

  auto file = std::make_shared<std::string>();
  CLI::App* import =
      conversations->add_subcommand("import", "bring in history from JSON lines; sends nothing to anyone");
  import->add_option("file", *file, "JSON lines of ImportConversationsRequest")->required();
  import->callback([&context, file] { Import(context, *file);
});

CLI::App* support = app.add_subcommand("support", "support's figures");
support->require_subcommand(1);
auto request = std::make_shared<v1::GetWeeklyReportRequest>();
auto weeks = std::make_shared<std::array<std::string, 3>>();
auto partial = std::make_shared<bool>(false);
CLI::App* report = support->add_subcommand("report", "the weekly report: new, closed, backlog, medians, CSAT");
report->add_option("--from", (*weeks)[0], "first week, such as 2026-W40");
report->add_option("--to", (*weeks)[1], "last week");
report->add_option("--time-zone", (*weeks)[2], "IANA name; empty is the tenant's");
report->add_flag("--partial", *partial, "also the week that is not over");
report->callback([&context, request, weeks, partial] {
  request->set_from_week((*weeks)[0]);
  request->set_to_week((*weeks)[1]);
  request->set_time_zone((*weeks)[2]);
  request->set_include_partial(*partial);
  Report(context, *request);
});
}  // namespace vinculo::ctl

}  // namespace vinculo::ctl
