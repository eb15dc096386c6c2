#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;
using Channels = v1::ChannelService::Stub;

class HelpTest : public Rig {};

TEST_F(HelpTest, ExplainsACodeInTheLanguageAskedFor) {
  v1::GetHelpRequest request;
  request.set_code("NO_CONSENT");
  v1::HelpEntry entry;
  ASSERT_THAT(Call(*channel_stub_, &Channels::GetHelp, request, &entry, {.roles = {"viewer"}}), IsOk());
  EXPECT_EQ(entry.language(), "es");
  EXPECT_EQ(entry.topic(), "exclusions");
  EXPECT_EQ(entry.link().topic(), "who-is-left-out");
  const std::string spanish = entry.fix();
  request.set_language("en_US");
  ASSERT_THAT(Call(*channel_stub_, &Channels::GetHelp, request, &entry), IsOk());
  EXPECT_EQ(entry.language(), "en");
  EXPECT_NE(entry.fix(), spanish);
  request.set_code("NO_SUCH_CODE");
  EXPECT_THAT(Call(*channel_stub_, &Channels::GetHelp, request, &entry), StatusIs(Code::kNotFound, "HELP_NOT_FOUND"));
}

TEST_F(HelpTest, ListsATopicAndRefusesOneThatIsNone) {
  v1::ListHelpRequest request;
  request.set_topic("setup");
  v1::ListHelpResponse response;
  ASSERT_THAT(Call(*channel_stub_, &Channels::ListHelp, request, &response), IsOk());
  EXPECT_EQ(response.entries_size(), 7);
  EXPECT_EQ(response.entries(0).code(), "S_CHANNEL_CONNECTED");
  request.set_topic("cars");
  EXPECT_THAT(Call(*channel_stub_, &Channels::ListHelp, request, &response),
              StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
}

}  // namespace
}  // namespace vinculo::messaging
