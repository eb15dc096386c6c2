#include "common/rpc/run_service.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "common/auth/token_minter.h"
#include "common/rpc/housekeeper.h"
#include "common/rpc/self_probe.h"
#include "common/rpc/status.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "common/testing/temp_directory.h"
#include "vinculo/echo/v1/echo.grpc.pb.h"

namespace vinculo::rpc {
namespace {

namespace v1 = echo::v1;
using test::StatusIs;

// The echo service as a process of its own.
class RunServiceTest : public ::testing::Test {
 protected:
  RunServiceTest() { directory_.Write("jwks.json", absl::StrCat("{\"keys\":[", minter_->public_jwk(), "]}")); }
  ~RunServiceTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void Spawn(std::vector<std::string> flags) {
    flags.insert(flags.begin(), VINCULO_ECHO_SERVICE);
    std::vector<char*> arguments;
    for (std::string& flag : flags) arguments.push_back(flag.data());
    arguments.push_back(nullptr);
    const std::string log = directory_.File("log");
    pid_ = fork();
    if (pid_ == 0) {
      const int file = open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
      dup2(file, STDERR_FILENO);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
  }
  std::vector<std::string> Flags() const {
    return {"--insecure_loopback",
            "--store=sqlite:" + directory_.File("echo.db"),
            "--jwks_file=" + directory_.File("jwks.json"),
            "--token_issuer=i",
            "--token_audience=a",
            "--tenants=demo",
            "--ports_file=" + directory_.File("ports.json")};
  }
  // The ports file appears by rename once the service is SERVING.
  nlohmann::json WaitForPorts() {
    const int watch = inotify_init1(IN_CLOEXEC);
    inotify_add_watch(watch, directory_.path().c_str(), IN_MOVED_TO);
    std::ifstream file(directory_.File("ports.json"));
    if (!file) {
      pollfd ready{.fd = watch, .events = POLLIN};
      poll(&ready, 1, 60000);
      file.open(directory_.File("ports.json"));
    }
    close(watch);
    if (file) return nlohmann::json::parse(file);
    ADD_FAILURE() << "it does not serve:\n" << Log();
    return {};
  }
  int WaitForExit() {
    int state = 0;
    waitpid(pid_, &state, 0);
    pid_ = -1;
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
  }
  std::string Log() const {
    std::stringstream text;
    text << std::ifstream(directory_.File("log")).rdbuf();
    return text.str();
  }
  std::string Token() const {
    return minter_->Mint({.issuer = "i",
                          .audience = "a",
                          .subject = "t",
                          .tenant = "demo",
                          .roles = {"admin"},
                          .issued_at = absl::Now()});
  }
  // The first line and the body of an HTTP answer.
  static std::string Get(int port, const std::string& path) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(static_cast<uint16_t>(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
      EXPECT_EQ(write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
      char buffer[4096];
      for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;) answer.append(buffer, static_cast<size_t>(n));
    }
    close(fd);
    return answer;
  }
  absl::StatusOr<int64_t> AddLine(int port) const {
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials());
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + Token());
    v1::AddLineRequest request;
    request.set_text("x");
    v1::Line line;
    const absl::Status status = FromGrpcStatus(v1::EchoService::NewStub(channel)->AddLine(&context, request, &line));
    if (!status.ok()) return status;
    return line.number();
  }

  test::TempDirectory directory_;
  const std::shared_ptr<const auth::TokenMinter> minter_ = auth::TokenMinter::Generate();
  pid_t pid_ = -1;
};

TEST_F(RunServiceTest, ServesUntilItIsToldToStop) {
  Spawn(Flags());
  const nlohmann::json ports = WaitForPorts();
  ASSERT_TRUE(ports.contains("grpc") && ports.contains("health") && ports.contains("metrics")) << ports.dump();
  EXPECT_THAT(AddLine(ports["grpc"]), test::IsOkAndHolds(1));
  EXPECT_THAT(Get(ports["health"], "/livez"), ::testing::HasSubstr("200"));
  EXPECT_THAT(Get(ports["health"], "/readyz"), ::testing::HasSubstr("200"));
  EXPECT_THAT(Get(ports["metrics"], "/metrics"),
              ::testing::HasSubstr("grpc_server_started_total{grpc_method=\"AddLine\""));
  kill(pid_, SIGTERM);
  EXPECT_EQ(WaitForExit(), 0) << Log();
}

TEST_F(RunServiceTest, KeepsWhatWasAnsweredWhenKilled) {
  Spawn(Flags());
  EXPECT_THAT(AddLine(WaitForPorts()["grpc"]), test::IsOkAndHolds(1));
  kill(pid_, SIGKILL);
  WaitForExit();
  unlink(directory_.File("ports.json").c_str());
  Spawn(Flags());
  EXPECT_THAT(AddLine(WaitForPorts()["grpc"]), test::IsOkAndHolds(2));
}

TEST_F(RunServiceTest, SecondSignalSkipsTheDelay) {
  std::vector<std::string> flags = Flags();
  flags.push_back("--endpoint_delay=4m");
  Spawn(flags);
  const nlohmann::json ports = WaitForPorts();
  kill(pid_, SIGTERM);
  while (Get(ports["health"], "/readyz").find("503") == std::string::npos) std::this_thread::yield();
  EXPECT_THAT(Get(ports["health"], "/livez"), ::testing::HasSubstr("200")) << "alive, but not ready";
  EXPECT_THAT(AddLine(ports["grpc"]), test::IsOkAndHolds(1)) << "still served until balancers have noticed";
  kill(pid_, SIGINT);
  EXPECT_EQ(WaitForExit(), 0) << Log();
}

TEST_F(RunServiceTest, TellsEveryWrongFlagAtOnce) {
  Spawn({"--grpc_address=nonsense", "--tenants=", "--max_in_flight=0"});
  EXPECT_EQ(WaitForExit(), 1);
  for (const char* flag : {"--grpc_address", "--tenants", "--max_in_flight", "--store", "--jwks_file", "--tls_cert"}) {
    EXPECT_THAT(Log(), ::testing::HasSubstr(flag));
  }
}

TEST_F(RunServiceTest, RefusesStoreThatIsInUse) {
  Spawn(Flags());
  WaitForPorts();
  const pid_t first = pid_;
  unlink(directory_.File("ports.json").c_str());
  Spawn(Flags());
  EXPECT_EQ(WaitForExit(), 1);
  EXPECT_THAT(Log(), ::testing::HasSubstr("in use by another process"));
  pid_ = first;
}

TEST(SelfProbe, NoticesListenerThatDoesNotAnswer) {
  TestServer server;
  server.Start();
  SelfProbe probe({.address = server.address(), .insecure_loopback = true, .interval = absl::Milliseconds(1)});
  EXPECT_OK(probe.Probe());
  EXPECT_OK(probe.Live());
  server.Stop();
  const absl::Time give_up = absl::Now() + absl::Seconds(60);
  while (probe.Live().ok() && absl::Now() < give_up) std::this_thread::yield();
  EXPECT_THAT(probe.Live(), StatusIs(absl::StatusCode::kUnavailable, "LISTENER_DEAF"));
}

}  // namespace
}  // namespace vinculo::rpc
