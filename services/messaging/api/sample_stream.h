#pragma once

#include <string>

#include "common/rpc/stream.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/template_service.pb.h"

namespace vinculo::messaging {

// A sample on its way to WhatsApp: header, chunks, then its handle. The file is held in memory, at most 16 MiB.
class SampleStream final : public rpc::ReadStream<v1::UploadSampleRequest, v1::UploadSampleResponse> {
 public:
  SampleStream(rpc::StreamContext stream, const ApiContext& context)
      : ReadStream(std::move(stream)), context_(context) {}

  void OnMessage(const v1::UploadSampleRequest& message) override;
  void OnEnd() override;

 private:
  absl::Status Take(const v1::UploadSampleRequest& message);
  absl::Status Begin(const v1::SampleHeader& header);

  const ApiContext context_;
  bool begun_ = false;
  std::string token_;
  SampleFile file_;
  size_t max_bytes_ = 0;
};

}  // namespace vinculo::messaging
