#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/flags/host_port.h"
#include "common/http/address_guard.h"

namespace vinculo::profiling {

// Where connectors may point to: https to the world; plain http only to addresses that the operator named, and to this
// machine where the service itself runs insecurely on loopback.
class OutboundPolicy {
 public:
  explicit OutboundPolicy(std::vector<HostPort> allowed = {}, bool allow_loopback = false)
      : allowed_(std::move(allowed)), allow_loopback_(allow_loopback) {}

  // The plain-http loopback address that `url` names, if that is allowed.
  std::optional<HostPort> LoopbackOf(absl::string_view url) const {
    constexpr absl::string_view kPlain = "http://";
    if (!allow_loopback_ || !absl::StartsWith(url, kPlain)) return std::nullopt;
    std::string host(url.substr(kPlain.size()));
    host = host.substr(0, host.find_first_of("/?#"));
    if (!absl::StrContains(host, ":")) absl::StrAppend(&host, ":80");
    const auto address = ParseHostPort(host);
    if (!address.ok() || !address->IsLoopback()) return std::nullopt;
    return *address;
  }

  http::AddressGuard GuardFor(absl::string_view url) const {
    std::vector<HostPort> allowed = allowed_;
    if (const auto loopback = LoopbackOf(url)) allowed.push_back(*loopback);
    return http::AddressGuard(allowed);
  }

 private:
  std::vector<HostPort> allowed_;
  bool allow_loopback_;
};

}  // namespace vinculo::profiling
