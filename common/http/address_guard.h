#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/flags/host_port.h"

namespace vinculo::http {

// A URL as libcurl understands it, which is what will be connected to: no second parser can disagree.
struct TargetUrl {
  std::string scheme;  // lower case
  std::string host;    // lower case, IPv6 without brackets, IPv4 in dotted form however it was written
  int port = 0;        // the scheme's own where the URL has none
  bool allow_listed = false;
};

// Decides where outbound requests may go, so that an address configured by a customer (or the DNS it controls) cannot
// reach into our network. Two gates: the URL before anything happens, and each address after DNS and before connect.
// Immutable once built, thread-safe.
class AddressGuard {
 public:
  // Nothing allow-listed.
  AddressGuard() : AddressGuard(std::vector<HostPort>()) {}
  // `allowed` names exact host:port pairs that may be reached over http as well as https, on that port, wherever they
  // resolve to: the operator's word. A host is compared as text, never by what it resolves to. `ports` are those that
  // any other host may be reached on.
  explicit AddressGuard(const std::vector<HostPort>& allowed, std::vector<int> ports = {443, 8443});

  // The first gate: https only (http for the allow-list), one of the ports (or the allow-list's), no user or password,
  // at most 2048 bytes. INVALID_ARGUMENT `INVALID_URL` or PERMISSION_DENIED `URL_NOT_ALLOWED`.
  absl::StatusOr<TargetUrl> CheckUrl(absl::string_view url) const;

  // The second gate: true when `address` is global unicast, as smokescreen's list has it: not private, loopback,
  // link-local, shared (100.64/10), documentation, benchmark, multicast, reserved; for IPv6 the same, and NAT64, 6to4,
  // Teredo, IPv4-mapped and IPv4-compatible addresses are judged by what they would reach or refused as a whole. Any
  // other family is refused.
  static bool IsGlobal(const sockaddr& address);
  // The same for text, as inet_pton reads it; false for anything that is no address.
  static bool IsGlobalText(absl::string_view address);

 private:
  absl::flat_hash_set<std::string> allowed_;  // HostPort::ToString
  std::vector<int> ports_;
};

}  // namespace vinculo::http
