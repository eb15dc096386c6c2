#include "services/messaging/work/graph_provider.h"

#include "absl/strings/str_cat.h"

namespace vinculo::messaging {

http::Request GraphProvider::Request(const char* method, absl::string_view path, absl::string_view token,
                                     std::string body) const {
  return Address(method, absl::StrCat(options_.base_url, "/", options_.version, path), token, std::move(body));
}

http::Request GraphProvider::Address(const char* method, std::string url, absl::string_view token,
                                     std::string body) const {
  http::Request request;
  request.method = method;
  request.url = std::move(url);
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

}  // namespace vinculo::messaging
