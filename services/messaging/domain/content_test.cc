#include "services/messaging/domain/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "services/messaging/domain/template_render.h"

namespace vinculo::messaging {
namespace {

using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> Bad(Content content) {
  FieldViolations bad;
  ValidateContent(content, "content", bad);
  std::vector<std::string> paths;
  for (const FieldViolation& v : bad.violations()) paths.push_back(v.field);
  return paths;
}

std::string Of(int n, const char* piece = "é") {
  std::string out;
  for (int i = 0; i < n; ++i) out += piece;
  return out;
}

MediaContent Image(std::string caption = "") { return {MediaKind::kImage, {"123", ""}, std::move(caption), ""}; }

TEST(ContentLimits, TakeEveryKindAtItsLongest) {
  EXPECT_THAT(Bad(TextContent{Of(4096)}), IsEmpty());
  EXPECT_THAT(Bad(Image(Of(1024))), IsEmpty());
  EXPECT_THAT(Bad(MediaContent{MediaKind::kDocument, {"", "https://a.example/f.pdf"}, "c", "factura.pdf"}), IsEmpty());
  EXPECT_THAT(Bad(MediaContent{MediaKind::kAudio, {"1", ""}}), IsEmpty());
  EXPECT_THAT(Bad(MediaContent{MediaKind::kSticker, {"1", ""}}), IsEmpty());
  EXPECT_THAT(Bad(ButtonsContent{Of(1024), "", Of(60), {{Of(256), Of(20)}, {"b", "B"}, {"c", "C"}}, Image()}),
              IsEmpty());
  EXPECT_THAT(Bad(LinkContent{Of(1024), Of(60), Of(60), Of(20), "https://a.example/x?y=1", std::nullopt}), IsEmpty());
  EXPECT_THAT(Bad(AskContent{AskContent::Kind::kLocation, Of(1024)}), IsEmpty());
  EXPECT_THAT(Bad(AskContent{AskContent::Kind::kPhone, "x"}), IsEmpty());
  EXPECT_THAT(Bad(LocationContent{-90, 180, "Obelisco", "Av. 9 de Julio"}), IsEmpty());
  EXPECT_THAT(Bad(ReactionContent{"wamid.X", "👩‍👩‍👧‍👦"}), IsEmpty());
  EXPECT_THAT(Bad(ReactionContent{"wamid.X", ""}), IsEmpty()) << "empty takes it away";
}

TEST(ContentLimits, NameEverythingThatIsTooLongAtOnce) {
  EXPECT_THAT(Bad(std::monostate()), UnorderedElementsAre("content"));
  EXPECT_THAT(Bad(TextContent{Of(4097)}), UnorderedElementsAre("content.text.body"));
  EXPECT_THAT(Bad(LinkContent{Of(1025), Of(61), Of(61), Of(21), "ftp://x", std::nullopt}),
              UnorderedElementsAre("content.link.body", "content.link.header", "content.link.footer",
                                   "content.link.label", "content.link.url"));
  EXPECT_THAT(Bad(ButtonsContent{Of(1025), "", "", {{Of(257), Of(21)}, {"b", "B"}, {"b", "B"}, {"d", "D"}}, {}}),
              UnorderedElementsAre("content.buttons.body", "content.buttons.buttons", "content.buttons.buttons[0].id",
                                   "content.buttons.buttons[0].title", "content.buttons.buttons[2].id",
                                   "content.buttons.buttons[2].title"));
  EXPECT_THAT(Bad(AskContent{AskContent::Kind::kPhone, ""}), UnorderedElementsAre("content.ask_phone.body"));
  EXPECT_THAT(Bad(LocationContent{90.1, std::nan(""), Of(1001), "a\nb"}),
              UnorderedElementsAre("content.location.latitude", "content.location.longitude", "content.location.name",
                                   "content.location.address"));
  EXPECT_THAT(Bad(LocationContent{std::numeric_limits<double>::infinity(), 0, "", ""}),
              UnorderedElementsAre("content.location.latitude"));
  EXPECT_THAT(Bad(ReactionContent{"", "ok"}), UnorderedElementsAre("content.reaction.wamid", "content.reaction.emoji"));
}

TEST(ContentLimits, HoldFilesToWhatTheirKindAllows) {
  EXPECT_THAT(Bad(MediaContent{}), UnorderedElementsAre("content.media.kind", "content.media"));
  EXPECT_THAT(Bad(MediaContent{MediaKind::kImage, {"1", "https://a.example/x"}}), UnorderedElementsAre("content.media"))
      << "exactly one of id and link";
  EXPECT_THAT(Bad(MediaContent{MediaKind::kImage, {"", "http://a.example/x"}}),
              UnorderedElementsAre("content.media.link"));
  EXPECT_THAT(Bad(MediaContent{MediaKind::kImage, {"../1", ""}}), UnorderedElementsAre("content.media.id"));
  EXPECT_THAT(Bad(MediaContent{MediaKind::kSticker, {"1", ""}, "caption", "name"}),
              UnorderedElementsAre("content.media.caption", "content.media.filename"));
  EXPECT_THAT(Bad(Image(Of(1025))), UnorderedElementsAre("content.media.caption"));
  const MediaContent sound{MediaKind::kAudio, {"1", ""}};
  EXPECT_THAT(Bad(ButtonsContent{"x", "both", "", {{"a", "A"}}, sound}),
              UnorderedElementsAre("content.buttons.media_header", "content.buttons.media_header.kind"));
}

TEST(ContentLimits, BringTextToItsNormalForm) {
  Content content = TextContent{"cafe\xCC\x81"};
  FieldViolations bad;
  ValidateContent(content, "content", bad);
  EXPECT_EQ(std::get<TextContent>(content).body, "café");
}

TEST(ContentMedia, NamesTheGraphIdsThatAMessageUses) {
  EXPECT_THAT(MediaIds(Image()), testing::ElementsAre("123"));
  EXPECT_THAT(MediaIds(TemplateContent{"t", "es", {{"header.media", "77"}}}), testing::ElementsAre("77"));
  EXPECT_THAT(MediaIds(TemplateContent{"t", "es", {{"header.media", "https://a.example/x"}}}), IsEmpty());
  EXPECT_THAT(MediaIds(ButtonsContent{"x", "", "", {}, Image()}), testing::ElementsAre("123"));
  EXPECT_THAT(MediaIds(TextContent{"x"}), IsEmpty());
}

TEST(TemplateHeader, OfAPlaceNeedsDegreesAndWords) {
  const TemplateComponents c{.header = {HeaderFormat::kLocation}, .body = "Lo esperamos."};
  PlaceValues values{{"header.latitude", "-34.6"}, {"header.longitude", "181"}, {"header.name", "Sucursal"}};
  const std::vector<ParameterProblem> problems = CheckValues(c, Category::kUtility, values);
  EXPECT_THAT(problems, UnorderedElementsAre(ParameterProblem{"header.longitude", "PARAMETER_INVALID"},
                                             ParameterProblem{"header.address", "PARAMETER_MISSING"}));
}

TEST(TemplateHeader, OfADocumentMayNameIt) {
  const TemplateComponents c{.header = {HeaderFormat::kDocument}, .body = "Su factura."};
  PlaceValues values{{"header.media", "http://a.example/f"}, {"header.filename", "f.pdf"}};
  EXPECT_THAT(CheckValues(c, Category::kUtility, values),
              UnorderedElementsAre(ParameterProblem{"header.media", "PARAMETER_INVALID"}))
      << "https only";
  values["header.media"] = "123";
  EXPECT_THAT(CheckValues(c, Category::kUtility, values), IsEmpty());
  const TemplateComponents image{.header = {HeaderFormat::kImage}, .body = "x"};
  EXPECT_THAT(CheckValues(image, Category::kUtility, values),
              UnorderedElementsAre(ParameterProblem{"header.filename", "PARAMETER_INVALID"}));
}

}  // namespace
}  // namespace vinculo::messaging
