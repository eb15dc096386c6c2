#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/auth/authenticator.h"
#include "common/auth/token_minter.h"
#include "common/metrics/registry.h"
#include "common/rpc/runtime.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"

namespace vinculo::rpc {

// Who calls in a test.
struct Caller {
  std::string tenant = "demo";
  std::vector<std::string> roles = {"admin"};
  std::string subject = "tester";
  absl::Duration timeout = absl::Seconds(20);
};

// A real server in this process, on a free port of 127.0.0.1, with a key of its own. Use it as
//   rpc::TestServer server;
//   TicketService tickets(server.runtime(), *database);
//   server.Add<v1::TicketService>(tickets);
//   server.Start();
//   auto stub = v1::TicketService::NewStub(server.channel());
//   v1::Ticket ticket;
//   EXPECT_THAT(server.Call(*stub, &v1::TicketService::Stub::GetTicket, request, &ticket), StatusIs(...));
class TestServer {
 public:
  struct Options {
    Limits limits;
    const Clock* clock = SystemClock::Get();
    ServerOptions server;
    std::shared_ptr<const auth::TokenMinter> minter =
        nullptr;  // another server's, when a client is to move from it to this one
  };
  TestServer() : TestServer(Options()) {}
  explicit TestServer(const Options& options);
  ~TestServer();

  template <class Contract, class Implementation>
  void Add(Implementation& service) {
    server_.Add<Contract>(service);
  }
  // Starts serving; ends the process when it cannot.
  void Start();
  // Stops serving: no handler runs after it. The services must live until then: call it in the fixture's destructor
  // when a test may leave a call behind that it has cancelled.
  void Stop() { server_.Shutdown(absl::Seconds(5)); }

  Runtime& runtime() { return runtime_; }
  Server& server() { return server_; }
  metrics::Registry& registry() { return registry_; }
  const auth::TokenMinter& minter() const { return *minter_; }
  const std::shared_ptr<const auth::TokenMinter>& shared_minter() const { return minter_; }
  std::string address() const { return server_.address(); }
  int port() const { return server_.port(); }
  // One connection for the whole test.
  std::shared_ptr<grpc::Channel> channel() const { return channel_; }

  // A valid token for a quarter of an hour from the server's clock.
  std::string Token(const Caller& caller = {}) const;
  // A context with that token and the timeout.
  std::unique_ptr<grpc::ClientContext> Context(const Caller& caller = {}) const;

  // Calls and waits; the status has its reason, violations and metadata again.
  template <class Stub, class Req, class Resp>
  absl::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Req&, Resp*),
                    const Req& request, Resp* response, const Caller& caller = {}) const {
    const auto context = Context(caller);
    return FromGrpcStatus((stub.*method)(context.get(), request, response));
  }

 private:
  const std::shared_ptr<const auth::TokenMinter> minter_;
  const Clock& clock_;
  auth::FixedKeySet keys_;
  auth::Authenticator authenticator_;
  metrics::Registry registry_;
  Runtime runtime_;
  Server server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace vinculo::rpc
