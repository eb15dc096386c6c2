// Messages, files and routing through the whole service, with the sandbox as WhatsApp.
#include <gmock/gmock.h>

#include "services/messaging/store/media_repository.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;

class ConversationRpcTest : public Rig {
 protected:
  using Stub = v1::MessageService::Stub;

  v1::MessageReceived Hear(const std::string& body) {
    const size_t had = Events("message.received").size();
    Control("POST", "inbound", body);
    EXPECT_TRUE(Eventually([&] { return Events("message.received").size() > had; }));
    v1::MessageReceived received;
    EXPECT_TRUE(Events("message.received").back().payload().UnpackTo(&received));
    return received;
  }
  std::string HearText() {
    return Hear(R"({"from":"5491120000000","phone_number_id":"100000000000001","text":"hola"})").contact_id();
  }
  absl::Status Send(const std::string& contact, v1::Content content, v1::Message* out) {
    v1::SendMessageRequest request;
    request.set_request_id(NewId());
    request.mutable_recipient()->set_contact_id(contact);
    *request.mutable_content() = std::move(content);
    return Call(*message_stub_, &Stub::SendMessage, request, out);
  }
  absl::StatusOr<v1::UploadMediaResponse> Upload(v1::MediaHeader header, const std::string& bytes, size_t chunk) {
    const auto context = server_.Context();
    v1::UploadMediaResponse response;
    const auto writer = message_stub_->UploadMedia(context.get(), &response);
    v1::UploadMediaRequest message;
    *message.mutable_header() = std::move(header);
    bool open = writer->Write(message);
    for (size_t at = 0; open && at < bytes.size(); at += chunk) {
      message.set_chunk(bytes.substr(at, chunk));
      open = writer->Write(message);
    }
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return response;
  }
  absl::StatusOr<std::string> Download(const std::string& id, v1::MediaInfo* info) {
    const auto context = server_.Context();
    v1::DownloadMediaRequest request;
    request.set_media_id(id);
    const auto reader = message_stub_->DownloadMedia(context.get(), request);
    std::string bytes;
    v1::DownloadMediaResponse part;
    while (reader->Read(&part)) part.has_info() ? void(*info = part.info()) : void(bytes += part.chunk());
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return bytes;
  }
  static v1::MediaHeader Png() {
    v1::MediaHeader header;
    header.set_kind(v1::MEDIA_KIND_IMAGE);
    header.set_mime_type("image/png");
    header.set_filename("foto \"1\".png");
    return header;
  }
  static std::string PngBytes(size_t size) {
    std::string bytes = "\x89PNG\r\n\x1a\n";
    while (bytes.size() < size) bytes += static_cast<char>(bytes.size() * 31);
    return bytes;
  }
};

