#include "common/rpc/server.h"

#include <gmock/gmock.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <grpc/reflection/v1/reflection.grpc.pb.h>
#include <grpc/reflection/v1alpha/reflection.grpc.pb.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "common/rpc/echo_test_service.h"
#include "common/rpc/tls_test_files.h"
#include "common/testing/status_matchers.h"

namespace vinculo::rpc {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using test::StatusIs;
using ::testing::Contains;
using ::testing::IsSupersetOf;

constexpr char kEcho[] = "vinculo.echo.v1.EchoService";

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    server_.Add<v1::EchoService>(service_);
    server_.Start();
    health_ = grpc::health::v1::Health::NewStub(server_.channel());
  }
  ~ServerTest() override { server_.Stop(); }
  absl::StatusOr<HealthCheckResponse::ServingStatus> Check(const std::string& service) {
    grpc::ClientContext context;
    HealthCheckRequest request;
    request.set_service(service);
    HealthCheckResponse response;
    const absl::Status status = FromGrpcStatus(health_->Check(&context, request, &response));
    if (!status.ok()) return status;
    return response.status();
  }

  TestServer server_;
  EchoService service_{server_.runtime(), nullptr};
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

TEST_F(ServerTest, HealthNeedsNoTokenAndFollowsTheSwitch) {
  EXPECT_EQ(*Check(""), HealthCheckResponse::SERVING);
  EXPECT_EQ(*Check(kEcho), HealthCheckResponse::SERVING);
  EXPECT_THAT(Check("no.such.Service"), StatusIs(absl::StatusCode::kNotFound));
  server_.server().SetServing(false);
  EXPECT_EQ(*Check(""), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(*Check(kEcho), HealthCheckResponse::NOT_SERVING);
}

TEST_F(ServerTest, HealthWatchTellsEveryChange) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service(kEcho);
  const auto watch = health_->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_.server().SetServing(false);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  server_.server().SetServing(true);
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_.server().Shutdown(absl::Seconds(10));
  EXPECT_FALSE(watch->Read(&response));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerTest, HealthWatchOfUnknownServiceSaysSo) {
  grpc::ClientContext context;
  HealthCheckRequest request;
  request.set_service("no.such.Service");
  const auto watch = health_->Watch(&context, request);
  HealthCheckResponse response;
  ASSERT_TRUE(watch->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  context.TryCancel();
  EXPECT_FALSE(watch->Read(&response));
}

TEST_F(ServerTest, ShutdownLetsCallsInFlightFinish) {
  absl::Notification arrived;
  std::optional<EchoCall> held;
  service_.on_echo = [&](EchoCall call) {
    held = std::move(call);
    arrived.Notify();
  };
  const auto stub = v1::EchoService::NewStub(server_.channel());
  std::thread caller([&] {
    v1::EchoResponse response;
    EXPECT_OK(server_.Call(*stub, &v1::EchoService::Stub::Echo, v1::EchoRequest(), &response));
  });
  arrived.WaitForNotification();
  std::thread stopper([&] { server_.server().Shutdown(absl::Seconds(20)); });
  // New connections are refused once the listener is closed; the call is still served after that.
  while (true) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(server_.address(), grpc::InsecureChannelCredentials(), arguments);
    grpc::ClientContext context;
    HealthCheckResponse response;
    if (!grpc::health::v1::Health::NewStub(channel)->Check(&context, HealthCheckRequest(), &response).ok()) break;
  }
  held->Succeed();
  held.reset();
  stopper.join();
  caller.join();
}

