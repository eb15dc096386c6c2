#include "services/profiling/work/crm_delivery.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "absl/synchronization/notification.h"
#include "common/events/event_log.h"
#include "common/http/listener.h"
#include "common/http/standard_webhooks.h"
#include "common/jobs/job_queue.h"
#include "common/sql/test_database.h"
#include "profiling_store_migrations.h"
#include "services/profiling/store/lead_repository.h"
#include "services/profiling/store/session_engine.h"

namespace vinculo::profiling {
namespace {

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// A CRM in this process that answers as it is told, and a delivery on its way to it.
class CrmDeliveryTest : public ::testing::Test {
 protected:
  CrmDeliveryTest() : listener_({.address = {"127.0.0.1", 0}}) {
    listener_.Handle("POST", "/leads", [this](const http::IncomingRequest& request) {
      absl::MutexLock lock(&mutex_);
      received_.push_back(request);
      return answer_;
    });
    EXPECT_TRUE(listener_.Start().ok());
  }

  void Make() {
    connector_.connector_id = "crm";
    connector_.url = listener_.url() + "/leads";
    connector_.sealed_signing = secrets_.Seal("demo/crm", kSecret);
    connector_.reference_pointer = "/id";
    connector_.revision = 1;
    lead_.id = Uuid::New(clock_.Now());
    lead_.session_id = Uuid::New(clock_.Now());
    delivery_.id = Uuid::New(clock_.Now());
    delivery_.lead_id = lead_.id;
    delivery_.connector_id = "crm";
    delivery_.event = "lead.created";
    delivery_.payload = "{\"type\":\"lead.created\"}";
    Write([&](sql::Transaction& tx) {
      EXPECT_TRUE(LeadRepository::PutConnector(tx, connector_).ok());
      EXPECT_TRUE(LeadRepository::Insert(tx, lead_).ok());
      EXPECT_TRUE(LeadRepository::InsertDelivery(tx, delivery_).ok());
      EXPECT_TRUE(jobs::Enqueue(tx, {kDeliveryJob, delivery_.id.ToString(), clock_.Now(), ""}).ok());
    });
  }
  void Write(const std::function<void(sql::Transaction&)>& body) {
    EXPECT_TRUE(db_->WriteAndWait(sql::TestScope(),
                                  [&](sql::Transaction& tx) -> absl::Status {
                                    body(tx);
                                    return absl::OkStatus();
                                  })
                    .ok());
  }
  // Runs the delivery job once, if it is due, and waits for its end.
  void Attempt() {
    absl::StatusOr<std::vector<jobs::Job>> claimed = db_->WriteAndWait(
        sql::Scope::ForTenant(sql::kSystemTenant),
        [&](sql::Transaction& tx) { return jobs::Claim(tx, kDeliveryJob, clock_.Now(), absl::Minutes(2), 1); });
    ASSERT_TRUE(claimed.ok());
    for (jobs::Job& job : *claimed) {
      absl::Notification done;
      crm_.Run(std::move(job), [&] { done.Notify(); });
      done.WaitForNotification();
    }
  }
  Delivery Stored() {
    return **db_->ReadInline(sql::TestScope(),
                             [&](sql::Transaction& tx) { return LeadRepository::FindDelivery(tx, delivery_.id); });
  }
  Lead StoredLead() {
    return **db_->ReadInline(sql::TestScope(),
                             [&](sql::Transaction& tx) { return LeadRepository::Find(tx, lead_.id); });
  }
  void AnswerWith(int status, std::string body = "", http::Headers headers = {}) {
    absl::MutexLock lock(&mutex_);
    answer_ = {.status = status, .body = std::move(body), .headers = std::move(headers)};
  }
  size_t received() {
    absl::MutexLock lock(&mutex_);
    return received_.size();
  }

