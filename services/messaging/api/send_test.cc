#include <set>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/send_message.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kMaxTesters = 5;

struct TestWanted {
  std::vector<Uuid> contacts;
  std::vector<Uuid> messages;  // their ids, made once
  std::optional<Uuid> campaign_id;
  Content content;  // of a template; the campaign tells it otherwise
  std::optional<Uuid> sender_id;
  std::string caller;
  QueueRoom* room = nullptr;
  absl::Time now;
};

TestWanted ParseTest(const v1::SendTestRequest& request, FieldViolations& bad) {
  TestWanted want;
  text::CheckCount("contact_ids", request.contact_ids_size(), kMaxTesters, bad);
  if (request.contact_ids().empty()) bad.Add("contact_ids", "is required");
  std::set<std::string> seen;
  for (int i = 0; i < std::min(request.contact_ids_size(), kMaxTesters); ++i) {
    const std::string field = text::Indexed("contact_ids", i);
    want.contacts.push_back(text::ParseUuid(field, request.contact_ids(i), bad));
    if (!seen.insert(request.contact_ids(i)).second) bad.Add(field, "is named twice");
  }
  want.sender_id = text::ParseOptionalUuid("sender_id", request.sender_id(), bad);
  if (request.has_template_()) {
    want.content = ParseTemplateContent(request.template_());
    ValidateContent(want.content, "template", bad);
  } else if (request.what_case() == v1::SendTestRequest::kCampaignId) {
    want.campaign_id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  } else {
    bad.Add("campaign_id", "one of campaign_id and template is required");
  }
  return want;
}

// Why a tester would be left out of the campaign, as a refusal.
absl::Status LeftOut(const RecipientPlan& plan) {
  if (!plan.problem_place.empty()) {
    FieldViolations bad;
    bad.Add(absl::StrCat("campaign.parameters[", plan.problem_place, "]"), plan.excluded);
    return bad.ToStatus("TEMPLATE_PARAMETERS");
  }
  const bool none = plan.excluded == "LANGUAGE_UNAVAILABLE";
  const std::string reason = none                         ? "TEMPLATE_NOT_SENDABLE"
                             : plan.excluded == "BLOCKED" ? "CONTACT_BLOCKED"
                             : plan.excluded == "ERASED"  ? "CONTACT_ERASED"
                                                          : plan.excluded;
  return Error(absl::StatusCode::kFailedPrecondition, reason,
               absl::StrCat("The campaign would leave this tester out: ", plan.excluded, "."));
}

// What the campaign would send to each, with the variables that the lists of its audience give.
class CampaignTest {
 public:
  CampaignTest(sql::Transaction& tx, const ContactRepository& contacts) : tx_(tx), contacts_(contacts) {}

  absl::Status Load(const Uuid& id) {
    ASSIGN_OR_RETURN(campaign_, CampaignRepository::Get(tx_, id));
    ASSIGN_OR_RETURN(template_, TemplateRepository::Get(tx_, campaign_.channel_id, campaign_.template_name));
    ASSIGN_OR_RETURN(policy_, PolicyRepository::Get(tx_));
    return absl::OkStatus();
  }
  const Campaign& campaign() const { return campaign_; }

  absl::StatusOr<TemplateContent> ContentFor(const Uuid& id) {
    ASSIGN_OR_RETURN(const Contact contact, contacts_.Get(tx_, id));
    ASSIGN_OR_RETURN(const auto variables, AudienceVariables(tx_, contacts_, campaign_.audience, id));
    const RecipientPlan plan = PlanRecipient({&campaign_, &template_, &policy_, /*test=*/true}, contact, variables);
    if (!plan.excluded.empty()) return LeftOut(plan);
    return TemplateContent{campaign_.template_name, plan.language, plan.values};
  }

 private:
  sql::Transaction& tx_;
  const ContactRepository& contacts_;
  Campaign campaign_;
  Template template_;
  Policy policy_;
};

absl::StatusOr<std::vector<Uuid>> SendTests(sql::Transaction& tx, const ContactRepository& contacts,
                                            const TestWanted& want) {
  CampaignTest campaign(tx, contacts);
  if (want.campaign_id) RETURN_IF_ERROR(campaign.Load(*want.campaign_id));
  for (size_t i = 0; i < want.contacts.size(); ++i) {
    SendDraft draft;
    draft.contact_id = want.contacts[i];
    draft.sender_id = want.sender_id;
    draft.content = want.content;
    if (want.campaign_id) {
      if (!draft.sender_id) draft.sender_id = campaign.campaign().sender_id;
      ASSIGN_OR_RETURN(draft.content, campaign.ContentFor(want.contacts[i]));
    }
    draft.caller = want.caller;
    draft.test = true;
    draft.room = want.room;
    draft.message_id = want.messages[i];
    draft.now = want.now;
    RETURN_IF_ERROR(AcceptMessage(tx, contacts, draft).status());
  }
  return want.messages;
}

}  // namespace

void CampaignService::SendTest(rpc::Call<v1::SendTestRequest, v1::SendTestResponse> call) {
  FieldViolations bad;
  TestWanted want = ParseTest(call.request(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  want.caller = call.principal().subject;
  want.room = &context_.queue_room;
  want.now = call.now();
  for (size_t i = 0; i < want.contacts.size(); ++i) want.messages.push_back(Uuid::New(want.now));
  context_.db.Write(
      call.scope(),
      [want, contacts = &context_.contacts](sql::Transaction& tx) { return SendTests(tx, *contacts, want); },
      call.Reply([](const std::vector<Uuid>& messages, v1::SendTestResponse* out) {
        for (const Uuid& id : messages) out->add_message_ids(id.ToString());
      }));
}

}  // namespace vinculo::messaging
