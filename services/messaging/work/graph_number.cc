#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "services/messaging/work/graph_provider.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {
namespace {

constexpr absl::string_view kNotSet = "NOT_SET";

// A word that is missing counts as not set, so that it is taken as the lowest level.
std::string Word(const JsonView& value) {
  std::string text = value.Text();
  return text.empty() ? std::string(kNotSet) : text;
}

absl::StatusOr<NumberFacts> ReadNumberAnswer(const http::Response& response) {
  const JsonView body = JsonView::Parse(response.body);
  const bool ok = response.transport.ok() && response.status >= 200 && response.status < 300 && body.is_object();
  if (!ok) {
    const int64_t code = body["error"]["code"].Int();
    return Error(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE",
                 code == 0 ? "WhatsApp does not answer. Try again later."
                           : absl::StrCat("WhatsApp refuses with code ", code, "."));
  }
  NumberFacts facts{.throughput_level = Word(body["throughput"]["level"]),
                    .tier = Word(body["whatsapp_business_manager_messaging_limit"]),
                    .quality = body["quality_rating"].Text(),
                    .status = body["status"].Text()};
  return facts;
}

}  // namespace

void GraphProvider::ReadNumber(absl::string_view phone_number_id, absl::string_view token,
                               absl::AnyInvocable<void(absl::StatusOr<NumberFacts>)> done) {
  const std::string path = absl::StrCat(
      "/", phone_number_id, "?fields=quality_rating,throughput,whatsapp_business_manager_messaging_limit,status");
  client_.Send(Request("GET", path, token, ""),
               [done = std::move(done)](const http::Response& response) mutable { done(ReadNumberAnswer(response)); });
}

}  // namespace vinculo::messaging
