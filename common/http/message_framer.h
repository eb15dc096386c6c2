#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "common/http/headers.h"

namespace vinculo::http {

// Finds where an HTTP/1.1 request begins and ends in the bytes of a connection, however they arrive, and refuses what
// two parsers could read in two ways. Knows framing only: the request line is left to whoever parses it. Not
// thread-safe.
class MessageFramer {
 public:
  MessageFramer(size_t max_header_bytes, size_t max_body_bytes)
      : max_header_bytes_(max_header_bytes), max_body_bytes_(max_body_bytes) {}

  enum class Progress { kNeedMore, kComplete, kRefused };

  // Takes received bytes and looks how far the request has come. After kComplete the accessors below are valid; after
  // kRefused nothing more can be read from this connection and `refusal()` is the HTTP status: 400, 413, 415, 431 or
  // 501.
  Progress Append(absl::string_view bytes);
  // Drops the complete request and looks whether another has arrived behind it already.
  Progress Next();

  int refusal() const { return refusal_; }
  // True once for a request whose sender waits for `100 Continue` before it sends the body.
  bool TakeContinueWish();
  // Nothing of a request has arrived.
  bool idle() const { return buffer_.empty() && state_ == State::kHead; }

  // Request line and headers with the blank line, as received.
  absl::string_view head() const { return head_; }
  const Headers& headers() const { return headers_; }
  std::string& body() { return body_; }

 private:
  enum class State { kHead, kBody, kChunkSize, kChunkData, kChunkEnd, kTrailers, kComplete, kRefused };

  Progress Advance();
  bool ReadHead();
  bool ReadHeaderLine(absl::string_view line);
  bool DecideFraming();
  bool ReadBody();
  bool ReadChunkSize();
  bool ReadChunkData();
  bool ReadChunkEnd();
  bool ReadTrailers();
  bool Refuse(int status);

  const size_t max_header_bytes_;
  const size_t max_body_bytes_;
  std::string buffer_;  // received and not yet understood
  State state_ = State::kHead;
  int refusal_ = 0;
  bool continue_wish_ = false;
  std::string head_;
  Headers headers_;
  std::string body_;
  size_t body_left_ = 0;  // of the body, or of the chunk under way
  size_t trailer_bytes_ = 0;
};

}  // namespace vinculo::http
