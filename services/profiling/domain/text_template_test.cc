#include "services/profiling/domain/text_template.h"

#include <gtest/gtest.h>

namespace vinculo::profiling {
namespace {

std::string Render(absl::string_view text, std::string value) {
  const auto parsed = TextTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed->Render([&](const Reference&) { return value; });
}

TEST(Templates, PutValuesIn) {
  EXPECT_EQ(Render("Hola {{ profile.name }}!", "Ana"), "Hola Ana!");
  EXPECT_EQ(Render("{{answer.use.label}}{{trait.city}}", "x"), "xx");
}

TEST(Templates, ValuesAreNeverScannedAgain) { EXPECT_EQ(Render("{{answer.use.raw}}", "{{trait.x}}"), "{{trait.x}}"); }

TEST(Templates, DefaultsFillGaps) {
  EXPECT_EQ(Render("Hola {{profile.name|default:\"amigo\"}}", ""), "Hola amigo");
  EXPECT_EQ(Render("Hola {{profile.name}}", ""), "Hola ");
}

TEST(Templates, TheListIsClosed) {
  for (const char* bad : {"{{profile.name", "{{ }}", "{{profile.age}}", "{{product.3.name}}", "{{answer.use}}",
                          "{{trait.X!}}", "{{profile.name|upper}}", "{{profile.name|default:x}}", "{{secrets.key}}"}) {
    EXPECT_FALSE(TextTemplate::Parse(bad).ok()) << bad;
  }
}

TEST(Templates, CutWhatGetsTooLong) { EXPECT_EQ(Render("{{trait.a}}", std::string(20000, 'x')).size(), 10000u); }

}  // namespace
}  // namespace vinculo::profiling
