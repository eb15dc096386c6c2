#include <gtest/gtest.h>

#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "profiling_store_migrations.h"
#include "services/profiling/store/catalogue_repository.h"
#include "services/profiling/store/flow_repository.h"
#include "services/profiling/store/json_codec.h"
#include "services/profiling/store/lead_repository.h"
#include "services/profiling/store/profile_repository.h"
#include "services/profiling/store/publication.h"
#include "services/profiling/store/secret_box.h"
#include "services/profiling/store/session_repository.h"
#include "services/profiling/store/snapshot.h"

namespace vinculo::profiling {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'750'000'000);

class StoreTest : public ::testing::Test {
 protected:
  template <class Body>
  void Run(Body body, std::string tenant = "demo") {
    const absl::Status status =
        db_->WriteAndWait(sql::TestScope(std::move(tenant)), [&](sql::Transaction& tx) -> absl::Status {
          body(tx);
          return absl::OkStatus();
        });
    ASSERT_TRUE(status.ok()) << status;
  }
  sql::TestDatabase db_{"profiling", Migrations()};
};

TEST_F(StoreTest, NoStatementWalksATable) {
  // The connectors of a tenant are few and are always wanted together, by the first column of their key.
  for (const auto* queries : {&FlowQueries(), &CatalogueQueries(), &ProfileQueries(), &SessionQueries(), &LeadQueries(),
                              &PublicationQueries()}) {
    EXPECT_TRUE(sql::NoTableScans(*db_, *queries));
  }
}

TEST_F(StoreTest, FlowsKeepVersionsApart) {
  Run([](sql::Transaction& tx) {
    FlowRow flow;
    flow.head = {"cars", "Autos", "purpose", {"a", "b"}, "sales", "es"};
    flow.draft = std::string("\0\x01draft", 7);
    EXPECT_TRUE(FlowRepository::Insert(tx, flow).ok());
    EXPECT_EQ(FlowRepository::Get(tx, "cars")->draft, flow.draft);
    EXPECT_EQ(FlowRepository::Get(tx, "cars")->head.objectives.size(), 2u);
    VersionRow version;
    version.head = flow.head;
    version.version = 1;
    version.matrices = {{"m", 3}};
    EXPECT_TRUE(FlowRepository::InsertVersion(tx, version).ok());
    EXPECT_EQ(*FlowRepository::LastVersion(tx, "cars"), 1);
    EXPECT_EQ(FlowRepository::GetVersion(tx, "cars", 1)->matrices[0].version, 3);
    EXPECT_EQ(ErrorReason(FlowRepository::GetVersion(tx, "cars", 2).status()), "FLOW_VERSION_NOT_FOUND");
    EXPECT_EQ(FlowRepository::ListRunning(tx)->size(), 1u);
  });
  Run([](sql::Transaction& tx) { EXPECT_EQ(ErrorReason(FlowRepository::Get(tx, "cars").status()), "FLOW_NOT_FOUND"); },
      "other");
}

TEST_F(StoreTest, SlugIsTakenOnce) {
  FlowRow flow;
  flow.head.flow_id = "cars";
  Run([&](sql::Transaction& tx) { EXPECT_TRUE(FlowRepository::Insert(tx, flow).ok()); });
  const absl::Status again =
      db_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) { return FlowRepository::Insert(tx, flow); });
  EXPECT_EQ(ErrorReason(again), "SLUG_TAKEN");
}

TEST_F(StoreTest, AnIdentityBelongsToOneProfile) {
  Run([](sql::Transaction& tx) {
    const Uuid ana = Uuid::New(kNow), luis = Uuid::New(kNow);
    const Identity email{IdentityType::kEmail, "Ana@b.co", Assurance::kClaimed, kNow, kNow};
    EXPECT_TRUE(*ProfileRepository::AddIdentity(tx, ana, email));
    EXPECT_TRUE(*ProfileRepository::AddIdentity(tx, ana, email));
    EXPECT_FALSE(*ProfileRepository::AddIdentity(tx, luis,
                                                 {IdentityType::kEmail, "ana@b.co", Assurance::kVerified, kNow, kNow}));
    EXPECT_EQ(**ProfileRepository::FindByIdentity(tx, IdentityType::kEmail, "ANA@b.co"), ana);
  });
}

TEST_F(StoreTest, NewerTraitsAndConsentsWin) {
  Run([](sql::Transaction& tx) {
    const Uuid id = Uuid::New(kNow);
    const auto trait = [](int64_t value, absl::Duration age, TraitSource source) {
      return StoredTrait{"kids", value, TraitCategory::kDemographic, source, "s", kNow - age};
    };
    EXPECT_TRUE(*ProfileRepository::PutTrait(tx, id, trait(1, absl::Hours(2), TraitSource::kAnswer)));
    EXPECT_TRUE(*ProfileRepository::PutTrait(tx, id, trait(2, absl::Hours(1), TraitSource::kAnswer)));
    EXPECT_FALSE(*ProfileRepository::PutTrait(tx, id, trait(3, absl::Hours(2), TraitSource::kApi)));
    EXPECT_TRUE(*ProfileRepository::PutTrait(tx, id, trait(0, absl::Hours(1), TraitSource::kApi)));
    EXPECT_EQ(std::get<int64_t>(ProfileRepository::Traits(tx, id)->at(0).value), 0);
    EXPECT_TRUE(*ProfileRepository::PutConsent(
        tx, id, {"marketing", ConsentDecisionKind::kGranted, kNow, std::nullopt, "", "", "es", "x"}));
    EXPECT_FALSE(*ProfileRepository::PutConsent(
        tx, id,
        {"marketing", ConsentDecisionKind::kRevoked, kNow - absl::Seconds(1), std::nullopt, "", "", "es", "x"}));
    EXPECT_EQ((*ProfileRepository::FindConsent(tx, id, "marketing"))->decision, ConsentDecisionKind::kGranted);
  });
}

