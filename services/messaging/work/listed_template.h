#pragma once

#include <optional>
#include <string>

#include "services/messaging/domain/template.h"
#include "services/messaging/work/json_view.h"

namespace vinculo::messaging {

// One item of Graph's listing of templates.
struct ListedTemplate {
  std::string graph_id;
  std::string name;
  std::string language;
  std::string status;
  std::string rejected_reason;
  std::string quality;
  Category category = Category::kUnspecified;
  VariableFormat format = VariableFormat::kPositional;
  TemplateComponents components;
  bool ttl_known = false;
};

// Reads an item; nullopt when it does not say what it is. The reverse of TemplateBody for everything that we model, but
// for what a listing never tells (opt-out flags). Buttons of a kind that we do not know keep their place. WhatsApp's
// own text of an authentication template is left out.
std::optional<ListedTemplate> ReadListedTemplate(const JsonView& item);

}  // namespace vinculo::messaging
