#include "services/messaging/domain/content.h"

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "common/text/text.h"
#include "common/text/validate.h"

namespace vinculo::messaging {
namespace {

// WhatsApp's limits of free-form messages, in code points.
constexpr int kTextBody = 4096, kButtonsBody = 1024, kHeader = 60, kFooter = 60, kButtonId = 256, kButtonTitle = 20,
              kButtons = 3;
constexpr int kMenuLabel = 20, kSectionTitle = 24, kRowId = 200, kRowTitle = 24, kRowDescription = 72, kSections = 10,
              kRows = 10;

struct Check {
  absl::string_view field;
  FieldViolations& bad;

  void Text(absl::string_view name, const std::string& value, int min, int max, bool single_line = false) {
    (void)text::ParseText(absl::StrCat(field, ".", name), value,
                          {.min = min, .max = max, .trim = false, .single_line = single_line}, bad);
    if (min > 0 && !value.empty() && text::Trim(value).empty())
      bad.Add(absl::StrCat(field, ".", name), "must not be blank");
  }

  void operator()(const std::monostate&) { bad.Add(std::string(field), "exactly one kind of content is required"); }
  void operator()(const TemplateContent& c) {
    Text("template.name", c.name, 1, 512, true);
    Text("template.language", c.language, 2, 16, true);
    text::CheckCount(absl::StrCat(field, ".template.values"), c.values.size(), 64, bad);
  }
  void operator()(const TextContent& c) { Text("text.body", c.body, 1, kTextBody); }
  void operator()(const ButtonsContent& c) {
    Text("buttons.body", c.body, 1, kButtonsBody);
    Text("buttons.header", c.header, 0, kHeader, true);
    Text("buttons.footer", c.footer, 0, kFooter, true);
    if (c.buttons.empty() || c.buttons.size() > kButtons)
      bad.Add(absl::StrCat(field, ".buttons.buttons"), "one to three buttons are required");
    absl::flat_hash_set<std::string> titles, ids;
    for (size_t i = 0; i < c.buttons.size(); ++i) {
      const std::string at = absl::StrCat("buttons.buttons[", i, "]");
      Text(absl::StrCat(at, ".id"), c.buttons[i].id, 1, kButtonId, true);
      Text(absl::StrCat(at, ".title"), c.buttons[i].title, 1, kButtonTitle, true);
      if (!titles.insert(c.buttons[i].title).second)
        bad.Add(absl::StrCat(field, ".", at, ".title"), "is used by another button");
      if (!ids.insert(c.buttons[i].id).second)
        bad.Add(absl::StrCat(field, ".", at, ".id"), "is used by another button");
    }
  }
  void operator()(const ListContent& c) {
    Text("list.body", c.body, 1, kTextBody);
    Text("list.header", c.header, 0, kHeader, true);
    Text("list.footer", c.footer, 0, kFooter, true);
    Text("list.menu_label", c.menu_label, 1, kMenuLabel, true);
    if (c.sections.empty() || c.sections.size() > kSections)
      bad.Add(absl::StrCat(field, ".list.sections"), "one to ten sections are required");
    absl::flat_hash_set<std::string> ids;
    size_t rows = 0;
    for (size_t s = 0; s < c.sections.size(); ++s) {
      const std::string at = absl::StrCat("list.sections[", s, "]");
      Text(absl::StrCat(at, ".title"), c.sections[s].title, c.sections.size() > 1 ? 1 : 0, kSectionTitle, true);
      rows += c.sections[s].rows.size();
      for (size_t r = 0; r < c.sections[s].rows.size(); ++r) {
        const ListRow& row = c.sections[s].rows[r];
        const std::string row_at = absl::StrCat(at, ".rows[", r, "]");
        Text(absl::StrCat(row_at, ".id"), row.id, 1, kRowId, true);
        Text(absl::StrCat(row_at, ".title"), row.title, 1, kRowTitle, true);
        Text(absl::StrCat(row_at, ".description"), row.description, 0, kRowDescription, true);
        if (!ids.insert(row.id).second) bad.Add(absl::StrCat(field, ".", row_at, ".id"), "is used by another row");
      }
    }
    if (rows == 0 || rows > kRows)
      bad.Add(absl::StrCat(field, ".list.sections"), "one to ten rows over all sections are required");
  }
};

}  // namespace

absl::string_view RouteName(Route route) {
  switch (route) {
    case Route::kProfiling:
      return "PROFILING";
    case Route::kSupport:
      return "SUPPORT";
    case Route::kNone:
      return "NONE";
    case Route::kUnspecified:
      break;
  }
  return "";
}

void ValidateContent(const Content& content, absl::string_view field, FieldViolations& bad) {
  std::visit(Check{field, bad}, content);
}

}  // namespace vinculo::messaging
