#include "absl/strings/match.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

// What an error does beyond its message.
enum class Beyond { kNothing, kRest, kOptOut, kTemplate, kSender, kChannel, kBulk };

struct CodeCase {
  int code;
  char error_class;
  Beyond beyond = Beyond::kNothing;
};

// Every code of WhatsApp's table with its class and the action taken [M-110].
class EveryCode : public WorkRig, public testing::WithParamInterface<CodeCase> {
 protected:
  // Of one attempt of a campaign's message: does it wait, and for how long?
  struct Fate {
    RecipientState state;
    absl::Duration wait;
  };
  Fate Send(const Campaign& c, int code) {
    const std::vector<Intent> intents = Commit()->intents;
    EXPECT_EQ(intents.size(), 1u);
    EXPECT_THAT(Record({Refused(intents.at(0), code)}), IsOk());
    auto row = Write([&](sql::Transaction& tx) {
      return CampaignRepository::FindRecipient(tx, c.id, intents[0].message.contact_id);
    });
    return {(*row)->state, (*row)->not_before - kNow};
  }
};

TEST_P(EveryCode, HasItsClassAndItsAction) {
  const CodeCase& p = GetParam();
  const SendOutcome outcome{.result = SendResult::kRefused, .graph_error = true, .code = p.code, .http = 400};
  EXPECT_EQ(static_cast<char>(ErrorClasses::Default().Classify(outcome)), p.error_class);
  const Campaign c = NewCampaign(1);
  const Fate fate = Send(c, p.code);
  const bool waits = absl::StrContains("RPTA", std::string(1, p.error_class));
  EXPECT_EQ(fate.state, waits ? RecipientState::kQueued : RecipientState::kFailed);
  if (p.error_class == 'R') {
    EXPECT_GE(fate.wait, absl::Milliseconds(800));
    EXPECT_LE(fate.wait, absl::Milliseconds(1200));
  }
  if (p.error_class == 'P') {
    EXPECT_EQ(fate.wait, absl::Seconds(1)) << "4^0";
  }
  auto sender = Write([&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, sender_); });
  auto channel = Write([&](sql::Transaction& tx) { return ChannelRepository::GetChannel(tx, channel_); });
  const Beyond b = p.beyond;
  EXPECT_EQ(sender->state, b == Beyond::kSender || b == Beyond::kChannel ? SenderState::kBlocked
                           : b == Beyond::kBulk                          ? SenderState::kBulkBlocked
                                                                         : SenderState::kActive);
  EXPECT_EQ(channel->state, b == Beyond::kChannel ? ChannelState::kBlocked : ChannelState::kActive);
  EXPECT_EQ(sender->block_reason, sender->state == SenderState::kActive ? "" : absl::StrCat("PROVIDER_", p.code));
  auto t = Write([&](sql::Transaction& tx) { return TemplateRepository::Get(tx, channel_, "promo"); });
  EXPECT_EQ(t->Find("es")->Sendable(), b != Beyond::kTemplate);
  auto campaign = Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); });
  const std::string paused = b == Beyond::kTemplate                          ? "TEMPLATE_UNAVAILABLE"
                             : b == Beyond::kBulk                            ? "SENDER_SPAM"
                             : b == Beyond::kSender || b == Beyond::kChannel ? "SENDER_BLOCKED"
                                                                             : "";
  EXPECT_EQ(campaign->pause_reason, paused);
  auto to = Write([&](sql::Transaction& tx) {
    return LimitRepository::Find(tx, {sender_, ""}, people_[0].id, {kNow, kNow});
  });
  EXPECT_EQ(to->contact.Rests(kNow + absl::Hours(23)), b == Beyond::kRest);
  EXPECT_EQ(to->contact.marketing == Decision::kRevoked, b == Beyond::kOptOut);
}

