#include <fstream>

#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "vinculo/lifecycle/v1/health_service.pb.h"
#include "vinculo/lifecycle/v1/lifecycle_service.pb.h"
#include "vinculo/lifecycle/v1/usage_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::lifecycle::v1;
const std::string kUsage = "vinculo.lifecycle.v1.UsageService/";
const std::string kHealth = "vinculo.lifecycle.v1.HealthService/";
const std::vector<Column> kHealthColumns = {{"customer", "customer_id"},
                                            {"name", "name"},
                                            {"tier", "tier"},
                                            {"score", "score"},
                                            {"completed", "completed"},
                                            {"started", "started"},
                                            {"days in tier", "days_in_tier"},
                                            {"rating", "mean_rating"},
                                            {"conversations/month", "conversations_per_month"}};
constexpr int kFactsPerMessage = 500;

void ImportUsage(const Context& context, const std::string& path) {
  std::ifstream file(path);
  if (!file) Check(Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot read ", path)));
  v1::IngestUsageRequest message;
  v1::IngestUsageResponse report;
  int64_t line_number = 0;
  Check(context.session().Upload(
      kUsage + "IngestUsage", &message,
      [&](google::protobuf::Message*) {
        std::string line;
        while (message.facts_size() < kFactsPerMessage && std::getline(file, line)) {
          ++line_number;
          if (line.empty()) continue;
          Check(ParseJson(line, absl::StrCat(path, " line ", line_number), message.add_facts()));
        }
        context.Progress(absl::StrCat("usage: ", line_number, " lines"));
        return message.facts_size() > 0;
      },
      &report));
  context.Progress("");
  PrintOne(std::cout, context.format, report,
           {{"received", "received_count"},
            {"accepted", "accepted_count"},
            {"unchanged", "unchanged_count"},
            {"refused", "refused_count"}});
  if (report.refused().empty() || context.format == Format::kJson) return;
  Rows rows;
  for (const auto& refused : report.refused()) rows.push_back(&refused);
  PrintRows(std::cout, context.format, rows,
            {{"item", "index"},
             {"customer", "customer_id"},
             {"module", "module_key"},
             {"date", "local_date"},
             {"reason", "reason"},
             {"what", "message"}});
}

void Compute(const Context& context, const std::string& date) {
  v1::ComputeHealthRequest request;
  request.set_as_of_date(date);
  v1::ComputeHealthResponse response;
  Check(context.session().Call(kHealth + "ComputeHealth", request, &response));
  PrintOne(std::cout, context.format, response,
           {{"as of", "as_of_date"}, {"accounts", "account_count"}, {"snapshots", "snapshot_count"}});
  for (const auto& tier : response.tiers()) {
    if (context.format == Format::kTable) std::cout << "  " << tier.count() << " " << tier.tier() << "\n";
  }
}

void List(const Context& context, const v1::ListHealthRequest& request) {
  std::vector<std::unique_ptr<v1::ListHealthResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kHealth + "ListHealth", request, 0,
      [](const v1::ListHealthResponse& page) -> auto& { return page.health(); }, pages);
  PrintRows(std::cout, context.format, rows, kHealthColumns);
}

void Explain(const Context& context, const std::string& customer) {
  v1::ExplainHealthRequest request;
  request.set_customer_id(customer);
  v1::ExplainHealthResponse response;
  Check(context.session().Call(kHealth + "ExplainHealth", request, &response));
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, response, {});
  PrintOne(std::cout, context.format, response.health(), kHealthColumns);
  std::cout << response.tier_explanation() << "\n\n";
  Rows rows;
  for (const auto& term : response.terms()) rows.push_back(&term);
  PrintRows(std::cout, context.format, rows,
            {{"module", "module_key"},
             {"completed", "numerator"},
             {"started", "denominator"},
             {"ratio %", "ratio"},
             {"weight", "weight"},
             {"contribution", "contribution"},
             {"state", "state"}});
}

void Export(const Context& context) {
  v1::ExportHealthRequest request;
  v1::ExportHealthResponse response;
  Check(context.session().Follow(kHealth + "ExportHealth", request, &response,
                                 [](const google::protobuf::Message& message) {
                                   std::cout << static_cast<const v1::ExportHealthResponse&>(message).csv();
                                   return true;
                                 }));
}

}  // namespace

void AddUsageCommands(CLI::App& app, Context& context) {
  CLI::App* usage = app.add_subcommand("usage", "what clients do with the modules they bought");
  usage->require_subcommand(1);
  auto file = std::make_shared<std::string>();
  CLI::App* import = usage->add_subcommand("import", "ingest usage facts from JSON lines; each refused one is named");
  import->add_option("file", *file, "JSON lines of UsageFact")->required();
  import->callback([&context, file] { ImportUsage(context, *file);
});
}  // namespace vinculo::ctl

void AddHealthCommands(CLI::App& app, Context& context) {
  CLI::App* health = app.add_subcommand("health", "who is healthy and who is about to leave");
  health->require_subcommand(1);

  auto date = std::make_shared<std::string>();
  CLI::App* compute = health->add_subcommand("compute", "compute everybody's score now");
  compute->add_option("--as-of", *date, "local date, such as 2026-11-21; empty is today");
  compute->callback([&context, date] { Compute(context, *date); });

  auto filter = std::make_shared<std::array<std::string, 3>>();
  CLI::App* list = health->add_subcommand("list", "scores, those who need attention first");
  list->add_option("--tier", (*filter)[0], "only this tier");
  list->add_option("--owner", (*filter)[1], "only this owner's clients");
  list->add_option("--module", (*filter)[2], "only clients with this module");
  list->callback([&context, filter] {
    v1::ListHealthRequest request;
    request.set_page_size(1000);
    request.set_tier((*filter)[0]);
    request.set_owner_cs((*filter)[1]);
    request.set_module_key((*filter)[2]);
    List(context, request);
  });

  auto customer = std::make_shared<std::string>();
  CLI::App* explain = health->add_subcommand("explain", "every term of one client's score");
  explain->add_option("customer", *customer, "customer id")->required();
  explain->callback([&context, customer] { Explain(context, *customer); });

  CLI::App* exported = health->add_subcommand("export", "the health table as CSV");
  exported->callback([&context] { Export(context); });
}

}  // namespace vinculo::ctl
