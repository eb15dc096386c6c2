// Graph's JSON of every kind of message, and that the store gives back what it was given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/testing/status_matchers.h"
#include "services/messaging/store/encoding.h"
#include "services/messaging/work/graph_json.h"

namespace vinculo::messaging {
namespace {

using Json = nlohmann::json;

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

Json Sent(const Content& content, SendTarget target = {.phone = "+5491122334455"}) {
  const absl::StatusOr<Content> stored = DecodeContent(EncodeContent(content));
  EXPECT_THAT(stored.status(), test::IsOk());
  Message m{.id = Uuid::New(kNow), .content = stored.ok() ? *stored : Content()};
  m.progress.attempt = 2;
  Json body = Json::parse(SendBody(m, target));
  EXPECT_EQ(body["messaging_product"], "whatsapp");
  EXPECT_EQ(body["recipient_type"], "individual");
  EXPECT_EQ(body["biz_opaque_callback_data"], "m1:" + m.id.ToString() + ":2");
  return body;
}

const MediaContent kPicture{MediaKind::kImage, {"77", ""}, "", ""};

TEST(SendJson, AddressesAPhoneElseAUserId) {
  EXPECT_EQ(Sent(TextContent{"x"})["to"], "+5491122334455");
  const Json hidden = Sent(TextContent{"x"}, {.bsuid = "BR.99"});
  EXPECT_EQ(hidden["recipient"], "BR.99");
  EXPECT_FALSE(hidden.contains("to")) << "a user id in `to` is lost silently";
}

TEST(SendJson, WritesText) {
  EXPECT_EQ(Sent(TextContent{"hola", true})["text"], Json::parse(R"({"body":"hola","preview_url":true})"));
}

TEST(SendJson, WritesEveryKindOfMedia) {
  const Json picture = Sent(MediaContent{MediaKind::kImage, {"77", ""}, "foto", ""});
  EXPECT_EQ(picture["type"], "image");
  EXPECT_EQ(picture["image"], Json::parse(R"({"id":"77","caption":"foto"})"));
  EXPECT_EQ(Sent(MediaContent{MediaKind::kVideo, {"", "https://a.example/v"}, "", ""})["video"],
            Json::parse(R"({"link":"https://a.example/v"})"));
  EXPECT_EQ(Sent(MediaContent{MediaKind::kDocument, {"8", ""}, "c", "f.pdf"})["document"],
            Json::parse(R"({"id":"8","caption":"c","filename":"f.pdf"})"));
  EXPECT_EQ(Sent(MediaContent{MediaKind::kAudio, {"8", ""}, "", ""})["audio"], Json::parse(R"({"id":"8"})"));
  EXPECT_EQ(Sent(MediaContent{MediaKind::kSticker, {"8", ""}, "", ""})["sticker"], Json::parse(R"({"id":"8"})"));
}

TEST(SendJson, WritesReplyButtonsUnderTextOrPicture) {
  EXPECT_EQ(Sent(ButtonsContent{"¿Confirma?", "Turno", "Sur", {{"ok", "Sí"}}, std::nullopt})["interactive"],
            Json::parse(R"({"type":"button","header":{"type":"text","text":"Turno"},"body":{"text":"¿Confirma?"},
              "footer":{"text":"Sur"},"action":{"buttons":[{"type":"reply","reply":{"id":"ok","title":"Sí"}}]}})"));
  EXPECT_EQ(Sent(ButtonsContent{"x", "", "", {{"ok", "Sí"}}, kPicture})["interactive"]["header"],
            Json::parse(R"({"type":"image","image":{"id":"77"}})"));
}

TEST(SendJson, WritesAListWithATitleForEverySection) {
  const Json list = Sent(ListContent{"Elija", "", "", "Ver", {{"", {{"s1", "Olivos", "9 a 18"}, {"s2", "Luro", ""}}}}});
  EXPECT_EQ(list["interactive"]["action"], Json::parse(R"({"button":"Ver","sections":[{"title":"Ver","rows":[
              {"id":"s1","title":"Olivos","description":"9 a 18"},{"id":"s2","title":"Luro"}]}]})"));
}

TEST(SendJson, WritesALinkButton) {
  const Json link = Sent(LinkContent{"Mire", "", "", "Ver", "https://a.example/x", kPicture})["interactive"];
  EXPECT_EQ(link["type"], "cta_url");
  EXPECT_EQ(link["header"]["type"], "image");
  EXPECT_EQ(link["action"],
            Json::parse(R"({"name":"cta_url","parameters":{"display_text":"Ver","url":"https://a.example/x"}})"));
}

TEST(SendJson, AsksForPlaceAndPhone) {
  EXPECT_EQ(Sent(AskContent{AskContent::Kind::kLocation, "¿Dónde?"})["interactive"],
            Json::parse(R"({"type":"location_request_message","body":{"text":"¿Dónde?"},
              "action":{"name":"send_location"}})"));
  EXPECT_EQ(Sent(AskContent{AskContent::Kind::kPhone, "¿Teléfono?"})["interactive"],
            Json::parse(R"({"type":"contact_request","body":{"text":"¿Teléfono?"},
              "action":{"name":"request_contact_info"}})"));
}

TEST(SendJson, WritesPlacesAndReactions) {
  EXPECT_EQ(Sent(LocationContent{-34.6, -58.4, "Obelisco", ""})["location"],
            Json::parse(R"({"latitude":-34.6,"longitude":-58.4,"name":"Obelisco"})"));
  EXPECT_EQ(Sent(ReactionContent{"wamid.X", ""})["reaction"], Json::parse(R"({"message_id":"wamid.X","emoji":""})"));
}

TEST(SendJson, FillsEveryPartOfATemplate) {
  const TemplateContent content{"pedido",
                                "es_AR",
                                {{"header.media", "88001"},
                                 {"header.filename", "factura.pdf"},
                                 {"body.1", "Ana"},
                                 {"button.0", "a/b ñ"},
                                 {"button.1", "si"},
                                 {"button.2", "VERANO25"}}};
  SendTarget target{.phone = "+549",
                    .components = TemplateComponents{
                        .header = {HeaderFormat::kDocument},
                        .body = "Hola {{1}}.",
                        .buttons = {{.kind = ButtonKind::kUrl, .label = "Ver", .url = "https://a.example/{{1}}"},
                                    {.kind = ButtonKind::kQuickReply, .label = "Sí"},
                                    {.kind = ButtonKind::kCopyCode, .label = "Copiar"}}}};
  EXPECT_EQ(Sent(content, target)["template"]["components"], Json::parse(R"([
    {"type":"header","parameters":[{"type":"document","document":{"id":"88001","filename":"factura.pdf"}}]},
    {"type":"body","parameters":[{"type":"text","text":"Ana"}]},
    {"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"a%2Fb%20%C3%B1"}]},
    {"type":"button","sub_type":"quick_reply","index":"1","parameters":[{"type":"payload","payload":"si"}]},
    {"type":"button","sub_type":"copy_code","index":"2","parameters":[{"type":"coupon_code","coupon_code":"VERANO25"}]}
  ])"));
}

TEST(SendJson, FillsMediaAndPlaceHeadersOfTemplates) {
  const auto header = [](HeaderFormat format, const PlaceValues& values) {
    const SendTarget target{.phone = "+549", .components = TemplateComponents{.header = {format}, .body = "x"}};
    return Sent(TemplateContent{"t", "es", values}, target)["template"]["components"][0]["parameters"][0];
  };
  EXPECT_EQ(header(HeaderFormat::kImage, {{"header.media", "https://a.example/i"}}),
            Json::parse(R"({"type":"image","image":{"link":"https://a.example/i"}})"));
  EXPECT_EQ(header(HeaderFormat::kVideo, {{"header.media", "5"}}),
            Json::parse(R"({"type":"video","video":{"id":"5"}})"));
  EXPECT_EQ(header(HeaderFormat::kLocation, {{"header.latitude", "-34.5"},
                                             {"header.longitude", "-58.25"},
                                             {"header.name", "Sur"},
                                             {"header.address", "Mitre 1"}}),
            Json::parse(R"({"type":"location","location":{"latitude":-34.5,"longitude":-58.25,"name":"Sur",
              "address":"Mitre 1"}})"));
}

}  // namespace
}  // namespace vinculo::messaging
