#include <gtest/gtest.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "google/protobuf/util/time_util.h"
#include "services/support/store/test_desk.h"
#include "services/support/work/deliveries.h"
#include "services/support/work/messaging_feed.h"
#include "services/support/work/profiling_feed.h"
#include "vinculo/messaging/v1/events.pb.h"
#include "vinculo/profiling/v1/events.pb.h"

namespace vinculo::support {
namespace {

namespace m = vinculo::messaging::v1;
namespace p = vinculo::profiling::v1;

google::protobuf::Timestamp ToProto(absl::Time t) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(t));
}

class WorkTest : public DeskTest {
 protected:
  events::v1::Event Event(const std::string& type, double minute, const google::protobuf::Message& payload) {
    events::v1::Event event;
    event.set_id(Uuid::New(At(minute)).ToString());
    event.set_type(type);
    *event.mutable_occurred_at() = ToProto(At(minute));
    event.mutable_payload()->PackFrom(payload);
    return event;
  }
  absl::Status Messaging(const std::string& type, double minute, const google::protobuf::Message& payload) {
    const events::v1::Event event = Event(type, minute, payload);
    return Do([&](sql::Transaction& tx) { return ApplyMessagingEvent(desk_, tx, event, At(minute)); });
  }
  absl::Status Profiling(const std::string& type, double minute, const google::protobuf::Message& payload) {
    const events::v1::Event event = Event(type, minute, payload);
    return Do([&](sql::Transaction& tx) { return ApplyProfilingEvent(desk_, tx, event, At(minute)); });
  }
  m::MessageReceived Written(const std::string& wamid, double minute, const std::string& text = "Necesito ayuda") {
    m::MessageReceived received;
    received.set_route(m::ROUTE_SUPPORT);
    received.set_wamid(wamid);
    *received.mutable_at() = ToProto(At(minute));
    received.set_contact_id("contact-1");
    received.set_sender_id("sender-1");
    received.mutable_content()->set_kind(m::INBOUND_KIND_TEXT);
    received.mutable_content()->set_text(text);
    return received;
  }
  std::vector<Conversation> All() {
    return Do([&](sql::Transaction& tx) { return desk_.conversations().List(tx, {}, std::nullopt, 100); })
        ->conversations;
  }
  m::MessageRef RefTo(const Uuid& message, const char* label = kMessageLabel) {
    m::MessageRef ref;
    ref.set_message_id("messaging-7");
    (*ref.mutable_labels())[label] = message.ToString();
    return ref;
  }
};

TEST_F(WorkTest, InboundRoutedToSupportOpensAndContinues) {
  ASSERT_OK(Messaging("message.received", 0, Written("wamid.1", 0)));
  ASSERT_OK(Messaging("message.received", 1, Written("wamid.1", 0)));
  ASSERT_OK(Messaging("message.received", 2, Written("wamid.2", 2, "sigo esperando")));
  m::MessageReceived elsewhere = Written("wamid.3", 3);
  elsewhere.set_route(m::ROUTE_PROFILING);
  ASSERT_OK(Messaging("message.received", 3, elsewhere));
  const auto all = All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].channel, Channel::kWhatsapp);
  EXPECT_EQ(all[0].requester_id, "contact-1");
  EXPECT_EQ(all[0].customer_id, "contact-1");
  EXPECT_EQ(all[0].sender_id, "sender-1");
  EXPECT_EQ(all[0].created_at, At(0));
  const auto messages =
      Do([&](sql::Transaction& tx) { return desk_.messages().List(tx, all[0].id, std::nullopt, 10); });
  ASSERT_EQ(messages->size(), 2u);
  EXPECT_EQ((*messages)[1].body, "sigo esperando");
}

TEST_F(WorkTest, OptOutWordsAndReactionsOpenNothing) {
  m::MessageReceived stop = Written("wamid.1", 0, "BAJA");
  stop.set_compliance(m::COMPLIANCE_OPT_OUT);
  ASSERT_OK(Messaging("message.received", 0, stop));
  m::MessageReceived reaction = Written("wamid.2", 1);
  reaction.mutable_content()->set_kind(m::INBOUND_KIND_REACTION);
  ASSERT_OK(Messaging("message.received", 1, reaction));
  EXPECT_TRUE(All().empty());
  ASSERT_OK(Messaging("message.received", 2, Written("wamid.3", 2)));
  stop.set_wamid("wamid.4");
  ASSERT_OK(Messaging("message.received", 3, stop));
  ASSERT_EQ(All().size(), 1u);
}

