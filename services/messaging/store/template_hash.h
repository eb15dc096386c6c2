#pragma once

#include <string>

#include "services/messaging/domain/template.h"

namespace vinculo::messaging {

// Of body and footer: what WhatsApp compares templates by.
std::string TextHash(const TemplateComponents& components);
// Of what people see and messages depend on; equal when two versions say the same.
std::string ContentHash(const TemplateComponents& components);

}  // namespace vinculo::messaging
