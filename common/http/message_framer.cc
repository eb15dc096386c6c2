#include "common/http/message_framer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"

namespace vinculo::http {
namespace {

constexpr size_t kMaxChunkLineBytes = 256;
constexpr size_t kMaxHeaderCount = 100;

bool IsToken(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("!#$%&'*+-.^_`|~", static_cast<char>(c));
  });
}

bool IsDigits(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isdigit(c); });
}

// True when every LF follows a CR and nothing is a NUL: lines can be told apart in one way only.
bool HasCleanLines(absl::string_view head) {
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0' || (head[i] == '\n' && (i == 0 || head[i - 1] != '\r')) ||
        (head[i] == '\r' && (i + 1 == head.size() || head[i + 1] != '\n'))) {
      return false;
    }
  }
  return true;
}

}  // namespace

MessageFramer::Progress MessageFramer::Append(absl::string_view bytes) {
  buffer_.append(bytes.data(), bytes.size());
  return Advance();
}

MessageFramer::Progress MessageFramer::Next() {
  state_ = State::kHead;
  continue_wish_ = false;
  head_.clear();
  headers_.clear();
  body_.clear();
  trailer_bytes_ = 0;
  return Advance();
}

bool MessageFramer::TakeContinueWish() {
  const bool wish = continue_wish_;
  continue_wish_ = false;
  return wish;
}

bool MessageFramer::Refuse(int status) {
  refusal_ = status;
  state_ = State::kRefused;
  return false;
}

// Each Read function takes one step and says whether another may be possible with what is there.
MessageFramer::Progress MessageFramer::Advance() {
  bool more = true;
  while (more) {
    switch (state_) {
      case State::kHead:
        more = ReadHead();
        break;
      case State::kBody:
        more = ReadBody();
        break;
      case State::kChunkSize:
        more = ReadChunkSize();
        break;
      case State::kChunkData:
        more = ReadChunkData();
        break;
      case State::kChunkEnd:
        more = ReadChunkEnd();
        break;
      case State::kTrailers:
        more = ReadTrailers();
        break;
      case State::kComplete:
        return Progress::kComplete;
      case State::kRefused:
        return Progress::kRefused;
    }
  }
  return state_ == State::kRefused ? Progress::kRefused : Progress::kNeedMore;
}

bool MessageFramer::ReadHead() {
  // Some senders put a line end between requests.
  size_t skip = 0;
  while (buffer_.compare(skip, 2, "\r\n") == 0) skip += 2;
  buffer_.erase(0, skip);
  const size_t end = buffer_.find("\r\n\r\n");
  if (end == std::string::npos) return buffer_.size() > max_header_bytes_ ? Refuse(431) : false;
  if (end + 4 > max_header_bytes_) return Refuse(431);
  head_ = buffer_.substr(0, end + 4);
  buffer_.erase(0, end + 4);
  if (!HasCleanLines(head_)) return Refuse(400);

  absl::string_view rest(head_);
  rest.remove_prefix(rest.find("\r\n") + 2);
  while (rest != "\r\n") {
    const size_t line_end = rest.find("\r\n");
    if (!ReadHeaderLine(rest.substr(0, line_end))) return false;
    rest.remove_prefix(line_end + 2);
  }
  return DecideFraming();
}

bool MessageFramer::ReadHeaderLine(absl::string_view line) {
  const size_t colon = line.find(':');
  // This refuses folded lines and blanks before the colon as well.
  if (colon == absl::string_view::npos || !IsToken(line.substr(0, colon))) return Refuse(400);
  if (headers_.size() >= kMaxHeaderCount) return Refuse(431);
  headers_.emplace_back(line.substr(0, colon), absl::StripAsciiWhitespace(line.substr(colon + 1)));
  return true;
}

bool MessageFramer::DecideFraming() {
  absl::string_view length_text;
  bool chunked = false;
  for (const auto& [name, value] : headers_) {
    if (absl::EqualsIgnoreCase(name, "content-length")) {
      if (!IsDigits(value) || (!length_text.empty() && length_text != value)) return Refuse(400);
      length_text = value;
    } else if (absl::EqualsIgnoreCase(name, "transfer-encoding")) {
      if (!absl::EqualsIgnoreCase(value, "chunked") || chunked) return Refuse(501);
      chunked = true;
    } else if (absl::EqualsIgnoreCase(name, "content-encoding") && !absl::EqualsIgnoreCase(value, "identity")) {
      return Refuse(415);
    }
  }
  if (chunked && !length_text.empty()) return Refuse(400);
  uint64_t length = 0;
  if (!length_text.empty() && !absl::SimpleAtoi(length_text, &length)) return Refuse(413);
  if (length > max_body_bytes_) return Refuse(413);
  body_left_ = length;
  body_.reserve(length);
  state_ = chunked ? State::kChunkSize : State::kBody;
  continue_wish_ = (chunked || length > 0) && buffer_.empty() &&
                   absl::EqualsIgnoreCase(FindHeader(headers_, "expect"), "100-continue");
  return true;
}

bool MessageFramer::ReadBody() {
  const size_t taken = std::min(body_left_, buffer_.size());
  body_.append(buffer_, 0, taken);
  buffer_.erase(0, taken);
  body_left_ -= taken;
  if (body_left_ > 0) return false;
  state_ = State::kComplete;
  return true;
}

bool MessageFramer::ReadChunkSize() {
  const size_t end = buffer_.find("\r\n");
  if (end == std::string::npos) return buffer_.size() > kMaxChunkLineBytes ? Refuse(400) : false;
  if (end > kMaxChunkLineBytes) return Refuse(400);
  const std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  const absl::string_view digits = absl::StripAsciiWhitespace(absl::string_view(line).substr(0, line.find(';')));
  if (digits.empty() || digits.size() > 8 ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return absl::ascii_isxdigit(c); })) {
    return Refuse(400);
  }
  uint64_t size = 0;
  if (!absl::SimpleHexAtoi(digits, &size)) return Refuse(400);
  if (body_.size() + size > max_body_bytes_) return Refuse(413);
  body_left_ = size;
  state_ = size == 0 ? State::kTrailers : State::kChunkData;
  return true;
}

bool MessageFramer::ReadChunkData() {
  const size_t taken = std::min(body_left_, buffer_.size());
  body_.append(buffer_, 0, taken);
  buffer_.erase(0, taken);
  body_left_ -= taken;
  if (body_left_ > 0) return false;
  state_ = State::kChunkEnd;
  return true;
}

bool MessageFramer::ReadChunkEnd() {
  if (buffer_.size() < 2) return false;
  if (buffer_.compare(0, 2, "\r\n") != 0) return Refuse(400);
  buffer_.erase(0, 2);
  state_ = State::kChunkSize;
  return true;
}

// Trailers are read over: nothing of ours needs them.
bool MessageFramer::ReadTrailers() {
  const size_t end = buffer_.find("\r\n");
  if (end == std::string::npos) return buffer_.size() > max_header_bytes_ ? Refuse(431) : false;
  trailer_bytes_ += end + 2;
  if (trailer_bytes_ > max_header_bytes_) return Refuse(431);
  buffer_.erase(0, end + 2);
  if (end == 0) state_ = State::kComplete;
  return true;
}

}  // namespace vinculo::http
