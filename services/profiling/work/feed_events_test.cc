#include "services/profiling/work/feed_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/sql/test_database.h"
#include "profiling_store_migrations.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/store/json_codec.h"
#include "services/profiling/store/profile_repository.h"
#include "services/profiling/store/session_repository.h"
#include "services/profiling/work/outbound_sender.h"
#include "vinculo/messaging/v1/events.pb.h"
#include "vinculo/profiling/v1/catalogue_service.pb.h"

namespace vinculo::profiling {
namespace {

namespace m = vinculo::messaging::v1;
using ::testing::Contains;
using ::testing::Not;

constexpr char kContact[] = "0190bbbb-0000-7000-8000-000000000001";

// One live flow with a single question, and a feed that is played by hand.
class FeedEventsTest : public ::testing::Test {
 protected:
  FeedEventsTest() {
    v1::FlowDefinition definition;
    definition.set_entry_node("q");
    auto* question = definition.add_nodes();
    question->set_node_id("q");
    question->mutable_question()->set_text_key("q");
    question->mutable_question()->set_default_next("end");
    for (const char* id : {"yes", "no"}) {
      auto* choice = question->mutable_question()->add_choices();
      choice->set_choice_id(id);
      choice->set_label_key(id);
    }
    auto* end = definition.add_nodes();
    end->set_node_id("end");
    end->mutable_end()->set_outcome_label("done");
    auto& texts = *(*definition.mutable_texts())["es"].mutable_entries();
    texts["q"] = "¿Vamos?";
    texts["yes"] = "Dale";
    texts["no"] = "Paso";
    FlowRow flow;
    flow.head = {"ride", "Paseo", "p", {"o"}, "sales", "es"};
    flow.published_version = 1;
    flow.state = FlowState::kLive;
    VersionRow version;
    version.head = flow.head;
    version.version = 1;
    version.definition = StableBytes(definition);
    EXPECT_TRUE(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) -> absl::Status {
                                    EXPECT_TRUE(FlowRepository::Insert(tx, flow).ok());
                                    return FlowRepository::InsertVersion(tx, version);
                                  })
                    .ok());
    EXPECT_TRUE(published_->View(sql::TestScope()).ok());
  }

