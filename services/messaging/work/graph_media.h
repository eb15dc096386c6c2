#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/http/client.h"
#include "services/messaging/provider_port.h"

// What Graph's calls about files and read marks carry and answer. Nothing here does I/O or fails on strange input.
namespace vinculo::messaging {

std::string MarkReadBody(absl::string_view wamid, bool typing);
// True when the same call may be made again: it was not done, and not for good.
bool MarkReadAgain(const http::Response& response);

// Turns the file's bytes into a multipart body, in place where the string has room for it; the content type to name.
std::string WrapMultipart(const MediaUpload& described, absl::string_view boundary, std::string& content);

absl::StatusOr<std::string> ReadUploadAnswer(const http::Response& response);
absl::StatusOr<MediaAddress> ReadMediaAddress(const http::Response& response);
// The status of an answer that is no 2xx, or of none.
absl::Status ReadMediaFailure(const http::Response& response);

}  // namespace vinculo::messaging
