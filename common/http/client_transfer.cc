#include "common/http/client_transfer.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo::http {
namespace {

constexpr size_t kMaxHeaderBytes = 64 * 1024;
constexpr long kMaxIdleConnectionSeconds = 30;

constexpr absl::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
constexpr absl::string_view kOwnHeaders[] = {"host", "content-length", "transfer-encoding", "connection", "expect"};

bool IsSafe(absl::string_view method) { return method == "GET" || method == "HEAD"; }

bool IsHeaderName(absl::string_view name) {
  if (name.empty()) return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", static_cast<char>(c));
  });
}

bool IsHeaderValue(absl::string_view value) {
  return std::all_of(value.begin(), value.end(), [](unsigned char c) { return c == '\t' || (c >= 0x20 && c != 0x7f); });
}

absl::Status InvalidRequest(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_REQUEST", message);
}

absl::Status Unavailable(absl::string_view reason, CURLcode code) {
  return Error(absl::StatusCode::kUnavailable, reason, curl_easy_strerror(code));
}

long Milliseconds(absl::Duration duration) {
  return std::clamp<long>(absl::ToInt64Milliseconds(duration), 1, 24L * 3600 * 1000);
}

absl::string_view OutcomeOfStatus(int status) {
  constexpr absl::string_view kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  return status >= 100 && status < 600 ? kClasses[status / 100 - 1] : "other";
}

}  // namespace

absl::Status CheckRequest(const Request& request) {
  if (std::find(std::begin(kMethods), std::end(kMethods), request.method) == std::end(kMethods)) {
    return InvalidRequest("the method is none of GET, HEAD, POST, PUT, PATCH, DELETE");
  }
  if (IsSafe(request.method) && !request.body.empty()) return InvalidRequest("GET and HEAD carry no body");
  if (request.total_timeout <= absl::ZeroDuration() || request.connect_timeout <= absl::ZeroDuration()) {
    return InvalidRequest("a timeout is positive");
  }
  for (const auto& [name, value] : request.headers) {
    if (!IsHeaderName(name) || !IsHeaderValue(value)) return InvalidRequest("a header has characters it must not have");
    for (const absl::string_view own : kOwnHeaders) {
      if (absl::EqualsIgnoreCase(name, own))
        return InvalidRequest(absl::StrCat("header ", own, " is set by the client"));
    }
  }
  return absl::OkStatus();
}

Transfer::Transfer(Request request, Client::Callback done, TargetUrl target, absl::Status refusal)
    : request_(std::move(request)),
      done_(std::move(done)),
      target_(std::move(target)),
      refusal_(std::move(refusal)),
      begun_(std::chrono::steady_clock::now()),
      deadline_(begun_ + absl::ToChronoNanoseconds(std::min(request_.total_timeout, absl::Hours(24)))) {}

Transfer::~Transfer() { curl_slist_free_all(header_list_); }

std::string Transfer::Origin() const { return absl::StrCat(target_.scheme, "://", target_.host, ":", target_.port); }

absl::Duration Transfer::elapsed() const { return absl::FromChrono(std::chrono::steady_clock::now() - begun_); }

void Transfer::ConfigureHandle(CURL* easy, const ClientOptions& options, curl_slist* resolve) {
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Without it a slow DNS answer that nobody waits for any more would hold up the whole thread.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxIdleConnectionSeconds);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (resolve != nullptr) curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &Transfer::OpenSocket);
  curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &Transfer::BeforeRequest);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::OnHeader);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::OnBody);
}

bool Transfer::Prepare(CURL* easy) {
  easy_ = easy;
  const auto left = absl::FromChrono(deadline_ - std::chrono::steady_clock::now());
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
  curl_easy_setopt(easy, CURLOPT_PREREQDATA, this);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(std::min(request_.connect_timeout, left)));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Milliseconds(left));
  // Wait for a connection under way to say whether it can carry several requests. Plain HTTP never can.
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, target_.scheme == "https" ? 1L : 0L);
  return curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str()) == CURLE_OK && SetMethod() && SetHeaders();
}

bool Transfer::SetMethod() {
  // HTTPGET first: it undoes whatever the handle's last request had.
  curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, nullptr);
  if (request_.method == "GET") return true;
  if (request_.method == "HEAD") return curl_easy_setopt(easy_, CURLOPT_NOBODY, 1L) == CURLE_OK;
  if (request_.method != "DELETE" || !request_.body.empty()) {
    curl_easy_setopt(easy_, CURLOPT_POST, 1L);
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, request_.body.data());
  }
  if (request_.method == "POST") return true;
  return curl_easy_setopt(easy_, CURLOPT_CUSTOMREQUEST, request_.method.c_str()) == CURLE_OK;
}