  m::MessageReceived Message(const std::string& text, const std::string& ref, m::Route route = m::ROUTE_PROFILING) {
    m::MessageReceived message;
    message.set_route(route);
    message.set_ref(ref);
    message.set_wamid("wamid." + std::to_string(++sent_));
    message.mutable_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
    message.mutable_content()->set_kind(m::INBOUND_KIND_TEXT);
    message.mutable_content()->set_text(text);
    message.mutable_window_expires_at()->set_seconds(absl::ToUnixSeconds(clock_.Now() + absl::Hours(24)));
    message.set_contact_id(kContact);
    message.set_sender_id("0190bbbb-0000-7000-8000-00000000000a");
    auto* identity = message.add_identities();
    identity->set_kind("PHONE");
    identity->set_value("+5491122334455");
    message.set_profile_name("Ana");
    return message;
  }
  template <class Payload>
  void Feed(const std::string& type, const Payload& payload) {
    events::v1::Event event;
    event.set_type(type);
    event.mutable_occurred_at()->set_seconds(absl::ToUnixSeconds(clock_.Now()));
    event.mutable_payload()->PackFrom(payload);
    const absl::Status status =
        db_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) { return feed_.Apply(tx, event, clock_.Now()); });
    EXPECT_TRUE(status.ok()) << status;
  }
  std::vector<jobs::Job> Jobs(const std::string& kind) {
    return *db_->WriteAndWait(sql::Scope::ForTenant(sql::kSystemTenant), [&](sql::Transaction& tx) {
      return jobs::Claim(tx, kind, clock_.Now(), absl::Minutes(1), 100);
    });
  }

  ManualClock clock_{absl::FromUnixSeconds(1'750'000'000)};
  sql::TestDatabase db_{
      std::vector<sql::MigrationSet>{
          {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"profiling", &Migrations()}},
      &clock_};
  SecretBox secrets_{Secret("master")};
  std::shared_ptr<Published> published_ = Published::Make(*db_, MakeBlobReaders());
  std::vector<size_t> told_;
  EmitEvent emit_ = [this](sql::Transaction&, const ServiceEvent& event, absl::Time) {
    told_.push_back(event.index());
    return absl::OkStatus();
  };
  SessionEngine engine_{*published_, secrets_, emit_, {nullptr, false}};
  FeedEvents feed_{engine_, emit_};
  int sent_ = 0;
};

template <class Event>
const size_t kIndexOf = ServiceEvent(std::in_place_type<Event>).index();

TEST_F(FeedEventsTest, AFlowNamedByTheRouteStartsAndAsksThroughMessaging) {
  Feed("message.received", Message("paseo", "ride"));
  std::vector<jobs::Job> waiting = Jobs(kOutboundJob);
  ASSERT_EQ(waiting.size(), 1u);
  const auto job = DecodeOutboundJob(waiting[0].payload);
  ASSERT_TRUE(job.ok());
  const m::SendMessageRequest send = RenderSend(*job, 0, StableRequestId("demo", waiting[0].key, 0));
  EXPECT_EQ(send.recipient().contact_id(), kContact);
  EXPECT_EQ(send.content().buttons().buttons_size(), 2);
  EXPECT_EQ(send.content().buttons().buttons(0).title(), "Dale");
  EXPECT_EQ(send.hold().route(), m::ROUTE_PROFILING);
  EXPECT_EQ(send.hold().ref(), job->session_id.ToString());
  EXPECT_EQ(send.resend_policy(), m::RESEND_POLICY_ONCE_IF_UNKNOWN)
      << "a lost question would leave the session waiting";
  EXPECT_TRUE(Uuid::Parse(send.request_id()).has_value());
  EXPECT_EQ(send.request_id(), StableRequestId("demo", waiting[0].key, 0)) << "the same message keeps its id";
  EXPECT_THAT(told_, Contains(kIndexOf<ContactLinkedEvent>));
  EXPECT_THAT(told_, Contains(kIndexOf<SessionStartedEvent>));
  EXPECT_EQ(Jobs(kLinkJob).size(), 1u) << "the contact is given its customer id";

  m::MessageReceived tap = Message("Dale", job->session_id.ToString());
  tap.mutable_content()->set_kind(m::INBOUND_KIND_BUTTON_REPLY);
  tap.mutable_content()->set_reply_id(send.content().buttons().buttons(0).id());
  Feed("message.received", tap);
  EXPECT_THAT(told_, Contains(kIndexOf<SessionEndedEvent>));
  const auto session = db_->ReadInline(
      sql::TestScope(), [&](sql::Transaction& tx) { return SessionRepository::Find(tx, job->session_id); });
  EXPECT_EQ((*session)->answers[0].choice_ids, std::vector<std::string>{"yes"});
  EXPECT_EQ((*session)->outcome, "done");
}

TEST_F(FeedEventsTest, TheSameMessageTwiceIsOneEffect) {
  const m::MessageReceived message = Message("paseo", "ride");
  Feed("message.received", message);
  Feed("message.received", message);
  EXPECT_EQ(Jobs(kOutboundJob).size(), 1u);
}

TEST_F(FeedEventsTest, WhatNoSessionTakesIsPassedOn) {
  Feed("message.received", Message("hola", "0190cccc-0000-7000-8000-000000000001"));
  EXPECT_THAT(told_, Contains(kIndexOf<InboundUnhandledEvent>));
  told_.clear();
  Feed("message.received", Message("hola", "no-such-flow"));
  EXPECT_THAT(told_, Contains(kIndexOf<InboundUnhandledEvent>));
  EXPECT_TRUE(Jobs(kOutboundJob).empty());
}

TEST_F(FeedEventsTest, AnyRouteMakesAProfileButOnlyOursASession) {
  Feed("message.received", Message("hola", "", m::ROUTE_SUPPORT));
  EXPECT_THAT(told_, Contains(kIndexOf<ProfileCreatedEvent>));
  EXPECT_THAT(told_, Contains(kIndexOf<ContactLinkedEvent>));
  EXPECT_THAT(told_, Not(Contains(kIndexOf<InboundUnhandledEvent>)));
  const size_t once = told_.size();
  Feed("message.received", Message("hola de nuevo", "", m::ROUTE_SUPPORT));
  EXPECT_EQ(told_.size(), once) << "a contact is linked once";
}

TEST_F(FeedEventsTest, OptOutsBecomeConsents) {
  m::ContactOptedOut out;
  out.set_contact_id(kContact);
  auto* identity = out.add_identities();
  identity->set_kind("PHONE");
  identity->set_value("+5491122334455");
  Feed("contact.opted_out", out);
  const auto consent =
      db_->ReadInline(sql::TestScope(), [](sql::Transaction& tx) -> absl::StatusOr<std::optional<Consent>> {
        const auto id = ProfileRepository::FindByIdentity(tx, IdentityType::kWhatsapp, "+5491122334455");
        return ProfileRepository::FindConsent(tx, **id, "marketing");
      });
  ASSERT_TRUE(consent.ok() && consent->has_value());
  EXPECT_EQ((*consent)->decision, ConsentDecisionKind::kRevoked);
  EXPECT_THAT(told_, Contains(kIndexOf<ConsentChangedEvent>));
}

TEST_F(FeedEventsTest, AMarkedStopEndsTheSessionInSilence) {
  Feed("message.received", Message("paseo", "ride"));
  Jobs(kOutboundJob);
  m::MessageReceived stop = Message("BAJA", "");
  stop.set_compliance(m::COMPLIANCE_OPT_OUT);
  Feed("message.received", stop);
  EXPECT_THAT(told_, Contains(kIndexOf<SessionEndedEvent>));
  EXPECT_TRUE(Jobs(kOutboundJob).empty());
}

TEST_F(FeedEventsTest, AnOptOutButtonOfACampaignStartsNoSession) {
  m::MessageReceived stop = Message("No recibir más", "ride");
  stop.set_compliance(m::COMPLIANCE_OPT_OUT);
  Feed("message.received", stop);
  EXPECT_THAT(told_, Not(Contains(kIndexOf<SessionStartedEvent>)));
  EXPECT_TRUE(Jobs(kOutboundJob).empty());
}

}  // namespace
}  // namespace vinculo::profiling
