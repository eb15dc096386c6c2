#include "tests/sandbox/http_message.h"

#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace vinculo::sandbox {
namespace {

constexpr size_t kMaxHead = 64 * 1024;
constexpr size_t kMaxBody = 128 * 1024 * 1024;

struct Framing {
  bool chunked = false;
  bool has_length = false;
  size_t length = 0;
};

bool ParseHeaderLine(absl::string_view line, HttpMessage* message, Framing* framing) {
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || colon == 0) return false;
  const absl::string_view name = line.substr(0, colon);
  const absl::string_view value = absl::StripAsciiWhitespace(line.substr(colon + 1));
  message->headers.emplace_back(name, value);
  switch (absl::ascii_tolower(name[0])) {
    case 'c':
      if (absl::EqualsIgnoreCase(name, "content-length")) {
        uint64_t length;
        if (!absl::SimpleAtoi(value, &length) || length > kMaxBody) return false;
        framing->has_length = true;
        framing->length = length;
      } else if (absl::EqualsIgnoreCase(name, "connection")) {
        if (absl::EqualsIgnoreCase(value, "close")) message->keep_alive = false;
      }
      break;
    case 't':
      if (absl::EqualsIgnoreCase(name, "transfer-encoding"))
        framing->chunked = absl::EqualsIgnoreCase(value, "chunked");
      break;
    case 'e':
      if (absl::EqualsIgnoreCase(name, "expect"))
        message->expects_continue = absl::EqualsIgnoreCase(value, "100-continue");
      break;
    default:
      break;
  }
  return true;
}

bool ParseHeaders(absl::string_view head, HttpMessage* message, Framing* framing) {
  message->headers.clear();
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    if (end == absl::string_view::npos) return ParseHeaderLine(head, message, framing);
    if (!ParseHeaderLine(head.substr(0, end), message, framing)) return false;
    head.remove_prefix(end + 2);
  }
  return true;
}

// Decodes the chunks at the front of `rest`; on kComplete `*used` tells how many bytes they took.
ParseResult DecodeChunks(absl::string_view rest, std::string* decoded, size_t* used) {
  decoded->clear();
  size_t at = 0;
  while (true) {
    const size_t line_end = rest.find("\r\n", at);
    if (line_end == absl::string_view::npos) return ParseResult::kHeadOnly;
    absl::string_view size_text = rest.substr(at, line_end - at);
    size_text = size_text.substr(0, size_text.find(';'));
    uint64_t size;
    if (!absl::SimpleHexAtoi(absl::StripAsciiWhitespace(size_text), &size)) return ParseResult::kBad;
    if (size > kMaxBody || decoded->size() + size > kMaxBody) return ParseResult::kBad;
    at = line_end + 2;
    if (size == 0) {
      const size_t end = rest.find("\r\n", at);  // trailers are not used by anybody here
      if (end == absl::string_view::npos) return ParseResult::kHeadOnly;
      *used = end + 2;
      return ParseResult::kComplete;
    }
    if (rest.size() < at + size + 2) return ParseResult::kHeadOnly;
    decoded->append(rest.data() + at, size);
    at += size + 2;
  }
}

bool ParseRequestLine(absl::string_view line, HttpMessage* message) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == absl::string_view::npos || last <= first + 1) return false;
  message->method = line.substr(0, first);
  const absl::string_view target = line.substr(first + 1, last - first - 1);
  const absl::string_view version = line.substr(last + 1);
  if (version == "HTTP/1.0") {
    message->keep_alive = false;
  } else if (version != "HTTP/1.1") {
    return false;
  }
  const size_t question = target.find('?');
  message->path = target.substr(0, question);
  message->query = question == absl::string_view::npos ? absl::string_view() : target.substr(question + 1);
  return true;
}

bool ParseStatusLine(absl::string_view line, HttpMessage* message) {
  if (!absl::StartsWith(line, "HTTP/1.")) return false;
  const size_t space = line.find(' ');
  return space != absl::string_view::npos && absl::SimpleAtoi(line.substr(space + 1, 3), &message->status);
}

ParseResult ParseBody(absl::string_view rest, const Framing& framing, size_t head_size, bool until_close, bool at_end,
                      HttpMessage* message, size_t* size) {
  if (framing.chunked) {
    size_t used = 0;
    const ParseResult result = DecodeChunks(rest, &message->decoded, &used);
    message->body = message->decoded;
    *size = head_size + used;
    return result;
  }
  if (until_close && !framing.has_length) {
    message->body = rest;
    *size = head_size + rest.size();
    return at_end ? ParseResult::kComplete : ParseResult::kHeadOnly;
  }
  if (rest.size() < framing.length) return ParseResult::kHeadOnly;
  message->body = rest.substr(0, framing.length);
  *size = head_size + framing.length;
  return ParseResult::kComplete;
}

// Splits the head off `buffer`. `*start` is the first line, `*headers` the rest.
ParseResult SplitHead(absl::string_view buffer, absl::string_view* start, absl::string_view* headers,
                      size_t* head_size) {
  const size_t end = buffer.substr(0, kMaxHead).find("\r\n\r\n");
  if (end == absl::string_view::npos) return buffer.size() >= kMaxHead ? ParseResult::kBad : ParseResult::kNeedMore;
  const absl::string_view head = buffer.substr(0, end);
  const size_t line_end = head.find("\r\n");
  *start = head.substr(0, line_end);
  *headers = line_end == absl::string_view::npos ? absl::string_view() : head.substr(line_end + 2);
  *head_size = end + 4;
  return ParseResult::kComplete;
}

}  // namespace

absl::string_view HttpMessage::Header(absl::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && absl::EqualsIgnoreCase(key, name)) return value;
  }
  return "";
}

ParseResult ParseRequest(absl::string_view buffer, HttpMessage* message, size_t* size) {
  absl::string_view start, headers;
  size_t head_size;
  const ParseResult head = SplitHead(buffer, &start, &headers, &head_size);
  if (head != ParseResult::kComplete) return head;
  message->keep_alive = true;
  message->expects_continue = false;
  Framing framing;
  if (!ParseRequestLine(start, message) || !ParseHeaders(headers, message, &framing)) return ParseResult::kBad;
  return ParseBody(buffer.substr(head_size), framing, head_size, false, false, message, size);
}

ParseResult ParseResponse(absl::string_view buffer, bool at_end, HttpMessage* message, size_t* size) {
  absl::string_view start, headers;
  size_t head_size;
  const ParseResult head = SplitHead(buffer, &start, &headers, &head_size);
  if (head != ParseResult::kComplete) return head;
  message->keep_alive = true;
  Framing framing;
  if (!ParseStatusLine(start, message) || !ParseHeaders(headers, message, &framing)) return ParseResult::kBad;
  const bool bodiless = message->status == 204 || message->status == 304;
  return ParseBody(buffer.substr(head_size), framing, head_size, !bodiless, at_end, message, size);
}

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 429:
      return "Too Many Requests";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    default:
      return "Status";
  }
}

std::string UrlDecode(absl::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() && absl::ascii_isxdigit(text[i + 1]) &&
               absl::ascii_isxdigit(text[i + 2])) {
      out += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string QueryParameter(absl::string_view query, absl::string_view name) {
  for (absl::string_view part : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::pair<absl::string_view, absl::string_view> pair = absl::StrSplit(part, absl::MaxSplits('=', 1));
    if (pair.first == name || UrlDecode(pair.first) == name) return UrlDecode(pair.second);
  }
  return "";
}

}  // namespace vinculo::sandbox