  ManualClock clock_{absl::FromUnixSeconds(1'750'000'000)};
  sql::TestDatabase db_{
      std::vector<sql::MigrationSet>{
          {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"profiling", &Migrations()}},
      &clock_};
  SecretBox secrets_{Secret("master")};
  std::vector<std::string> told_;
  absl::Mutex mutex_;
  std::vector<http::IncomingRequest> received_ ABSL_GUARDED_BY(mutex_);
  http::Answer answer_ ABSL_GUARDED_BY(mutex_);
  http::Listener listener_;
  CrmDelivery crm_{*db_,
                   secrets_,
                   [this](sql::Transaction&, const ServiceEvent& event, absl::Time) {
                     told_.push_back(std::to_string(event.index()));
                     return absl::OkStatus();
                   },
                   {OutboundPolicy({}, true), nullptr}};
  Connector connector_;
  Lead lead_;
  Delivery delivery_;
};

TEST_F(CrmDeliveryTest, ArrivesSignedAndOnce) {
  AnswerWith(201, "{\"id\":\"crm-77\"}");
  Make();
  Attempt();
  ASSERT_EQ(received(), 1u);
  absl::MutexLock lock(&mutex_);
  const http::IncomingRequest& request = received_[0];
  EXPECT_EQ(request.body, delivery_.payload);
  EXPECT_EQ(request.Header("idempotency-key"), delivery_.id.ToString());
  const std::string keys[] = {kSecret};
  EXPECT_TRUE(http::VerifyWebhook(keys, request.Header("webhook-id"), request.Header("webhook-timestamp"),
                                  request.Header("webhook-signature"), request.body, clock_.Now())
                  .ok());
  EXPECT_EQ(Stored().state, DeliveryState::kDelivered);
  EXPECT_EQ(StoredLead().state, LeadState::kConfirmed);
  EXPECT_EQ(StoredLead().crm_ref, "crm-77");
}

TEST_F(CrmDeliveryTest, TriesAgainWithTheSameIdOnItsSchedule) {
  AnswerWith(503);
  Make();
  Attempt();
  EXPECT_EQ(Stored().state, DeliveryState::kRetry);
  const absl::Time next = *Stored().next_at;
  EXPECT_GE(next, clock_.Now() + absl::Seconds(4));
  EXPECT_LE(next, clock_.Now() + absl::Seconds(6));
  Attempt();
  EXPECT_EQ(received(), 1u) << "not before its time";
  clock_.Set(next);
  AnswerWith(200, "{}");
  Attempt();
  ASSERT_EQ(received(), 2u);
  absl::MutexLock lock(&mutex_);
  EXPECT_EQ(received_[0].Header("webhook-id"), received_[1].Header("webhook-id"));
  EXPECT_EQ(received_[0].body, received_[1].body);
  EXPECT_EQ(Stored().state, DeliveryState::kDelivered);
  EXPECT_EQ(StoredLead().state, LeadState::kSent);
}

TEST_F(CrmDeliveryTest, WaitsAsLongAsItIsAsked) {
  AnswerWith(429, "", {{"Retry-After", "3600"}});
  Make();
  Attempt();
  EXPECT_EQ(*Stored().next_at, clock_.Now() + absl::Hours(1));
  clock_.Advance(absl::Minutes(59));
  Attempt();
  EXPECT_EQ(received(), 1u);
}

TEST_F(CrmDeliveryTest, GivesUpAfterTenAttempts) {
  AnswerWith(500);
  Make();
  for (int i = 0; i < 12; ++i) {
    Attempt();
    clock_.Advance(absl::Hours(30));
  }
  EXPECT_EQ(received(), 10u);
  EXPECT_EQ(Stored().state, DeliveryState::kDead);
  EXPECT_EQ(Stored().attempts.size(), 10u);
  EXPECT_EQ(StoredLead().state, LeadState::kFailed);
}

TEST_F(CrmDeliveryTest, RefusedCredentialsPauseTheConnector) {
  AnswerWith(401);
  Make();
  Attempt();
  EXPECT_EQ(Stored().state, DeliveryState::kRetry);
  EXPECT_EQ(Stored().attempts_used, 0) << "waiting uses up nothing";
  const auto connector =
      db_->ReadInline(sql::TestScope(), [](sql::Transaction& tx) { return LeadRepository::FindConnector(tx, "crm"); });
  EXPECT_EQ((*connector)->state, ConnectorState::kPaused);
  EXPECT_EQ((*connector)->state_reason, "AUTH_FAILED");
  clock_.Advance(absl::Hours(48));
  Attempt();
  EXPECT_EQ(received(), 1u);
}

TEST_F(CrmDeliveryTest, AnErrorInTheBodyIsNoDelivery) {
  connector_.success_pointer = "/data/0/status";
  connector_.success_equals = "success";
  AnswerWith(200, "{\"data\":[{\"status\":\"error\"}]}");
  Make();
  Attempt();
  EXPECT_EQ(Stored().state, DeliveryState::kDead);
  EXPECT_EQ(Stored().error, "BODY_REFUSED");
}

TEST_F(CrmDeliveryTest, RedirectionsAreNotFollowed) {
  AnswerWith(302, "", {{"Location", "https://elsewhere.example/"}});
  Make();
  Attempt();
  EXPECT_EQ(Stored().state, DeliveryState::kDead);
  EXPECT_EQ(Stored().error, "HTTP_302");
}

}  // namespace
}  // namespace vinculo::profiling