TEST(Server, RefusesPlainTextOffLoopback) {
  metrics::Registry registry;
  const auth::FixedKeySet keys(*auth::KeySet::Parse("{\"keys\":[]}"));
  const auth::Authenticator authenticator({}, &keys, SystemClock::Get());
  Runtime runtime({.authenticator = &authenticator, .registry = &registry});
  EXPECT_THAT(Server({.address = "0.0.0.0:0", .insecure_loopback = true}, runtime).Start(),
              StatusIs(absl::StatusCode::kInvalidArgument, "PLAIN_TEXT_REFUSED"));
  EXPECT_THAT(Server({.address = "127.0.0.1:0"}, runtime).Start(),
              StatusIs(absl::StatusCode::kInvalidArgument, "TLS_REQUIRED"));
  EXPECT_THAT(Server({.address = "nonsense"}, runtime).Start(), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(ServerTest, RefusesPortThatIsTaken) {
  TestServer second({.server = {.address = server_.address(), .insecure_loopback = true}});
  EXPECT_THAT(second.server().Start(), StatusIs(absl::StatusCode::kUnavailable, "LISTEN_FAILED"));
}

template <class Contract, class Request, class Response>
class ReflectionClient {
 public:
  explicit ReflectionClient(const TestServer& server, bool with_token = true)
      : context_(with_token ? server.Context({.roles = {"viewer"}}) : std::make_unique<grpc::ClientContext>()),
        stub_(Contract::NewStub(server.channel())),
        stream_(stub_->ServerReflectionInfo(context_.get())) {}
  Response Ask(const Request& request) {
    Response response;
    stream_->Write(request);
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }
  absl::Status Finish() {
    stream_->WritesDone();
    return FromGrpcStatus(stream_->Finish());
  }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<typename Contract::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<Request, Response>> stream_;
};
namespace r1 = grpc::reflection::v1;
namespace r1alpha = grpc::reflection::v1alpha;
using ReflectionV1 = ReflectionClient<r1::ServerReflection, r1::ServerReflectionRequest, r1::ServerReflectionResponse>;
using ReflectionV1Alpha =
    ReflectionClient<r1alpha::ServerReflection, r1alpha::ServerReflectionRequest, r1alpha::ServerReflectionResponse>;

template <class Response>
std::vector<std::string> FileNames(const Response& response) {
  std::vector<std::string> names;
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(file.ParseFromString(bytes));
    names.push_back(file.name());
  }
  return names;
}

TEST_F(ServerTest, ReflectionNeedsToken) {
  ReflectionV1 client(server_, /*with_token=*/false);
  EXPECT_THAT(client.Finish(), StatusIs(absl::StatusCode::kUnauthenticated, "TOKEN_MISSING"));
}

TEST_F(ServerTest, ReflectionListsServicesInBothVersions) {
  ReflectionV1 client(server_);
  r1::ServerReflectionRequest request;
  request.set_list_services("");
  std::vector<std::string> names;
  const auto listed = client.Ask(request);
  for (const auto& service : listed.list_services_response().service()) names.push_back(service.name());
  EXPECT_THAT(names, IsSupersetOf({std::string(kEcho), std::string("grpc.health.v1.Health")}));
  EXPECT_OK(client.Finish());

  ReflectionV1Alpha old(server_);
  r1alpha::ServerReflectionRequest old_request;
  old_request.set_list_services("");
  EXPECT_EQ(old.Ask(old_request).list_services_response().service_size(), static_cast<int>(names.size()));
  EXPECT_OK(old.Finish());
}

TEST_F(ServerTest, ReflectionFindsFilesAndExtensions) {
  ReflectionV1 client(server_);
  r1::ServerReflectionRequest request;
  request.set_file_containing_symbol("vinculo.echo.v1.EchoService.Echo");
  EXPECT_THAT(FileNames(client.Ask(request)),
              IsSupersetOf({"vinculo/echo/v1/echo.proto", "vinculo/options/v1/options.proto",
                            "google/protobuf/descriptor.proto"}));
  request.set_file_by_filename("vinculo/echo/v1/echo.proto");
  EXPECT_THAT(FileNames(client.Ask(request)), Contains("vinculo/echo/v1/echo.proto"));
  request.set_all_extension_numbers_of_type("google.protobuf.MethodOptions");
  EXPECT_THAT(client.Ask(request).all_extension_numbers_response().extension_number(), Contains(50001));
  request.mutable_file_containing_extension()->set_containing_type("google.protobuf.MethodOptions");
  request.mutable_file_containing_extension()->set_extension_number(50001);
  EXPECT_EQ(client.Ask(request).file_descriptor_response().file_descriptor_proto_size(), 1)
      << "its imports were sent before";
  request.set_file_containing_symbol("no.such.Symbol");
  EXPECT_EQ(client.Ask(request).error_response().error_code(), grpc::StatusCode::NOT_FOUND);
  request.clear_file_containing_symbol();
  EXPECT_EQ(client.Ask(request).error_response().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_OK(client.Finish());
}

class TlsTest : public ::testing::Test {
 protected:
  TlsTest() {
    server_.Add<v1::EchoService>(service_);
    server_.Start();
  }
  grpc::Status Check(const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel = grpc::CreateCustomChannel(absl::StrCat("localhost:", server_.port()), credentials, arguments);
    grpc::ClientContext context;
    HealthCheckResponse response;
    return grpc::health::v1::Health::NewStub(channel)->Check(&context, HealthCheckRequest(), &response);
  }
  grpc::SslCredentialsOptions Options(const TlsTestFiles& client) const {
    return {.pem_root_certs = files_.ca_pem(),
            .pem_private_key = client.key_pem(),
            .pem_cert_chain = client.certificate_pem()};
  }

  TlsTestFiles files_;
  TestServer server_{{.server = {.address = "127.0.0.1:0", .tls = files_.files()}}};
  EchoService service_{server_.runtime(), nullptr};
};

TEST_F(TlsTest, AsksForClientCertificate) {
  EXPECT_TRUE(Check(grpc::SslCredentials(Options(files_))).ok());
  EXPECT_EQ(Check(grpc::SslCredentials({.pem_root_certs = files_.ca_pem()})).error_code(),
            grpc::StatusCode::UNAVAILABLE)
      << "no certificate";
  const TlsTestFiles stranger;
  EXPECT_EQ(Check(grpc::SslCredentials(Options(stranger))).error_code(), grpc::StatusCode::UNAVAILABLE)
      << "a certificate of another CA";
  EXPECT_EQ(Check(grpc::InsecureChannelCredentials()).error_code(), grpc::StatusCode::UNAVAILABLE) << "plain text";
}

}  // namespace
}  // namespace vinculo::rpc
