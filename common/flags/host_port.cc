#include "common/flags/host_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo {
namespace {

absl::Status Invalid(absl::string_view text, absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_ADDRESS",
               absl::StrCat("\"", text, "\" is not host:port: ", why));
}

bool IsHostName(absl::string_view host) {
  for (const char c : host) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-' && c != '_') return false;
  }
  return !host.empty() && host.size() <= 253;
}

bool IsIpv6(const std::string& host) {
  in6_addr ignored;
  return inet_pton(AF_INET6, host.c_str(), &ignored) == 1;
}

bool ParsePort(absl::string_view text, int* port) {
  if (text.empty() || text.size() > 5) return false;
  for (const char c : text) {
    if (!absl::ascii_isdigit(static_cast<unsigned char>(c))) return false;
  }
  return absl::SimpleAtoi(text, port) && *port <= 65535;
}

}  // namespace

std::string HostPort::ToString() const {
  return absl::StrContains(host, ':') ? absl::StrCat("[", host, "]:", port) : absl::StrCat(host, ":", port);
}

bool HostPort::IsLoopback() const {
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return host == "localhost";
}

absl::StatusOr<HostPort> ParseHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return Invalid(text, "there is no port");
  HostPort result;
  if (!ParsePort(text.substr(colon + 1), &result.port)) return Invalid(text, "the port is no number from 0 to 65535");
  absl::string_view host = text.substr(0, colon);
  if (absl::StartsWith(host, "[") && absl::EndsWith(host, "]") && host.size() > 2) {
    result.host = absl::AsciiStrToLower(host.substr(1, host.size() - 2));
    if (!IsIpv6(result.host)) return Invalid(text, "what stands in brackets is no IPv6 address");
    return result;
  }
  if (absl::StrContains(host, ':')) return Invalid(text, "an IPv6 address stands in brackets");
  if (!IsHostName(host)) return Invalid(text, "the host is neither a name nor an address");
  result.host = absl::AsciiStrToLower(host);
  return result;
}

}  // namespace vinculo