using B = Beyond;
INSTANTIATE_TEST_SUITE_P(
    WhatsApp, EveryCode,
    testing::Values(CodeCase{1, 'R'}, CodeCase{2, 'R'}, CodeCase{4, 'R'}, CodeCase{613, 'R'}, CodeCase{80007, 'R'},
                    CodeCase{80008, 'R'}, CodeCase{130429, 'R'}, CodeCase{131056, 'P'}, CodeCase{131000, 'R'},
                    CodeCase{131016, 'R'}, CodeCase{133004, 'R'}, CodeCase{131057, 'R'}, CodeCase{2494100, 'R'},
                    CodeCase{131048, 'A', B::kBulk}, CodeCase{131049, 'L', B::kRest}, CodeCase{131050, 'X', B::kOptOut},
                    CodeCase{130472, 'X'}, CodeCase{131026, 'X'}, CodeCase{130403, 'X'}, CodeCase{131021, 'X'},
                    CodeCase{131030, 'X'}, CodeCase{131047, 'X'}, CodeCase{137000, 'X'}, CodeCase{131062, 'X'},
                    CodeCase{131051, 'B'}, CodeCase{131052, 'B'}, CodeCase{131053, 'B'}, CodeCase{100, 'B'},
                    CodeCase{131008, 'B'}, CodeCase{131009, 'B'}, CodeCase{135000, 'B'}, CodeCase{33, 'B'},
                    CodeCase{132000, 'B'}, CodeCase{132012, 'B'}, CodeCase{132018, 'B'},
                    CodeCase{132001, 'T', B::kTemplate}, CodeCase{132005, 'T', B::kTemplate},
                    CodeCase{132007, 'T', B::kTemplate}, CodeCase{132008, 'T', B::kTemplate},
                    CodeCase{132015, 'T', B::kTemplate}, CodeCase{132016, 'T', B::kTemplate},
                    CodeCase{132068, 'T', B::kTemplate}, CodeCase{132069, 'T', B::kTemplate}),
    [](const auto& info) { return absl::StrCat("Code", info.param.code); });
INSTANTIATE_TEST_SUITE_P(WhatsAppsAccounts, EveryCode,
                         testing::Values(CodeCase{131063, 'T', B::kTemplate}, CodeCase{131055, 'T', B::kTemplate},
                                         CodeCase{134100, 'T', B::kTemplate}, CodeCase{134102, 'T', B::kTemplate},
                                         CodeCase{0, 'A', B::kChannel}, CodeCase{3, 'A', B::kChannel},
                                         CodeCase{10, 'A', B::kChannel}, CodeCase{190, 'A', B::kChannel},
                                         CodeCase{200, 'A', B::kChannel}, CodeCase{299, 'A', B::kChannel},
                                         CodeCase{131005, 'A', B::kChannel}, CodeCase{368, 'A', B::kChannel},
                                         CodeCase{131031, 'A', B::kChannel}, CodeCase{131064, 'A', B::kChannel},
                                         CodeCase{130497, 'X'}, CodeCase{131042, 'A', B::kChannel},
                                         CodeCase{134011, 'A', B::kChannel}, CodeCase{131037, 'A', B::kSender},
                                         CodeCase{131045, 'A', B::kSender}, CodeCase{133000, 'A', B::kSender},
                                         CodeCase{133016, 'A', B::kSender}, CodeCase{999999, '?'}),
                         [](const auto& info) { return absl::StrCat("Code", info.param.code); });

class ProviderErrorTest : public WorkRig {};

TEST_F(ProviderErrorTest, OneNumberIsStoppedWithoutItsNeighboursAndAnAccountWithThem) {
  const Uuid other = AddNeighbour();
  const auto state = [&](const Uuid& id) {
    return Write([&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, id); })->state;
  };
  const auto block = [&](int code) {
    ASSERT_THAT(Write([&](sql::Transaction& tx) { return BlockForError(tx, sender_, code, kNow); }), IsOk());
  };
  block(133010);
  EXPECT_EQ(state(sender_), SenderState::kBlocked);
  EXPECT_EQ(state(other), SenderState::kActive);
  block(190);
  EXPECT_EQ(state(other), SenderState::kBlocked);
  EXPECT_THAT(EventTypes(), testing::Contains("sender.state_changed").Times(2)) << "once per change";
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return ResumeSending(tx, other, kNow); }), IsOk());
  EXPECT_EQ(state(other), SenderState::kActive);
  EXPECT_EQ(state(sender_), SenderState::kBlocked) << "its own cause is not solved";
}

