#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"
#include "vinculo/profiling/v1/catalogue_service.pb.h"
#include "vinculo/profiling/v1/flow_service.pb.h"
#include "vinculo/profiling/v1/lead_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::profiling::v1;
const std::string kFlows = "vinculo.profiling.v1.FlowService/";
const std::string kCatalogue = "vinculo.profiling.v1.CatalogueService/";
const std::string kLeads = "vinculo.profiling.v1.LeadService/";

// Creates the flow, or replaces the draft of the one that exists.
void Put(const Context& context, const std::string& file) {
  v1::CreateFlowRequest create;
  Check(ParseJson(Check(ReadInput(file)), file, create.mutable_flow()));
  v1::Flow flow;
  absl::Status status = context.session().Call(kFlows + "CreateFlow", create, &flow);
  if (absl::IsAlreadyExists(status)) {
    v1::GetFlowRequest get;
    get.set_flow_id(create.flow().flow_id());
    Check(context.session().Call(kFlows + "GetFlow", get, &flow));
    v1::UpdateDraftRequest update;
    *update.mutable_flow() = create.flow();
    update.mutable_flow()->set_etag(flow.etag());
    status = context.session().Call(kFlows + "UpdateDraft", update, &flow);
  }
  Check(status);
  PrintOne(std::cout, context.format, flow,
           {{"flow", "flow_id"}, {"name", "name"}, {"state", "state"}, {"published version", "published_version"}});
}

void PrintReport(const Context& context, const v1::LintReport& report) {
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, report, {});
  Rows rows;
  for (const auto& finding : report.findings()) rows.push_back(&finding);
  if (rows.empty()) {
    std::cout << "no findings\n";
  } else {
    PrintRows(std::cout, context.format, rows,
              {{"severity", "severity"}, {"rule", "rule"}, {"where", "path"}, {"what", "message"}});
  }
  if (!report.has_analysis() || context.format == Format::kCsv) return;
  std::cout << "\n"
            << report.analysis().paths() << (report.analysis().sampled() ? " paths sampled" : " paths, all walked")
            << "\n";
  Rows products;
  for (const auto& product : report.analysis().products()) products.push_back(&product);
  PrintRows(std::cout, context.format, products,
            {{"product", "product_id"}, {"first", "first"}, {"first or second", "first_or_second"}});
}

void Lint(const Context& context, const std::string& flow_id) {
  v1::AnalyzeFlowRequest request;
  request.set_flow_id(flow_id);
  v1::LintReport report;
  Check(context.session().Call(kFlows + "AnalyzeFlow", request, &report));
  PrintReport(context, report);
  if (report.errors() > 0) throw ExitWith{kExitInvalid};
}

void Publish(const Context& context, const std::string& flow_id) {
  v1::PublishFlowRequest request;
  request.set_flow_id(flow_id);
  v1::FlowVersion version;
  Check(context.session().Call(kFlows + "PublishFlow", request, &version));
  PrintOne(std::cout, context.format, version,
           {{"flow", "flow_id"},
            {"version", "version"},
            {"state", "state"},
            {"warnings", "lint_report.warnings"},
            {"paths", "lint_report.analysis.paths"}});
}

// An input is a text, or `#n` for a tap on the n-th option.
void Simulate(const Context& context, const std::string& flow_id, const std::vector<std::string>& inputs,
              const std::string& language) {
  v1::SimulateFlowRequest request;
  request.set_flow_id(flow_id);
  request.set_language(language);
  for (const std::string& input : inputs) {
    int tap = 0;
    if (input.size() > 1 && input[0] == '#' && absl::SimpleAtoi(input.substr(1), &tap)) {
      request.add_inputs()->set_tap(tap);
    } else {
      request.add_inputs()->set_text(input);
    }
  }
  v1::SimulateFlowResponse response;
  Check(context.session().Call(kFlows + "SimulateFlow", request, &response));
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, response, {});
  for (int i = 0; i < response.steps_size(); ++i) {
    const auto& step = response.steps(i);
    if (i > 0) std::cout << "> " << inputs[static_cast<size_t>(i) - 1] << "   (" << step.decided_by() << ")\n";
    for (const auto& message : step.messages()) {
      std::cout << message.body() << "\n";
      for (int n = 0; n < message.options_size(); ++n)
        std::cout << "  #" << n + 1 << " " << message.options(n).title() << "\n";
    }
  }
  if (!response.lead_payload().empty()) std::cout << "\nlead: " << response.lead_payload() << "\n";
}

