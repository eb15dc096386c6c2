#include "services/messaging/api/sample_stream.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/store/channel_repository.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kMaxChunk = 1 << 20;

struct Kind {
  absl::string_view mime_type;
  size_t max_bytes;
};
constexpr std::array kKinds = {Kind{"image/jpeg", 5 << 20}, Kind{"image/png", 5 << 20}, Kind{"video/mp4", 16 << 20},
                               Kind{"application/pdf", 16 << 20}};

absl::Status Violation(std::string field, std::string description) {
  FieldViolations bad;
  bad.Add(std::move(field), std::move(description));
  return bad.ToStatus();
}

}  // namespace

void SampleStream::OnMessage(const v1::UploadSampleRequest& message) {
  const absl::Status status = Take(message);
  status.ok() ? Next() : Finish(status);
}

absl::Status SampleStream::Take(const v1::UploadSampleRequest& message) {
  if (message.has_header())
    return begun_ ? Violation("header", "stands in the first message only") : Begin(message.header());
  if (!begun_) return Violation("header", "is required in the first message");
  if (message.chunk().size() > kMaxChunk) return Violation("chunk", "is at most 1 MiB");
  if (file_.content.size() + message.chunk().size() > max_bytes_)
    return Violation("chunk", absl::StrCat("makes the file longer than the ", max_bytes_ >> 20, " MiB of its kind"));
  file_.content += message.chunk();
  return absl::OkStatus();
}

absl::Status SampleStream::Begin(const v1::SampleHeader& header) {
  FieldViolations bad;
  const std::optional<Uuid> channel = text::ParseOptionalUuid("header.channel_id", header.channel_id(), bad);
  file_.name =
      text::ParseText("header.file_name", header.file_name(), {.min = 1, .max = 255, .single_line = true}, bad);
  file_.mime_type = header.mime_type();
  for (const Kind& kind : kKinds) {
    if (kind.mime_type == absl::string_view(file_.mime_type)) max_bytes_ = kind.max_bytes;
  }
  if (max_bytes_ == 0) bad.Add("header.mime_type", "must be image/jpeg, image/png, video/mp4 or application/pdf");
  RETURN_IF_ERROR(bad.ToStatus());
  ASSIGN_OR_RETURN(const Channel resolved, context_.db.ReadInline(scope(), [&](sql::Transaction& tx) {
    return ChannelRepository::ResolveChannel(tx, channel);
  }));
  ASSIGN_OR_RETURN(token_, context_.key.Open(resolved.token_sealed, absl::StrCat("waba:", resolved.waba_id)));
  begun_ = true;
  return absl::OkStatus();
}

void SampleStream::OnEnd() {
  if (!begun_) return Finish(Violation("header", "is required in the first message"));
  if (file_.content.empty()) return Finish(Violation("chunk", "is required: the file is empty"));
  const auto self = std::static_pointer_cast<SampleStream>(shared_from_this());
  context_.provider.UploadSample(token_, std::move(file_), [self](absl::StatusOr<std::string> handle) {
    if (!handle.ok()) return self->Finish(handle.status());
    v1::UploadSampleResponse response;
    response.set_sample_handle(*std::move(handle));
    self->Reply(std::move(response));
  });
}

}  // namespace vinculo::messaging