bool Transfer::SetHeaders() {
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    if (longer != nullptr) header_list_ = longer;
    return longer != nullptr;
  };
  // No waiting for `100 Continue`, and no content type that nobody asked for.
  bool ok = add("Expect:");
  if (FindHeader(request_.headers, "content-type").empty()) ok = ok && add("Content-Type:");
  for (const auto& [name, value] : request_.headers) {
    ok = ok && add(value.empty() ? absl::StrCat(name, ";") : absl::StrCat(name, ": ", value));
  }
  return ok && curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, header_list_) == CURLE_OK;
}

CURL* Transfer::Release() {
  if (easy_ == nullptr) return nullptr;
  curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, nullptr);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
  return std::exchange(easy_, nullptr);
}

curl_socket_t Transfer::OpenSocket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (!transfer.target_.allow_listed && !AddressGuard::IsGlobal(address->addr)) {
    transfer.address_blocked_ = true;
    return CURL_SOCKET_BAD;
  }
  transfer.address_tried_ = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Called each time libcurl is about to write the request on a connection. A second time means that it lost a kept
// connection and wants to repeat the request on a fresh one; the peer may have acted on the first.
int Transfer::BeforeRequest(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.response_.request_bytes_written && !IsSafe(transfer.request_.method)) {
    long head_bytes = 0;
    curl_off_t body_bytes = 0;
    curl_easy_getinfo(transfer.easy_, CURLINFO_REQUEST_SIZE, &head_bytes);
    curl_easy_getinfo(transfer.easy_, CURLINFO_SIZE_UPLOAD_T, &body_bytes);
    if (head_bytes > 0 || body_bytes > 0 || transfer.request_.body.empty()) return CURL_PREREQFUNC_ABORT;
  }
  transfer.response_.request_bytes_written = true;
  return CURL_PREREQFUNC_OK;
}

size_t Transfer::OnHeader(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  transfer.header_bytes_ += bytes;
  if (transfer.header_bytes_ > kMaxHeaderBytes) {
    transfer.too_large_ = true;
    return 0;
  }
  const absl::string_view line = absl::StripTrailingAsciiWhitespace(absl::string_view(data, bytes));
  if (absl::StartsWith(line, "HTTP/")) {
    // A new answer begins; what came before was a 1xx.
    transfer.response_.headers.clear();
    const size_t blank = line.find(' ');
    if (blank == absl::string_view::npos || !absl::SimpleAtoi(line.substr(blank + 1, 3), &transfer.response_.status)) {
      transfer.response_.status = 0;
    }
    return bytes;
  }
  const size_t colon = line.find(':');
  if (colon != absl::string_view::npos) {
    transfer.response_.headers.emplace_back(line.substr(0, colon), absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return bytes;
}

size_t Transfer::OnBody(char* data, size_t size, size_t count, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  const size_t bytes = size * count;
  if (transfer.response_.body.size() + bytes > transfer.request_.max_response_bytes) {
    transfer.too_large_ = true;
    return 0;
  }
  transfer.response_.body.append(data, bytes);
  return bytes;
}

absl::Status Transfer::TransportStatus(CURLcode code) const {
  if (too_large_) {
    return Error(absl::StatusCode::kResourceExhausted, "RESPONSE_TOO_LARGE", "the response is larger than allowed");
  }
  switch (code) {
    case CURLE_OK:
      return absl::OkStatus();
    case CURLE_OPERATION_TIMEDOUT:
      return Error(absl::StatusCode::kDeadlineExceeded, "HTTP_TIMEOUT", "the peer did not answer in time");
    case CURLE_URL_MALFORMAT:
      return Error(absl::StatusCode::kInvalidArgument, "INVALID_URL", "the URL cannot be parsed");
    case CURLE_COULDNT_RESOLVE_HOST:
      return Unavailable("HTTP_CONNECT_FAILED", code);
    case CURLE_COULDNT_CONNECT:
      if (address_blocked_ && !address_tried_) {
        return Error(absl::StatusCode::kPermissionDenied, "ADDRESS_BLOCKED", "the host is not a public address");
      }
      return Unavailable("HTTP_CONNECT_FAILED", code);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return Unavailable("HTTP_TLS_FAILED", code);
    default:
      return Unavailable("HTTP_CONNECTION_LOST", code == CURLE_ABORTED_BY_CALLBACK ? CURLE_RECV_ERROR : code);
  }
}

void Transfer::Complete(CURLcode code) {
  response_.transport = TransportStatus(code);
  Finish();
}

void Transfer::Fail(absl::Status status) {
  response_.transport = std::move(status);
  Finish();
}

void Transfer::Finish() {
  if (response_.not_sent()) {
    outcome_ = "not_sent";
  } else if (response_.ambiguous()) {
    outcome_ = "ambiguous";
  } else {
    outcome_ = OutcomeOfStatus(response_.status);
  }
  response_.elapsed = elapsed();
  done_(std::move(response_));
}

}  // namespace vinculo::http
