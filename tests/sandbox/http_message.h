#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

namespace vinculo::sandbox {

// One HTTP/1.1 request or response, read from the front of a buffer. All views point into that buffer (or into
// `decoded` for a chunked body) and hold until the buffer changes.
struct HttpMessage {
  // Request line; empty in a response.
  absl::string_view method;
  absl::string_view path;   // without the query
  absl::string_view query;  // without the question mark
  // Status line; 0 in a request.
  int status = 0;

  std::vector<std::pair<absl::string_view, absl::string_view>> headers;
  absl::string_view body;
  bool keep_alive = true;
  bool expects_continue = false;  // `Expect: 100-continue`
  std::string decoded;            // storage of a chunked body

  // The first header of that name (case does not matter), else "".
  absl::string_view Header(absl::string_view name) const;
};

enum class ParseResult {
  kComplete,  // `*size` bytes of the buffer were this message
  kHeadOnly,  // the head is complete, the body is not
  kNeedMore,
  kBad,  // malformed or beyond a limit
};

// Limits: 64 KiB of head, 128 MiB of body (the largest document WhatsApp takes is 100 MB).
ParseResult ParseRequest(absl::string_view buffer, HttpMessage* message, size_t* size);

// A response without length ends at the end of the stream: pass `at_end` once the peer has closed.
ParseResult ParseResponse(absl::string_view buffer, bool at_end, HttpMessage* message, size_t* size);

// The standard words for a status code, such as "Not Found".
absl::string_view ReasonPhrase(int status);

// Undoes percent-encoding and `+`. Malformed sequences stay as they are.
std::string UrlDecode(absl::string_view text);

// The decoded value of `name` in a query string, else "".
std::string QueryParameter(absl::string_view query, absl::string_view name);

}  // namespace vinculo::sandbox
