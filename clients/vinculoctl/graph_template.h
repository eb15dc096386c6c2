#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "vinculo/messaging/v1/template_service.pb.h"

namespace vinculo::ctl {

// A template file in the shape in which Graph creates templates (name, language, category, parameter_format,
// components) as a request of ours. A quick reply with `"opt_out": true` becomes the opt-out button. INVALID_ARGUMENT
// TEMPLATE_FILE says what is not understood.
absl::StatusOr<messaging::v1::CreateTemplateRequest> ParseGraphTemplate(const std::string& json);

}  // namespace vinculo::ctl
