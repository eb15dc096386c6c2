#include "services/messaging/work/graph_media.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/json/json_text.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/work/graph_json.h"
#include "services/messaging/work/graph_provider.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {
namespace {

constexpr int kBadRequest = 100;
constexpr int kNoSuchObject = 33;

absl::Status Unavailable(absl::string_view why) {
  return ErrorWithDetails(absl::StatusCode::kUnavailable, why,
                          {.reason = "PROVIDER_UNAVAILABLE", .retry_after = absl::Seconds(5)});
}

absl::Status Expired() {
  return Error(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED",
               "WhatsApp has the file no longer: upload it again, or ask the person for it.");
}

bool Succeeded(const http::Response& response) {
  return response.transport.ok() && response.status >= 200 && response.status < 300;
}

// A name that cannot break out of its header.
std::string PlainName(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    if (!absl::ascii_iscntrl(c) && c != '"' && c != '\\') plain += c;
  }
  return plain.empty() ? "file" : plain;
}

}  // namespace

std::string MarkReadBody(absl::string_view wamid, bool typing) {
  nlohmann::json j = {{"messaging_product", "whatsapp"}, {"status", "read"}, {"message_id", std::string(wamid)}};
  if (typing) j["typing_indicator"] = {{"type", "text"}};
  return DumpJson(j);
}

bool MarkReadAgain(const http::Response& response) {
  if (Succeeded(response)) return false;
  // A read mark told twice is a read mark, so that an unclear end may be tried again too.
  const SendOutcome outcome = JudgeAnswer(ReadSendAnswer(response));
  if (outcome.result != SendResult::kRefused) return true;
  const ErrorClass c = ErrorClasses::Default().Classify(outcome);
  return c == ErrorClass::kRetry || c == ErrorClass::kPair || c == ErrorClass::kAccount;
}

std::string WrapMultipart(const MediaUpload& described, absl::string_view boundary, std::string& content) {
  const std::string head = absl::StrCat(
      "--", boundary, "\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n--", boundary,
      "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"", PlainName(described.filename),
      "\"\r\nContent-Type: ", described.mime_type, "\r\n\r\n");
  content.insert(0, head);
  absl::StrAppend(&content, "\r\n--", boundary, "--\r\n");
  return absl::StrCat("multipart/form-data; boundary=", boundary);
}

absl::Status ReadMediaFailure(const http::Response& response) {
  if (absl::IsPermissionDenied(response.transport) || absl::IsInvalidArgument(response.transport)) {
    log::Error("WhatsApp named an address for a file that is not asked", {{"error", ErrorReason(response.transport)}});
    return Unavailable("WhatsApp named an address that is not asked.");
  }
  if (!response.transport.ok()) return Unavailable("WhatsApp does not answer; try again.");
  const RawAnswer raw = ReadSendAnswer(response);
  if (response.status == 404 || response.status == 410 || (raw.code == kBadRequest && raw.subcode == kNoSuchObject))
    return Expired();
  const ErrorClass c = ErrorClasses::Default().Classify({.result = SendResult::kRefused,
                                                         .graph_error = raw.graph_json,
                                                         .code = raw.code,
                                                         .subcode = raw.subcode,
                                                         .http = response.status});
  if (!raw.graph_json || response.status >= 500 || c == ErrorClass::kRetry || c == ErrorClass::kAccount)
    return Unavailable("WhatsApp cannot do it now; try again.");
  return Error(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS",
               absl::StrCat("WhatsApp refuses the file with code ", raw.code, "."),
               {{"provider_code", absl::StrCat(raw.code)}});
}

absl::StatusOr<std::string> ReadUploadAnswer(const http::Response& response) {
  if (!Succeeded(response)) return ReadMediaFailure(response);
  std::string id = JsonView::Parse(response.body)["id"].Text();
  if (id.empty() || id.size() > kMediaIdMax) return Unavailable("WhatsApp gave no id; try again.");
  return id;
}

absl::StatusOr<MediaAddress> ReadMediaAddress(const http::Response& response) {
  if (!Succeeded(response)) return ReadMediaFailure(response);
  const JsonView body = JsonView::Parse(response.body);
  MediaAddress address{.url = body["url"].Text(),
                       .mime_type = body["mime_type"].Text(),
                       .sha256 = absl::AsciiStrToLower(body["sha256"].Text()),
                       .size = std::max<int64_t>(0, body["file_size"].Int())};
  if (address.url.empty()) return Unavailable("WhatsApp gave no address; try again.");
  return address;
}

void GraphProvider::MarkRead(absl::string_view phone_number_id, absl::string_view token, absl::string_view wamid,
                             bool typing, absl::AnyInvocable<void(bool again)> done) {
  client_.Send(Request("POST", absl::StrCat("/", phone_number_id, "/messages"), token, MarkReadBody(wamid, typing)),
               [done = std::move(done)](const http::Response& response) mutable { done(MarkReadAgain(response)); });
}

void GraphProvider::UploadMedia(absl::string_view phone_number_id, absl::string_view token, MediaUpload file,
                                absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) {
  std::string content = std::move(file.content);
  // No file can contain the hash of itself.
  const std::string boundary = absl::StrCat("vinculo-", absl::BytesToHexString(crypto::Sha256(content)));
  const std::string type = WrapMultipart(file, boundary, content);
  http::Request request = Request("POST", absl::StrCat("/", phone_number_id, "/media"), token, std::move(content));
  for (auto& [name, value] : request.headers) {
    if (name == "Content-Type") value = type;
  }
  request.total_timeout = options_.media_timeout;
  client_.Send(std::move(request),
               [done = std::move(done)](const http::Response& response) mutable { done(ReadUploadAnswer(response)); });
}

void GraphProvider::LocateMedia(absl::string_view media_id, absl::string_view token,
                                absl::AnyInvocable<void(absl::StatusOr<MediaAddress>)> done) {
  client_.Send(Request("GET", absl::StrCat("/", media_id), token, ""),
               [done = std::move(done)](const http::Response& response) mutable { done(ReadMediaAddress(response)); });
}

void GraphProvider::FetchMedia(const MediaAddress& address, absl::string_view token, size_t max_bytes,
                               absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) {
  http::Request request = Request("GET", "", token, "");
  request.url = address.url;
  request.total_timeout = options_.media_timeout;
  request.max_response_bytes = max_bytes;
  client_.Send(std::move(request), [done = std::move(done)](http::Response response) mutable {
    if (!Succeeded(response)) return done(ReadMediaFailure(response));
    done(std::move(response.body));
  });
}

}  // namespace vinculo::messaging