TEST_F(WorkTest, MediaBecomesAnAttachment) {
  m::MessageReceived photo = Written("wamid.1", 0, "");
  photo.mutable_content()->set_kind(m::INBOUND_KIND_MEDIA);
  photo.mutable_content()->set_type("image");
  photo.mutable_content()->mutable_media()->set_media_id("media-1");
  ASSERT_OK(Messaging("message.received", 0, photo));
  const Uuid id = All()[0].id;
  const auto messages = Do([&](sql::Transaction& tx) { return desk_.messages().List(tx, id, std::nullopt, 10); });
  EXPECT_EQ((*messages)[0].body, "[image]");
  ASSERT_EQ((*messages)[0].attachments.size(), 1u);
  EXPECT_EQ((*messages)[0].attachments[0].reference, "media-1");
}

TEST_F(WorkTest, DeliveryFollowsMessagingAndFailureShowsReasonAndCode) {
  ASSERT_OK(Messaging("message.received", 0, Written("wamid.1", 0)));
  const Uuid conversation = All()[0].id;
  ASSERT_OK_AND_ASSIGN(const Message reply, Reply(conversation, 1));
  m::MessageDelivered delivered;
  *delivered.mutable_message() = RefTo(reply.id);
  ASSERT_OK(Messaging("message.delivered", 2, delivered));
  const auto now = [&](const Uuid& id) {
    return *Do([&](sql::Transaction& tx) { return desk_.messages().Get(tx, id); });
  };
  EXPECT_EQ(now(reply.id).delivery, Delivery::kDelivered);
  EXPECT_EQ(now(reply.id).messaging_message_id, "messaging-7");

  ASSERT_OK_AND_ASSIGN(const Message second, Reply(conversation, 3));
  m::MessageFailed failed;
  *failed.mutable_message() = RefTo(second.id);
  failed.mutable_message()->set_message_id("messaging-8");
  failed.set_reason("PROVIDER_REFUSED");
  failed.set_code(131026);
  ASSERT_OK(Messaging("message.failed", 4, failed));
  EXPECT_EQ(now(second.id).delivery, Delivery::kFailed);
  EXPECT_EQ(now(second.id).delivery_reason, "PROVIDER_REFUSED 131026");
  EXPECT_EQ(Get(conversation).waiting_on, Waiting::kAgent);

  m::MessageSent foreign;
  *foreign.mutable_message() = RefTo(Uuid::New(At(0)));
  EXPECT_OK(Messaging("message.sent", 5, foreign));
  foreign.mutable_message()->clear_labels();
  EXPECT_OK(Messaging("message.sent", 6, foreign));
}

TEST_F(WorkTest, ConsentShowsAndPayloadOfAnotherKindIsAnError) {
  ASSERT_OK(Messaging("message.received", 0, Written("wamid.1", 0)));
  m::ContactOptedOut out;
  out.set_contact_id("contact-1");
  ASSERT_OK(Messaging("contact.opted_out", 1, out));
  EXPECT_TRUE(All()[0].contact_opted_out);
  m::ContactOptedIn in;
  in.set_contact_id("contact-1");
  ASSERT_OK(Messaging("contact.opted_in", 2, in));
  EXPECT_FALSE(All()[0].contact_opted_out);
  EXPECT_THAT(Messaging("message.received", 3, in),
              test::StatusIs(absl::StatusCode::kInvalidArgument, "EVENT_PAYLOAD"));
}

TEST_F(WorkTest, HandoffOpensWithTheMessageThatLedToItAtItsTime) {
  p::HandoffRequested handoff;
  handoff.set_session_id("session-1");
  handoff.set_profile_id("profile-1");
  handoff.set_contact_id("contact-1");
  handoff.set_channel(p::CHANNEL_WHATSAPP);
  handoff.set_message_id("wamid.1");
  *handoff.mutable_message_at() = ToProto(At(0));
  handoff.set_text("quiero hablar con una persona");
  ASSERT_OK(Profiling("handoff.requested", 1, handoff));
  ASSERT_OK(Profiling("handoff.requested", 1, handoff));
  const auto all = All();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].transcript_ref, "session-1");
  EXPECT_EQ(all[0].customer_id, "profile-1");
  EXPECT_EQ(all[0].first_contact_at, At(0));
  EXPECT_EQ(all[0].waiting_on, Waiting::kAgent);
}

