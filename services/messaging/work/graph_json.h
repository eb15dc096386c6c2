#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/http/client.h"
#include "services/messaging/domain/message.h"
#include "services/messaging/domain/provider.h"
#include "services/messaging/domain/template.h"

// Graph's JSON, written and read. Nothing here does I/O or fails on strange input.
namespace vinculo::messaging {

// What a send needs beside the message.
struct SendTarget {
  std::string phone;  // E.164; preferred
  std::string bsuid;
  std::optional<TemplateComponents> components;  // of the version, for template content
  VariableFormat format = VariableFormat::kPositional;
};

std::string SendBody(const Message& message, const SendTarget& target);
RawAnswer ReadSendAnswer(const http::Response& response);

}  // namespace vinculo::messaging