Session SomeSession() {
  Session s;
  s.id = Uuid::New(kNow);
  s.profile_id = Uuid::New(kNow);
  s.flow_id = "cars";
  s.version = 2;
  s.revision = 1;
  s.prompt = {Prompt::Kind::kQuestion, 4, "use", kNow, {"a", "b"}};
  s.answers = {{"q", {"x"}, "texto \"raro\" \xF0\x9F\x9A\x97", true, kNow}};
  s.captures = {{CaptureField::kName, "name", "Ana", "", kNow}};
  s.path = {{PathStep::Kind::kQuestion, "q"}};
  s.started_at = s.last_user_at = kNow;
  s.expires_at = s.absolute_expires_at = kNow + absl::Hours(1);
  ShownRecommendation shown;
  shown.products = {{"city", "Auto", "d", "https://x", 100, "USD", -5, 3, false, true, {{"q", {"x"}, 2, 2000, "why"}}}};
  shown.ruled_out = {{"suv", 1, "q", "x"}};
  s.recommendation = shown;
  s.lead_id = Uuid::New(kNow);
  return s;
}

TEST_F(StoreTest, SessionsSurviveTheirCodec) {
  const Session before = SomeSession();
  const auto after = DecodeSession(EncodeSession(before));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(EncodeSession(*after), EncodeSession(before));
  EXPECT_EQ(after->answers[0].raw, before.answers[0].raw);
  EXPECT_EQ(after->recommendation->products[0].parts[0].reason, "why");
  EXPECT_EQ(after->last_event_at, absl::UnixEpoch());
  EXPECT_LE(EncodeSession(before).size(), 4096u);
  EXPECT_TRUE(absl::IsDataLoss(DecodeSession("{").status()));
}

TEST_F(StoreTest, AStepIsCommittedAgainstItsRevision) {
  Session session = SomeSession();
  Run([&](sql::Transaction& tx) {
    EXPECT_TRUE(SessionRepository::Insert(tx, session).ok());
    EXPECT_TRUE(SessionRepository::SetActive(tx, session.profile_id, session.id).ok());
    session.revision = 2;
    EXPECT_TRUE(SessionRepository::Update(tx, session, 1).ok());
    EXPECT_EQ(ErrorReason(SessionRepository::Update(tx, session, 1)), "SESSION_BUSY");
    EXPECT_EQ((*SessionRepository::FindActive(tx, session.profile_id))->revision, 2);
    EXPECT_TRUE(SessionRepository::ClearActive(tx, session.profile_id, session.id).ok());
    EXPECT_FALSE((*SessionRepository::FindActive(tx, session.profile_id)).has_value());
    EXPECT_EQ(SessionRepository::ListByFlow(tx, "cars", Uuid(), 10)->size(), 1u);
  });
}

TEST_F(StoreTest, SecretsOpenOnlyWhereTheyWereSealed) {
  const SecretBox box(Secret("master"));
  const std::string sealed = box.Seal("demo/crm", "hunter2");
  EXPECT_EQ(sealed.find("hunter2"), std::string::npos);
  EXPECT_EQ(*box.Open("demo/crm", sealed), "hunter2");
  EXPECT_EQ(ErrorReason(box.Open("other/crm", sealed).status()), "SECRET_UNREADABLE");
  EXPECT_EQ(ErrorReason(SecretBox(Secret("other")).Open("demo/crm", sealed).status()), "SECRET_UNREADABLE");
  EXPECT_EQ(box.Mac8("demo", "p1.x").size(), 8u);
  EXPECT_NE(box.Mac8("demo", "p1.x"), box.Mac8("acme", "p1.x"));
}

TEST_F(StoreTest, EnvelopeNestsDottedPaths) {
  const auto out = LeadEnvelope("lead.created", kNow,
                                {{"contact.email", "a@b.co"}, {"contact.name", "Ana \"la\" \xC3\xB1"}, {"kind", "x"}});
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(*out,
            "{\"type\":\"lead.created\",\"timestamp\":\"2025-06-15T15:06:40.000000Z\",\"data\":{\"contact\":{\"email\":"
            "\"a@b.co\","
            "\"name\":\"Ana \\\"la\\\" \xC3\xB1\"},\"kind\":\"x\"}}");
  EXPECT_EQ(ErrorReason(LeadEnvelope("x", kNow, {{"a", std::string(30000, 'x')}}).status()), "PAYLOAD_TOO_LARGE");
}

TEST(Snapshot, ReadersSeeTheLatestOfTheirOwn) {
  Snapshot<int> a, b;
  a.Update([](int) { return 7; });
  EXPECT_EQ(*a.Load(), 7);
  EXPECT_EQ(*b.Load(), 0);
  b.Update([](int old) { return old + 1; });
  EXPECT_EQ(*a.Load(), 7);
  EXPECT_EQ(*b.Load(), 1);
}

}  // namespace
}  // namespace vinculo::profiling