TEST_F(WorkTest, UnhandledInboundIsTakenAndLinkedContactsAreFiled) {
  p::InboundUnhandled unhandled;
  unhandled.set_contact_id("contact-2");
  unhandled.set_channel(p::CHANNEL_WHATSAPP);
  unhandled.set_message_id("wamid.9");
  unhandled.set_text("hola?");
  unhandled.set_reason("NO_SESSION");
  ASSERT_OK(Profiling("inbound.unhandled", 1, unhandled));
  ASSERT_EQ(All().size(), 1u);
  EXPECT_EQ(All()[0].customer_id, "contact-2");
  p::ProfileContactLinked linked;
  linked.set_contact_id("contact-2");
  linked.set_profile_id("profile-2");
  ASSERT_OK(Profiling("profile.contact_linked", 2, linked));
  EXPECT_EQ(All()[0].customer_id, "profile-2");
}

// Messaging as deliveries see it: answers as told and remembers what it was asked.
class DeliveriesTest : public WorkTest {
 protected:
  DeliveriesTest()
      : clock_(At(2)),
        timed_(Sets(), &clock_),
        deliveries_(*timed_, desk_,
                    [this](const std::string& tenant, m::SendMessageRequest request, SendCallback done) {
                      EXPECT_EQ(tenant, "demo");
                      done(Answer(std::move(request)));
                    }),
        runner_(*timed_) {
    deliveries_.Register(runner_);
    runner_.Start();
  }
  ~DeliveriesTest() override { runner_.Stop(); }

