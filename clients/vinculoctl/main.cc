#include <cstdlib>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/next_step.h"

namespace vinculo::ctl {
namespace {

constexpr char kDescription[] =
    "vinculoctl: the command line of messaging, profiling, lifecycle and support.\n"
    "\n"
    "Addresses and token come from flags or from the environment: VINCULO_MESSAGING, VINCULO_PROFILING, "
    "VINCULO_LIFECYCLE,\n"
    "VINCULO_SUPPORT (host:port) and VINCULO_TOKEN. `make run` prints a line that sets them all.";

constexpr char kFooter[] =
    "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 invalid input, 4 not found, 5 not permitted, 6 not possible in "
    "this state,\n"
    "7 unavailable (the same command may work later).";

std::string FromEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

bool IsLoopback(const std::string& address) {
  return absl::StartsWith(address, "127.") || absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "[::1]:");
}

// Of the help: what the person chose, else what the terminal speaks.
std::string HelpLanguage() {
  const std::string chosen = FromEnvironment("VINCULO_LANGUAGE");
  const std::string spoken = chosen.empty() ? FromEnvironment("LANG") : chosen;
  return absl::StartsWith(spoken, "es") ? "es" : "en";
}

// Plain text is for loopback only, and there it needs no flag.
void ChooseSecurity(Connection& connection) {
  bool any = false;
  bool loopback = true;
  for (const auto& [area, address] : connection.addresses) {
    if (address.empty()) continue;
    any = true;
    loopback = loopback && IsLoopback(address);
  }
  connection.insecure = any && loopback && connection.ca_file.empty();
}

int Run(int argc, char** argv) {
  CLI::App app{kDescription, "vinculoctl"};
  app.footer(kFooter);
  app.require_subcommand(1);
  app.fallthrough();

  Context context;
  Connection connection;
  for (const char* area : {"messaging", "profiling", "lifecycle", "support"}) {
    connection.addresses[area] = FromEnvironment(absl::StrCat("VINCULO_", absl::AsciiStrToUpper(area)));
    app.add_option(absl::StrCat("--", area), connection.addresses[area],
                   absl::StrCat("address of ", area, " (host:port)"));
  }
  connection.token = FromEnvironment("VINCULO_TOKEN");
  app.add_option("--token", connection.token, "the caller's token");
  std::string token_file = FromEnvironment("VINCULO_TOKEN_FILE");
  app.add_option("--token-file", token_file, "file that holds the token");
  app.add_option("--ca", connection.ca_file, "PEM of who signed the services' certificates");
  app.add_option("--cert", connection.certificate_file, "PEM of our certificate");
  app.add_option("--key", connection.key_file, "PEM of our key");
  bool insecure = false;
  app.add_flag("--insecure", insecure, "plain text; only for loopback addresses, where it is the default");
  double timeout = 30;
  app.add_option("--timeout", timeout, "seconds to wait for an answer")->check(CLI::PositiveNumber);
  const std::map<std::string, Format> formats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  app.add_option("-o,--output", context.format, "table, json or csv")->transform(CLI::CheckedTransformer(formats));
  app.add_flag("-q,--quiet", context.quiet, "no progress");
  context.language = HelpLanguage();
  app.add_option("--help-language", context.language, "es or en; else that of VINCULO_LANGUAGE or LANG");

  std::unique_ptr<Session> session;
  context.session = [&]() -> Session& {
    if (session == nullptr) {
      if (!token_file.empty() && connection.token.empty()) {
        connection.token = std::string(absl::StripAsciiWhitespace(Check(ReadInput(token_file))));
      }
      connection.timeout = absl::Seconds(timeout);
      ChooseSecurity(connection);
      session = std::make_unique<Session>(connection);
    }
    return *session;
  };

  AddTokenCommands(app, context);
  AddChannelCommands(app, context);
  AddPolicyCommands(app, context);
  AddContactCommands(app, context);
  AddTemplateCommands(app, context);
  AddCampaignCommands(app, context);
  AddRecipientCommands(app, context);
  AddReportCommands(app, context);
  AddChecklistCommand(app, context);
  AddHelpCommand(app, context);
  AddFlowCommands(app, context);
  AddUsageCommands(app, context);
  AddHealthCommands(app, context);
  AddSupportCommands(app, context);
  AddEventCommands(app, context);
  AddStoreCommands(app, context);
  AddCallCommand(app, context);
  AddDoctorCommand(app, context);

  try {
    app.parse(argc, argv);
    return kExitOk;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  } catch (const ExitWith& exit) {
    return exit.code;
  } catch (const Failed& failed) {
    const int code = PrintError(std::cerr, failed.status);
    PrintNextStep(std::cerr, failed.status, session.get(), context.language);
    return code;
  }
}

}  // namespace
}  // namespace vinculo::ctl

int main(int argc, char** argv) { return vinculo::ctl::Run(argc, argv); }
