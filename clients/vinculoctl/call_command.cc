#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/vinculoctl/commands.h"
#include "common/status/error.h"

namespace vinculo::ctl {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::MethodDescriptor;

std::unique_ptr<Message> New(const google::protobuf::Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

void Call(const Context& context, const std::string& name, const std::string& json) {
  std::string dotted = name;
  for (char& c : dotted) c = c == '/' ? '.' : c;
  const MethodDescriptor* method = DescriptorPool::generated_pool()->FindMethodByName(dotted);
  if (method == nullptr) {
    Check(Error(
        absl::StatusCode::kInvalidArgument, "METHOD",
        absl::StrCat("there is no RPC ", name, "; write it like vinculo.messaging.v1.CampaignService/GetCampaign")));
  }
  const std::string full = absl::StrCat(method->service()->full_name(), "/", method->name());
  const auto request = New(method->input_type());
  const auto response = New(method->output_type());
  if (method->client_streaming()) {
    std::vector<std::string> lines = absl::StrSplit(json, '\n', absl::SkipWhitespace());
    size_t next = 0;
    Check(context.session().Upload(
        full, request.get(),
        [&](Message* message) {
          if (next == lines.size()) return false;
          Check(ParseJson(lines[next], absl::StrCat("line ", next + 1), message));
          ++next;
          return true;
        },
        response.get()));
  } else {
    Check(ParseJson(json, "the request", request.get()));
    if (method->server_streaming()) {
      Check(context.session().Follow(full, *request, response.get(), [](const Message& message) {
        PrintOne(std::cout, Format::kJson, message, {});
        return true;
      }));
      return;
    }
    Check(context.session().Call(full, *request, response.get()));
  }
  PrintOne(std::cout, Format::kJson, *response, {});
}

}  // namespace

void AddCallCommand(CLI::App& app, Context& context) {
  auto name = std::make_shared<std::string>();
  auto json = std::make_shared<std::string>("{}");
  CLI::App* call =
      app.add_subcommand("call", "any RPC: the request as JSON (one line per message for a client stream)");
  call->add_option("rpc", *name, "such as vinculo.messaging.v1.CampaignService/GetCampaign")->required();
  call->add_option("request", *json, "JSON, or @file, or - for standard input")->capture_default_str();
  call->callback([&context, name, json] {
    std::string text = *json;
    if (text == "-") text = Check(ReadInput("-"));
    if (text.size() > 1 && text[0] == '@') text = Check(ReadInput(text.substr(1)));
    Call(context, *name, text);
  });
}

}  // namespace vinculo::ctl