  absl::StatusOr<m::Message> Answer(m::SendMessageRequest request) {
    absl::MutexLock lock(&mutex_);
    requests_.push_back(std::move(request));
    if (requests_.size() <= answers_.size() && !answers_[requests_.size() - 1].ok())
      return answers_[requests_.size() - 1];
    m::Message message;
    message.set_id("messaging-1");
    return message;
  }
  static std::vector<sql::MigrationSet> Sets() {
    return {{"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"support", &Migrations()}};
  }
  // Runs what the desk does against the store of the runner.
  template <class Body>
  auto Act(Body body) {
    return timed_->WriteAndWait(sql::TestScope(), body);
  }
  Uuid OpenAndReply() {
    Inbound in = From("contact-1", "wamid.1", 0);
    in.channel = Channel::kWhatsapp;
    in.sender_id = "sender-1";
    const auto received = Act([&](sql::Transaction& tx) { return desk_.Receive(tx, in, At(0)); });
    conversation_ = received->conversation.id;
    return Act([&](sql::Transaction& tx) {
             return desk_.Reply(tx, {conversation_, {Author::kAgent, "ana"}, "ya lo vemos"}, At(1));
           })
        ->id;
  }
  // Returns when no job is due and none is being worked on: one that is has its lease as due time.
  void RunJobs() {
    const auto at_rest = [this](const char* kind) {
      const auto due = *Act([&](sql::Transaction& tx) { return jobs::NextDue(tx, kind); });
      return !due || (*due > clock_.Now() && *due != clock_.Now() + jobs::KindOptions().lease);
    };
    do {
      runner_.Poke();
    } while (!at_rest(kSnoozeJob) || !at_rest(kReplyJob) || !at_rest(kSurveyJob));
  }
  Message Stored(const Uuid& id) {
    return *Act([&](sql::Transaction& tx) { return desk_.messages().Get(tx, id); });
  }

  ManualClock clock_;
  sql::TestDatabase timed_;
  absl::Mutex mutex_;
  std::vector<m::SendMessageRequest> requests_;
  std::vector<absl::Status> answers_;
  Uuid conversation_;
  Deliveries deliveries_;
  jobs::JobRunner runner_;
};

TEST_F(DeliveriesTest, ReplyGoesOutOnceWithAHoldAndItsOwnIdAsRequestId) {
  const Uuid id = OpenAndReply();
  RunJobs();
  ASSERT_EQ(requests_.size(), 1u);
  EXPECT_EQ(requests_[0].request_id(), id.ToString());
  EXPECT_EQ(requests_[0].recipient().contact_id(), "contact-1");
  EXPECT_EQ(requests_[0].sender_id(), "sender-1");
  EXPECT_EQ(requests_[0].content().text().body(), "ya lo vemos");
  EXPECT_EQ(requests_[0].hold().route(), m::ROUTE_SUPPORT);
  EXPECT_EQ(requests_[0].hold().ref(), conversation_.ToString());
  EXPECT_EQ(requests_[0].labels().at(kMessageLabel), id.ToString());
  EXPECT_EQ(Stored(id).messaging_message_id, "messaging-1");
  EXPECT_EQ(Stored(id).delivery, Delivery::kQueued);
}

TEST_F(DeliveriesTest, RefusalShowsAsFailedWithMessagingsReason) {
  answers_ = {Error(absl::StatusCode::kFailedPrecondition, "WINDOW_CLOSED", "the window is closed")};
  const Uuid id = OpenAndReply();
  RunJobs();
  EXPECT_EQ(Stored(id).delivery, Delivery::kFailed);
  EXPECT_EQ(Stored(id).delivery_reason, "WINDOW_CLOSED");
  EXPECT_EQ(Act([&](sql::Transaction& tx) { return desk_.conversations().Get(tx, conversation_); })->waiting_on,
            Waiting::kAgent);
}

TEST_F(DeliveriesTest, UnreachableMessagingIsTriedAgainWithTheSameId) {
  answers_ = {absl::UnavailableError("gone"), absl::DeadlineExceededError("slow")};
  const Uuid id = OpenAndReply();
  for (int i = 0; i < 3; ++i) {
    RunJobs();
    clock_.Advance(absl::Minutes(10));
  }
  ASSERT_EQ(requests_.size(), 3u);
  EXPECT_EQ(requests_[0].request_id(), requests_[2].request_id());
  EXPECT_EQ(Stored(id).messaging_message_id, "messaging-1");
}

TEST_F(DeliveriesTest, SnoozeEndsByTheRunner) {
  OpenAndReply();
  RunJobs();
  ASSERT_OK(Act([&](sql::Transaction& tx) {
    return desk_.Change(tx, conversation_, std::nullopt, At(2),
                        [&](Draft& d) { return Snooze(d, Who(2, "ana"), At(60)); });
  }));
  RunJobs();
  const auto state = [&] {
    return Act([&](sql::Transaction& tx) { return desk_.conversations().Get(tx, conversation_); })->state;
  };
  EXPECT_EQ(state(), State::kSnoozed);
  clock_.Set(At(60));
  RunJobs();
  EXPECT_EQ(state(), State::kOpen);
}

TEST_F(DeliveriesTest, SurveyIsAMenuWhoseRowsRate) {
  OpenAndReply();
  ASSERT_OK(Act(
      [&](sql::Transaction& tx) { return desk_.CloseAndAsk(tx, conversation_, std::nullopt, Who(2, "ana"), At(2)); }));
  ASSERT_OK(Act([&](sql::Transaction& tx) { return desk_.SendSurvey(tx, conversation_, Who(2, "ana"), At(2)); }));
  RunJobs();
  ASSERT_EQ(requests_.size(), 2u);
  const m::SendMessageRequest& survey = requests_[0].content().has_list() ? requests_[0] : requests_[1];
  ASSERT_EQ(survey.content().list().sections(0).rows_size(), 5);
  m::MessageReceived tapped = Written("wamid.7", 3, "4");
  tapped.mutable_content()->set_kind(m::INBOUND_KIND_LIST_REPLY);
  tapped.mutable_content()->set_reply_id(survey.content().list().sections(0).rows(1).id());
  const events::v1::Event event = Event("message.received", 3, tapped);
  ASSERT_OK(Act([&](sql::Transaction& tx) { return ApplyMessagingEvent(desk_, tx, event, At(3)); }));
  const Conversation rated = *Act([&](sql::Transaction& tx) { return desk_.conversations().Get(tx, conversation_); });
  EXPECT_EQ(rated.rating, 4);
  EXPECT_EQ(rated.state, State::kClosed);
  EXPECT_EQ(rated.rated_agent, "ana");
}

}  // namespace
}  // namespace vinculo::support
