#include <map>
#include <memory>
#include <regex>

#include "absl/strings/str_join.h"
#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using Stub = v1::ContactService::Stub;

class ErasureTest : public Rig {
 protected:
  // Every text and every byte of every table that is about contacts, messages, events, jobs or replies.
  std::string Everything() {
    std::vector<std::string> selects;
    for (const auto* steps : {&events::Migrations(), &jobs::Migrations(), &Migrations()}) {
      for (const sql::Migration& step : *steps) AddSelects(step.text, selects);
    }
    AddSelects("CREATE TABLE replay (\n  reply BLOB NOT NULL,\n) STRICT", selects);
    std::string all;
    for (const std::string& text : selects) {
      // Kept for as long as the store is open, as statements must be.
      static auto& kept = *new std::map<std::string, std::unique_ptr<const sql::Query>>();
      const auto it = kept.try_emplace(text).first;
      if (it->second == nullptr) it->second.reset(new sql::Query{it->first.c_str(), it->first.c_str()});
      const sql::Query& query = *it->second;
      const absl::Status read = db_->WriteAndWait(sql::TestScope(), [&](sql::Transaction& tx) {
        return tx.Each(query, [&](const sql::Row& r) { absl::StrAppend(&all, r.Blob(0), r.Text(0), "\n"); });
      });
      EXPECT_THAT(read, IsOk()) << text;
    }
    return all;
  }

  static void AddSelects(const std::string& schema, std::vector<std::string>& out) {
    static const std::regex table(R"(CREATE TABLE (\w+) \(([^;]*)\) STRICT)"), column(R"(\n  (\w+) (TEXT|BLOB))");
    for (std::sregex_iterator t(schema.begin(), schema.end(), table), end; t != end; ++t) {
      const std::string body = (*t)[2];
      for (std::sregex_iterator c(body.begin(), body.end(), column); c != end; ++c)
        out.push_back(absl::StrCat("SELECT ", (*c)[1].str(), " FROM ", (*t)[1].str()));
    }
  }
};

TEST_F(ErasureTest, NothingOfAnErasedPersonIsLeftButCountsAndTheOptOut) {
  Connect();
  ApproveTemplate();
  v1::ImportHeader header;
  header.mutable_consent_defaults()->set_source("web form");
  header.mutable_consent_defaults()->set_text_version("v1");
  header.mutable_consent_defaults()->mutable_at()->set_seconds(1700000000);
  absl::Status status;
  Import("phone,name,first_name,attr:dni,consent_marketing\n+5491122334455,Canario Lopez,Canarita,cana-3333,si\n", 100,
         &status, header);
  ASSERT_THAT(status, IsOk());
  const v1::Contact ana = Lookup("+5491122334455");
  v1::UpsertContactRequest upsert;  // a reply that is kept for repetition
  upsert.set_request_id(NewId());
  upsert.set_contact_id(ana.id());
  upsert.set_first_name("Canarita");
  v1::Contact ignored;
  ASSERT_THAT(Call(*contact_stub_, &Stub::UpsertContact, upsert, &ignored), IsOk());
  StartSending();
  const v1::Campaign campaign = NewCampaign();
  Launch(campaign.id());
  ASSERT_TRUE(Eventually([&] { return Report(campaign.id()).delivered_ever() == 1; }));
  const nlohmann::json body = {
      {"entry",
       {{{"changes",
          {{{"field", "messages"},
            {"value",
             {{"metadata", {{"phone_number_id", "100000000000001"}}},
              {"contacts", {{{"wa_id", "5491122334455"}, {"profile", {{"name", "Canario WA"}}}}}},
              {"messages",
               {{{"id", "wamid.in1"},
                 {"from", "5491122334455"},
                 {"timestamp", std::to_string(absl::ToUnixSeconds(SystemClock::Get()->Now()))},
                 {"type", "text"},
                 {"text", {{"body", "canario canta"}}}},
                {{"id", "wamid.in2"},
                 {"from", "5491122334455"},
                 {"timestamp", std::to_string(absl::ToUnixSeconds(SystemClock::Get()->Now()))},
                 {"type", "text"},
                 {"text", {{"body", "BAJA"}}}}}}}}}}}}}}};
  const std::string text = body.dump();
  ASSERT_EQ(Post(text, http::HubSignature(kSecret, text)).status, 200);
  ASSERT_TRUE(Eventually([&] { return Events("contact.opted_out").size() == 1; }));
  inbox_.WaitIdle();
  constexpr sql::Query kBury{"test_bury",
                             "INSERT INTO feed_dead_letter (tenant_id, source, seq, type, error, event, recorded_at) "
                             "VALUES (?, 'profiling', 1, 'session.started', 'x', ?, 0)"};
  ASSERT_THAT(db_->WriteAndWait(sql::TestScope(),
                                [&](sql::Transaction& tx) {
                                  const std::string event = absl::StrCat("dead canary of ", ana.id());
                                  return tx.Exec(kBury, tx.tenant(), sql::Blob{event});
                                }),
              IsOk());
  const std::vector<std::string> canaries = {"Canario",       "Canarita",      "cana-3333",
                                             "canario canta", "5491122334455", "dead canary"};
  const std::string before = Everything();
  for (const std::string& canary : canaries) EXPECT_THAT(before, testing::HasSubstr(canary)) << "the search finds it";

  v1::EraseContactRequest erase;
  erase.set_request_id(NewId());
  erase.set_contact_id(ana.id());
  v1::Contact erased;
  ASSERT_THAT(Call(*contact_stub_, &Stub::EraseContact, erase, &erased), IsOk());
  EXPECT_TRUE(erased.erased());
  EXPECT_EQ(erased.identities_size(), 0);
  std::vector<std::string> left;
  EXPECT_TRUE(Eventually([&] {
    const std::string after = Everything();
    left.clear();
    for (const std::string& canary : canaries) {
      if (after.find(canary) != std::string::npos) left.push_back(canary);
    }
    return left.empty();
  })) << absl::StrJoin(left, ", ");
  EXPECT_EQ(Events("contact.erased").size(), 1u);
  EXPECT_EQ(Report(campaign.id()).delivered_ever(), 1) << "counts stay";
  ExpectRecountAgrees(campaign.id());

  const v1::ImportContactsResponse again = Import("phone,consent_marketing\n+5491122334455,si\n", 100, &status, header);
  ASSERT_THAT(status, IsOk());
  EXPECT_EQ(again.import().created(), 1);
  ASSERT_EQ(again.problems_size(), 1);
  EXPECT_EQ(again.problems(0).code(), "OPT_OUT_KEPT");
  EXPECT_FALSE(Lookup("+5491122334455").marketing_allowed());
}

}  // namespace
}  // namespace vinculo::messaging
