#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "services/support/api/csat_service.h"
#include "services/support/api/directory_service.h"
#include "services/support/api/import_export_service.h"
#include "services/support/api/publisher.h"
#include "services/support/api/report_service.h"
#include "services/support/api/ticket_service.h"
#include "support_store_migrations.h"
#include "vinculo/support/v1/events.pb.h"

namespace vinculo::support {

using test::StatusIs;

// The services of support behind a real server. The clock stands at Monday 4 March 2024, 10:00 in Buenos Aires.
class ApiTest : public testing::Test {
 protected:
  ApiTest()
      : zone_(*calendar::LoadZone(calendar::kDefaultZone)),
        start_(absl::FromCivil(absl::CivilSecond(2024, 3, 4, 10, 0, 0), zone_)),
        clock_(start_),
        database_(
            std::vector<sql::MigrationSet>{
                {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"support", &Migrations()}},
            &clock_),
        desk_({zone_, "https://support.example/rate/", PublishEvents}),
        server_({{}, &clock_, {}}),
        tickets_(server_.runtime(), *database_, desk_),
        directory_(server_.runtime(), *database_),
        csat_(server_.runtime(), *database_, desk_),
        reports_(server_.runtime(), *database_, desk_),
        imports_(server_.runtime(), *database_, desk_) {
    server_.Add<v1::TicketService>(tickets_);
    server_.Add<v1::DirectoryService>(directory_);
    server_.Add<v1::CsatService>(csat_);
    server_.Add<v1::ReportService>(reports_);
    server_.Add<v1::ImportExportService>(imports_);
    server_.Start();
    ticket_stub_ = v1::TicketService::NewStub(server_.channel());
    directory_stub_ = v1::DirectoryService::NewStub(server_.channel());
    csat_stub_ = v1::CsatService::NewStub(server_.channel());
    report_stub_ = v1::ReportService::NewStub(server_.channel());
    import_stub_ = v1::ImportExportService::NewStub(server_.channel());
  }

  static rpc::Caller Agent(std::string subject = "ana") { return {"demo", {"agent"}, std::move(subject)}; }
  static rpc::Caller Lead() { return {"demo", {"support_lead"}, "lead"}; }
  static rpc::Caller Service() { return {"demo", {"service"}, "gateway"}; }

  template <class Req, class Resp>
  absl::StatusOr<Resp> Ticket(grpc::Status (v1::TicketService::Stub::*method)(grpc::ClientContext*, const Req&, Resp*),
                              const Req& request, const rpc::Caller& caller = Agent()) {
    Resp response;
    const absl::Status status = server_.Call(*ticket_stub_, method, request, &response, caller);
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<v1::IngestMessageResponse> Ingest(const std::string& requester, const std::string& external_id,
                                                   v1::Channel channel = v1::CHANNEL_WEB,
                                                   const std::string& request_id = "") {
    v1::IngestMessageRequest request;
    request.set_request_id(request_id);
    request.set_channel(channel);
    request.set_external_id(external_id);
    request.set_requester_id(requester);
    request.set_body("hola, no puedo cerrar un caso");
    return Ticket(&v1::TicketService::Stub::IngestMessage, request, Service());
  }
  absl::StatusOr<v1::Message> Reply(const std::string& conversation, const std::string& last_seen = "") {
    v1::PostReplyRequest request;
    request.set_conversation_id(conversation);
    request.set_body("lo estoy mirando");
    request.set_last_seen_message_id(last_seen);
    return Ticket(&v1::TicketService::Stub::PostReply, request);
  }
  absl::StatusOr<v1::Conversation> Close(const std::string& id) {
    v1::CloseConversationRequest request;
    request.set_id(id);
    return Ticket(&v1::TicketService::Stub::CloseConversation, request);
  }
  absl::StatusOr<v1::Conversation> Get(const std::string& id, const rpc::Caller& caller = Agent()) {
    v1::GetConversationRequest request;
    request.set_id(id);
    return Ticket(&v1::TicketService::Stub::GetConversation, request, caller);
  }
  // The types of the tenant's events, in order.
  std::vector<std::string> EventTypes() {
    const auto events =
        database_->WriteAndWait(sql::TestScope(), [](sql::Transaction& tx) { return events::Read(tx, 0, 1000); });
    std::vector<std::string> types;
    for (const events::StoredEvent& event : *events) types.push_back(event.type);
    return types;
  }

  const absl::TimeZone zone_;
  const absl::Time start_;
  ManualClock clock_;
  sql::TestDatabase database_;
  Desk desk_;
  rpc::TestServer server_;
  TicketService tickets_;
  DirectoryService directory_;
  CsatService csat_;
  ReportService reports_;
  ImportExportService imports_;
  std::unique_ptr<v1::TicketService::Stub> ticket_stub_;
  std::unique_ptr<v1::DirectoryService::Stub> directory_stub_;
  std::unique_ptr<v1::CsatService::Stub> csat_stub_;
  std::unique_ptr<v1::ReportService::Stub> report_stub_;
  std::unique_ptr<v1::ImportExportService::Stub> import_stub_;
};

}  // namespace vinculo::support
