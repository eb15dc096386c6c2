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
std::string TemplateBody(absl::string_view name, absl::string_view language, Category category, VariableFormat format,
                         const TemplateComponents& components);

RawAnswer ReadSendAnswer(const http::Response& response);

// What Graph says about a template.
struct TemplateAnswer {
  enum class Result { kDone, kRefused, kAgain };  // kAgain: not sent, ambiguous, throttled or broken
  Result result = Result::kAgain;
  std::string graph_id;
  std::string status;
  std::string category;
  std::string rejected_reason;
  int code = 0;
  std::string message;
};
TemplateAnswer ReadTemplateAnswer(const http::Response& response);

// The item of a listing with this name and language, if it is there; nullopt in `found` with ok when it is not.
struct TemplateLookup {
  bool ok = false;
  std::optional<TemplateAnswer> found;
};
TemplateLookup ReadTemplateListing(const http::Response& response, absl::string_view name, absl::string_view language);

}  // namespace vinculo::messaging
