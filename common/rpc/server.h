#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/rpc/runtime.h"

namespace vinculo::rpc {

struct TlsFiles {
  std::string certificate;  // PEM, the chain
  std::string key;          // PEM
  std::string client_ca;    // PEM: who may connect
};

struct ServerOptions {
  std::string address = "127.0.0.1:0";  // port 0: the system chooses
  bool insecure_loopback = false;       // plain text; refused unless the address is a loopback one
  TlsFiles tls;
  int max_receive_bytes = 4 << 20;  // the largest an import message may be; see guide for why it is no memory bound
  int max_send_bytes = 8 << 20;
  int64_t buffer_bytes = 128 << 20;  // what gRPC may buffer for all connections together
  int max_concurrent_streams = 100;  // of one connection; a hint, which binds only peers that obey it
  bool reflection = true;            // always behind a token
};

class Health;

// The gRPC server of a process: settings, TLS, health, reflection, drain. Everything on the callback API. Not
// thread-safe but for the health switch.
class Server {
 public:
  Server(ServerOptions options, Runtime& runtime);
  ~Server();

  // Adds an implementation of the contract, such as Add<v1::TicketService>(tickets). It must outlive the server. Before
  // Start.
  template <class Contract, class Implementation>
  void Add(Implementation& service) {
    static_assert(std::is_base_of_v<typename Contract::Service, Implementation>,
                  "not an implementation of this contract");
    AddNamed(Contract::service_full_name(), &service);
  }

  // Listens, with health NOT_SERVING. INVALID_ARGUMENT for settings that are refused, UNAVAILABLE when the port cannot
  // be had.
  absl::Status Start();
  int port() const { return port_; }
  // host:port of the listener, with the real port.
  std::string address() const;

  // What Health/Check and Watch answer, for "" and for every service. NOT_SERVING at first.
  void SetServing(bool serving);
  bool serving() const;
  // Ends feeds and watchers, then lets calls in flight finish until `grace` is over and cancels the rest. Idempotent.
  void Shutdown(absl::Duration grace);

 private:
  void AddNamed(const char* full_name, grpc::Service* service);

  const ServerOptions options_;
  Runtime& runtime_;
  std::vector<std::pair<std::string, grpc::Service*>> services_;
  std::unique_ptr<Health> health_;
  std::vector<std::unique_ptr<grpc::Service>> own_;  // reflection
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace vinculo::rpc
