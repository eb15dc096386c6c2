// Any bytes as Graph's answer about a file or a send give an answer.
#include "services/messaging/domain/media.h"
#include "services/messaging/work/graph_json.h"
#include "services/messaging/work/graph_media.h"
#include "tests/fuzz/fuzz_target.h"

FUZZ_TARGET(input) {
  namespace m = vinculo::messaging;
  vinculo::http::Response response;
  response.request_bytes_written = true;
  response.status = input.empty() ? 200 : 200 + static_cast<unsigned char>(input[0]);
  response.body = std::string(input);
  const absl::StatusOr<std::string> id = m::ReadUploadAnswer(response);
  if (id.ok()) FUZZ_REQUIRE(!id->empty() && id->size() <= m::kMediaIdMax);
  const absl::StatusOr<m::MediaAddress> address = m::ReadMediaAddress(response);
  if (address.ok()) FUZZ_REQUIRE(address->size >= 0 && !address->url.empty());
  (void)m::MarkReadAgain(response);
  (void)m::JudgeAnswer(m::ReadSendAnswer(response));
  (void)m::LooksLike("image/png", input);
  FUZZ_REQUIRE(m::StickerLimit(input) > 0);
}
