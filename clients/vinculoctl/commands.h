#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/vinculoctl/output.h"
#include "clients/vinculoctl/session.h"

namespace vinculo::ctl {

// What every command needs: where to print and, on first use, the session. Lives as long as the program.
struct Context {
  Format format = Format::kTable;
  bool quiet = false;
  std::string language = "es";  // of the help: es or en
  std::function<Session&()> session;

  // Progress of long work goes to stderr, and only to a person.
  void Progress(const std::string& line) const;
};

// Each adds the subcommands of one subject. A command's callback throws Failed when it fails.
void AddTokenCommands(CLI::App& app, Context& context);
void AddContactCommands(CLI::App& app, Context& context);
void AddTemplateCommands(CLI::App& app, Context& context);
void AddCampaignCommands(CLI::App& app, Context& context);
void AddChannelCommands(CLI::App& app, Context& context);
void AddPolicyCommands(CLI::App& app, Context& context);
void AddRecipientCommands(CLI::App& app, Context& context);
void AddReportCommands(CLI::App& app, Context& context);
void AddHelpCommand(CLI::App& app, Context& context);
void AddChecklistCommand(CLI::App& app, Context& context);
void AddFlowCommands(CLI::App& app, Context& context);
void AddUsageCommands(CLI::App& app, Context& context);
void AddHealthCommands(CLI::App& app, Context& context);
void AddSupportCommands(CLI::App& app, Context& context);
void AddEventCommands(CLI::App& app, Context& context);
void AddStoreCommands(CLI::App& app, Context& context);
void AddCallCommand(CLI::App& app, Context& context);
void AddDoctorCommand(CLI::App& app, Context& context);

// Ends the program with a code; caught in main.
struct ExitWith {
  int code;
};

// Ends the program with an error, which main prints with what to do next.
struct Failed {
  absl::Status status;
};

// Ends the command with this error, unless the status is OK.
void Check(const absl::Status& status);
template <class T>
T Check(absl::StatusOr<T> result) {
  Check(result.status());
  return *std::move(result);
}

// The text of a file, or of standard input for "-". INVALID_ARGUMENT FILE when it cannot be read.
absl::StatusOr<std::string> ReadInput(const std::string& path);
// Parses proto3 JSON; INVALID_ARGUMENT JSON names the place.
absl::Status ParseJson(const std::string& text, const std::string& what, google::protobuf::Message* message);

// All pages of a list: calls until next_page_token is empty or `limit` rows were read (0 = all). `rows(response)` is
// the repeated field of the response; the rows live in `pages`.
template <class Request, class Response, class RowsOf>
Rows ListAll(Session& session, const std::string& method, Request request, int limit, RowsOf rows_of,
             std::vector<std::unique_ptr<Response>>& pages) {
  Rows rows;
  for (;;) {
    auto page = std::make_unique<Response>();
    Check(session.Call(method, request, page.get()));
    for (const auto& row : rows_of(*page)) {
      if (limit > 0 && rows.size() >= static_cast<size_t>(limit)) break;
      rows.push_back(&row);
    }
    request.set_page_token(page->next_page_token());
    pages.push_back(std::move(page));
    if (request.page_token().empty() || (limit > 0 && rows.size() >= static_cast<size_t>(limit))) return rows;
  }
}

}  // namespace vinculo::ctl
