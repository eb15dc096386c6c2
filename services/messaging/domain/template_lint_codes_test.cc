#include <functional>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/messaging/domain/template_lint.h"

// Every code of the linter with a template that it finds and the nearest one that passes.
namespace vinculo::messaging {
namespace {

const absl::Time kLater = absl::FromUnixSeconds(1'760'000'000);

struct Subject {
  LintInput in;
  AccountFacts facts;
};

Subject Good() {
  Subject s;
  s.in.name = "promo_otono";
  s.in.language = "es_AR";
  s.in.category = Category::kMarketing;
  s.in.components.header = {HeaderFormat::kText, "Oferta {{1}} ya", ""};
  s.in.components.body = "Hola {{1}}, hasta el {{2}} tenés 20% en toda la tienda de ropa.";
  s.in.components.footer = "Respondé BAJA para no recibir más";
  s.in.components.buttons = {{.kind = ButtonKind::kQuickReply, .label = "No recibir más", .opt_out = true}};
  s.in.components.examples = {{"header.1", "de otoño"}, {"body.1", "Ana"}, {"body.2", "30 de abril"}};
  return s;
}

TemplateComponents Code(ButtonKind kind) {
  TemplateComponents c;
  c.code_expiration_minutes = 5;
  c.buttons = {{.kind = kind, .label = "Copiar"}};
  if (kind != ButtonKind::kOtpCopy) c.buttons[0].supported_apps = {{"com.example.app", "K8aWbAINcGX"}};
  return c;
}

void Buttons(Subject& s, std::vector<TemplateButton> buttons) { s.in.components.buttons = std::move(buttons); }
TemplateButton Reply(std::string label) { return {.kind = ButtonKind::kQuickReply, .label = std::move(label)}; }
TemplateButton Link(std::string url) { return {.kind = ButtonKind::kUrl, .label = "Ver", .url = std::move(url)}; }
TemplateButton Dial(std::string number) {
  return {.kind = ButtonKind::kPhoneNumber, .label = "Llamar", .phone_number = std::move(number)};
}
void Body(Subject& s, std::string text) { s.in.components.body = std::move(text); }
std::string Emoji(int n) {
  std::string out;
  for (int i = 0; i < n; ++i) out += "😀";
  return out;
}
// Makes the good template an authentication one.
void Authenticate(Subject& s, TemplateComponents c) {
  s.in.category = Category::kAuthentication;
  s.in.components = std::move(c);
}

using Change = std::function<void(Subject&)>;
struct Case {
  const char* name;
  const char* code;
  Change wrong;
  Change right;
};

const std::vector<Case>& Cases() {
  static const auto* const kCases = new std::vector<Case>{
      {"capitals", "T_NAME", [](Subject& s) { s.in.name = "Promo Otoño"; }, [](Subject& s) { s.in.name = "promo_2"; }},
      {"name_long", "T_NAME", [](Subject& s) { s.in.name = std::string(513, 'a'); },
       [](Subject& s) { s.in.name = std::string(512, 'a'); }},
      {"name_taken", "T_NAME_TAKEN", [](Subject& s) { s.facts.name_taken = true; }, [](Subject&) {}},
      {"name_locked", "T_NAME_TAKEN", [](Subject& s) { s.facts.name_locked_until = kLater; }, [](Subject&) {}},
      {"language", "T_LANGUAGE", [](Subject& s) { s.in.language = "es_ZZ"; }, [](Subject& s) { s.in.language = "es"; }},
      {"no_body", "T_BODY", [](Subject& s) { Body(s, ""); }, [](Subject& s) { Body(s, "Hola"); }},
      {"emoji_body", "T_BODY", [](Subject& s) { Body(s, Emoji(1025)); }, [](Subject& s) { Body(s, Emoji(1024)); }},
      {"long_header", "T_HEADER", [](Subject& s) { s.in.components.header.text = std::string(61, 'a'); },
       [](Subject& s) { s.in.components.header.text = std::string(60, 'a'); }},
      {"two_in_header", "T_HEADER", [](Subject& s) { s.in.components.header.text = "{{1}} y {{2}}"; },
       [](Subject& s) { s.in.components.header.text = "{{1}} y más"; }},
      {"markup", "T_HEADER", [](Subject& s) { s.in.components.header.text = "*Oferta*"; },
       [](Subject& s) { s.in.components.header.text = "Oferta"; }},
      {"markup_in_a_name", "T_HEADER", [](Subject& s) { s.in.components.header.text = "_Hola_ {{first_name}}"; },
       [](Subject& s) {
         s.in.format = VariableFormat::kNamed;
         s.in.components.header.text = "Hola {{first_name}} ya";
         Body(s, "Hola {{first_name}}, hay novedades en toda la tienda de ropa.");
         s.in.components.examples = {{"header.first_name", "Ana"}, {"body.first_name", "Ana"}};
       }},
      {"two_lines", "T_HEADER", [](Subject& s) { s.in.components.header.text = "Oferta\nya"; },
       [](Subject& s) { s.in.components.header.text = "Oferta ya"; }},
      {"sample", "T_HEADER_SAMPLE",
       [](Subject& s) {
         s.in.components.header = {HeaderFormat::kImage, "", ""};
       },
       [](Subject& s) {
         s.in.components.header = {HeaderFormat::kImage, "", "4::aW1n"};
       }},
      {"sample_address", "T_HEADER_SAMPLE",
       [](Subject& s) {
         s.in.components.header = {HeaderFormat::kVideo, "", "https://cdn.example/a.mp4"};
       },
       [](Subject& s) {
         s.in.components.header = {HeaderFormat::kVideo, "", "4::dmlk"};
       }},
      {"footer_variable", "T_FOOTER", [](Subject& s) { s.in.components.footer = "baja {{1}}"; },
       [](Subject& s) { s.in.components.footer = "baja"; }},
      {"footer_long", "T_FOOTER", [](Subject& s) { s.in.components.footer = std::string(61, 'x'); },
       [](Subject& s) { s.in.components.footer = std::string(60, 'x'); }},
      {"eleven", "T_BUTTON_COUNT",
       [](Subject& s) {
         for (int i = 0; i < 10; ++i) s.in.components.buttons.push_back(Reply(absl::StrCat("r", i)));
       },
       [](Subject& s) {
         for (int i = 0; i < 9; ++i) s.in.components.buttons.push_back(Reply(absl::StrCat("r", i)));
       }},
      {"three_links", "T_BUTTON_COUNT",
       [](Subject& s) {
         Buttons(s, {Link("https://a.example"), Link("https://b.example"), Link("https://c.example")});
       },
       [](Subject& s) {
         Buttons(s, {Link("https://a.example"), Link("https://b.example")});
       }},
      {"order", "T_BUTTON_ORDER",
       [](Subject& s) {
         Buttons(s, {Reply("a"), Link("https://a.example"), Reply("c")});
       },
       [](Subject& s) {
         Buttons(s, {Reply("a"), Reply("c"), Link("https://a.example")});
       }},
      {"label_case", "T_BUTTON_LABEL",
       [](Subject& s) {
         Buttons(s, {Reply("Sí, quiero"), Reply("SÍ, QUIERO")});
       },
       [](Subject& s) {
         Buttons(s, {Reply("Sí, quiero"), Reply("No quiero")});
       }},
      {"label_long", "T_BUTTON_LABEL", [](Subject& s) { Buttons(s, {Reply(std::string(26, 'x'))}); },
       [](Subject& s) { Buttons(s, {Reply(std::string(25, 'x'))}); }},
      {"label_empty", "T_BUTTON_LABEL", [](Subject& s) { Buttons(s, {Reply("")}); },
       [](Subject& s) { Buttons(s, {Reply("x")}); }},
      {"url_middle", "T_BUTTON_TARGET", [](Subject& s) { Buttons(s, {Link("https://a.example/{{1}}/b")}); },
       [](Subject& s) { Buttons(s, {Link("https://a.example/b/{{1}}")}); }},
      {"url_bare", "T_BUTTON_TARGET", [](Subject& s) { Buttons(s, {Link("a.example")}); },
       [](Subject& s) { Buttons(s, {Link("https://a.example")}); }},
      {"phone", "T_BUTTON_TARGET", [](Subject& s) { Buttons(s, {Dial("011 4000-0000")}); },
       [](Subject& s) { Buttons(s, {Dial("+541140000000")}); }},
      {"coupon", "T_BUTTON_TARGET",
       [](Subject& s) { Buttons(s, {{.kind = ButtonKind::kCopyCode, .coupon_code = std::string(16, 'A')}}); },
       [](Subject& s) { Buttons(s, {{.kind = ButtonKind::kCopyCode, .coupon_code = std::string(15, 'A')}}); }},
      {"mixed_buttons", "T_BUTTON_DESKTOP",
       [](Subject& s) {
         Buttons(s, {Reply("a"), Link("https://a.example")});
       },
       [](Subject& s) {
         Buttons(s, {Reply("a"), Reply("b"), Reply("c")});
       }},
      {"four_buttons", "T_BUTTON_DESKTOP",
       [](Subject& s) {
         Buttons(s, {Reply("a"), Reply("b"), Reply("c"), Reply("d")});
       },
       [](Subject& s) {
         Buttons(s, {Reply("a"), Reply("b"), Reply("c")});
       }},
      {"blank_in_braces", "T_VAR_SYNTAX", [](Subject& s) { Body(s, "Hola {{ 1 }} que tal te va hoy"); },
       [](Subject& s) { Body(s, "Hola {{1}} que tal te va hoy"); }},
      {"unbalanced", "T_VAR_SYNTAX", [](Subject& s) { Body(s, "Hola {{1 que tal te va hoy"); },
       [](Subject& s) { Body(s, "Hola {1 que tal te va hoy"); }},
      {"gap", "T_VAR_GAP", [](Subject& s) { Body(s, "Hola {{1}}, hasta el {{3}} tenés veinte por ciento."); },
       [](Subject& s) { Body(s, "Hola {{2}}, hasta el {{1}} tenés veinte por ciento."); }},
      {"mixed", "T_VAR_MIXED", [](Subject& s) { Body(s, "Hola {{first_name}}, tenés veinte por ciento"); },
       [](Subject& s) { Body(s, "Hola {{1}}, tenés veinte por ciento"); }},
      {"named_mixed", "T_VAR_MIXED",
       [](Subject& s) {
         s.in.format = VariableFormat::kNamed;
         Body(s, "Hola {{first_name}} y {{1}}, tenés veinte por ciento");
       },
       [](Subject& s) {
         s.in.format = VariableFormat::kNamed;
         s.in.components.header.text = "Oferta {{season}} ya";
         Body(s, "Hola {{first_name}}, tenés veinte por ciento");
       }},
      {"edge_first", "T_VAR_EDGE", [](Subject& s) { Body(s, "{{1}} es tu descuento de hoy"); },
       [](Subject& s) { Body(s, "Hoy {{1}} es tu descuento"); }},
      {"edge_only", "T_VAR_EDGE", [](Subject& s) { Body(s, "{{1}}"); }, [](Subject& s) { Body(s, "Hola {{1}}."); }},
      {"adjacent", "T_VAR_ADJACENT", [](Subject& s) { Body(s, "Hola {{1}}{{2}} tenés veinte por ciento."); },
       [](Subject& s) { Body(s, "Hola {{1}} y {{2}} tenés veinte por ciento."); }},
      {"adjacent_blank", "T_VAR_ADJACENT", [](Subject& s) { Body(s, "Hola {{1}} \n {{2}} tenés veinte por ciento."); },
       [](Subject& s) { Body(s, "Hola {{1}}, {{2}} tenés veinte por ciento."); }},
      {"dense", "T_VAR_DENSE", [](Subject& s) { Body(s, "Hola {{1}} y hasta {{2}} ya"); },
       [](Subject& s) { Body(s, "Hola {{1}} y hasta {{2}} ya mismo"); }},
      {"no_example", "T_EXAMPLE", [](Subject& s) { s.in.components.examples.erase("body.2"); }, [](Subject&) {}},
      {"extra_example", "T_EXAMPLE", [](Subject& s) { s.in.components.examples["body.9"] = "x"; }, [](Subject&) {}},
      {"example_of_a_place", "T_EXAMPLE", [](Subject& s) { s.in.components.examples.erase("body.1"); },
       [](Subject& s) {
         s.in.components.header = {HeaderFormat::kLocation, "", ""};
         s.in.components.examples.erase("header.1");
       }},
      {"blank_example", "T_EXAMPLE", [](Subject& s) { s.in.components.examples["body.1"] = "  "; },
       [](Subject& s) { s.in.components.examples["body.1"] = " A "; }},
      {"example_lines", "T_EXAMPLE", [](Subject& s) { s.in.components.examples["body.1"] = "A\nB"; },
       [](Subject& s) { s.in.components.examples["body.1"] = "A B"; }},
      {"same_text", "T_SAME_TEXT", [](Subject& s) { s.facts.same_text = "otra"; }, [](Subject&) {}},
      {"same_code_text", "T_SAME_TEXT", [](Subject& s) { s.facts.same_text = "otra"; },
       [](Subject& s) {
         s.facts.same_text = "otra";
         Authenticate(s, Code(ButtonKind::kOtpCopy));
       }},
      {"ttl_marketing", "T_TTL", [](Subject& s) { s.in.components.ttl_seconds = 43199; },
       [](Subject& s) { s.in.components.ttl_seconds = 43200; }},
      {"ttl_month_of_marketing", "T_TTL", [](Subject& s) { s.in.components.ttl_seconds = -1; },
       [](Subject& s) { s.in.components.ttl_seconds = 2'592'000; }},
      {"ttl_utility", "T_TTL",
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.components.ttl_seconds = 43201;
       },
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.components.ttl_seconds = -1;
       }},
      {"ttl_code", "T_TTL",
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpCopy));
         s.in.components.ttl_seconds = 901;
       },
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpCopy));
         s.in.components.ttl_seconds = 30;
       }},
      {"code_with_text", "T_AUTH_SHAPE", [](Subject& s) { s.in.category = Category::kAuthentication; },
       [](Subject& s) { Authenticate(s, Code(ButtonKind::kOtpCopy)); }},
      {"code_expiry", "T_AUTH_SHAPE",
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpCopy));
         s.in.components.code_expiration_minutes = 91;
       },
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpCopy));
         s.in.components.code_expiration_minutes = 90;
       }},
      {"one_tap_without_app", "T_AUTH_SHAPE",
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpOneTap));
         s.in.components.buttons[0].supported_apps.clear();
       },
       [](Subject& s) { Authenticate(s, Code(ButtonKind::kOtpOneTap)); }},
      {"one_tap_hash", "T_AUTH_SHAPE",
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpOneTap));
         s.in.components.buttons[0].supported_apps[0].signature_hash = "short";
       },
       [](Subject& s) { Authenticate(s, Code(ButtonKind::kOtpOneTap)); }},
      {"zero_tap_terms", "T_AUTH_SHAPE", [](Subject& s) { Authenticate(s, Code(ButtonKind::kOtpZeroTap)); },
       [](Subject& s) {
         Authenticate(s, Code(ButtonKind::kOtpZeroTap));
         s.in.components.buttons[0].zero_tap_terms_accepted = true;
       }},
      {"code_button_elsewhere", "T_AUTH_SHAPE",
       [](Subject& s) { Buttons(s, {{.kind = ButtonKind::kOtpCopy, .label = "Copiar"}}); }, [](Subject&) {}},
      {"no_way_out", "T_OPT_OUT",
       [](Subject& s) {
         s.in.components.footer = "";
         Buttons(s, {Reply("Quiero")});
       },
       [](Subject& s) {
         s.in.components.footer = "Respondé BAJA para no recibir más";
         Buttons(s, {Reply("Quiero")});
       }},
      {"way_out_button", "T_OPT_OUT",
       [](Subject& s) {
         s.in.components.footer = "";
         s.in.components.buttons[0].opt_out = false;
       },
       [](Subject& s) { s.in.components.footer = ""; }},
      {"way_out_that_nobody_hears", "T_OPT_OUT",
       [](Subject& s) {
         s.in.components.footer = "";
         Buttons(s, {Link("https://t.example")});
         s.in.components.buttons[0].opt_out = true;
       },
       [](Subject& s) { s.in.components.footer = ""; }},
      {"promotion", "T_CATEGORY",
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.components.header.text = "Pedido {{1}}";
         Body(s, "Hola {{1}}, gran descuento hoy hasta {{2}}.");
       },
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.components.header.text = "Pedido {{1}}";
         Body(s, "Hola {{1}}, tu pedido llega hoy a las {{2}}.");
       }},
      {"promotion_of_another_language", "T_CATEGORY",
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.language = "en_US";
         s.in.components.header.text = "Order";
         Body(s, "Hello {{1}}, the big sale ends on {{2}}.");
       },
       [](Subject& s) {
         s.in.category = Category::kUtility;
         s.in.components.header.text = "Pedido {{1}}";
         Body(s, "Hola {{1}}, la sala sale temprano hoy, a las {{2}}.");
       }},
      {"edit_stops", "T_EDIT_STOPS", [](Subject& s) { s.facts.editing_approved = true; }, [](Subject&) {}},
      {"account_full", "T_QUOTA", [](Subject& s) { s.facts.account_full = true; }, [](Subject&) {}},
      {"hour_spent", "T_QUOTA", [](Subject& s) { s.facts.hour_free_at = kLater; }, [](Subject&) {}},
      {"edits_spent", "T_QUOTA", [](Subject& s) { s.facts.edit_free_at = kLater; }, [](Subject&) {}},
  };
  return *kCases;
}

