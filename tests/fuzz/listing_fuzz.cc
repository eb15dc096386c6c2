// Any bytes as a listing of templates give items that may be stored and linted.
#include "common/text/text.h"
#include "services/messaging/domain/template_lint.h"
#include "services/messaging/work/listed_template.h"
#include "tests/fuzz/fuzz_target.h"

namespace m = vinculo::messaging;

FUZZ_TARGET(input) {
  const m::JsonView data = m::JsonView::Parse(input)["data"];
  for (size_t i = 0; i < data.size(); ++i) {
    const std::optional<m::ListedTemplate> item = m::ReadListedTemplate(data[i]);
    if (!item) continue;
    FUZZ_REQUIRE(!item->graph_id.empty() && !item->name.empty() && !item->status.empty());
    FUZZ_REQUIRE(vinculo::text::IsValidUtf8(item->components.body));
    FUZZ_REQUIRE(vinculo::text::IsValidUtf8(item->components.header.text));
    for (const m::TemplateButton& b : item->components.buttons) FUZZ_REQUIRE(vinculo::text::IsValidUtf8(b.label));
    m::LintTemplate({item->name, item->language, item->category, item->format, item->components}, {});
  }
}
