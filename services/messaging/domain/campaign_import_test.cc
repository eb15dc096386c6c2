#include "absl/strings/str_cat.h"
#include "common/testing/status_matchers.h"
#include "services/messaging/domain/campaign.h"
#include "services/messaging/domain/import.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::StatusIs;

const absl::Time kNow = absl::FromUnixSeconds(1'760'000'000);

ImportPlan Plan(std::vector<std::string> titles, const std::map<std::string, std::string>& mapping = {}) {
  auto columns = PlanColumns(titles, mapping);
  EXPECT_TRUE(columns.ok()) << columns.status();
  return {.columns = *columns, .default_region = "AR", .now = kNow};
}

std::string Rejection(const ImportPlan& plan, std::vector<std::string> cells, std::string problem = "") {
  return JudgeRow(plan, {std::move(cells), std::move(problem), -1}).rejection.code;
}

TEST(ImportColumns, RefusesWhatCannotWork) {
  EXPECT_THAT(PlanColumns({"nombre"}, {}), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
  EXPECT_THAT(PlanColumns({"a", "b"}, {{"a", "phone"}, {"b", "phone"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PlanColumns({"a"}, {{"a", "phone"}, {"z", "name"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(PlanColumns({"a"}, {{"a", "fone"}}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_TRUE(PlanColumns({"Tel", "Deuda", "x"}, {{"Tel", "phone"}, {"Deuda", "var:amount"}}).ok());
}

TEST(ImportRow, NamesEveryKindOfBadRow) {
  const ImportPlan plan = Plan({"phone", "language", "time_zone", "name", "consent_marketing", "consent_at"});
  EXPECT_EQ(Rejection(plan, {"", "", "", "Ana", "", ""}), "IDENTITY_MISSING");
  EXPECT_EQ(Rejection(plan, {"123", "", "", "", "", ""}), "PHONE_INVALID");
  EXPECT_EQ(Rejection(plan, {"5,49112E+12", "", "", "", "", ""}), "PHONE_SCIENTIFIC");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "espanol largo", "", "", "", ""}), "BAD_LANGUAGE");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "", "Buenos Aires", "", "", ""}), "BAD_ZONE");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "", "", std::string(201, 'x'), "", ""}), "VALUE_TOO_LONG");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "", "", "", "sí", ""}), "CONSENT_INCOMPLETE");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "", "", "", "", "31/12/2020"}), "BAD_DATE");
  EXPECT_EQ(Rejection(plan, {"+5491122334455", "", "", "", "", "2099-01-01"}), "BAD_DATE");
  EXPECT_EQ(Rejection(plan, {}, "COLUMN_COUNT"), "COLUMN_COUNT");
  ImportPlan no_region = plan;
  no_region.default_region = "";
  EXPECT_EQ(Rejection(no_region, {"1122334455", "", "", "", "", ""}), "REGION_MISSING");
}

TEST(ImportRow, NamesTheColumnAndWhatToDo) {
  const ImportPlan plan = Plan({"Telefono", "Zona"}, {{"Telefono", "phone"}, {"Zona", "time_zone"}});
  const RowNote note = JudgeRow(plan, {{"+5491122334455", "Marte"}, "", -1}).rejection;
  EXPECT_EQ(note.column, "Zona");
  EXPECT_FALSE(note.fix.empty());
}

TEST(ImportRow, CleansCellsAndFindsTheSamePersonUnderTwoSpellings) {
  const ImportPlan plan = Plan({"phone", "name"});
  const RowVerdict one = JudgeRow(plan, {{"'+52 1 55 1234 5678", "  Ana  "}, "", -1});
  const RowVerdict two = JudgeRow(plan, {{"+52 55 1234 5678", "Ana"}, "", -1});
  ASSERT_TRUE(one.row && two.row);
  EXPECT_EQ(one.row->patch.name, "Ana");
  EXPECT_EQ(one.row->keys(), two.row->keys());
  EXPECT_EQ(one.row->country, "MX");
}

