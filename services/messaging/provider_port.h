#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "services/messaging/domain/limits.h"

namespace vinculo::messaging {

// A file on its way to WhatsApp.
struct MediaUpload {
  std::string mime_type;
  std::string filename;
  std::string content;
};

// A file that shows WhatsApp's reviewers what a media header will hold.
struct SampleFile {
  std::string name;
  std::string mime_type;
  std::string content;
};

// Where WhatsApp has a file; the address holds for five minutes.
struct MediaAddress {
  std::string url;
  std::string mime_type;
  std::string sha256;  // lower-case hex; "" when not told
  int64_t size = 0;    // bytes; 0 when not told
};

// What is asked of WhatsApp while a caller waits, since api does not know work; GraphProvider is its one
// implementation. Each call ends in exactly one callback, on a thread that must not be blocked. Thread-safe.
class ProviderPort {
 public:
  virtual ~ProviderPort() = default;

  // The Graph id. UNAVAILABLE PROVIDER_UNAVAILABLE when WhatsApp does not answer, INVALID_ARGUMENT when it refuses the
  // file.
  virtual void UploadMedia(absl::string_view phone_number_id, absl::string_view token, MediaUpload file,
                           absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) = 0;
  // FAILED_PRECONDITION MEDIA_EXPIRED when WhatsApp has it no longer; UNAVAILABLE as above.
  virtual void LocateMedia(absl::string_view media_id, absl::string_view token,
                           absl::AnyInvocable<void(absl::StatusOr<MediaAddress>)> done) = 0;
  // The bytes, at most `max_bytes`. The address passes the client's guard. Errors as above.
  virtual void FetchMedia(const MediaAddress& address, absl::string_view token, size_t max_bytes,
                          absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) = 0;
  // What WhatsApp tells of a number now; a word it leaves out is "". UNAVAILABLE PROVIDER_UNAVAILABLE when it does not
  // answer or refuses.
  virtual void ReadNumber(absl::string_view phone_number_id, absl::string_view token,
                          absl::AnyInvocable<void(absl::StatusOr<NumberFacts>)> done) = 0;
  // The handle to name in a template. UNAVAILABLE PROVIDER_UNAVAILABLE when WhatsApp does not answer or refuses.
  virtual void UploadSample(absl::string_view token, SampleFile file,
                            absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) = 0;
};

}  // namespace vinculo::messaging