TEST_F(ProviderErrorTest, ABlockEndsWhenItsEndHasCome) {
  const absl::Time until = kNow + absl::Hours(1);
  ASSERT_THAT(Write([&](sql::Transaction& tx) { return BlockChannel(tx, channel_, "X", until, kNow); }), IsOk());
  NewCampaign(1);
  EXPECT_TRUE(Commit()->blocked);
  const auto end = [&](absl::Time now) {
    return Write([&](sql::Transaction& tx) { return EndBlock(tx, sender_, now); });
  };
  ASSERT_THAT(end(until - absl::Seconds(1)), IsOk());
  EXPECT_TRUE(Commit()->blocked);
  ASSERT_THAT(end(until), IsOk());
  EXPECT_EQ(Commit()->intents.size(), 1u);
}

TEST_F(ProviderErrorTest, FaultsOfTheParametersAreTheTemplatesWhenACampaignHasNothingElse) {
  const Campaign bad = NewCampaign(10);
  std::vector<SendReport> reports;
  const absl::StatusOr<IntentBatch> committed = Commit();
  for (const Intent& i : committed->intents) reports.push_back(Refused(i, 132012));
  ASSERT_EQ(reports.size(), 10u);
  ASSERT_THAT(Record({reports.begin(), reports.begin() + 9}), IsOk());
  const auto reason = [&] {
    return Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, bad.id); })->pause_reason;
  };
  EXPECT_EQ(reason(), "");
  ASSERT_THAT(Record({reports[9]}), IsOk());
  EXPECT_EQ(reason(), "TEMPLATE_UNAVAILABLE");
}

TEST_F(ProviderErrorTest, OneGoodOutcomeMakesFaultsOfTheParametersTheRecipients) {
  const Campaign c = NewCampaign(12);
  std::vector<SendReport> reports;
  const absl::StatusOr<IntentBatch> committed = Commit();
  for (const Intent& i : committed->intents) reports.push_back(Refused(i, 132000));
  reports[0].outcome = {.result = SendResult::kAccepted, .wamid = "wamid.x"};
  ASSERT_THAT(Record(reports), IsOk());
  EXPECT_EQ(Write([&](sql::Transaction& tx) { return CampaignRepository::Get(tx, c.id); })->pause_reason, "");
}

TEST_F(ProviderErrorTest, AnUnknownCodeGivesASingleMessageOneMoreTry) {
  NewCampaign(0);
  auto contact = Write([&](sql::Transaction& tx) { return contacts_.Create(tx, {.phone = "+5491100077"}, kNow); });
  Message m{.id = Uuid::New(kNow),
            .contact_id = contact->id,
            .sender_id = sender_,
            .due_at = kNow,
            .expire_at = kNow + absl::Hours(1),
            .content = TextContent{"Hola", false},
            .created_at = kNow};
  ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                RETURN_IF_ERROR(WindowRepository::Extend(tx, sender_, contact->id, kNow + absl::Hours(24)));
                return MessageRepository::Insert(tx, m);
              }),
              IsOk());
  const auto state = [&] {
    return Write([&](sql::Transaction& tx) { return MessageRepository::Get(tx, m.id); })->state();
  };
  ASSERT_THAT(Record({Refused(Commit()->intents.at(0), 999999)}), IsOk());
  EXPECT_EQ(state(), MessageState::kQueued);
  const absl::Time later = kNow + absl::Seconds(2);
  ASSERT_THAT(Record({Refused(Commit(1, 64, later)->intents.at(0), 999999)}, later), IsOk());
  EXPECT_EQ(state(), MessageState::kFailed);
}

TEST(ErrorClasses, AreReplacedByTheOperatorAndCountedUnderFewNames) {
  const ErrorClasses classes =
      ErrorClasses::With({{131026, 131026, ErrorClass::kRetry}, {7000, 7999, ErrorClass::kBug}});
  const auto refused = [](int code) {
    return SendOutcome{.result = SendResult::kRefused, .graph_error = true, .code = code, .http = 400};
  };
  EXPECT_EQ(classes.Classify(refused(131026)), ErrorClass::kRetry);
  EXPECT_EQ(classes.Classify(refused(7500)), ErrorClass::kBug);
  EXPECT_EQ(classes.Classify(refused(190)), ErrorClass::kAccount) << "the rest stands";
  EXPECT_EQ(classes.Label(refused(7500)), "7000-7999");
  EXPECT_EQ(classes.Label(refused(88)), "other");
  EXPECT_EQ(classes.Label({.result = SendResult::kRefused, .http = 404}), "http_4xx");
}

}  // namespace
}  // namespace vinculo::messaging
