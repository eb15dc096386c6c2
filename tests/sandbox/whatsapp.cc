#include "tests/sandbox/whatsapp.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace vinculo::sandbox {
namespace {

// "v25.0" and the like; a version is optional.
bool IsVersion(absl::string_view segment) {
  return segment.size() > 1 && segment[0] == 'v' && absl::ascii_isdigit(segment[1]);
}

absl::string_view PlaceOf(const std::vector<absl::string_view>& path) {
  const absl::string_view edge = path.size() > 1 ? path[1] : "";
  if (edge == "media") return "media";
  if (edge == "message_templates" || edge == "unpause") return "template";
  return "graph";
}

struct Part {
  std::string type;
  std::string content;
};

// The part named "file" of a multipart body; an empty content when there is none.
Part FilePart(const HttpMessage& request) {
  const absl::string_view header = request.Header("Content-Type");
  const size_t at = header.find("boundary=");
  if (at == absl::string_view::npos) return {};
  absl::string_view boundary = header.substr(at + 9);
  boundary = boundary.substr(0, boundary.find(';'));
  absl::ConsumePrefix(&boundary, "\"");
  absl::ConsumeSuffix(&boundary, "\"");
  const std::string delimiter = absl::StrCat("--", boundary);
  for (absl::string_view part : absl::StrSplit(request.body, delimiter)) {
    const size_t head_end = part.find("\r\n\r\n");
    if (head_end == absl::string_view::npos) continue;
    const absl::string_view head = part.substr(0, head_end);
    if (!absl::StrContains(head, "name=\"file\"") && !absl::StrContains(head, "name=file")) continue;
    Part file;
    for (absl::string_view line : absl::StrSplit(head, "\r\n")) {
      if (absl::StartsWithIgnoreCase(line, "content-type:"))
        file.type = std::string(absl::StripAsciiWhitespace(line.substr(13)));
    }
    absl::string_view content = part.substr(head_end + 4);
    absl::ConsumeSuffix(&content, "\r\n");
    file.content = std::string(content);
    return file;
  }
  return {};
}

}  // namespace

void WhatsApp::Reset() {
  media_.clear();
  uploads_ = subscriptions_ = unauthorized_ = 0;
}

Json WhatsApp::Counts() const {
  return {{"media", media_.size()},
          {"uploads", uploads_},
          {"subscriptions", subscriptions_},
          {"unauthorized", unauthorized_},
          {"read_receipts", sends_.read_receipts()},
          {"numbers_without_plus", sends_.without_plus()}};
}

