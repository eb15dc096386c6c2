#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/http/client.h"
#include "services/messaging/domain/template.h"
#include "services/messaging/work/listed_template.h"

// Templates as Graph writes and reads them. Nothing here does I/O or fails on strange input.
namespace vinculo::messaging {

std::string TemplateBody(absl::string_view name, absl::string_view language, Category category, VariableFormat format,
                         const TemplateComponents& components);
// An edit replaces all components. `category` is unset for an approved template, whose category is fixed; `shape` is
// the one whose components it has.
std::string EditBody(std::optional<Category> category, Category shape, VariableFormat format,
                     const TemplateComponents& components);

// Whether Graph did what was asked.
struct ManagementAnswer {
  enum class Result { kDone, kRefused, kAgain };  // kAgain: not sent, ambiguous, throttled or broken
  Result result = Result::kAgain;
  bool throttled = false;  // kAgain: a call limit; wait for minutes
  int code = 0;
  int subcode = 0;
  std::string message;
};

// What Graph says about a template that was created or edited.
struct TemplateAnswer : ManagementAnswer {
  std::string graph_id;
  std::string status;
  std::string category;
};
TemplateAnswer ReadTemplateAnswer(const http::Response& response);
// `{"success":true}` and the like.
ManagementAnswer ReadSuccess(const http::Response& response);

// A page of a listing, kDone when it is whole. `next` is the address of the next one, "" on the last.
struct TemplatePage : ManagementAnswer {
  std::vector<ListedTemplate> items;
  std::string next;
};
TemplatePage ReadTemplatePage(const http::Response& response);

// The fields that a listing must ask for to be read here.
inline constexpr absl::string_view kTemplateFields =
    "id,name,language,status,category,quality_score,rejected_reason,components,parameter_format,"
    "message_send_ttl_seconds";

}  // namespace vinculo::messaging
