#include "common/rpc/test_server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace vinculo::rpc {
namespace {

constexpr char kIssuer[] = "https://test.vinculo";
constexpr char kAudience[] = "vinculo";

ServerOptions Loopback(ServerOptions options) {
  options.insecure_loopback = options.tls.certificate.empty();
  return options;
}

}  // namespace

TestServer::TestServer(const Options& options)
    : minter_(options.minter != nullptr ? options.minter : auth::TokenMinter::Generate()),
      clock_(*options.clock),
      keys_(*auth::KeySet::Parse(absl::StrCat("{\"keys\":[", minter_->public_jwk(), "]}"))),
      authenticator_({.issuer = kIssuer, .audience = kAudience}, &keys_, options.clock),
      runtime_(
          {.authenticator = &authenticator_, .clock = options.clock, .registry = &registry_, .limits = options.limits}),
      server_(Loopback(options.server), runtime_) {}

TestServer::~TestServer() { Stop(); }

void TestServer::Start() {
  if (const absl::Status status = server_.Start(); !status.ok()) {
    std::fprintf(stderr, "the test server does not start: %s\n", status.ToString().c_str());
    std::abort();
  }
  server_.SetServing(true);
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = grpc::CreateCustomChannel(server_.address(), grpc::InsecureChannelCredentials(), arguments);
}

std::string TestServer::Token(const Caller& caller) const {
  return minter_->Mint({.issuer = kIssuer,
                        .audience = kAudience,
                        .subject = caller.subject,
                        .tenant = caller.tenant,
                        .roles = caller.roles,
                        .issued_at = clock_.Now()});
}

std::unique_ptr<grpc::ClientContext> TestServer::Context(const Caller& caller) const {
  auto context = std::make_unique<grpc::ClientContext>();
  context->AddMetadata("authorization", absl::StrCat("Bearer ", Token(caller)));
  context->set_deadline(absl::ToChronoTime(absl::Now() + caller.timeout));
  return context;
}

}  // namespace vinculo::rpc
