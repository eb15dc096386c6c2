#include "common/http/endpoints.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo::http {
namespace {

Answer Probe(const std::function<absl::Status()>& check) {
  const absl::Status status = check();
  if (status.ok()) return {.body = "ok\n"};
  const std::string reason = ErrorReason(status);
  return {.status = 503, .body = absl::StrCat(reason.empty() ? status.message() : absl::string_view(reason), "\n")};
}

}  // namespace

void ServeHealth(Listener& listener, HealthChecks checks) {
  listener.Handle("GET", "/livez", [check = std::move(checks.live)](const IncomingRequest&) { return Probe(check); });
  listener.Handle("GET", "/readyz", [check = std::move(checks.ready)](const IncomingRequest&) { return Probe(check); });
}

void ServeMetrics(Listener& listener, const metrics::Registry& registry) {
  listener.Handle("GET", "/metrics", [&registry](const IncomingRequest&) {
    return Answer{.body = registry.Render(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
  });
}

}  // namespace vinculo::http
