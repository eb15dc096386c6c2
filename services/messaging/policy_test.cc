#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class PolicyTest : public Rig {
 protected:
  v1::Policy Read() {
    v1::Policy policy;
    EXPECT_THAT(Call(*channel_stub_, &v1::ChannelService::Stub::GetPolicy, v1::GetPolicyRequest(), &policy), IsOk());
    return policy;
  }
  absl::Status Update(const v1::Policy& policy, const std::vector<std::string>& paths, v1::Policy* out) {
    v1::UpdatePolicyRequest request;
    request.set_request_id(NewId());
    *request.mutable_policy() = policy;
    for (const std::string& path : paths) request.mutable_update_mask()->add_paths(path);
    return Call(*channel_stub_, &v1::ChannelService::Stub::UpdatePolicy, request, out);
  }
};

TEST_F(PolicyTest, HasDefaultsUntilSomebodySetsIt) {
  const v1::Policy policy = Read();
  EXPECT_EQ(policy.time_zone(), "America/Argentina/Buenos_Aires");
  ASSERT_EQ(policy.allowed_hours_size(), 1);
  EXPECT_EQ(policy.allowed_hours(0).from(), "09:00");
  EXPECT_EQ(policy.allowed_hours(0).until(), "21:00");
  EXPECT_EQ(policy.frequency_cap(), 3);
  EXPECT_THAT(policy.barred_countries(), testing::ElementsAre("US"));
  EXPECT_EQ(policy.protection().outcomes(), 200);
  EXPECT_EQ(policy.etag(), "\"0\"");
}

TEST_F(PolicyTest, TakesWhatIsNamedAndKeepsTheRest) {
  v1::Policy patch, updated;
  v1::AllowedHours* weekdays = patch.add_allowed_hours();
  for (const int day : {1, 2, 3, 4, 5}) weekdays->add_days(day);
  weekdays->set_from("10:30");
  weekdays->set_until("18:00");
  patch.set_etag("\"0\"");
  ASSERT_THAT(Update(patch, {"allowed_hours", "frequency_cap"}, &updated), IsOk());
  EXPECT_EQ(updated.frequency_cap(), 0);
  EXPECT_EQ(updated.allowed_hours(0).days_size(), 5);
  EXPECT_EQ(updated.time_zone(), "America/Argentina/Buenos_Aires");
  EXPECT_EQ(updated.SerializeAsString(), Read().SerializeAsString());
  EXPECT_THAT(Update(patch, {}, &updated), StatusIs(Code::kAborted, "ETAG_MISMATCH"));
}

TEST_F(PolicyTest, NamesEveryFieldAtFault) {
  v1::Policy patch, updated;
  patch.set_time_zone("UTC-3");
  v1::AllowedHours* hours = patch.add_allowed_hours();
  hours->add_days(8);
  hours->set_from("21:00");
  hours->set_until("9");
  patch.add_barred_countries("usa");
  patch.mutable_protection()->set_failure_percent(101);
  const absl::Status status = Update(patch, {}, &updated);
  EXPECT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  std::vector<std::string> fields;
  const auto details = GetErrorDetails(status);
  for (const FieldViolation& v : details->violations) fields.push_back(v.field);
  EXPECT_THAT(fields, testing::IsSupersetOf({"policy.time_zone", "policy.allowed_hours[0].until",
                                             "policy.allowed_hours[0].days", "policy.barred_countries[0]",
                                             "policy.protection.failure_percent"}));
  EXPECT_EQ(Read().etag(), "\"0\"");
}

}  // namespace
}  // namespace vinculo::messaging
