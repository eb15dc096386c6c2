#include "common/http/address_guard.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::http {
namespace {

constexpr size_t kMaxUrlBytes = 2048;

struct Range4 {
  uint32_t network;
  int bits;
};

// IANA's special-purpose registry for IPv4, and all above 224.
constexpr Range4 kBlocked4[] = {
    {0x00000000, 8},   // this network
    {0x0a000000, 8},   // private
    {0x64400000, 10},  // shared (carrier NAT)
    {0x7f000000, 8},   // loopback
    {0xa9fe0000, 16},  // link-local, cloud metadata
    {0xac100000, 12},  // private
    {0xc0000000, 24},  // protocol assignments
    {0xc0000200, 24},  // documentation
    {0xc01fc400, 24},  // AS112
    {0xc034c100, 24},  // AMT
    {0xc0586300, 24},  // 6to4 relay
    {0xc0a80000, 16},  // private
    {0xc0af3000, 24},  // AS112
    {0xc6120000, 15},  // benchmarks
    {0xc6336400, 24},  // documentation
    {0xcb007100, 24},  // documentation
    {0xe0000000, 4},   // multicast
    {0xf0000000, 4},   // reserved, broadcast
};

bool IsGlobal4(uint32_t address) {
  for (const Range4& range : kBlocked4) {
    if ((address >> (32 - range.bits)) == (range.network >> (32 - range.bits))) return false;
  }
  return true;
}

struct Range6 {
  std::array<uint8_t, 6> prefix;
  int bits;
};

// What lies in 2000::/3 and is not an ordinary host. All outside 2000::/3 is refused as a whole, which covers
// unspecified, loopback, IPv4-mapped and -compatible, NAT64 (64:ff9b::/96 and 64:ff9b:1::/48), discard, unique local,
// link-local, site-local and multicast.
constexpr Range6 kBlocked6[] = {
    {{0x20, 0x01, 0x00, 0x00}, 23},              // protocol assignments: Teredo 2001::/32, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32},              // documentation
    {{0x20, 0x02}, 16},                          // 6to4
    {{0x3f, 0xfe}, 16},                          // 6bone
    {{0x3f, 0xff, 0x00}, 20},                    // documentation
    {{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48},  // AS112
};

bool HasPrefix(const uint8_t* address, const Range6& range) {
  for (int bit = 0; bit < range.bits; ++bit) {
    const uint8_t mask = static_cast<uint8_t>(0x80 >> (bit % 8));
    if ((address[bit / 8] & mask) != (range.prefix[static_cast<size_t>(bit / 8)] & mask)) return false;
  }
  return true;
}

bool IsGlobal6(const in6_addr& address) {
  const uint8_t* bytes = address.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    uint32_t v4;
    std::memcpy(&v4, bytes + 12, sizeof(v4));
    return IsGlobal4(ntohl(v4));
  }
  if ((bytes[0] & 0xe0) != 0x20) return false;
  for (const Range6& range : kBlocked6) {
    if (HasPrefix(bytes, range)) return false;
  }
  return true;
}

struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

// The part of a parsed URL; "" when it has none.
std::string Part(CURLU* url, CURLUPart part, unsigned int flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return "";
  std::string result(text);
  curl_free(text);
  return result;
}

absl::Status InvalidUrl(absl::string_view why) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_URL", absl::StrCat("the URL ", why));
}

absl::Status NotAllowed(absl::string_view why) {
  return Error(absl::StatusCode::kPermissionDenied, "URL_NOT_ALLOWED", absl::StrCat("the URL ", why));
}

absl::StatusOr<TargetUrl> ParseUrl(absl::string_view text) {
  if (text.size() > kMaxUrlBytes) return InvalidUrl("is longer than 2048 bytes");
  for (const char c : text) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '\\')
      return InvalidUrl("has characters to be escaped");
  }
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return InvalidUrl("cannot be parsed");
  }
  TargetUrl target;
  target.scheme = absl::AsciiStrToLower(Part(url.get(), CURLUPART_SCHEME));
  target.host = absl::AsciiStrToLower(Part(url.get(), CURLUPART_HOST));
  if (!absl::SimpleAtoi(Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT), &target.port)) target.port = 0;
  if (target.host.size() > 2 && target.host.front() == '[') target.host = target.host.substr(1, target.host.size() - 2);
  if (target.host.empty()) return InvalidUrl("has no host");
  // A dot at the end names the same host, past any list that has it without.
  if (target.host.back() == '.') return InvalidUrl("has a host that ends in a dot");
  if (!Part(url.get(), CURLUPART_USER).empty() || !Part(url.get(), CURLUPART_PASSWORD).empty() ||
      text.substr(0, text.find_first_of("/?#", text.find("//") + 2)).find('@') != absl::string_view::npos) {
    return NotAllowed("holds a user or a password");
  }
  if (!Part(url.get(), CURLUPART_ZONEID).empty()) return NotAllowed("names a network interface");
  return target;
}

}  // namespace

AddressGuard::AddressGuard(const std::vector<HostPort>& allowed, std::vector<int> ports) : ports_(std::move(ports)) {
  for (const HostPort& address : allowed) {
    allowed_.insert(HostPort{absl::AsciiStrToLower(address.host), address.port}.ToString());
  }
}

absl::StatusOr<TargetUrl> AddressGuard::CheckUrl(absl::string_view url) const {
  ASSIGN_OR_RETURN(TargetUrl target, ParseUrl(url));
  target.allow_listed = allowed_.contains(HostPort{target.host, target.port}.ToString());
  if (target.scheme != "https" && target.scheme != "http") return NotAllowed("is not https");
  if (target.allow_listed) return target;
  if (target.scheme != "https") return NotAllowed("is not https");
  if (std::find(ports_.begin(), ports_.end(), target.port) == ports_.end()) {
    return NotAllowed("has another port than 443 or 8443");
  }
  return target;
}

bool AddressGuard::IsGlobal(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof(v4));
    return IsGlobal4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof(v6));
    return IsGlobal6(v6.sin6_addr);
  }
  return false;
}

bool AddressGuard::IsGlobalText(absl::string_view address) {
  const std::string text(address);
  in_addr v4;
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return IsGlobal4(ntohl(v4.s_addr));
  in6_addr v6;
  if (inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IsGlobal6(v6);
  return false;
}

}  // namespace vinculo::http
