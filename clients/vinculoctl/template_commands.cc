#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/graph_template.h"
#include "common/status/error.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.TemplateService/";
const std::vector<Column> kFindingColumns = {{"code", "code"},
                                             {"severity", "severity"},
                                             {"field", "field"},
                                             {"what is wrong", "message"},
                                             {"what to do", "fix"}};
const std::vector<Column> kTranslationColumns = {
    {"language", "language"},       {"category", "category"}, {"state", "state"},
    {"status", "status"},           {"quality", "quality"},   {"sendable", "sendable"},
    {"rejected", "rejected_reason"}};

struct Named {
  std::string name, language;
};

void AddNamed(CLI::App* command, const std::shared_ptr<Named>& named) {
  command->add_option("name", named->name, "template name")->required();
  command->add_option("language", named->language, "such as es_AR")->required();
}

void PrintTemplate(const Context& context, const v1::Template& shown) {
  if (context.format == Format::kJson) return PrintOne(std::cout, context.format, shown, {});
  std::cout << shown.name() << "\n";
  Rows rows;
  for (const auto& translation : shown.translations()) rows.push_back(&translation);
  PrintRows(std::cout, context.format, rows, kTranslationColumns);
}

// Prints the findings; fails the command when one of them stands in the way.
void PrintLint(const Context& context, const v1::LintTemplateResponse& report) {
  if (context.format == Format::kJson) {
    PrintOne(std::cout, context.format, report, {});
  } else if (report.findings().empty()) {
    std::cout << "no findings; it can be submitted\n";
  } else {
    Rows rows;
    for (const auto& finding : report.findings()) rows.push_back(&finding);
    PrintRows(std::cout, context.format, rows, kFindingColumns);
  }
  if (!report.submittable()) throw ExitWith{kExitInvalid};
}

void Create(const Context& context, const std::string& file) {
  v1::CreateTemplateRequest request = Check(ParseGraphTemplate(Check(ReadInput(file))));
  v1::Template created;
  Check(context.session().Call(kService + "CreateTemplate", request, &created));
  PrintTemplate(context, created);
}

const v1::Translation* Find(const v1::Template& t, const std::string& language) {
  for (const v1::Translation& translation : t.translations()) {
    if (translation.language() == language) return &translation;
  }
  return nullptr;
}

// Until WhatsApp has decided, as long as --timeout.
void Wait(const Context& context, const Named& named) {
  v1::GetTemplateRequest request;
  request.set_name(named.name);
  v1::Template shown;
  const absl::Time give_up = absl::Now() + context.session().connection().timeout;
  for (;;) {
    Check(context.session().Call(kService + "GetTemplate", request, &shown));
    const v1::Translation* translation = Find(shown, named.language);
    if (translation == nullptr) {
      Check(Error(absl::StatusCode::kNotFound, "TEMPLATE_NOT_FOUND",
                  absl::StrCat(named.name, " has no translation ", named.language)));
    }
    context.Progress(absl::StrCat(named.name, " ", named.language, ": ", translation->status()));
    const bool submitted = translation->state() != v1::TRANSLATION_STATE_DRAFT;
    const bool decided = translation->state() == v1::TRANSLATION_STATE_PROVIDER && translation->status() != "PENDING";
    if (decided || !submitted || absl::Now() >= give_up) break;
    absl::SleepFor(absl::Milliseconds(100));
  }
  context.Progress("");
  PrintTemplate(context, shown);
  if (!Find(shown, named.language)->sendable()) throw ExitWith{kExitState};
}

void Submit(const Context& context, const Named& named, bool wait) {
  v1::SubmitTemplateRequest request;
  request.set_name(named.name);
  request.set_language(named.language);
  v1::Template submitted;
  Check(context.session().Call(kService + "SubmitTemplate", request, &submitted));
  wait ? Wait(context, named) : PrintTemplate(context, submitted);
}

}  // namespace

void AddTemplateCommands(CLI::App& app, Context& context) {
  CLI::App* templates = app.add_subcommand("template", "message templates: lint, submit, follow");
  templates->require_subcommand(1);

  auto create_file = std::make_shared<std::string>();
  CLI::App* create = templates->add_subcommand("create", "make a draft from a file in Graph's creation shape");
  create->add_option("file", *create_file, "JSON")->required();
  create->callback([&context, create_file] { Create(context, *create_file); });

  auto lint_file = std::make_shared<std::string>();
  CLI::App* lint =
      templates->add_subcommand("lint", "say everything that is wrong with a template file, and how to mend it");
  lint->add_option("file", *lint_file, "JSON in Graph's creation shape")->required();
  lint->callback([&context, lint_file] {
    const v1::CreateTemplateRequest file = Check(ParseGraphTemplate(Check(ReadInput(*lint_file))));
    v1::LintTemplateRequest request;
    request.set_name(file.name());
    request.set_language(file.language());
    request.set_category(file.category());
    request.set_variable_format(file.variable_format());
    *request.mutable_components() = file.components();
    v1::LintTemplateResponse report;
    Check(context.session().Call(kService + "LintTemplate", request, &report));
    PrintLint(context, report);
  });

  auto submitted = std::make_shared<Named>();
  auto wait = std::make_shared<bool>(false);
  CLI::App* submit = templates->add_subcommand("submit", "hand a draft to WhatsApp for review");
  AddNamed(submit, submitted);
  submit->add_flag("--wait", *wait, "wait for the verdict, as long as --timeout");
  submit->callback([&context, submitted, wait] { Submit(context, *submitted, *wait); });

  auto awaited = std::make_shared<Named>();
  CLI::App* wait_for = templates->add_subcommand("wait", "wait for WhatsApp's verdict, as long as --timeout");
  AddNamed(wait_for, awaited);
  wait_for->callback([&context, awaited] { Wait(context, *awaited); });

  auto name = std::make_shared<std::string>();
  CLI::App* get = templates->add_subcommand("get", "show a template with its translations");
  get->add_option("name", *name, "template name")->required();
  get->callback([&context, name] {
    v1::GetTemplateRequest request;
    request.set_name(*name);
    v1::Template found;
    Check(context.session().Call(kService + "GetTemplate", request, &found));
    PrintTemplate(context, found);
  });

  CLI::App* list = templates->add_subcommand("list", "list templates");
  list->callback([&context] {
    std::vector<std::unique_ptr<v1::ListTemplatesResponse>> pages;
    const Rows rows = ListAll(
        context.session(), kService + "ListTemplates", v1::ListTemplatesRequest(), 0,
        [](const v1::ListTemplatesResponse& page) -> auto& { return page.templates(); }, pages);
    PrintRows(std::cout, context.format, rows,
              {{"name", "name"}, {"translations", "translations"}, {"made", "create_time"}});
  });
}

}  // namespace vinculo::ctl
