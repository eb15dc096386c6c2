#include "common/http/client.h"

#include <curl/curl.h>

#include <ctime>
#include <memory>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/synchronization/notification.h"
#include "common/http/client_engine.h"
#include "common/http/client_transfer.h"

namespace vinculo::http {

std::optional<absl::Duration> RetryAfter(const Response& response, absl::Time now) {
  constexpr absl::Duration kLongest = absl::Hours(24);
  const std::string value(response.Header("retry-after"));
  if (value.empty()) return std::nullopt;
  uint32_t seconds;
  if (absl::SimpleAtoi(value, &seconds)) return std::min(absl::Seconds(seconds), kLongest);
  const std::time_t date = curl_getdate(value.c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return std::clamp(absl::FromTimeT(date) - now, absl::ZeroDuration(), kLongest);
}

Client::Client(ClientOptions options) : engine_(std::make_unique<ClientEngine>(std::move(options))) {}

Client::~Client() = default;

void Client::Send(Request request, Callback done) {
  absl::StatusOr<TargetUrl> target = engine_->guard().CheckUrl(request.url);
  absl::Status refusal = target.ok() ? CheckRequest(request) : target.status();
  engine_->Submit(std::make_unique<Transfer>(std::move(request), std::move(done),
                                             target.ok() ? *std::move(target) : TargetUrl(), std::move(refusal)));
}

Response Client::SendAndWait(Request request) {
  absl::Notification answered;
  Response result;
  Send(std::move(request), [&](Response response) {
    result = std::move(response);
    answered.Notify();
  });
  answered.WaitForNotification();
  return result;
}

bool Client::Drain(absl::Duration timeout) { return engine_->Drain(timeout); }

}  // namespace vinculo::http
