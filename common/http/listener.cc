#include "common/http/listener.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/http/listener_server.h"

namespace vinculo::http {

std::optional<std::string> IncomingRequest::Query(absl::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

absl::string_view IncomingRequest::PathField(absl::string_view name) const {
  for (const auto& [key, value] : path_fields) {
    if (key == name) return value;
  }
  return "";
}

Listener::Listener(ListenerOptions options) : server_(std::make_unique<ListenerServer>(std::move(options))) {}

Listener::~Listener() = default;

void Listener::Handle(absl::string_view method, absl::string_view pattern, Handler handler) {
  Route route;
  route.method = std::string(method);
  route.handler = std::move(handler);
  route.open_ended = absl::EndsWith(pattern, "/*");
  if (route.open_ended) pattern.remove_suffix(2);
  if (absl::StartsWith(pattern, "/")) pattern.remove_prefix(1);
  if (!pattern.empty() || !route.open_ended) route.segments = absl::StrSplit(pattern, '/');
  server_->AddRoute(std::move(route));
}

absl::Status Listener::Start() { return server_->Start(); }

const HostPort& Listener::address() const { return server_->address(); }

std::string Listener::url() const { return absl::StrCat("http://", address().ToString()); }

void Listener::Stop() { server_->Stop(); }

}  // namespace vinculo::http
