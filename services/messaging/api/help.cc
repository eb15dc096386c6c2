#include "services/messaging/domain/help.h"

#include "absl/strings/str_cat.h"
#include "services/messaging/api/channel_service.h"

namespace vinculo::messaging {
namespace {

void RenderHelp(const Help& in, v1::HelpEntry* out) {
  out->set_code(in.code);
  out->set_topic(in.topic);
  out->set_language(in.language == HelpLanguage::kSpanish ? "es" : "en");
  out->set_message(in.message);
  out->set_fix(in.fix);
  out->mutable_link()->set_topic(in.link_topic);
  out->mutable_link()->set_text(in.link_text);
}

}  // namespace

void ChannelService::GetHelp(rpc::Call<v1::GetHelpRequest, v1::HelpEntry> call) {
  const std::optional<Help> found = FindHelp(call.request().code(), ParseHelpLanguage(call.request().language()));
  if (!found) return call.Fail(NotFound("help", call.request().code().substr(0, 100)));
  call.Answer(absl::StatusOr<Help>(*found), RenderHelp);
}

void ChannelService::ListHelp(rpc::Call<v1::ListHelpRequest, v1::ListHelpResponse> call) {
  const auto found = messaging::ListHelp(call.request().topic(), ParseHelpLanguage(call.request().language()));
  if (!found) {
    FieldViolations bad;
    bad.Add("topic", "is none of those that entries show");
    return call.Fail(bad.ToStatus());
  }
  call.Answer(absl::StatusOr<std::vector<Help>>(*found),
              [](const std::vector<Help>& entries, v1::ListHelpResponse* out) {
                for (const Help& help : entries) RenderHelp(help, out->add_entries());
              });
}

}  // namespace vinculo::messaging
