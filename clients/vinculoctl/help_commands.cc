#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/next_step.h"
#include "vinculo/messaging/v1/channel_service.pb.h"
#include "vinculo/messaging/v1/help.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ChannelService/";

v1::HelpEntry Lookup(const Context& context, const std::string& code) {
  v1::GetHelpRequest request;
  request.set_code(code);
  request.set_language(context.language);
  v1::HelpEntry entry;
  Check(context.session().Call(kService + "GetHelp", request, &entry));
  return entry;
}

void Explain(const Context& context, const std::string& code) {
  const v1::HelpEntry entry = Lookup(context, code);
  PrintOne(std::cout, context.format, entry,
           {{"code", "code"},
            {"what it means", "message"},
            {"what to do", "fix"},
            {"read on", "link.text"},
            {"in docs/messaging.md", "link.topic"}});
}

void ListTopic(const Context& context, const std::string& topic) {
  v1::ListHelpRequest request;
  request.set_topic(topic);
  request.set_language(context.language);
  v1::ListHelpResponse response;
  Check(context.session().Call(kService + "ListHelp", request, &response));
  Rows rows;
  for (const v1::HelpEntry& entry : response.entries()) rows.push_back(&entry);
  PrintRows(std::cout, context.format, rows,
            {{"topic", "topic"}, {"code", "code"}, {"what it means", "message"}, {"what to do", "fix"}});
}

// Each step, and of those that are still to do what to do.
void Checklist(const Context& context) {
  v1::SetupChecklist checklist;
  v1::GetSetupChecklistRequest request;
  Check(context.session().Call(kService + "GetSetupChecklist", request, &checklist));
  if (context.format != Format::kTable) {
    Rows rows;
    for (const v1::SetupStep& step : checklist.steps()) rows.push_back(&step);
    return PrintRows(std::cout, context.format, rows, {{"step", "step"}, {"done", "done"}, {"help", "help_code"}});
  }
  for (const v1::SetupStep& step : checklist.steps()) {
    std::cout << (step.done() ? "done   " : "to do  ") << step.step() << "\n";
    if (step.done()) continue;
    const v1::HelpEntry entry = Lookup(context, step.help_code());
    std::cout << "       " << entry.message() << "\n       -> " << entry.fix() << "\n";
  }
}

}  // namespace

void AddChecklistCommand(CLI::App& app, Context& context) {
  app.add_subcommand("checklist", "how far setting messaging up has come, and what to do next")->callback([&context] {
    Checklist(context);
  });
}

void AddHelpCommand(CLI::App& app, Context& context) {
  auto code = std::make_shared<std::string>();
  auto topic = std::make_shared<std::string>();
  CLI::App* help = app.add_subcommand("help", "what a code means and what to do about it; without a code, all of them");
  help->add_option("code", *code, "such as C_LOW_CONSENT or PROVIDER_131026");
  help->add_option("--topic", *topic,
                   "only these: setup, templates, import, preflight, exclusions, pauses, failures, errors, whatsapp");
  help->callback([&context, code, topic] {
    code->empty() ? ListTopic(context, *topic) : Explain(context, absl::AsciiStrToUpper(*code));
  });
}

}  // namespace vinculo::ctl
