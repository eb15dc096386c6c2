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

std::vector<std::string> Codes(const LintInput& in, const AccountFacts& facts = {}) {
  std::vector<std::string> out;
  for (const Finding& f : LintTemplate(in, facts)) out.push_back(f.code);
  return out;
}

struct Case {
  const char* name;
  std::function<void(LintInput&)> change;
  const char* code;
};

class LintCase : public testing::TestWithParam<Case> {};

TEST(TemplateLint, FindsNothingInAGoodTemplate) { EXPECT_THAT(Codes(Good()), testing::IsEmpty()); }

TEST_P(LintCase, Finds) {
  LintInput in = Good();
  GetParam().change(in);
  EXPECT_THAT(Codes(in), testing::Contains(GetParam().code));
}

INSTANTIATE_TEST_SUITE_P(
    Rules, LintCase,
    testing::Values(
        Case{"name", [](LintInput& i) { i.name = "Promo Otoño"; }, "T_NAME"},
        Case{"language", [](LintInput& i) { i.language = "es_ZZ"; }, "T_LANGUAGE"},
        Case{"no_body", [](LintInput& i) { i.components.body = ""; }, "T_BODY"},
        Case{"emoji_body",
             [](LintInput& i) {
               i.components.body = "";
               for (int n = 0; n < 1025; ++n) i.components.body += "😀";
             },
             "T_BODY"},
        Case{"long_header", [](LintInput& i) { i.components.header.text = std::string(61, 'a'); }, "T_HEADER"},
        Case{"two_in_header", [](LintInput& i) { i.components.header.text = "{{1}} y {{2}}"; }, "T_HEADER"},
        Case{"markup", [](LintInput& i) { i.components.header.text = "*Oferta*"; }, "T_HEADER"},
        Case{"sample",
             [](LintInput& i) {
               i.components.header = {HeaderFormat::kImage, "", ""};
             },
             "T_HEADER_SAMPLE"},
        Case{"footer", [](LintInput& i) { i.components.footer = "baja {{1}}"; }, "T_FOOTER"},
        Case{"eleven",
             [](LintInput& i) { i.components.buttons.assign(11, {.kind = ButtonKind::kQuickReply, .label = "a"}); },
             "T_BUTTON_COUNT"},
        Case{"order",
             [](LintInput& i) {
               i.components.buttons = {{.kind = ButtonKind::kQuickReply, .label = "a", .opt_out = true},
                                       {.kind = ButtonKind::kUrl, .label = "b", .url = "https://a.example"},
                                       {.kind = ButtonKind::kQuickReply, .label = "c"}};
             },
             "T_BUTTON_ORDER"},
        Case{"label_case",
             [](LintInput& i) {
               i.components.buttons.push_back({.kind = ButtonKind::kQuickReply, .label = "NO RECIBIR MÁS"});
             },
             "T_BUTTON_LABEL"},
        Case{"label_long", [](LintInput& i) { i.components.buttons[0].label = std::string(26, 'x'); },
             "T_BUTTON_LABEL"},
        Case{"url_middle",
             [](LintInput& i) {
               i.components.buttons.push_back(
                   {.kind = ButtonKind::kUrl, .label = "u", .url = "https://a.example/{{1}}/b"});
             },
             "T_BUTTON_TARGET"},
        Case{"desktop",
             [](LintInput& i) {
               i.components.buttons.push_back({.kind = ButtonKind::kUrl, .label = "u", .url = "https://a.example"});
             },
             "T_BUTTON_DESKTOP"},
        Case{"blank_in_braces", [](LintInput& i) { i.components.body = "Hola {{ 1 }} que tal te va hoy"; },
             "T_VAR_SYNTAX"},
        Case{"open", [](LintInput& i) { i.components.body = "Hola {{1 que tal te va hoy"; }, "T_VAR_SYNTAX"},
        Case{"gap",
             [](LintInput& i) {
               i.components.body = "Hola {{1}}, hasta el {{3}} tenés veinte por ciento en toda la tienda.";
             },
             "T_VAR_GAP"},
        Case{"mixed",
             [](LintInput& i) { i.components.body = "Hola {{first_name}}, hasta mañana tenés veinte por ciento"; },
             "T_VAR_MIXED"},
        Case{"edge", [](LintInput& i) { i.components.body = "{{1}} es tu descuento para {{2}} de hoy en la tienda"; },
             "T_VAR_EDGE"},
        Case{"adjacent",
             [](LintInput& i) { i.components.body = "Hola {{1}} {{2}} tenés veinte por ciento en toda la tienda."; },
             "T_VAR_ADJACENT"},
        Case{"dense", [](LintInput& i) { i.components.body = "Hola {{1}} y {{2}} ya"; }, "T_VAR_DENSE"},
        Case{"no_example", [](LintInput& i) { i.components.examples.erase("body.2"); }, "T_EXAMPLE"},
        Case{"extra_example", [](LintInput& i) { i.components.examples["body.9"] = "x"; }, "T_EXAMPLE"},
        Case{"ttl", [](LintInput& i) { i.components.ttl_seconds = 60; }, "T_TTL"},
        Case{"auth_shape", [](LintInput& i) { i.category = Category::kAuthentication; }, "T_AUTH_SHAPE"},
        Case{"opt_out",
             [](LintInput& i) {
               i.components.footer = "";
               i.components.buttons.clear();
             },
             "T_OPT_OUT"},
        Case{"promotion",
             [](LintInput& i) {
               i.category = Category::kUtility;
               i.components.body += " Gran descuento, hoy.";
             },
             "T_CATEGORY"}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

TEST(TemplateLint, NamesWhatTheAccountKnows) {
  AccountFacts facts{.name_taken = true,
                     .next_free_name = "promo_otono_v2",
                     .same_text = "otra",
                     .editing_approved = true,
                     .quota_spent = true};
  EXPECT_THAT(Codes(Good(), facts),
              testing::UnorderedElementsAre("T_NAME_TAKEN", "T_SAME_TEXT", "T_QUOTA", "T_EDIT_STOPS"));
}

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

TEST(TemplateText, FindsVariablesAndWhatIsNone) {
  const ScannedText t = ScanText("a {{1}}{{first_name}} {{ 2 }} {{X}} }} {{3");
  EXPECT_THAT(t.variables, testing::ElementsAre("1", "first_name"));
  EXPECT_THAT(t.bad, testing::ElementsAre("{{ 2 }}", "{{X}}", "}}", "{{3"));
}

}  // namespace
}  // namespace vinculo::messaging
