#include "services/messaging/domain/template_lint.h"

#include "absl/strings/str_cat.h"
#include "services/messaging/domain/template_render.h"
#include "services/messaging/domain/template_text.h"

namespace vinculo::messaging {
namespace {

LintInput Good() {
  LintInput in;
  in.name = "promo_otono";
  in.language = "es_AR";
  in.category = Category::kMarketing;
  in.components.header = {HeaderFormat::kText, "Oferta {{1}} ya", ""};
  in.components.body = "Hola {{1}}, hasta el {{2}} tenés 20% en toda la tienda de ropa.";
  in.components.footer = "Respondé BAJA para no recibir más";
  in.components.buttons = {{.kind = ButtonKind::kQuickReply, .label = "No recibir más", .opt_out = true}};
  in.components.examples = {{"header.1", "de otoño"}, {"body.1", "Ana"}, {"body.2", "30 de abril"}};
  return in;
}

std::vector<std::string> Codes(const LintInput& in) {
  std::vector<std::string> out;
  for (const Finding& f : LintTemplate(in, {})) out.push_back(f.code);
  return out;
}

TEST(TemplateLint, FindsNothingInAGoodTemplate) { EXPECT_THAT(Codes(Good()), testing::IsEmpty()); }

TEST(TemplateLint, OrdersErrorsFirstThenByField) {
  LintInput in = Good();
  in.language = "es_ZZ";
  in.name = "X";
  in.components.body = "";
  in.components.header.text = "";
  const std::vector<Finding> findings = LintTemplate(in, {});
  ASSERT_GE(findings.size(), 3u);
  EXPECT_TRUE(std::is_sorted(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.severity, a.field, a.code) < std::tie(b.severity, b.field, b.code);
  }));
  EXPECT_EQ(findings.back().code, "T_LANGUAGE");
  EXPECT_TRUE(HasErrors(findings));
}

TEST(TemplateLint, SuggestsTheRenumberedText) {
  LintInput in = Good();
  in.components.body = "Hola {{2}}, el {{5}} es el día de la gran fiesta.";
  std::string suggestion;
  for (const Finding& f : LintTemplate(in, {})) {
    if (f.code == "T_VAR_GAP") suggestion = f.suggestion;
  }
  EXPECT_EQ(suggestion, "Hola {{1}}, el {{2}} es el día de la gran fiesta.");
}

TEST(TemplateLint, CountsTheTextAsTypedInCodePoints) {
  LintInput in = Good();
  in.components.body = "";
  in.components.header = {};
  in.components.examples.clear();
  for (int n = 0; n < 1024; ++n) in.components.body += "😀";
  EXPECT_THAT(Codes(in), testing::Not(testing::Contains("T_BODY")));
}

TEST(TemplateRender, InsertsAValueOnceAndNeverSearchesIt) {
  TemplateComponents c;
  c.body = "Hola {{1}} y {{2}}!";
  PlaceValues values = {{"body.1", "{{2}}"}, {"body.2", "  Ana \n\t Paz "}};
  ASSERT_THAT(CheckValues(c, Category::kUtility, values), testing::IsEmpty());
  EXPECT_EQ(Render(c, values).body, "Hola {{2}} y Ana Paz!");
}

TEST(TemplateRender, EncodesTheEndOfALinkAndFixesTheOptOutPayload) {
  TemplateComponents c;
  c.body = "x";
  c.buttons = {{.kind = ButtonKind::kUrl, .label = "Ver", .url = "https://t.example/o/{{1}}"},
               {.kind = ButtonKind::kQuickReply, .label = "No", .opt_out = true},
               {.kind = ButtonKind::kQuickReply, .label = "Sí"}};
  const PlaceValues values = {{"button.0", "a b/ñ"}, {"button.1", "other"}, {"button.2", "flow:1"}};
  const RenderedTemplate r = Render(c, values);
  EXPECT_EQ(r.buttons[0].target, "https://t.example/o/a%20b%2F%C3%B1");
  EXPECT_EQ(r.buttons[1].target, "STOP:marketing");
  EXPECT_EQ(r.buttons[2].target, "flow:1");
}

TEST(TemplateRender, NamesMissingAndInvalidValues) {
  TemplateComponents c;
  c.body = "Hola {{1}} y {{2}}, chau";
  PlaceValues values = {{"body.1", "   "}, {"body.2", std::string(1025, 'x')}, {"body.3", "no such place"}};
  EXPECT_THAT(CheckValues(c, Category::kUtility, values),
              testing::UnorderedElementsAre(ParameterProblem{"body.1", "PARAMETER_MISSING"},
                                            ParameterProblem{"body.2", "PARAMETER_INVALID"},
                                            ParameterProblem{"body.3", "PARAMETER_INVALID"}));
}

TEST(TemplateRender, BoundsTheTextAsItArrives) {
  TemplateComponents c;
  c.header = {HeaderFormat::kText, "Hola {{1}}", ""};
  c.body = "Para {{1}}: {{2}}, chau";  // 13 beside the values
  const auto problems = [&](int header, int name, int text) {
    std::string long_text;
    for (int i = 0; i < text; ++i) long_text += "ñ";  // characters count, not bytes
    PlaceValues values = {
        {"header.1", std::string(header, 'x')}, {"body.1", std::string(name, 'x')}, {"body.2", long_text}};
    return CheckValues(c, Category::kUtility, values);
  };
  EXPECT_THAT(problems(55, 10, 1001), testing::IsEmpty());
  EXPECT_THAT(problems(56, 10, 1002), testing::UnorderedElementsAre(ParameterProblem{"header.1", "PARAMETER_INVALID"},
                                                                    ParameterProblem{"body.2", "PARAMETER_INVALID"}));
  EXPECT_THAT(problems(1, 10, 1025), testing::ElementsAre(ParameterProblem{"body.2", "PARAMETER_INVALID"}));
}

TEST(TemplateText, FindsVariablesAndWhatIsNone) {
  const ScannedText t = ScanText("a {{1}}{{first_name}} {{ 2 }} {{X}} }} {{3");
  EXPECT_THAT(t.variables, testing::ElementsAre("1", "first_name"));
  EXPECT_THAT(t.bad, testing::ElementsAre("{{ 2 }}", "{{X}}", "}}", "{{3"));
}

}  // namespace
}  // namespace vinculo::messaging
