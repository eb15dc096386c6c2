#include "services/profiling/api/api_fixture.h"
#include "services/profiling/store/lead_repository.h"

namespace vinculo::profiling {
namespace {

using Stub = v1::LeadService::Stub;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

class LeadServiceTest : public ApiFixture {
 protected:
  LeadServiceTest() { PublishSamples(); }
  v1::Connector Crm() {
    v1::Connector connector;
    connector.set_connector_id("crm");
    connector.set_url("https://crm.example/leads");
    connector.mutable_signing()->set_secret(kSecret);
    connector.mutable_auth()->mutable_bearer()->set_token("a very secret token");
    return connector;
  }
  absl::Status Put(const v1::Connector& connector, v1::Connector* out) {
    v1::PutConnectorRequest request;
    *request.mutable_connector() = connector;
    return Call(*leads, &Stub::PutConnector, request, out);
  }
  // The same once name and address are known and offered.
  v1::HandleInboundResponse WalkAgain(const std::string& identity) {
    Say(identity, "hola", true);
    for (int i = 0; i < 8; ++i) Say(identity, "1");
    return Say(identity, "1");
  }
  std::vector<v1::Delivery> Deliveries() {
    v1::ListDeliveriesResponse out;
    EXPECT_TRUE(Call(*leads, &Stub::ListDeliveries, v1::ListDeliveriesRequest(), &out).ok());
    return {out.deliveries().begin(), out.deliveries().end()};
  }
};

TEST_F(LeadServiceTest, SecretsAreNeverReadBack) {
  v1::Connector out;
  ASSERT_TRUE(Put(Crm(), &out).ok());
  EXPECT_EQ(out.signing().secret(), "****LaSw");
  EXPECT_EQ(out.auth().bearer().token(), "****oken");
  EXPECT_THAT(out.DebugString(), Not(HasSubstr("very secret")));
  const auto stored = Read([](sql::Transaction& tx) { return LeadRepository::FindConnector(tx, "crm"); });
  EXPECT_EQ((*stored)->sealed_signing.find("MfKQ"), std::string::npos);
  // As it was shown: it stays as it is.
  v1::Connector again = out;
  again.clear_etag();
  again.mutable_timeout()->set_seconds(20);
  ASSERT_TRUE(Put(again, &out).ok());
  const auto kept = Read([](sql::Transaction& tx) { return LeadRepository::FindConnector(tx, "crm"); });
  EXPECT_EQ(*secrets.Open("demo/crm", (*kept)->sealed_signing), kSecret);
}

TEST_F(LeadServiceTest, ConnectorsAreChecked) {
  v1::Connector bad = Crm(), out;
  bad.set_url("http://10.0.0.1/x");
  bad.mutable_signing()->set_secret("short");
  bad.add_mapping()->set_to("a..b");
  bad.mutable_timeout()->set_seconds(1000);
  const absl::Status status = Put(bad, &out);
  EXPECT_EQ(ErrorReason(status), "INVALID_FIELDS");
  EXPECT_EQ(GetErrorDetails(status)->violations.size(), 4u);
  v1::PutConnectorRequest request;
  *request.mutable_connector() = Crm();
  EXPECT_TRUE(absl::IsPermissionDenied(Call(*leads, &Stub::PutConnector, request, &out, {.roles = {"designer"}})));
}

TEST_F(LeadServiceTest, ALeadLeavesWithItsDeliveryAndJob) {
  v1::Connector connector = Crm(), out;
  auto* field = connector.add_mapping();
  field->set_to("contact.email");
  field->set_from("{{lead.email}}");
  field = connector.add_mapping();
  field->set_to("source");
  field->set_from("Vinculo");
  ASSERT_TRUE(Put(connector, &out).ok());
  const v1::HandleInboundResponse done = WalkToLead("visitor-1");
  const auto deliveries = Deliveries();
  ASSERT_EQ(deliveries.size(), 1u);
  EXPECT_EQ(deliveries[0].lead_id(), done.session().lead_id());
  EXPECT_EQ(deliveries[0].state(), v1::Delivery::STATE_PENDING);
  v1::GetDeliveryRequest get;
  get.set_delivery_id(deliveries[0].delivery_id());
  v1::Delivery delivery;
  ASSERT_TRUE(Call(*leads, &Stub::GetDelivery, get, &delivery).ok());
  EXPECT_THAT(delivery.payload(),
              HasSubstr("\"data\":{\"contact\":{\"email\":\"ana@example.com\"},\"source\":\"Vinculo\"}"));
  const auto due = Read([](sql::Transaction& tx) { return jobs::NextDue(tx, kDeliveryJob); });
  ASSERT_TRUE(due.ok());
  EXPECT_EQ(**due, clock.Now()) << "the first attempt is due at once";
}

TEST_F(LeadServiceTest, TheSameInterestAgainUpdatesTheLead) {
  v1::Connector out;
  ASSERT_TRUE(Put(Crm(), &out).ok());
  const std::string first = WalkToLead("visitor-1").session().lead_id();
  const std::string second = WalkAgain("visitor-1").session().lead_id();
  EXPECT_EQ(first, second);
  EXPECT_THAT(EventTypes(), ::testing::Contains("lead.updated"));
  EXPECT_EQ(Deliveries().size(), 2u);
  clock.Advance(absl::Hours(25));
  EXPECT_NE(WalkAgain("visitor-1").session().lead_id(), first);
}

TEST_F(LeadServiceTest, DeniedConsentMakesNoLead) {
  v1::Connector out;
  ASSERT_TRUE(Put(Crm(), &out).ok());
  Say("visitor-1", "hola", true);
  for (int i = 0; i < 6; ++i) Say("visitor-1", "1");
  Say("visitor-1", "Ana");
  Say("visitor-1", "ana@example.com");
  const v1::HandleInboundResponse done = Say("visitor-1", "2");
  EXPECT_EQ(done.session().outcome(), "CONSENT_DENIED");
  EXPECT_TRUE(done.session().lead_id().empty());
  EXPECT_TRUE(Deliveries().empty());
}

TEST_F(LeadServiceTest, MissingRequiredFieldIsDeadAtOnce) {
  v1::Connector connector = Crm(), out;
  auto* field = connector.add_mapping();
  field->set_to("phone");
  field->set_from("{{lead.phone}}");
  field->set_required(true);
  ASSERT_TRUE(Put(connector, &out).ok());
  WalkToLead("visitor-1");
  ASSERT_EQ(Deliveries().size(), 1u);
  EXPECT_EQ(Deliveries()[0].state(), v1::Delivery::STATE_DEAD);
  EXPECT_THAT(EventTypes(), ::testing::Contains("lead.failed"));
  v1::ReplayDeliveriesRequest replay;
  replay.add_delivery_ids(Deliveries()[0].delivery_id());
  v1::ReplayDeliveriesResponse replayed;
  ASSERT_TRUE(Call(*leads, &Stub::ReplayDeliveries, replay, &replayed).ok());
  EXPECT_EQ(replayed.deliveries(0).state(), v1::Delivery::STATE_PENDING);
}

TEST_F(LeadServiceTest, LeadsArePaged) {
  for (int i = 0; i < 3; ++i) WalkToLead("visitor-" + std::to_string(i));
  v1::ListLeadsRequest list;
  list.set_page_size(2);
  v1::ListLeadsResponse page;
  ASSERT_TRUE(Call(*leads, &Stub::ListLeads, list, &page).ok());
  EXPECT_EQ(page.leads_size(), 2);
  list.set_page_token(page.next_page_token());
  ASSERT_TRUE(Call(*leads, &Stub::ListLeads, list, &page).ok());
  EXPECT_EQ(page.leads_size(), 1);
  EXPECT_EQ(ErrorReason(Call(*leads, &Stub::ListLeads, list, &page, {.tenant = "other"})), "PAGE_TOKEN");
}

TEST_F(LeadServiceTest, ProfilesAreUpsertedByTheirIdentities) {
  using Profiles = v1::ProfileService::Stub;
  v1::UpsertProfileRequest request;
  auto* identity = request.mutable_profile()->add_identities();
  identity->set_type(v1::Identity::TYPE_EXTERNAL);
  identity->set_value("c-1");
  request.mutable_profile()->set_name("Ana");
  v1::Profile first, second;
  ASSERT_TRUE(Call(*profiles, &Profiles::UpsertProfile, request, &first).ok());
  identity = request.mutable_profile()->add_identities();
  identity->set_type(v1::Identity::TYPE_EMAIL);
  identity->set_value("Ana@B.co");
  ASSERT_TRUE(Call(*profiles, &Profiles::UpsertProfile, request, &second).ok());
  EXPECT_EQ(first.profile_id(), second.profile_id());
  EXPECT_EQ(second.identities_size(), 2);
  v1::UpsertProfileRequest other;
  identity = other.mutable_profile()->add_identities();
  identity->set_type(v1::Identity::TYPE_EXTERNAL);
  identity->set_value("c-2");
  ASSERT_TRUE(Call(*profiles, &Profiles::UpsertProfile, other, &first).ok());
  *other.mutable_profile()->add_identities() = request.profile().identities(1);
  EXPECT_EQ(ErrorReason(Call(*profiles, &Profiles::UpsertProfile, other, &first)), "IDENTITY_TAKEN");
  request.mutable_profile()->mutable_identities(1)->set_value("test@test.com");
  EXPECT_EQ(ErrorReason(Call(*profiles, &Profiles::UpsertProfile, request, &first)), "INVALID_FIELDS");
}

}  // namespace
}  // namespace vinculo::profiling
