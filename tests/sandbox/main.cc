// vinculo-sandbox: the outside world on loopback. See README.md beside this file.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "tests/sandbox/sandbox.h"

ABSL_FLAG(std::string, address, "127.0.0.1", "IPv4 address to listen on");
ABSL_FLAG(int, port, 0, "port to listen on; 0 takes a free one");
ABSL_FLAG(std::string, ports_file, "",
          "where to write {\"port\",\"url\",\"pid\"} as JSON once it listens; it is also printed");
ABSL_FLAG(std::string, config, "", "a JSON file with the configuration to start with");

namespace {

using vinculo::sandbox::Json;
using vinculo::sandbox::Sandbox;

bool LoadConfig(const std::string& file, Sandbox& sandbox) {
  if (file.empty()) return true;
  std::ifstream in(file);
  const Json config = Json::parse(in, nullptr, false);
  const absl::Status status =
      config.is_object() ? sandbox.Configure(config) : absl::InvalidArgumentError("no JSON object");
  if (!status.ok()) std::fprintf(stderr, "sandbox: %s: %s\n", file.c_str(), std::string(status.message()).c_str());
  return status.ok();
}

// Written under another name first, so that whoever waits for the file never reads half of it.
bool WritePorts(const std::string& file, const std::string& text) {
  if (file.empty()) return true;
  const std::string draft = absl::StrCat(file, ".tmp");
  {
    std::ofstream out(draft);
    out << text << "\n";
    if (!out.good()) return false;
  }
  return std::rename(draft.c_str(), file.c_str()) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("Plays WhatsApp, a CRM, Jira and Slack over HTTP, and counts what it received.");
  absl::ParseCommandLine(argc, argv);

  // Blocked before any thread starts, so that only the waiting thread below sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  Sandbox sandbox;
  if (!LoadConfig(absl::GetFlag(FLAGS_config), sandbox)) return 1;
  const absl::Status listening = sandbox.Listen(absl::GetFlag(FLAGS_address), absl::GetFlag(FLAGS_port));
  if (!listening.ok()) {
    std::fprintf(stderr, "sandbox: %s\n", std::string(listening.message()).c_str());
    return 1;
  }
  const Json ports = {{"port", sandbox.port()},
                      {"url", absl::StrCat("http://", absl::GetFlag(FLAGS_address), ":", sandbox.port())},
                      {"pid", getpid()}};
  if (!WritePorts(absl::GetFlag(FLAGS_ports_file), ports.dump())) {
    std::fprintf(stderr, "sandbox: cannot write %s\n", absl::GetFlag(FLAGS_ports_file).c_str());
    return 1;
  }
  std::printf("%s\n", ports.dump().c_str());
  std::fflush(stdout);
  std::thread stopper([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    sandbox.Stop();
  });
  sandbox.Run();
  stopper.join();
  return 0;
}
