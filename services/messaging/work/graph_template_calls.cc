#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "services/messaging/domain/template_render.h"
#include "services/messaging/work/graph_provider.h"
#include "services/messaging/work/json_view.h"

// The provider's calls about an account: its templates and its webhooks.
namespace vinculo::messaging {
namespace {

constexpr size_t kListingBytes = 8 << 20;

absl::Status NoAnswer(const http::Response& response) {
  const JsonView error = JsonView::Parse(response.body)["error"];
  return Error(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
               "WhatsApp did not take the sample; try again, and see the error when it goes on.",
               {{"http", absl::StrCat(response.status)}, {"code", error["code"].Text()}});
}

std::string Text(const http::Response& response, const char* key) {
  if (!response.transport.ok() || response.status < 200 || response.status > 299) return "";
  return JsonView::Parse(response.body)[key].Text();
}

template <class Answer>
auto Then(Answer (*read)(const http::Response&), absl::AnyInvocable<void(Answer)> done) {
  return [read, done = std::move(done)](const http::Response& response) mutable { done(read(response)); };
}

}  // namespace

void GraphProvider::CreateTemplate(absl::string_view waba_id, absl::string_view token, std::string body,
                                   absl::AnyInvocable<void(TemplateAnswer)> done) {
  client_.Send(Request("POST", absl::StrCat("/", waba_id, "/message_templates"), token, std::move(body)),
               Then(ReadTemplateAnswer, std::move(done)));
}

void GraphProvider::EditTemplate(absl::string_view graph_id, absl::string_view token, std::string body,
                                 absl::AnyInvocable<void(TemplateAnswer)> done) {
  client_.Send(Request("POST", absl::StrCat("/", graph_id), token, std::move(body)),
               Then(ReadTemplateAnswer, std::move(done)));
}

void GraphProvider::DeleteTemplate(absl::string_view waba_id, absl::string_view token, absl::string_view name,
                                   absl::string_view graph_id, absl::AnyInvocable<void(ManagementAnswer)> done) {
  std::string path = absl::StrCat("/", waba_id, "/message_templates?name=", PercentEncode(name));
  if (!graph_id.empty()) absl::StrAppend(&path, "&hsm_id=", PercentEncode(graph_id));
  client_.Send(Request("DELETE", path, token, ""), Then(ReadSuccess, std::move(done)));
}

void GraphProvider::UnpauseTemplate(absl::string_view graph_id, absl::string_view token,
                                    absl::AnyInvocable<void(ManagementAnswer)> done) {
  client_.Send(Request("POST", absl::StrCat("/", graph_id, "/unpause"), token, "{}"),
               Then(ReadSuccess, std::move(done)));
}

void GraphProvider::Subscribe(absl::string_view waba_id, absl::string_view token,
                              absl::AnyInvocable<void(ManagementAnswer)> done) {
  client_.Send(Request("POST", absl::StrCat("/", waba_id, "/subscribed_apps"), token, "{}"),
               Then(ReadSuccess, std::move(done)));
}

void GraphProvider::ListTemplates(absl::string_view waba_id, absl::string_view token, absl::string_view name,
                                  absl::string_view language, absl::AnyInvocable<void(TemplatePage)> done) {
  std::string path = absl::StrCat("/", waba_id, "/message_templates?fields=", kTemplateFields, "&limit=100");
  if (!name.empty()) absl::StrAppend(&path, "&name=", PercentEncode(name));
  if (!language.empty()) absl::StrAppend(&path, "&language=", PercentEncode(language));
  http::Request request = Request("GET", path, token, "");
  request.max_response_bytes = kListingBytes;
  client_.Send(std::move(request), Then(ReadTemplatePage, std::move(done)));
}

void GraphProvider::NextTemplates(const std::string& address, absl::string_view token,
                                  absl::AnyInvocable<void(TemplatePage)> done) {
  if (!absl::StartsWith(address, absl::StrCat(options_.base_url, "/"))) {
    TemplatePage refused;
    refused.result = ManagementAnswer::Result::kRefused;
    refused.message = "the next page lies elsewhere than Graph";
    return done(std::move(refused));
  }
  http::Request request = Address("GET", address, token, "");
  request.max_response_bytes = kListingBytes;
  client_.Send(std::move(request), Then(ReadTemplatePage, std::move(done)));
}

void GraphProvider::UploadSample(absl::string_view token, SampleFile file,
                                 absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) {
  const std::string path =
      absl::StrCat("/", options_.app_id, "/uploads?file_name=", PercentEncode(file.name),
                   "&file_length=", file.content.size(), "&file_type=", PercentEncode(file.mime_type));
  auto upload = [this, token = std::string(token), content = std::move(file.content),
                 done = std::move(done)](const http::Response& begun) mutable {
    const std::string session = Text(begun, "id");
    if (session.empty()) return done(NoAnswer(begun));
    http::Request request = Request("POST", absl::StrCat("/", session), token, std::move(content));
    request.headers = {{"Authorization", absl::StrCat("Bearer ", token)},
                       {"Content-Type", "application/octet-stream"},
                       {"file_offset", "0"}};
    client_.Send(std::move(request), [done = std::move(done)](const http::Response& stored) mutable {
      std::string handle = Text(stored, "h");
      handle.empty() ? done(NoAnswer(stored)) : done(std::move(handle));
    });
  };
  client_.Send(Request("POST", path, token, ""), std::move(upload));
}

}  // namespace vinculo::messaging