void PutProducts(const Context& context, const std::string& file) {
  std::vector<v1::Product> products;
  for (const auto line : absl::StrSplit(Check(ReadInput(file)), '\n', absl::SkipWhitespace())) {
    v1::Product product;
    Check(ParseJson(std::string(line), absl::StrCat(file, " line ", products.size() + 1), &product));
    products.push_back(std::move(product));
  }
  size_t next = 0;
  bool header = false;
  v1::UpsertProductsRequest message;
  v1::UpsertProductsResponse response;
  Check(context.session().Upload(
      kCatalogue + "UpsertProducts", &message,
      [&](google::protobuf::Message*) {
        if (!header) {
          message.mutable_header();
          header = true;
          return true;
        }
        if (next == products.size()) return false;
        *message.mutable_product() = products[next++];
        return true;
      },
      &response));
  PrintOne(std::cout, context.format, response,
           {{"created", "created"}, {"updated", "updated"}, {"unchanged", "unchanged"}, {"rejected", "rejected"}});
  for (const auto& result : response.results()) {
    if (result.outcome() == v1::UpsertProductsResponse::Result::OUTCOME_REJECTED) {
      std::cerr << "  " << result.product_id() << ": " << result.message() << " [" << result.reason() << "]\n";
    }
  }
  if (response.rejected() > 0) throw ExitWith{kExitInvalid};
}

void AddWithId(CLI::App* parent, Context& context, const char* name, const char* help,
               void (*run)(const Context&, const std::string&)) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = parent->add_subcommand(name, help);
  command
      ->add_option("argument", *id, name == std::string("put") || name == std::string("products") ? "file" : "flow id")
      ->required();
  command->callback([&context, id, run] { run(context, *id); });
}

}  // namespace

void AddFlowCommands(CLI::App& app, Context& context) {
  CLI::App* flow = app.add_subcommand("flow", "question flows: draft, lint, publish, simulate; products and matrix");
  flow->require_subcommand(1);
  AddWithId(flow, context, "put", "create a flow from JSON, or replace its draft", Put);
  AddWithId(flow, context, "lint", "check the draft and walk every answer path", Lint);
  AddWithId(flow, context, "publish", "freeze the draft as the live version", Publish);
  AddWithId(flow, context, "products", "upsert the catalogue from JSON lines", PutProducts);

  auto file = std::make_shared<std::string>();
  CLI::App* matrix = flow->add_subcommand("matrix", "store a recommendation matrix from JSON");
  matrix->add_option("file", *file, "a Matrix")->required();
  matrix->callback([&context, file] {
    v1::PutMatrixRequest request;
    Check(ParseJson(Check(ReadInput(*file)), *file, request.mutable_matrix()));
    v1::Matrix stored;
    Check(context.session().Call(kCatalogue + "PutMatrix", request, &stored));
    PrintOne(std::cout, context.format, stored, {{"matrix", "matrix_id"}, {"version", "version"}, {"cells", "cells"}});
  });

  auto id = std::make_shared<std::string>();
  auto inputs = std::make_shared<std::vector<std::string>>();
  auto language = std::make_shared<std::string>();
  CLI::App* simulate =
      flow->add_subcommand("simulate", "walk the draft with the given answers; nothing is stored or sent");
  simulate->add_option("flow", *id, "flow id")->required();
  simulate->add_option("answers", *inputs, "texts, or #n for the n-th option");
  simulate->add_option("--language", *language, "such as pt_BR");
  simulate->callback([&context, id, inputs, language] { Simulate(context, *id, *inputs, *language); });

  auto connector = std::make_shared<std::string>();
  CLI::App* connect = flow->add_subcommand("connector", "store a CRM connector from JSON");
  connect->add_option("file", *connector, "a PutConnectorRequest")->required();
  connect->callback([&context, connector] {
    v1::PutConnectorRequest request;
    Check(ParseJson(Check(ReadInput(*connector)), *connector, &request));
    v1::Connector stored;
    Check(context.session().Call(kLeads + "PutConnector", request, &stored));
    PrintOne(std::cout, context.format, stored, {{"connector", "connector_id"}, {"enabled", "enabled"}});
  });

  CLI::App* leads = flow->add_subcommand("leads", "list leads");
  leads->callback([&context] {
    std::vector<std::unique_ptr<v1::ListLeadsResponse>> pages;
    const Rows rows = ListAll(
        context.session(), kLeads + "ListLeads", v1::ListLeadsRequest(), 0,
        [](const v1::ListLeadsResponse& page) -> auto& { return page.leads(); }, pages);
    PrintRows(std::cout, context.format, rows,
              {{"id", "lead_id"},
               {"profile", "profile_id"},
               {"product", "product_id"},
               {"name", "name"},
               {"state", "state"},
               {"made", "created_at"}});
  });
}

}  // namespace vinculo::ctl
