#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/messaging_lookup.h"
#include "vinculo/messaging/v1/channel_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ChannelService/";
const std::vector<Column> kChannelColumns = {{"id", "id"},        {"name", "display_name"},
                                             {"waba", "waba_id"}, {"token ends in", "access_token_tail"},
                                             {"state", "state"},  {"blocked", "block_reason"}};
const std::vector<Column> kSenderColumns = {{"id", "id"},
                                            {"phone", "phone_number"},
                                            {"phone_number_id", "phone_number_id"},
                                            {"state", "state"},
                                            {"blocked", "block_reason"},
                                            {"per_second", "throughput"},
                                            {"default", "is_default"}};

struct ChannelOptions {
  std::string name, waba, app = "autos", token_file, portfolio;
};
struct SenderOptions {
  std::string channel, phone_number_id, phone, name;
  int per_second = 0;
  int daily_reach = 0;
};

void Connect(const Context& context, const ChannelOptions& options) {
  v1::CreateChannelRequest request;
  request.set_display_name(options.name);
  request.set_waba_id(options.waba);
  request.set_app(options.app);
  std::string token = Check(ReadInput(options.token_file));
  while (!token.empty() && token.back() == '\n') token.pop_back();
  request.set_access_token(token);
  request.set_portfolio_id(options.portfolio);
  v1::Channel created;
  Check(context.session().Call(kService + "CreateChannel", request, &created));
  PrintOne(std::cout, context.format, created, kChannelColumns);
}

void AddSender(const Context& context, const SenderOptions& options) {
  v1::AddSenderRequest request;
  request.set_channel_id(ChannelOr(context.session(), options.channel));
  request.set_phone_number_id(options.phone_number_id);
  request.set_phone_number(options.phone);
  request.set_display_name(options.name);
  request.set_throughput(options.per_second);
  request.set_daily_reach(options.daily_reach);
  request.set_make_default(true);
  v1::Sender added;
  Check(context.session().Call(kService + "AddSender", request, &added));
  PrintOne(std::cout, context.format, added, kSenderColumns);
}

void AddChannel(CLI::App& app, Context& context) {
  CLI::App* channel = app.add_subcommand("channel", "WhatsApp Business accounts");
  channel->require_subcommand(1);
  auto options = std::make_shared<ChannelOptions>();
  CLI::App* connect = channel->add_subcommand("connect", "connect a WhatsApp Business account");
  connect->add_option("--name", options->name, "for people")->required();
  connect->add_option("--waba", options->waba, "WhatsApp Business account id")->required();
  connect->add_option("--access-token-file", options->token_file, "file that holds the Graph access token, or -")
      ->required();
  connect->add_option("--app", options->app, "app slug, as the webhook's address names it")->capture_default_str();
  connect->add_option("--portfolio", options->portfolio, "business portfolio id");
  connect->callback([&context, options] { Connect(context, *options); });

  CLI::App* list = channel->add_subcommand("list", "list the accounts");
  list->callback([&context] {
    std::vector<std::unique_ptr<v1::ListChannelsResponse>> pages;
    const Rows rows = ListAll(
        context.session(), kService + "ListChannels", v1::ListChannelsRequest(), 0,
        [](const v1::ListChannelsResponse& page) -> auto& { return page.channels(); }, pages);
    PrintRows(std::cout, context.format, rows, kChannelColumns);
  });
}

void AddSenders(CLI::App& app, Context& context) {
  CLI::App* sender = app.add_subcommand("sender", "the numbers that messages go out from");
  sender->require_subcommand(1);
  auto options = std::make_shared<SenderOptions>();
  CLI::App* add = sender->add_subcommand("add", "add a sending number and make it the default");
  add->add_option("--channel", options->channel, "channel id; not needed while there is one channel");
  add->add_option("--phone-number-id", options->phone_number_id, "Graph's id of the number")->required();
  add->add_option("--phone", options->phone, "the number, with + and country code")->required();
  add->add_option("--name", options->name, "for people");
  add->add_option("--per-second", options->per_second, "messages per second it may send; WhatsApp's 80 when not given");
  add->add_option("--daily-reach", options->daily_reach,
                  "people it may write to first in 24 h; 250 when not given, -1 is unlimited");
  add->callback([&context, options] { AddSender(context, *options); });

  CLI::App* list = sender->add_subcommand("list", "list the numbers");
  list->callback([&context] {
    std::vector<std::unique_ptr<v1::ListSendersResponse>> pages;
    const Rows rows = ListAll(
        context.session(), kService + "ListSenders", v1::ListSendersRequest(), 0,
        [](const v1::ListSendersResponse& page) -> auto& { return page.senders(); }, pages);
    PrintRows(std::cout, context.format, rows, kSenderColumns);
  });

  auto id = std::make_shared<std::string>();
  CLI::App* resume = sender->add_subcommand("resume", "let a blocked number send again, once its cause is solved");
  resume->add_option("sender", *id, "number's id; the default one when not given");
  resume->callback([&context, id] {
    v1::ResumeSenderRequest request;
    request.set_sender_id(SenderOr(context.session(), *id));
    v1::Sender resumed;
    Check(context.session().Call(kService + "ResumeSender", request, &resumed));
    PrintOne(std::cout, context.format, resumed, kSenderColumns);
  });
}

}  // namespace

void AddChannelCommands(CLI::App& app, Context& context) {
  AddChannel(app, context);
  AddSenders(app, context);
}

}  // namespace vinculo::ctl
