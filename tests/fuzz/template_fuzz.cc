// Texts with variables, messaging's and profiling's: scanning loses nothing, rendering never scans a value again, and
// the linter answers whatever it is shown.
#include <string>

#include "services/messaging/domain/template_lint.h"
#include "services/messaging/domain/template_text.h"
#include "services/profiling/domain/text_template.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

void Messaging(absl::string_view input) {
  using namespace vinculo::messaging;  // NOLINT(google-build-using-namespace)
  const ScannedText scanned = ScanText(input);
  std::string again;
  for (const TextPart& part : scanned.parts) again += part.variable ? "{{" + part.text + "}}" : part.text;
  FUZZ_REQUIRE(again == input);

  LintInput lint{.name = std::string(input.substr(0, 40)), .language = std::string(input.substr(0, 5))};
  lint.category = Category::kMarketing;
  lint.components.body = std::string(input);
  lint.components.footer = std::string(input.substr(input.size() / 2));
  for (const Finding& finding : LintTemplate(lint, {})) {
    FUZZ_REQUIRE(!finding.code.empty());
    FUZZ_REQUIRE(!finding.message.empty());
  }
}

void Profiling(absl::string_view input) {
  const auto parsed = vinculo::profiling::TextTemplate::Parse(input);
  if (!parsed.ok()) {
    FUZZ_REQUIRE(!parsed.status().message().empty());
    return;
  }
  const std::string text = parsed->Render([](const vinculo::profiling::Reference&) { return "{{profile.name}}"; });
  for (const auto& part : parsed->parts()) {
    if (!part.reference) FUZZ_REQUIRE(text.find(part.literal.substr(0, 10)) != std::string::npos);
  }
}

}  // namespace

FUZZ_TARGET(input) {
  Messaging(input);
  Profiling(input);
}
