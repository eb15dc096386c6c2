#include "clients/vinculoctl/commands.h"
#include "vinculo/messaging/v1/channel_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
constexpr char kService[] = "vinculo.messaging.v1.ChannelService/";
const std::vector<Column> kChannelColumns = {
    {"id", "id"}, {"name", "display_name"}, {"waba", "waba_id"}, {"state", "state"}};
const std::vector<Column> kSenderColumns = {
    {"id", "id"},       {"phone", "phone_number"},    {"phone_number_id", "phone_number_id"},
    {"state", "state"}, {"per_second", "throughput"}, {"default", "is_default"}};

}  // namespace

void AddChannelCommands(CLI::App& app, Context& context) {
  CLI::App* channel = app.add_subcommand("channel", "WhatsApp accounts and their sending numbers");
  channel->require_subcommand(1);

  auto create_request = std::make_shared<v1::CreateChannelRequest>();
  auto text = std::make_shared<std::array<std::string, 5>>();
  CLI::App* create = channel->add_subcommand("create", "connect a WhatsApp Business account");
  create->add_option("--name", (*text)[0], "for people")->required();
  create->add_option("--waba", (*text)[1], "WhatsApp Business account id")->required();
  create->add_option("--app", (*text)[2], "app slug, as the webhook's address names it")->required();
  create->add_option("--access-token-file", (*text)[3], "file that holds the Graph access token")->required();
  create->add_option("--portfolio", (*text)[4], "business portfolio id");
  create->callback([&context, create_request, text] {
    create_request->set_display_name((*text)[0]);
    create_request->set_waba_id((*text)[1]);
    create_request->set_app((*text)[2]);
    std::string token = Check(ReadInput((*text)[3]));
    while (!token.empty() && token.back() == '\n') token.pop_back();
    create_request->set_access_token(token);
    create_request->set_portfolio_id((*text)[4]);
    v1::Channel created;
    Check(context.session().Call(std::string(kService) + "CreateChannel", *create_request, &created));
    PrintOne(std::cout, context.format, created, kChannelColumns);
  });

  auto sender = std::make_shared<v1::AddSenderRequest>();
  auto values = std::make_shared<std::array<std::string, 4>>();
  auto throughput = std::make_shared<int>(0);
  auto reach = std::make_shared<int>(0);
  CLI::App* add = channel->add_subcommand("add-sender", "add a sending number");
  add->add_option("--channel", (*values)[0], "channel id")->required();
  add->add_option("--phone-number-id", (*values)[1], "Graph's id of the number")->required();
  add->add_option("--phone", (*values)[2], "the number, with + and country code")->required();
  add->add_option("--name", (*values)[3], "for people");
  add->add_option("--per-second", *throughput, "messages per second it may send");
  add->add_option("--daily-reach", *reach, "people it may write to first in 24 h");
  add->callback([&context, sender, values, throughput, reach] {
    sender->set_channel_id((*values)[0]);
    sender->set_phone_number_id((*values)[1]);
    sender->set_phone_number((*values)[2]);
    sender->set_display_name((*values)[3]);
    sender->set_throughput(*throughput);
    sender->set_daily_reach(*reach);
    sender->set_make_default(true);
    v1::Sender added;
    Check(context.session().Call(std::string(kService) + "AddSender", *sender, &added));
    PrintOne(std::cout, context.format, added, kSenderColumns);
  });

  CLI::App* list = channel->add_subcommand("senders", "list the sending numbers");
  list->callback([&context] {
    std::vector<std::unique_ptr<v1::ListSendersResponse>> pages;
    const Rows rows = ListAll(
        context.session(), std::string(kService) + "ListSenders", v1::ListSendersRequest(), 0,
        [](const v1::ListSendersResponse& page) -> auto& { return page.senders(); }, pages);
    PrintRows(std::cout, context.format, rows, kSenderColumns);
  });
}

}  // namespace vinculo::ctl
