#include "services/messaging/work/graph_provider.h"

#include "absl/strings/str_cat.h"
#include "services/messaging/domain/template_render.h"

namespace vinculo::messaging {

http::Request GraphProvider::Request(const char* method, absl::string_view path, absl::string_view token,
                                     std::string body) const {
  http::Request request;
  request.method = method;
  request.url = absl::StrCat(options_.base_url, "/", options_.version, path);
  request.headers = {{"Authorization", absl::StrCat("Bearer ", token)}, {"Content-Type", "application/json"}};
  request.body = std::move(body);
  request.connect_timeout = options_.connect_timeout;
  request.total_timeout = options_.total_timeout;
  request.max_response_bytes = 1 << 20;
  return request;
}

void GraphProvider::Send(absl::string_view phone_number_id, absl::string_view token, std::string body,
                         absl::AnyInvocable<void(SendOutcome)> done) {
  client_.Send(Request("POST", absl::StrCat("/", phone_number_id, "/messages"), token, std::move(body)),
               [done = std::move(done)](const http::Response& response) mutable {
                 done(JudgeAnswer(ReadSendAnswer(response)));
               });
}

void GraphProvider::CreateTemplate(absl::string_view waba_id, absl::string_view token, std::string body,
                                   absl::AnyInvocable<void(TemplateAnswer)> done) {
  client_.Send(
      Request("POST", absl::StrCat("/", waba_id, "/message_templates"), token, std::move(body)),
      [done = std::move(done)](const http::Response& response) mutable { done(ReadTemplateAnswer(response)); });
}

void GraphProvider::EditTemplate(absl::string_view graph_id, absl::string_view token, std::string body,
                                 absl::AnyInvocable<void(TemplateAnswer)> done) {
  client_.Send(
      Request("POST", absl::StrCat("/", graph_id), token, std::move(body)),
      [done = std::move(done)](const http::Response& response) mutable { done(ReadTemplateAnswer(response)); });
}

void GraphProvider::FindTemplate(absl::string_view waba_id, absl::string_view token, const std::string& name,
                                 const std::string& language, absl::AnyInvocable<void(TemplateLookup)> done) {
  const std::string path = absl::StrCat(
      "/", waba_id, "/message_templates?fields=id,name,language,status,category,rejected_reason&limit=100&name=",
      PercentEncode(name));
  client_.Send(Request("GET", path, token, ""),
               [name, language, done = std::move(done)](const http::Response& response) mutable {
                 done(ReadTemplateListing(response, name, language));
               });
}

}  // namespace vinculo::messaging
