// What every kind of answer to a send means, as WhatsApp and what stands before it have been seen to give them.
#include <gtest/gtest.h>

#include "common/status/error.h"
#include "common/testing/status_matchers.h"
#include "services/messaging/work/graph_json.h"
#include "services/messaging/work/graph_media.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::StatusIs;

http::Response Whole(int status, std::string body) {
  http::Response r;
  r.transport = absl::OkStatus();
  r.request_bytes_written = true;
  r.status = status;
  r.body = std::move(body);
  return r;
}
http::Response Broken(bool written) {
  http::Response r;
  r.transport = absl::UnavailableError("gone");
  r.request_bytes_written = written;
  return r;
}
SendOutcome Judged(const http::Response& response) { return JudgeAnswer(ReadSendAnswer(response)); }

TEST(GraphAnswer, WithAnIdIsAccepted) {
  const SendOutcome full =
      Judged(Whole(200, R"({"contacts":[{"input":"+1","wa_id":"1","user_id":"US.9"}],"messages":[{"id":"wamid.1",
        "message_status":"accepted"}]})"));
  EXPECT_EQ(full.result, SendResult::kAccepted);
  EXPECT_EQ(full.wamid, "wamid.1");
  EXPECT_EQ(full.user_id, "US.9");
  const SendOutcome bare = Judged(Whole(200, R"({"messages":[{"id":"wamid.1"}]})"));
  EXPECT_EQ(bare.result, SendResult::kAccepted) << "contacts may be missing";
  EXPECT_EQ(bare.wa_id, "");
  EXPECT_TRUE(Judged(Whole(200, R"({"messages":[{"id":"w","message_status":"held_for_quality_assessment"}]})")).held);
}

TEST(GraphAnswer, WithoutAnIdNobodyKnows) {
  EXPECT_EQ(Judged(Whole(200, "")).result, SendResult::kAmbiguous) << "an empty body";
  EXPECT_EQ(Judged(Whole(200, "{}")).result, SendResult::kAmbiguous);
  EXPECT_EQ(Judged(Whole(200, R"({"messages":[]})")).result, SendResult::kAmbiguous);
  EXPECT_EQ(Judged(Whole(502, "<html>bad gateway</html>")).result, SendResult::kAmbiguous) << "a proxy's page";
  EXPECT_EQ(Judged(Whole(408, "")).result, SendResult::kAmbiguous);
  EXPECT_EQ(Judged(Broken(true)).result, SendResult::kAmbiguous) << "closed after the last byte of the request";
}

TEST(GraphAnswer, NothingWrittenIsNotSent) { EXPECT_EQ(Judged(Broken(false)).result, SendResult::kNotSent); }

TEST(GraphAnswer, ErrorsAreJudgedByTheirCodeWhateverCarriesThem) {
  const SendOutcome throttled = Judged(Whole(400, R"({"error":{"code":130429,"message":"(#130429) slow down"}})"));
  EXPECT_EQ(throttled.result, SendResult::kRefused);
  EXPECT_EQ(throttled.code, 130429);
  const SendOutcome broken = Judged(Whole(500, R"({"error":{"code":131000,"error_data":"as text"}})"));
  EXPECT_EQ(broken.result, SendResult::kRefused) << "500 with error JSON says what became of it";
  EXPECT_EQ(broken.code, 131000);
  const SendOutcome zero = Judged(Whole(401, R"({"error":{"code":0,"message":"no"}})"));
  EXPECT_EQ(zero.result, SendResult::kRefused);
  EXPECT_TRUE(zero.graph_error) << "code 0 is an error too";
  const SendOutcome text = Judged(Whole(400, R"({"error":{"code":"131026","error_subcode":"2494055"}})"));
  EXPECT_EQ(text.code, 131026) << "numbers may come as text";
  EXPECT_EQ(Judged(Whole(404, "not found")).result, SendResult::kRefused) << "any other 4xx";
}

TEST(MediaAnswer, TellsWhatIsGoneFromWhatIsDown) {
  EXPECT_THAT(ReadUploadAnswer(Whole(200, R"({"id":"77"})")), test::IsOkAndHolds("77"));
  EXPECT_THAT(ReadUploadAnswer(Whole(200, "{}")), StatusIs(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"));
  EXPECT_THAT(ReadUploadAnswer(Whole(400, R"({"error":{"code":131053}})")),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(ReadUploadAnswer(Broken(true)), StatusIs(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"));
  EXPECT_THAT(ReadMediaAddress(Whole(400, R"({"error":{"code":100,"error_subcode":33}})")),
              StatusIs(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED"));
  EXPECT_THAT(ReadMediaAddress(Whole(404, "")), StatusIs(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED"));
  EXPECT_THAT(ReadMediaAddress(Whole(503, "")), StatusIs(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"));
  const absl::StatusOr<MediaAddress> address = ReadMediaAddress(
      Whole(200, R"({"url":"https://x.example/f","mime_type":"image/png","sha256":"ABC","file_size":"12"})"));
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->size, 12);
  EXPECT_EQ(address->sha256, "abc");
  http::Response barred;
  barred.transport = Error(absl::StatusCode::kPermissionDenied, "ADDRESS_BLOCKED", "x");
  EXPECT_THAT(ReadMediaFailure(barred), StatusIs(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"));
}

TEST(MediaUploadBody, CannotBeBrokenOutOfByItsName) {
  std::string content = "bytes";
  EXPECT_EQ(WrapMultipart({"image/png", "a\"\r\nX: y\\.png", ""}, "b", content), "multipart/form-data; boundary=b");
  EXPECT_EQ(content,
            "--b\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"aX: y.png\"\r\n"
            "Content-Type: image/png\r\n\r\nbytes\r\n--b--\r\n");
}

TEST(ReadMarkBody, ShowsTypingOnRequest) {
  EXPECT_EQ(MarkReadBody("wamid.1", false),
            R"({"message_id":"wamid.1","messaging_product":"whatsapp","status":"read"})");
  EXPECT_NE(MarkReadBody("wamid.1", true).find(R"("typing_indicator":{"type":"text"})"), std::string::npos);
  EXPECT_FALSE(MarkReadAgain(Whole(200, R"({"success":true})")));
  EXPECT_TRUE(MarkReadAgain(Broken(true))) << "told twice is still told";
  EXPECT_FALSE(MarkReadAgain(Whole(400, R"({"error":{"code":100}})")));
  EXPECT_TRUE(MarkReadAgain(Whole(400, R"({"error":{"code":130429}})")));
}

}  // namespace
}  // namespace vinculo::messaging
