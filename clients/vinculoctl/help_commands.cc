#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/next_step.h"
#include "vinculo/messaging/v1/help.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ChannelService/";

void Explain(const Context& context, const std::string& code, const std::string& language) {
  v1::GetHelpRequest request;
  request.set_code(code);
  request.set_language(language);
  v1::HelpEntry entry;
  Check(context.session().Call(kService + "GetHelp", request, &entry));
  PrintOne(std::cout, context.format, entry,
           {{"code", "code"},
            {"what it means", "message"},
            {"what to do", "fix"},
            {"read on", "link.text"},
            {"in docs/messaging.md", "link.topic"}});
}

void ListTopic(const Context& context, const std::string& topic, const std::string& language) {
  v1::ListHelpRequest request;
  request.set_topic(topic);
  request.set_language(language);
  v1::ListHelpResponse response;
  Check(context.session().Call(kService + "ListHelp", request, &response));
  Rows rows;
  for (const v1::HelpEntry& entry : response.entries()) rows.push_back(&entry);
  PrintRows(std::cout, context.format, rows,
            {{"topic", "topic"}, {"code", "code"}, {"what it means", "message"}, {"what to do", "fix"}});
}

}  // namespace

void AddHelpCommand(CLI::App& app, Context& context) {
  auto code = std::make_shared<std::string>();
  auto topic = std::make_shared<std::string>();
  CLI::App* help = app.add_subcommand("help", "what a code means and what to do about it; without a code, all of them");
  help->add_option("code", *code, "such as C_LOW_CONSENT or PROVIDER_131026");
  help->add_option("--topic", *topic,
                   "only these: setup, templates, import, preflight, exclusions, pauses, failures, errors, whatsapp");
  help->callback([&context, code, topic] {
    const std::string language = context.language;
    code->empty() ? ListTopic(context, *topic, language) : Explain(context, absl::AsciiStrToUpper(*code), language);
  });
}

}  // namespace vinculo::ctl
