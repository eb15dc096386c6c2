#include "clients/vinculoctl/next_step.h"

#include <array>
#include <ostream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/help.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;

constexpr std::pair<absl::string_view, absl::string_view> kCommands[] = {
    {"CHANNEL_NOT_FOUND", "vinculoctl channel connect --help"},
    {"SENDER_NOT_FOUND", "vinculoctl sender list"},
    {"NO_SENDER", "vinculoctl sender add --help"},
    {"PROVIDER_ID_TAKEN", "vinculoctl channel list"},
    {"TEMPLATE_NOT_FOUND", "vinculoctl template list"},
    {"TEMPLATE_EXISTS", "vinculoctl template list"},
    {"LINT_ERRORS", "vinculoctl template lint FILE"},
    {"TEMPLATE_LOCKED", "vinculoctl template wait NAME LANGUAGE"},
    {"TEMPLATE_NOT_SENDABLE", "vinculoctl template get NAME"},
    {"LIST_NOT_FOUND", "vinculoctl contacts lists"},
    {"CONTACT_NOT_FOUND", "vinculoctl contacts list"},
    {"NO_CONSENT", "vinculoctl contacts import --help"},
    {"AUDIENCE_NOT_EXPLICIT", "vinculoctl campaign create --help"},
    {"CAMPAIGN_NOT_FOUND", "vinculoctl campaign list"},
    {"PREFLIGHT_BLOCKED", "vinculoctl campaign preflight CAMPAIGN"},
    {"CAMPAIGN_STATE", "vinculoctl campaign list"},
    {"HELP_NOT_FOUND", "vinculoctl help"},
    {"ADDRESS_MISSING", "vinculoctl --help"},
    {"UNAUTHENTICATED", "vinculoctl token issue --help"},
    {"TOKEN_INVALID", "vinculoctl token issue --help"},
};

void PrintHelp(std::ostream& out, const std::string& code, Session* session, const std::string& language) {
  v1::GetHelpRequest request;
  request.set_code(code);
  request.set_language(language);
  v1::HelpEntry entry;
  if (session == nullptr || !session->Call("vinculo.messaging.v1.ChannelService/GetHelp", request, &entry).ok()) return;
  out << "  " << code << ": " << entry.message() << "\n    -> " << entry.fix() << "\n";
}

}  // namespace

std::string NextCommand(const std::string& reason) {
  for (const auto& [code, command] : kCommands) {
    if (code == reason) return std::string(command);
  }
  return "";
}

void PrintNextStep(std::ostream& out, const absl::Status& status, Session* session, const std::string& language) {
  const bool answered = status.code() != absl::StatusCode::kUnavailable &&
                        status.code() != absl::StatusCode::kDeadlineExceeded &&
                        status.code() != absl::StatusCode::kUnauthenticated;
  const auto details = GetErrorDetails(status);
  const std::string reason = details ? details->reason : "";
  if (answered && !reason.empty()) {
    PrintHelp(out, reason, session, language);
    for (const auto& [key, value] : details->metadata) {
      if (key != "codes") continue;
      for (const absl::string_view code : absl::StrSplit(value, ',', absl::SkipEmpty()))
        PrintHelp(out, std::string(code), session, language);
    }
  }
  std::string command = NextCommand(reason);
  if (command.empty() && !answered) command = "vinculoctl doctor";
  if (!command.empty()) out << "next: " << command << "\n";
}

}  // namespace vinculo::ctl