TEST(ImportRow, ReadsConsentCells) {
  ImportPlan plan = Plan({"phone", "consent_marketing", "consent_transactional"});
  plan.defaults = {.source = "feria", .text_version = "v3", .at = kNow - absl::Hours(24)};
  const RowVerdict v = JudgeRow(plan, {{"+5491122334455", "Sí", "NO"}, "", -1});
  ASSERT_TRUE(v.row);
  ASSERT_EQ(v.row->consents.size(), 2u);
  EXPECT_EQ(v.row->consents[0].decision, Decision::kGranted);
  EXPECT_EQ(v.row->consents[1].decision, Decision::kRevoked);
  EXPECT_EQ(v.row->consent_source, "feria");
  EXPECT_TRUE(JudgeRow(plan, {{"+5491122334455", "", ""}, "", -1}).row->consents.empty());
}

TEST(ImportRow, WarnsOfALandline) {
  const RowVerdict v = JudgeRow(Plan({"phone"}), {{"+493012345678"}, "", -1});
  ASSERT_TRUE(v.row);
  ASSERT_EQ(v.row->warnings.size(), 1u);
  EXPECT_EQ(v.row->warnings[0].code, "PHONE_NOT_MOBILE");
}

Template OneTemplate() {
  Template t;
  t.name = "promo";
  for (const char* language : {"es", "pt_BR"}) {
    Translation tr;
    tr.language = language;
    tr.category = Category::kMarketing;
    tr.state = TranslationState::kProvider;
    tr.status = "APPROVED";
    tr.submitted = TemplateVersion{2, {.body = "Hola {{1}}, chau"}};
    t.translations.push_back(tr);
  }
  return t;
}

Contact Granted() {
  Contact c;
  c.id = Uuid::New(kNow);
  c.first_name = "Ana";
  c.phone = "+5491122334455";
  c.country = "AR";
  c.marketing = Decision::kGranted;
  return c;
}

TEST(CampaignRecipient, IsExcludedForTheFirstReasonOnly) {
  const Template t = OneTemplate();
  Campaign campaign;
  campaign.language = {.by_contact = true, .language = "es"};
  campaign.parameters["body.1"] = {ParameterSource::Kind::kContactField, "first_name", ""};
  const Policy policy;
  const CampaignPlan plan{&campaign, &t, &policy};
  EXPECT_EQ(PlanRecipient(plan, Granted(), {}).excluded, "");
  Contact c = Granted();
  c.marketing = Decision::kNone;
  EXPECT_EQ(PlanRecipient(plan, c, {}).excluded, "NO_CONSENT");
  c.suppressed = kSuppressedBlocked | kSuppressedMarketing;
  EXPECT_EQ(PlanRecipient(plan, c, {}).excluded, "BLOCKED");
  c = Granted();
  c.first_name = " ";
  EXPECT_EQ(PlanRecipient(plan, c, {}).excluded, "PARAMETER_MISSING");
  EXPECT_EQ(PlanRecipient(plan, c, {}).problem_place, "body.1");
}

TEST(CampaignRecipient, SpeaksTheContactsLanguage) {
  const Template t = OneTemplate();
  Campaign campaign;
  campaign.language = {.by_contact = true, .language = "es"};
  const Policy policy;
  const CampaignPlan plan{&campaign, &t, &policy};
  EXPECT_EQ(ChooseTranslation(plan, "pt_BR")->language, "pt_BR");
  EXPECT_EQ(ChooseTranslation(plan, "pt_PT")->language, "pt_BR");
  EXPECT_EQ(ChooseTranslation(plan, "es_MX")->language, "es");
  EXPECT_EQ(ChooseTranslation(plan, "de")->language, "es");
  campaign.language = {.by_contact = false, .language = "en"};
  EXPECT_EQ(ChooseTranslation(plan, "es"), nullptr);
}

TEST(CampaignState, ForbidsWhatTheStateForbids) {
  Campaign c;
  EXPECT_TRUE(CheckAct(c, CampaignAct::kSchedule).ok());
  EXPECT_THAT(CheckAct(c, CampaignAct::kPause), StatusIs(absl::StatusCode::kFailedPrecondition, "CAMPAIGN_STATE"));
  c.state = CampaignState::kRunning;
  EXPECT_TRUE(CheckAct(c, CampaignAct::kPause).ok());
  EXPECT_FALSE(CheckAct(c, CampaignAct::kResume).ok());
  c.state = CampaignState::kCompleted;
  EXPECT_FALSE(CheckAct(c, CampaignAct::kCancel).ok());
}

