#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/status/error.h"
#include "common/time/clock.h"
#include "profiling_store_migrations.h"
#include "services/profiling/api/catalogue_service.h"
#include "services/profiling/api/convert_catalogue.h"
#include "services/profiling/api/convert_session.h"
#include "services/profiling/api/flow_service.h"
#include "services/profiling/api/lead_service.h"
#include "services/profiling/api/profile_service.h"
#include "services/profiling/api/session_service.h"

namespace vinculo::profiling {

// The five services behind a real server in this process, with a clock that stands, and the car dealer's flow of
// samples/.
class ApiFixture : public ::testing::Test {
 protected:
  ApiFixture() {
    server.Add<v1::FlowService>(flow_service);
    server.Add<v1::CatalogueService>(catalogue_service);
    server.Add<v1::SessionService>(session_service);
    server.Add<v1::ProfileService>(profile_service);
    server.Add<v1::LeadService>(lead_service);
    server.Start();
    flows = v1::FlowService::NewStub(server.channel());
    catalogue = v1::CatalogueService::NewStub(server.channel());
    sessions = v1::SessionService::NewStub(server.channel());
    profiles = v1::ProfileService::NewStub(server.channel());
    leads = v1::LeadService::NewStub(server.channel());
  }

  // The services end before the server does: nobody may call them any more.
  ~ApiFixture() override { server.server().Shutdown(absl::Seconds(5)); }

  static rpc::TestServer::Options ServerOptions(const Clock* clock) {
    rpc::TestServer::Options options;
    options.clock = clock;
    return options;
  }

  template <class Stub, class Req, class Resp>
  absl::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Req&, Resp*),
                    const Req& request, Resp* response, const rpc::Caller& caller = {}) {
    return server.Call(stub, method, request, response, caller);
  }

  static std::string ReadFile(const std::string& path) {
    std::ifstream in(path);
    EXPECT_TRUE(in.good()) << path;
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }
  template <class Message>
  static Message FromJson(const std::string& json) {
    Message message;
    const auto status = google::protobuf::util::JsonStringToMessage(json, &message);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return message;
  }
  static std::vector<std::string> Lines(const std::string& path) {
    std::vector<std::string> out;
    std::istringstream in(ReadFile(path));
    for (std::string line; std::getline(in, line);) {
      if (!line.empty()) out.push_back(line);
    }
    return out;
  }

  v1::UpsertProductsResponse PutProducts(const std::vector<v1::Product>& products, bool atomic = false,
                                         absl::Status* status = nullptr) {
    const auto context = server.Context();
    v1::UpsertProductsResponse response;
    auto writer = catalogue->UpsertProducts(context.get(), &response);
    v1::UpsertProductsRequest message;
    message.mutable_header()->set_atomic(atomic);
    writer->Write(message);
    for (const v1::Product& product : products) {
      *message.mutable_product() = product;
      writer->Write(message);
    }
    writer->WritesDone();
    const absl::Status outcome = rpc::FromGrpcStatus(writer->Finish());
    if (status != nullptr) {
      *status = outcome;
    } else {
      EXPECT_TRUE(outcome.ok()) << outcome;
    }
    return response;
  }

  // Products, matrix and flow of the samples, published.
  v1::FlowVersion PublishSamples() {
    std::vector<v1::Product> products;
    for (const std::string& line : Lines("samples/flow/products.jsonl"))
      products.push_back(FromJson<v1::Product>(line));
    PutProducts(products);
    v1::PutMatrixRequest matrix;
    *matrix.mutable_matrix() = FromJson<v1::Matrix>(ReadFile("samples/flow/matrix.json"));
    v1::Matrix stored;
    EXPECT_TRUE(Call(*catalogue, &v1::CatalogueService::Stub::PutMatrix, matrix, &stored).ok());
    v1::CreateFlowRequest create;
    *create.mutable_flow() = FromJson<v1::Flow>(ReadFile("samples/flow/flow.json"));
    v1::Flow flow;
    const absl::Status created = Call(*flows, &v1::FlowService::Stub::CreateFlow, create, &flow);
    EXPECT_TRUE(created.ok()) << created;
    flow_id = flow.flow_id();
    return Publish(flow_id);
  }

  v1::FlowVersion Publish(const std::string& id) {
    v1::PublishFlowRequest publish;
    publish.set_flow_id(id);
    v1::FlowVersion version;
    const absl::Status status = Call(*flows, &v1::FlowService::Stub::PublishFlow, publish, &version);
    EXPECT_TRUE(status.ok()) << status;
    return version;
  }

  v1::HandleInboundRequest Inbound(const std::string& identity, const std::string& event, const std::string& text) {
    v1::HandleInboundRequest request;
    request.set_channel(v1::CHANNEL_WEBCHAT);
    request.set_channel_identity(identity);
    request.set_event_id(event);
    request.set_text(text);
    return request;
  }
  v1::HandleInboundResponse Say(const std::string& identity, const std::string& text, bool start = false) {
    v1::HandleInboundRequest request = Inbound(identity, "e" + std::to_string(++events_said), text);
    if (start) request.set_flow_id(flow_id);
    v1::HandleInboundResponse response;
    const absl::Status status = Call(*sessions, &v1::SessionService::Stub::HandleInbound, request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }
  // Walks a visitor to the end with the first option each time.
  v1::HandleInboundResponse WalkToLead(const std::string& identity) {
    Say(identity, "hola", true);
    for (int i = 0; i < 6; ++i) Say(identity, "1");
    Say(identity, "Ana María Gómez");
    Say(identity, "ana@example.com");
    return Say(identity, "1");
  }

  template <class Body>
  auto Read(Body body, const std::string& tenant = "demo") {
    return db->ReadInline(sql::TestScope(tenant), body);
  }
  std::vector<std::string> EventTypes() {
    const auto events = Read([](sql::Transaction& tx) { return events::Read(tx, 0, 1000); });
    std::vector<std::string> out;
    if (!events.ok()) return out;
    for (const auto& event : *events) out.push_back(event.type);
    return out;
  }

  ManualClock clock{absl::FromUnixSeconds(1'750'000'000)};
  sql::TestDatabase db{
      std::vector<sql::MigrationSet>{
          {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"profiling", &Migrations()}},
      &clock};
  rpc::TestServer server{ServerOptions(&clock)};
  SecretBox secrets{Secret("a master secret of the tests")};
  std::shared_ptr<Published> published = Published::Make(*db, MakeBlobReaders());
  PhoneParser phone = [](absl::string_view text) -> std::optional<std::string> {
    return text.size() >= 8 && text[0] == '+' ? std::optional<std::string>(std::string(text)) : std::nullopt;
  };
  SessionEngine engine{*published, secrets, EmitServiceEvent, {phone, false}};
  FlowService flow_service{server.runtime(), *db, *published, engine};
  CatalogueService catalogue_service{server.runtime(), *db, *published};
  SessionService session_service{server.runtime(), *db, *published, engine};
  ProfileService profile_service{server.runtime(), *db, EmitServiceEvent, phone};
  LeadService lead_service{server.runtime(), *db, secrets, OutboundPolicy({}, true)};
  std::unique_ptr<v1::FlowService::Stub> flows;
  std::unique_ptr<v1::CatalogueService::Stub> catalogue;
  std::unique_ptr<v1::SessionService::Stub> sessions;
  std::unique_ptr<v1::ProfileService::Stub> profiles;
  std::unique_ptr<v1::LeadService::Stub> leads;
  std::string flow_id;
  int events_said = 0;
};

}  // namespace vinculo::profiling
