#include "services/messaging/test_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;
using Code = absl::StatusCode;

class ComplianceWordsTest : public Rig {
 protected:
  absl::Status Put(const v1::ComplianceWords& words, v1::ComplianceWords* out) {
    v1::PutComplianceWordsRequest request;
    request.set_request_id(NewId());
    *request.mutable_words() = words;
    return Call(*routing_stub_, &v1::RoutingService::Stub::PutComplianceWords, request, out);
  }
};

TEST_F(ComplianceWordsTest, ATenantsOwnWordsTakeEffect) {
  Connect();
  v1::ComplianceWords words, stored;
  words.set_language("es-AR");
  words.add_stop_marketing("Basta ya");
  words.add_start("Sí, quiero");
  words.set_etag("\"0\"");
  ASSERT_THAT(Put(words, &stored), IsOk());
  EXPECT_EQ(stored.language(), "es_AR");
  EXPECT_EQ(stored.etag(), "\"1\"");
  EXPECT_THAT(Put(words, &stored), StatusIs(Code::kAborted, "ETAG_MISMATCH"));
  v1::GetComplianceWordsResponse all;
  ASSERT_THAT(
      Call(*routing_stub_, &v1::RoutingService::Stub::GetComplianceWords, v1::GetComplianceWordsRequest(), &all),
      IsOk());
  EXPECT_EQ(all.words_size(), 4) << "ours of the other languages stay";
  const nlohmann::json body = {{"entry",
                                {{{"changes",
                                   {{{"field", "messages"},
                                     {"value",
                                      {{"metadata", {{"phone_number_id", "100000000000001"}}},
                                       {"messages",
                                        {{{"id", "wamid.in1"},
                                          {"from", "5491122334455"},
                                          {"timestamp", std::to_string(absl::ToUnixSeconds(SystemClock::Get()->Now()))},
                                          {"type", "text"},
                                          {"text", {{"body", "¡BASTA YA!"}}}}}}}}}}}}}}};
  const std::string text = body.dump();
  ASSERT_EQ(Post(text, http::HubSignature(kSecret, text)).status, 200);
  ASSERT_TRUE(Eventually([&] { return Events("contact.opted_out").size() == 1; }));
  v1::ListMessagesRequest list;
  list.set_contact_id(Lookup("+5491122334455").id());
  v1::ListMessagesResponse sent;
  ASSERT_THAT(Call(*message_stub_, &v1::MessageService::Stub::ListMessages, list, &sent), IsOk());
  ASSERT_EQ(sent.messages_size(), 1) << "the confirmation";
  EXPECT_EQ(sent.messages(0).content().text().body(), Policy().OptOutText("es"));
}

TEST_F(ComplianceWordsTest, NamesEveryWordAtFault) {
  v1::ComplianceWords words, stored;
  words.add_stop_marketing("baja");
  words.add_stop_all("¡Bája!");
  words.add_start("...");
  const absl::Status status = Put(words, &stored);
  ASSERT_THAT(status, StatusIs(Code::kInvalidArgument, "INVALID_FIELDS"));
  const auto details = GetErrorDetails(status);
  std::vector<std::string> fields;
  for (const FieldViolation& v : details->violations) fields.push_back(v.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("words.language", "words.stop_all[0]", "words.start[0]"));
}

}  // namespace
}  // namespace vinculo::messaging
