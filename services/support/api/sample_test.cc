// The sample of three months, imported and reported as a newcomer does it, against the figures computed from the file
// alone.
#include <google/protobuf/util/json_util.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "services/support/api/api_test_fixture.h"

namespace vinculo::support {
namespace {

using nlohmann::json;

class SampleTest : public ApiTest {
 protected:
  // Every number of `wanted` against the field of that name; null means unset.
  void Compare(const std::string& path, const json& wanted, const json& actual) {
    for (const auto& [key, value] : wanted.items()) {
      const json got = actual.contains(key) ? actual.at(key) : json();
      if (value.is_object()) {
        Compare(path + "." + key, value, got.is_null() ? json::object() : got);
      } else if (value.is_number()) {
        // 64-bit counts are strings in protobuf's JSON, and 0 is left out.
        const double number = got.is_string() ? std::stod(got.get<std::string>())
                              : got.is_null() ? 0
                                              : got.get<double>();
        EXPECT_NEAR(number, value.get<double>(), 0.0051) << path << "." << key;
        ++compared_;
      } else if (value.is_null()) {
        EXPECT_TRUE(got.is_null()) << path << "." << key;
      }
    }
  }
  const json* GroupOf(const json& groups, const std::string& key) {
    for (const json& group : groups) {
      if (group.at("key") == key) return &group;
    }
    return nullptr;
  }

  int compared_ = 0;
};

TEST_F(SampleTest, WeeksAreThoseOfTheSample) {
  clock_.Set(absl::FromCivil(absl::CivilSecond(2024, 6, 14, 12, 0, 0), zone_));
  std::ifstream lines("samples/support/conversations.jsonl");
  ASSERT_TRUE(lines) << "run from the top folder";
  rpc::Caller patient = Lead();
  patient.timeout = absl::Minutes(2);  // sanitizers are slow
  const auto context = server_.Context(patient);
  v1::ImportConversationsResponse imported;
  auto writer = import_stub_->ImportConversations(context.get(), &imported);
  for (std::string line; std::getline(lines, line);) {
    v1::ImportConversationsRequest item;
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &item).ok()) << line;
    ASSERT_TRUE(writer->Write(item));
  }
  writer->WritesDone();
  ASSERT_TRUE(writer->Finish().ok());
  const json expected = json::parse(std::ifstream("samples/support.expected.json"));
  EXPECT_EQ(imported.created(), expected.at("conversations").get<int64_t>());
  EXPECT_EQ(imported.rejected(), 0);

  v1::GetWeeklyReportRequest request;
  request.set_from_week(expected.at("weeks").front().at("week").get<std::string>());
  request.set_to_week(expected.at("weeks").back().at("week").get<std::string>());
  request.set_include_partial(true);
  request.add_breakdowns(v1::GROUP_BY_AGENT);
  request.add_breakdowns(v1::GROUP_BY_TAG);
  v1::WeeklyReport report;
  ASSERT_OK(server_.Call(*report_stub_, &v1::ReportService::Stub::GetWeeklyReport, request, &report, Lead()));
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(report, &text, options).ok());
  const json actual = json::parse(text);
  ASSERT_EQ(actual.at("weeks").size(), expected.at("weeks").size());
  for (size_t i = 0; i < expected.at("weeks").size(); ++i) {
    const json& week = expected.at("weeks")[i];
    const std::string name = week.at("week").get<std::string>();
    Compare(name, week.at("total"), actual.at("weeks")[i].at("total"));
    for (const char* breakdown : {"by_agent", "by_tag"}) {
      const json wanted = week.value(breakdown, json::array());
      const json groups = actual.at("weeks")[i].value(breakdown, json::array());
      for (const json& group : wanted) {
        const std::string key = group.at("key").get<std::string>();
        const json* const got = GroupOf(groups, key);
        ASSERT_NE(got, nullptr) << name << " " << key;
        Compare(name + "." + key, group.at("figures"), got->at("figures"));
      }
    }
  }
  EXPECT_GT(compared_, 1000);
}

}  // namespace
}  // namespace vinculo::support
