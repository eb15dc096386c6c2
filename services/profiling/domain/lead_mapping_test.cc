#include "services/profiling/domain/lead_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status/error.h"

namespace vinculo::profiling {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

std::string Value(const Reference& reference) {
  if (reference.field == "name") return "Ana María Pérez";
  if (reference.field == "email") return "Ana@b.co";
  if (reference.field == "label") return "suv";
  return "";
}

FieldMapping Field(std::string to, std::string from) {
  FieldMapping out;
  out.to = std::move(to);
  out.from = std::move(from);
  return out;
}

TEST(LeadMapping, TransformsAndReplaces) {
  std::vector<FieldMapping> mapping = {Field("contact.first", "{{lead.name}}"),
                                       Field("contact.last", "{{lead.name}}"),
                                       Field("mail", "{{lead.email}}"),
                                       Field("kind", "{{answer.use.label}}"),
                                       Field("company", "ACME"),
                                       Field("phone", "{{lead.phone}}")};
  mapping[0].transform = FieldMapping::Transform::kFirstName;
  mapping[1].transform = FieldMapping::Transform::kLastName;
  mapping[2].transform = FieldMapping::Transform::kLower;
  mapping[3].map = {{"suv", "SUV / 4x4"}};
  mapping[5].omit_empty = true;
  const auto out = MapFields(mapping, Value);
  ASSERT_TRUE(out.ok());
  EXPECT_THAT(*out, ElementsAre(Pair("contact.first", "Ana María"), Pair("contact.last", "Pérez"),
                                Pair("mail", "ana@b.co"), Pair("kind", "SUV / 4x4"), Pair("company", "ACME")));
}

TEST(LeadMapping, RequiredFieldWithoutValueFails) {
  std::vector<FieldMapping> mapping = {Field("phone", "{{lead.phone}}")};
  mapping[0].required = true;
  EXPECT_EQ(ErrorReason(MapFields(mapping, Value).status()), "MAPPING");
}

TEST(LeadMapping, ProblemsAreNamed) {
  EXPECT_TRUE(CheckMapping(DefaultMapping()).empty());
  const auto problems = CheckMapping({Field("a.b", "x"), Field("a", "x"), Field("", "x"), Field("c", "{{nope}}")});
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0].first, "mapping[1].to");
  EXPECT_EQ(problems[1].first, "mapping[2].to");
  EXPECT_EQ(problems[2].first, "mapping[3].from");
}

}  // namespace
}  // namespace vinculo::profiling