std::vector<std::string> Codes(const Change& change) {
  Subject s = Good();
  change(s);
  std::vector<std::string> out;
  for (const Finding& f : LintTemplate(s.in, s.facts)) {
    EXPECT_TRUE(absl::c_linear_search(kLintCodes, absl::string_view(f.code))) << f.code << " is not in the closed list";
    EXPECT_FALSE(f.message.empty());
    EXPECT_FALSE(f.fix.empty()) << f.code << " says what to do";
    out.push_back(f.code);
  }
  return out;
}

class LintCase : public testing::TestWithParam<Case> {};

TEST_P(LintCase, FindsWhatIsWrongAndLetsTheNearestRightOnePass) {
  const Case& c = GetParam();
  EXPECT_THAT(Codes(c.wrong), testing::Contains(c.code));
  EXPECT_THAT(Codes(c.right), testing::Not(testing::Contains(c.code)));
}

INSTANTIATE_TEST_SUITE_P(Rules, LintCase, testing::ValuesIn(Cases()),
                         [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

TEST(LintCodes, EachHasACase) {
  for (const absl::string_view code : kLintCodes) {
    EXPECT_TRUE(absl::c_any_of(Cases(), [&](const Case& c) { return code == c.code; })) << code;
  }
}

TEST(LintCodes, SayWhenAndUnderWhichName) {
  Subject s = Good();
  s.facts = {.name_locked_until = kLater, .next_free_name = "promo_otono_v2", .edit_free_at = kLater};
  for (const Finding& f : LintTemplate(s.in, s.facts)) {
    if (f.code == "T_NAME_TAKEN") {
      EXPECT_EQ(f.suggestion, "promo_otono_v2");
    }
    EXPECT_THAT(f.fix, testing::HasSubstr("2025-10-09 08:53 UTC")) << f.code;
  }
}

}  // namespace
}  // namespace vinculo::messaging
