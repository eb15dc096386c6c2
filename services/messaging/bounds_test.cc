// What a tenant may not exceed, asked over the wire.
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class QueueBound : public Rig {
 protected:
  QueueBound() : Rig(2) {}

  absl::Status Send(v1::Message* out) {
    v1::SendMessageRequest request;
    request.set_request_id(NewId());
    request.mutable_recipient()->set_phone("+5491120000000");
    v1::TemplateContent& content = *request.mutable_content()->mutable_template_();
    content.set_name("promo");
    content.set_language("es_AR");
    (*content.mutable_values())["body.1"] = "Ana";
    return Call(*message_stub_, &v1::MessageService::Stub::SendMessage, request, out);
  }
};

TEST_F(QueueBound, AFullQueueRefusesUntilSomethingLeavesIt) {
  Connect();
  ApproveTemplate();
  ImportPeople(1);
  v1::Message first, m;
  ASSERT_THAT(Send(&first), IsOk());
  ASSERT_THAT(Send(&m), IsOk());
  EXPECT_THAT(Send(&m), StatusIs(Code::kResourceExhausted, "QUEUE_FULL"));
  v1::CancelMessageRequest cancel;
  cancel.set_request_id(NewId());
  cancel.set_message_id(first.id());
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::CancelMessage, cancel, &first), IsOk());
  ASSERT_THAT(Send(&m), IsOk());
  EXPECT_THAT(Send(&m), StatusIs(Code::kResourceExhausted, "QUEUE_FULL"));
  StartSending();
  EXPECT_TRUE(Eventually([&] { return Send(&m).ok(); })) << "what was sent waits no longer";
}

}  // namespace
}  // namespace vinculo::messaging