TEST(Funnel, KeepsItsIdentity) {
  const RecipientCounts counts = {{{RecipientState::kExcluded, "NO_CONSENT"}, 5},
                                  {{RecipientState::kQueued, ""}, 3},
                                  {{RecipientState::kSkipped, "OPTED_OUT"}, 2},
                                  {{RecipientState::kUnknown, ""}, 1},
                                  {{RecipientState::kAccepted, ""}, 4},
                                  {{RecipientState::kDelivered, ""}, 6},
                                  {{RecipientState::kRead, ""}, 7},
                                  {{RecipientState::kFailed, "PROVIDER_REFUSED"}, 2},
                                  {{RecipientState::kFailed, "LATER_PROVIDER_FAILED"}, 1},
                                  {{RecipientState::kReplierDirect, ""}, 9}};
  const Funnel f = MakeFunnel(counts);
  EXPECT_EQ(f.audience, 31);
  EXPECT_EQ(f.attempted, 21);
  EXPECT_EQ(f.accepted_ever, 18);
  EXPECT_EQ(f.delivered_ever, 13);
  EXPECT_EQ(f.refused, 2);
  EXPECT_EQ(f.failed_later, 1);
}

TEST(Audience, MissingAttributeMakesEveryComparisonFalse) {
  AudienceFacts facts{.tags = {"vip"}, .attributes = {{"score", "7"}}, .language = "es_AR", .country = "AR"};
  AudienceFilter f{
      .kind = AudienceFilter::Kind::kAttribute, .text = "age", .op = AttributeOperator::kNotEquals, .values = {"3"}};
  EXPECT_FALSE(Matches(f, facts));
  f.op = AttributeOperator::kMissing;
  EXPECT_TRUE(Matches(f, facts));
  AudienceFilter greater{
      .kind = AudienceFilter::Kind::kAttribute, .text = "score", .op = AttributeOperator::kGreater, .values = {"6.5"}};
  AudienceFilter language{.kind = AudienceFilter::Kind::kLanguage, .text = "es"};
  AudienceFilter tag{.kind = AudienceFilter::Kind::kTag, .text = "nobody"};
  EXPECT_TRUE(Matches({.kind = AudienceFilter::Kind::kAll, .children = {greater, language}}, facts));
  EXPECT_FALSE(Matches({.kind = AudienceFilter::Kind::kAll, .children = {greater, tag}}, facts));
  EXPECT_TRUE(Matches({.kind = AudienceFilter::Kind::kAny, .children = {greater, tag}}, facts));
  EXPECT_TRUE(Matches({.kind = AudienceFilter::Kind::kNot, .children = {tag}}, facts));
}

TEST(Audience, AnEmptyFilterIsNotEverybody) {
  EXPECT_THAT(ValidateFilter({}, "audience"), StatusIs(absl::StatusCode::kInvalidArgument, "AUDIENCE_NOT_EXPLICIT"));
  EXPECT_TRUE(ValidateFilter({.kind = AudienceFilter::Kind::kAllContacts}, "audience").ok());
  AudienceFilter deep{.kind = AudienceFilter::Kind::kAllContacts};
  for (int i = 0; i < 8; ++i) deep = {.kind = AudienceFilter::Kind::kNot, .children = {deep}};
  EXPECT_THAT(ValidateFilter(deep, "audience"), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FIELDS"));
}

TEST(Contacts, MasksIdentities) {
  EXPECT_EQ(MaskIdentity("+5491122334455"), "+54*******4455");
  EXPECT_EQ(MaskIdentity("1234"), "****");
  EXPECT_TRUE(IsBsuid("AR.99887766"));
  EXPECT_TRUE(IsBsuid("BR.ENT.abc1"));
  EXPECT_FALSE(IsBsuid("5491122334455"));
}

}  // namespace
}  // namespace vinculo::messaging