bool WhatsApp::Authorized(const HttpMessage& request) const {
  absl::string_view token = request.Header("Authorization");
  if (!absl::ConsumePrefix(&token, "Bearer ") || token.empty()) return false;
  const auto& tokens = settings_->access_tokens;
  return tokens.empty() || std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

void WhatsApp::Handle(const HttpMessage& request, const Exchange& exchange) {
  Path path = absl::StrSplit(request.path, '/', absl::SkipEmpty());
  if (!path.empty() && IsVersion(path[0])) path.erase(path.begin());
  if (!Authorized(request)) {
    ++unauthorized_;
    return exchange.Send(GraphError(190, "missing or unknown access token"));
  }
  if (path.size() == 2 && path[1] == "messages" && request.method == "POST") {
    return sends_.Handle(std::string(path[0]), request, exchange);
  }
  const FaultRule* fault = faults_.Choose({PlaceOf(path), request.path, "", ""});
  if (fault != nullptr) {
    if (fault->act == "error") return exchange.Send(GraphError(fault->code, fault->body, fault->http));
    if (fault->accept) Answer(path, request);
    if (AnswerWithFault(*fault, exchange)) return;
  }
  exchange.Send(Answer(path, request));
}

HttpReply WhatsApp::Answer(const Path& path, const HttpMessage& request) {
  if (path.empty()) return GraphError(100, "no such path", 404);
  const std::string id(path[0]);
  if (path.size() == 1) return AnswerObject(id, request);
  if (path.size() == 2 && id == "_media") {
    const auto it = media_.find(path[1]);
    if (it == media_.end()) return GraphError(100, "no such media", 404, 33);
    return {.body = it->second.content, .content_type = "application/octet-stream"};
  }
  if (path.size() == 2) return AnswerEdge(id, path[1], request);
  return GraphError(100, "no such path", 404);
}

HttpReply WhatsApp::AnswerEdge(const std::string& id, absl::string_view edge, const HttpMessage& request) {
  const absl::string_view method = request.method;
  if (edge == "message_templates") {
    if (method == "POST") return templates_.Create(id, request.body);
    if (method == "GET") return templates_.List(id, request.path, request.query, request.Header("Host"));
    if (method == "DELETE") return templates_.Delete(id, request.query);
  }
  if (edge == "unpause" && method == "POST") return templates_.Unpause(id);
  if (edge == "media" && method == "POST") return UploadMedia(request);
  if (edge == "uploads" && method == "POST") {
    return {.body = absl::StrCat("{\"id\":\"upload:S", next_upload_++, "\"}")};
  }
  if (edge == "subscribed_apps") {
    if (method == "GET") return {.body = "{\"data\":[]}"};
    ++subscriptions_;
    return {.body = "{\"success\":true}"};
  }
  if (edge == "template_analytics" && method == "GET") return {.body = "{\"data\":[]}"};
  return GraphError(100, absl::StrCat("no such edge: ", method, " ", edge), 404);
}

HttpReply WhatsApp::AnswerObject(const std::string& id, const HttpMessage& request) {
  if (absl::StartsWith(id, "upload:")) {
    ++uploads_;
    return {.body = absl::StrCat("{\"h\":\"4::", id.substr(7), ":", request.body.size(), "\"}")};
  }
  if (templates_.Has(id)) return request.method == "POST" ? templates_.Edit(id, request.body) : templates_.Get(id);
  if (media_.contains(id)) {
    if (request.method == "GET") return DescribeMedia(id, request);
    media_.erase(id);
    return {.body = "{\"success\":true}"};
  }
  return request.method == "GET" ? NumberState(id) : GraphError(100, "no such object", 404, 33);
}

HttpReply WhatsApp::NumberState(const std::string& id) const {
  Json state = {{"id", id},
                {"display_phone_number", "15550001000"},
                {"verified_name", "Sandbox"},
                {"quality_rating", "GREEN"},
                {"throughput", {{"level", "STANDARD"}}},
                {"whatsapp_business_manager_messaging_limit", "TIER_UNLIMITED"},
                {"status", "CONNECTED"}};
  const auto known = settings_->senders.find(id);
  if (known != settings_->senders.end()) {
    if (!known->second.display_phone_number.empty()) state["display_phone_number"] = known->second.display_phone_number;
    if (known->second.fields.is_object()) state.merge_patch(known->second.fields);
  }
  return {.body = state.dump()};
}

HttpReply WhatsApp::UploadMedia(const HttpMessage& request) {
  Part file = FilePart(request);
  if (file.content.empty()) return GraphError(131053, "a multipart part named file is missing");
  const std::string id = absl::StrCat(next_media_++);
  media_[id] = {std::move(file.type), std::move(file.content)};
  return {.body = absl::StrCat("{\"id\":\"", id, "\"}")};
}

HttpReply WhatsApp::DescribeMedia(const std::string& id, const HttpMessage& request) const {
  const Media& media = media_.at(id);
  const Json description = {{"id", id},
                            {"messaging_product", "whatsapp"},
                            {"mime_type", media.type},
                            {"file_size", media.content.size()},
                            {"url", absl::StrCat("http://", request.Header("Host"), "/_media/", id)}};
  return {.body = description.dump()};
}

}  // namespace vinculo::sandbox
