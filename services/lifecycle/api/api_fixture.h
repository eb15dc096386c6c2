#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/events/event_log.h"
#include "common/jobs/job_queue.h"
#include "common/rpc/test_server.h"
#include "common/sql/test_database.h"
#include "common/testing/status_matchers.h"
#include "common/time/clock.h"
#include "lifecycle_store_migrations.h"
#include "services/lifecycle/api/health_service.h"
#include "services/lifecycle/api/lifecycle_service.h"
#include "services/lifecycle/api/usage_service.h"

namespace vinculo::lifecycle {

// The three services behind a real server in this process, with a clock that stands on Tuesday, 18 June 2024, noon in
// Buenos Aires.
class ApiFixture : public testing::Test {
 protected:
  using Lifecycle = v1::LifecycleService::Stub;
  using Usage = v1::UsageService::Stub;
  using Health = v1::HealthService::Stub;

  ApiFixture() {
    server.Add<v1::LifecycleService>(lifecycle_service);
    server.Add<v1::UsageService>(usage_service);
    server.Add<v1::HealthService>(health_service);
    server.Start();
    lifecycle = v1::LifecycleService::NewStub(server.channel());
    usage = v1::UsageService::NewStub(server.channel());
    health = v1::HealthService::NewStub(server.channel());
  }

  static absl::TimeZone Zone() { return *calendar::LoadZone("America/Argentina/Buenos_Aires"); }
  static absl::Time At(absl::CivilDay day) { return calendar::StartOfDay(day, Zone()); }
  static Settings MakeSettings() {
    Settings settings;
    settings.zone = Zone();
    return settings;
  }
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

  // A client with an open engagement since 2 January 2023.
  v1::Engagement Engage(const std::string& customer, const rpc::Caller& caller = {}) {
    v1::CreateEngagementRequest request;
    request.set_customer_id(customer);
    request.set_account_name("Name of " + customer);
    api::SetTimestamp(At(absl::CivilDay(2023, 1, 2)), request.mutable_opened_at());
    v1::Engagement engagement;
    EXPECT_OK(Call(*lifecycle, &Lifecycle::CreateEngagement, request, &engagement, caller));
    return engagement;
  }

  absl::Status AddModule(const std::string& engagement_id, const std::string& key, v1::ModuleInstance* module) {
    v1::AddModuleRequest request;
    request.set_engagement_id(engagement_id);
    request.set_module_key(key);
    api::SetTimestamp(At(absl::CivilDay(2023, 1, 2)), request.mutable_contracted_at());
    return Call(*lifecycle, &Lifecycle::AddModule, request, module);
  }

  absl::Status Force(const std::string& module_id, v1::Stage to, absl::Time at, v1::ModuleInstance* module,
                     const std::string& reason = "agreed with the client", const rpc::Caller& caller = {}) {
    v1::ForceTransitionRequest request;
    request.set_module_instance_id(module_id);
    request.set_to_stage(to);
    request.set_reason(reason);
    api::SetTimestamp(at, request.mutable_at());
    return Call(*lifecycle, &Lifecycle::ForceTransition, request, module, caller);
  }

  // A module that went live on 1 February 2023 and has been in EARLY_ADOPTION since.
  v1::ModuleInstance LiveModule(const std::string& engagement_id, const std::string& key) {
    v1::ModuleInstance module;
    EXPECT_OK(AddModule(engagement_id, key, &module));
    EXPECT_OK(Force(module.module_instance_id(), v1::STAGE_IMPLEMENTATION, At(absl::CivilDay(2023, 1, 10)), &module));
    v1::MarkProductionDeliveredRequest delivered;
    delivered.set_module_instance_id(module.module_instance_id());
    api::SetTimestamp(At(absl::CivilDay(2023, 2, 1)), delivered.mutable_go_live_at());
    EXPECT_OK(Call(*lifecycle, &Lifecycle::MarkProductionDelivered, delivered, &module, {.roles = {"ops"}}));
    EXPECT_OK(Force(module.module_instance_id(), v1::STAGE_EARLY_ADOPTION, At(absl::CivilDay(2023, 2, 1)), &module));
    return module;
  }

  static v1::UsageFact Fact(const std::string& customer, const std::string& key, absl::CivilDay day, int64_t started,
                            int64_t completed, int64_t revision = 1) {
    v1::UsageFact fact;
    fact.set_customer_id(customer);
    fact.set_module_key(key);
    fact.set_local_date(calendar::FormatDate(day));
    fact.set_started(started);
    fact.set_completed(completed);
    fact.set_revision(revision);
    return fact;
  }

  // Sends the facts, `per_message` at a time.
  absl::StatusOr<v1::IngestUsageResponse> Ingest(const std::vector<v1::UsageFact>& facts, size_t per_message = 1000,
                                                 const rpc::Caller& caller = {.roles = {"service"}}) {
    const auto context = server.Context(caller);
    v1::IngestUsageResponse response;
    auto writer = usage->IngestUsage(context.get(), &response);
    v1::IngestUsageRequest message;
    for (const v1::UsageFact& fact : facts) {
      *message.add_facts() = fact;
      if (static_cast<size_t>(message.facts_size()) < per_message) continue;
      writer->Write(message);
      message.Clear();
    }
    if (message.facts_size() > 0) writer->Write(message);
    writer->WritesDone();
    const absl::Status status = rpc::FromGrpcStatus(writer->Finish());
    if (!status.ok()) return status;
    return response;
  }

  absl::StatusOr<std::vector<v1::EvaluateStagesResponse>> Evaluate(const v1::EvaluateStagesRequest& request,
                                                                   const rpc::Caller& caller = {}) {
    const auto context = server.Context(caller);
    auto reader = lifecycle->EvaluateStages(context.get(), request);
    std::vector<v1::EvaluateStagesResponse> all;
    v1::EvaluateStagesResponse one;
    while (reader->Read(&one)) all.push_back(one);
    const absl::Status status = rpc::FromGrpcStatus(reader->Finish());
    if (!status.ok()) return status;
    return all;
  }

  // Types of all events of the tenant, in order.
  std::vector<std::string> EventTypes(const std::string& tenant = "demo") {
    const auto stored =
        db->ReadInline(sql::TestScope(tenant), [](sql::Transaction& tx) { return events::Read(tx, 0, 1000); });
    EXPECT_OK(stored);
    std::vector<std::string> types;
    for (const events::StoredEvent& event : *stored) types.push_back(event.type);
    return types;
  }

  ManualClock clock{At(absl::CivilDay(2024, 6, 18)) + absl::Hours(12)};
  sql::TestDatabase db{
      std::vector<sql::MigrationSet>{
          {"events", &events::Migrations()}, {"jobs", &jobs::Migrations()}, {"lifecycle", &Migrations()}},
      &clock};
  Settings settings = MakeSettings();
  rpc::TestServer server{ServerOptions(&clock)};
  Metrics metrics{server.registry()};
  LifecycleService lifecycle_service{server.runtime(), *db, settings, metrics};
  UsageService usage_service{server.runtime(), *db, settings, metrics};
  HealthService health_service{server.runtime(), *db, settings, metrics};
  std::unique_ptr<Lifecycle> lifecycle;
  std::unique_ptr<Usage> usage;
  std::unique_ptr<Health> health;
};

}  // namespace vinculo::lifecycle