TEST_F(ConversationRpcTest, AFileGoesUpAndComesDownUnchanged) {
  Connect();
  const std::string bytes = PngBytes(700'001);
  const absl::StatusOr<v1::UploadMediaResponse> up = Upload(Png(), bytes, 65'537);
  ASSERT_THAT(up, IsOk());
  EXPECT_GT(up->expire_time().seconds(), 0);
  v1::MediaInfo info;
  const absl::StatusOr<std::string> down = Download(up->media_id(), &info);
  ASSERT_THAT(down, IsOk());
  EXPECT_TRUE(*down == bytes);
  EXPECT_EQ(info.mime_type(), "image/png");
  EXPECT_EQ(info.size(), static_cast<int64_t>(bytes.size()));
  EXPECT_THAT(Download("404404", &info), StatusIs(absl::StatusCode::kNotFound, "MEDIA_NOT_FOUND"));
}

TEST_F(ConversationRpcTest, AFileOfTheWrongTypeOrSizeIsRefusedAsItComes) {
  Connect();
  EXPECT_THAT(Upload(Png(), "%PDF-1.7 and so on, which is no picture at all", 8),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Upload(Png(), PngBytes((5 << 20) + 1), 1 << 20),
              StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(Upload(Png(), "", 1), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  v1::MediaHeader movie = Png();
  movie.set_mime_type("video/mp4");
  EXPECT_THAT(Upload(movie, PngBytes(100), 100), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  v1::MediaHeader sized = Png();
  sized.set_size(99);
  EXPECT_THAT(Upload(sized, PngBytes(100), 100), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_EQ(nlohmann::json::parse(Control("GET", "counts").body)["graph"]["media"], 0) << "nothing was handed on";
}

TEST_F(ConversationRpcTest, WhenWhatsAppDoesNotAnswerAFileIsToldSo) {
  Connect();
  Configure({{"faults", {{{"on", "media"}, {"do", "error"}, {"http", 503}, {"code", 2}}}}});
  EXPECT_THAT(Upload(Png(), PngBytes(100), 100), StatusIs(absl::StatusCode::kUnavailable, "PROVIDER_UNAVAILABLE"));
}

TEST_F(ConversationRpcTest, EveryKindOfContentReachesWhatsApp) {
  Connect();
  StartSending();
  const std::string contact = HearText();
  const absl::StatusOr<v1::UploadMediaResponse> up = Upload(Png(), PngBytes(1000), 1000);
  ASSERT_THAT(up, IsOk());
  std::vector<v1::Content> all(7);
  all[0].mutable_media()->set_kind(v1::MEDIA_KIND_IMAGE);
  all[0].mutable_media()->set_media_id(up->media_id());
  all[1].mutable_link()->set_body("Mire");
  all[1].mutable_link()->set_label("Ver");
  all[1].mutable_link()->set_url("https://a.example/x");
  all[2].mutable_ask_location()->set_body("¿Dónde?");
  all[3].mutable_ask_phone()->set_body("¿Teléfono?");
  all[4].mutable_location()->set_latitude(-34.6);
  all[5].mutable_reaction()->set_wamid("wamid.X");
  all[5].mutable_reaction()->set_emoji("👍");
  all[6].mutable_buttons()->set_body("¿Confirma?");
  v1::ReplyButton* yes = all[6].mutable_buttons()->add_buttons();
  yes->set_id("si");
  yes->set_title("Sí");
  *all[6].mutable_buttons()->mutable_media_header() = all[0].media();
  for (const v1::Content& content : all) {
    v1::Message m;
    ASSERT_THAT(Send(contact, content, &m), IsOk()) << content.ShortDebugString();
    v1::GetMessageRequest get;
    get.set_message_id(m.id());
    ASSERT_TRUE(Eventually([&] {
      return Call(*message_stub_, &Stub::GetMessage, get, &m).ok() && m.state() >= v1::MESSAGE_STATE_ACCEPTED;
    }));
    EXPECT_NE(m.state(), v1::MESSAGE_STATE_FAILED) << m.ShortDebugString();
    EXPECT_EQ(m.content().SerializeAsString(), content.SerializeAsString());
  }
}

TEST_F(ConversationRpcTest, AnEndedFileIsRefusedAtTheCall) {
  Connect();
  const std::string contact = HearText();
  ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                [](sql::Transaction& tx) {
                                  return MediaRepository::Put(
                                      tx,
                                      {.id = "77", .kind = MediaKind::kImage, .expire_at = absl::FromUnixSeconds(1)});
                                }),
              IsOk());
  v1::Content content;
  content.mutable_media()->set_kind(v1::MEDIA_KIND_IMAGE);
  content.mutable_media()->set_media_id("77");
  v1::Message m;
  EXPECT_THAT(Send(contact, content, &m), StatusIs(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED"));
  v1::MediaInfo info;
  EXPECT_THAT(Download("77", &info), StatusIs(absl::StatusCode::kFailedPrecondition, "MEDIA_EXPIRED"));
}

TEST_F(ConversationRpcTest, OnlyAQueuedMessageCanBeCancelled) {
  Connect();
  const std::string contact = HearText();
  v1::Content text;
  text.mutable_text()->set_body("hola");
  v1::Message first, second;
  ASSERT_THAT(Send(contact, text, &first), IsOk());
  ASSERT_THAT(Send(contact, text, &second), IsOk());
  v1::CancelMessageRequest cancel;
  cancel.set_request_id(NewId());
  cancel.set_message_id(first.id());
  v1::Message m;
  ASSERT_THAT(Call(*message_stub_, &Stub::CancelMessage, cancel, &m), IsOk());
  EXPECT_EQ(m.state(), v1::MESSAGE_STATE_CANCELLED);
  cancel.set_request_id(NewId());
  EXPECT_THAT(Call(*message_stub_, &Stub::CancelMessage, cancel, &m),
              StatusIs(absl::StatusCode::kFailedPrecondition, "MESSAGE_NOT_QUEUED"));
  StartSending();
  v1::GetMessageRequest get;
  get.set_message_id(second.id());
  ASSERT_TRUE(Eventually([&] {
    return Call(*message_stub_, &Stub::GetMessage, get, &m).ok() && m.state() >= v1::MESSAGE_STATE_ACCEPTED;
  }));
  cancel.set_request_id(NewId());
  cancel.set_message_id(second.id());
  EXPECT_THAT(Call(*message_stub_, &Stub::CancelMessage, cancel, &m),
              StatusIs(absl::StatusCode::kFailedPrecondition, "MESSAGE_NOT_QUEUED"));
  get.set_message_id(first.id());
  ASSERT_THAT(Call(*message_stub_, &Stub::GetMessage, get, &m), IsOk());
  EXPECT_EQ(m.attempts(), 0) << "what was cancelled never left";
}

TEST_F(ConversationRpcTest, AReadMarkIsToldToWhatsApp) {
  Connect();
  StartSending();
  const v1::MessageReceived heard =
      Hear(R"({"from":"5491120000000","phone_number_id":"100000000000001","text":"hola"})");
  v1::MarkReadRequest request;
  request.set_request_id(NewId());
  request.set_wamid(heard.wamid());
  request.set_typing(true);
  v1::MarkReadResponse response;
  ASSERT_THAT(Call(*message_stub_, &Stub::MarkRead, request, &response), IsOk());
  EXPECT_TRUE(
      Eventually([&] { return nlohmann::json::parse(Control("GET", "counts").body)["graph"]["read_receipts"] == 1; }));
  request.set_request_id(NewId());
  request.set_wamid("wamid.nobody");
  EXPECT_THAT(Call(*message_stub_, &Stub::MarkRead, request, &response),
              StatusIs(absl::StatusCode::kNotFound, "MESSAGE_NOT_FOUND"));
}

TEST_F(ConversationRpcTest, HoldsInboundAndRulesCanBeRead) {
  Connect();
  const std::string contact = HearText();
  v1::SetHoldRequest set;
  set.set_request_id(NewId());
  set.set_contact_id(contact);
  set.mutable_hold()->set_route(v1::ROUTE_SUPPORT);
  set.mutable_hold()->set_ref("conversation-1");
  v1::ContactHold hold;
  using Routing = v1::RoutingService::Stub;
  ASSERT_THAT(Call(*routing_stub_, &Routing::SetHold, set, &hold), IsOk());
  v1::GetHoldRequest get;
  get.set_contact_id(contact);
  ASSERT_THAT(Call(*routing_stub_, &Routing::GetHold, get, &hold), IsOk());
  EXPECT_EQ(hold.hold().ref(), "conversation-1");

  HearText();
  v1::ListInboundRequest list;
  list.set_contact_id(contact);
  list.set_page_size(1);
  v1::ListInboundResponse page;
  ASSERT_THAT(Call(*routing_stub_, &Routing::ListInbound, list, &page), IsOk());
  ASSERT_EQ(page.messages_size(), 1);
  EXPECT_EQ(page.messages(0).content().text(), "hola");
  EXPECT_EQ(page.messages(0).reply_route().ref(), "conversation-1");
  list.set_page_token(page.next_page_token());
  ASSERT_THAT(Call(*routing_stub_, &Routing::ListInbound, list, &page), IsOk());
  ASSERT_EQ(page.messages_size(), 1);
  EXPECT_EQ(page.next_page_token(), "");
  list.clear_page_token();
  ASSERT_THAT(Call(*routing_stub_, &Routing::ListInbound, list, &page, {.roles = {"viewer"}}), IsOk());
  EXPECT_FALSE(page.messages(0).has_content());

  v1::DeleteRuleRequest drop;
  drop.set_request_id(NewId());
  drop.set_rule_id("nothing");
  v1::DeleteRuleResponse dropped;
  EXPECT_THAT(Call(*routing_stub_, &Routing::DeleteRule, drop, &dropped),
              StatusIs(absl::StatusCode::kNotFound, "RULE_NOT_FOUND"));
  v1::PutRuleRequest put;
  put.set_request_id(NewId());
  put.mutable_rule()->set_id("menu");
  put.mutable_rule()->add_keywords("menú");
  put.mutable_rule()->mutable_reply_route()->set_route(v1::ROUTE_PROFILING);
  v1::RoutingRule rule;
  ASSERT_THAT(Call(*routing_stub_, &Routing::PutRule, put, &rule), IsOk());
  drop.set_request_id(NewId());
  drop.set_rule_id("menu");
  drop.set_etag(rule.etag());
  EXPECT_THAT(Call(*routing_stub_, &Routing::DeleteRule, drop, &dropped), IsOk());
}

TEST_F(ConversationRpcTest, WebhooksAreAppliedOnceMoreOnRequest) {
  Connect();
  HearText();
  v1::ReplayInboxRequest request;
  request.mutable_from()->set_seconds(absl::ToUnixSeconds(SystemClock::Get()->Now()) - 3600);
  v1::ReplayInboxResponse response;
  // A body is done a moment after its event.
  ASSERT_TRUE(Eventually([&] {
    request.set_request_id(NewId());
    EXPECT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ReplayInbox, request, &response), IsOk());
    return response.bodies() >= 1;
  }));
  EXPECT_TRUE(Eventually([&] { return metrics_.webhook_items["duplicate"].Value() >= 1; }));
  EXPECT_EQ(Events("message.received").size(), 1u);
  request.set_request_id(NewId());
  EXPECT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::ReplayInbox, request, &response, {.roles = {"agent"}}),
              StatusIs(absl::StatusCode::kPermissionDenied, "ROLE_REQUIRED"));
}

}  // namespace
}  // namespace vinculo::messaging
