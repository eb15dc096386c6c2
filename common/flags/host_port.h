#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vinculo {

// A host (name, IPv4 or IPv6 without brackets) and a TCP port, 0 to 65535; port 0 asks the system for a free one.
struct HostPort {
  std::string host;
  int port = 0;

  // `host:port`, an IPv6 address in brackets.
  std::string ToString() const;
  // True for localhost, 127.0.0.0/8 and ::1.
  bool IsLoopback() const;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// From `host:port` or `[ipv6]:port`; the host is lower-cased and never empty. INVALID_ARGUMENT `INVALID_ADDRESS` for
// anything else, with a message that says what is wrong.
absl::StatusOr<HostPort> ParseHostPort(absl::string_view text);

}  // namespace vinculo
