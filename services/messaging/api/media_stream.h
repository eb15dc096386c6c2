#pragma once

#include <optional>
#include <string>

#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "services/messaging/domain/channel.h"
#include "services/messaging/domain/media.h"
#include "services/messaging/store/media_repository.h"
#include "vinculo/messaging/v1/message_service.pb.h"

namespace vinculo::messaging {

// Who talks to WhatsApp about a file.
struct MediaSender {
  Sender sender;
  std::string token;  // access token
};

// One upload: header, chunks, then the Graph id. The file is held in memory, within the budget of all transfers, and is
// refused as soon as it is of the wrong type or too large.
class UploadMediaStream final : public rpc::ReadStream<v1::UploadMediaRequest, v1::UploadMediaResponse> {
 public:
  UploadMediaStream(rpc::StreamContext stream, const ApiContext& context)
      : ReadStream(std::move(stream)), context_(context), share_(context.media_budget) {}

  void OnMessage(const v1::UploadMediaRequest& message) override;
  void OnEnd() override;

 private:
  absl::Status Begin(const v1::MediaHeader& header);
  absl::Status Take(const std::string& chunk);
  void Keep(const std::string& media_id);

  const ApiContext context_;
  MediaBudget::Share share_;
  bool begun_ = false;
  MediaKind kind_ = MediaKind::kUnspecified;
  MediaSender from_;
  int64_t limit_ = 0;
  int64_t announced_ = 0;
  MediaUpload file_;
};

// One download: what it is, then its bytes. The whole file is fetched and compared with its hash before the first byte
// goes out.
class DownloadMediaStream final : public rpc::WriteStream<v1::DownloadMediaResponse> {
 public:
  DownloadMediaStream(rpc::StreamContext stream, const ApiContext& context, const v1::DownloadMediaRequest& request)
      : WriteStream(std::move(stream)), context_(context), share_(context.media_budget), id_(request.media_id()) {}

  void Produce() override;

 private:
  absl::Status Locate();
  void Fetch(const MediaAddress& address);
  void SendInfo(const MediaAddress& address, std::string content);

  const ApiContext context_;
  MediaBudget::Share share_;
  const std::string id_;
  StoredMedia media_;
  MediaSender from_;
  bool located_ = false;
  std::string content_;
  size_t sent_ = 0;
};

}  // namespace vinculo::messaging
