#include "services/profiling/api/lead_service.h"

#include <algorithm>

#include "common/api/etag.h"
#include "common/api/page.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/profiling/api/convert_session.h"
#include "services/profiling/api/parse_connector.h"
#include "services/profiling/store/lead_repository.h"
#include "services/profiling/store/session_engine.h"

namespace vinculo::profiling {
namespace {

constexpr int kMaxReplay = 100;

absl::StatusOr<Delivery> Replay(sql::Transaction& tx, const Uuid& id, bool force, absl::Time now) {
  ASSIGN_OR_RETURN(auto delivery, LeadRepository::FindDelivery(tx, id));
  if (!delivery) return NotFound("delivery", id.ToString());
  if (delivery->state == DeliveryState::kDelivered && !force) {
    return Error(absl::StatusCode::kFailedPrecondition, "ALREADY_DELIVERED",
                 "the receiver has it; say `force` to send it again", {{"delivery_id", id.ToString()}});
  }
  delivery->state = DeliveryState::kPending;
  delivery->attempts_used = 0;
  delivery->next_at = now;
  delivery->error.clear();
  RETURN_IF_ERROR(LeadRepository::UpdateDelivery(tx, *delivery));
  RETURN_IF_ERROR(jobs::Enqueue(tx, {kDeliveryJob, id.ToString(), now, ""}));
  delivery->payload.clear();
  return *std::move(delivery);
}

}  // namespace

LeadService::LeadService(rpc::Runtime& runtime, sql::Database& database, const SecretBox& secrets,
                         OutboundPolicy policy)
    : runtime_(runtime), db_(database), secrets_(secrets), policy_(std::move(policy)) {}
LeadService::~LeadService() = default;

void LeadService::GetLead(rpc::Call<v1::GetLeadRequest, v1::Lead> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("lead_id", call.request().lead_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<Lead> {
                               ASSIGN_OR_RETURN(auto lead, LeadRepository::Find(tx, id));
                               if (!lead) return NotFound("lead", id.ToString());
                               return *std::move(lead);
                             }),
              RenderLead);
}

void LeadService::ListLeads(rpc::Call<v1::ListLeadsRequest, v1::ListLeadsResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  const auto profile = text::ParseOptionalUuid("profile_id", call.request().profile_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string filter = profile ? profile->ToString() : "";
  const auto key = api::ParsePageToken({call.scope().tenant(), "profiling.LeadService.ListLeads", filter, "-id"},
                                       call.request().page_token(), "u");
  if (!key.ok()) return call.Fail(key.status());
  const Uuid before = *key ? std::get<Uuid>((**key)[0]) : Uuid();
  db_.ReadOnPool(
      call.scope(),
      [profile, before, size](sql::Transaction& tx) {
        // A person has few leads: they come as one page.
        return profile ? LeadRepository::ListByProfile(tx, *profile) : LeadRepository::List(tx, before, size + 1);
      },
      call.Reply([size, profile, filter, tenant = call.scope().tenant()](const std::vector<Lead>& rows,
                                                                         v1::ListLeadsResponse* out) {
        const int shown = profile ? static_cast<int>(rows.size()) : std::min<int>(size, static_cast<int>(rows.size()));
        for (int i = 0; i < shown; ++i) RenderLead(rows[i], out->add_leads());
        if (!profile && static_cast<int>(rows.size()) > size) {
          out->set_next_page_token(
              api::EncodePageToken({tenant, "profiling.LeadService.ListLeads", filter, "-id"}, {rows[size - 1].id}));
        }
      }));
}

void LeadService::PutConnector(rpc::Call<v1::PutConnectorRequest, v1::Connector> call) {
  FieldViolations bad;
  WantedConnector wanted = ParseConnector(call.request().connector(), policy_, bad);
  const auto expected = api::ParseEtag(call.request().connector().etag(), bad, "connector.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, wanted = std::move(wanted), expected,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Connector> {
        const std::string& id = wanted.connector.connector_id;
        ASSIGN_OR_RETURN(const auto before, LeadRepository::FindConnector(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("connector", id, expected, before ? before->revision : 0));
        const Connector sealed = SealConnector(wanted, before ? &*before : nullptr, secrets_, tx.tenant());
        RETURN_IF_ERROR(LeadRepository::PutConnector(tx, sealed));
        if (before && before->state != ConnectorState::kActive && sealed.state == ConnectorState::kActive) {
          ASSIGN_OR_RETURN(const std::vector<Delivery> waiting, LeadRepository::ListWaiting(tx, id));
          for (const Delivery& delivery : waiting) {
            RETURN_IF_ERROR(jobs::Enqueue(tx, {kDeliveryJob, delivery.id.ToString(), now, ""}));
          }
        }
        return sealed;
      },
      call.Reply(RenderConnector));
}

void LeadService::ListDeliveries(rpc::Call<v1::ListDeliveriesRequest, v1::ListDeliveriesResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  const auto lead = text::ParseOptionalUuid("lead_id", call.request().lead_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string filter = lead ? lead->ToString() : "";
  const auto key = api::ParsePageToken({call.scope().tenant(), "profiling.LeadService.ListDeliveries", filter, "-id"},
                                       call.request().page_token(), "u");
  if (!key.ok()) return call.Fail(key.status());
  const Uuid before = *key ? std::get<Uuid>((**key)[0]) : Uuid();
  db_.ReadOnPool(
      call.scope(),
      [lead, before, size](sql::Transaction& tx) {
        return lead ? LeadRepository::ListDeliveriesOfLead(tx, *lead)
                    : LeadRepository::ListDeliveries(tx, before, size + 1);
      },
      call.Reply([size, lead, filter, tenant = call.scope().tenant()](const std::vector<Delivery>& rows,
                                                                      v1::ListDeliveriesResponse* out) {
        const int shown = lead ? static_cast<int>(rows.size()) : std::min<int>(size, static_cast<int>(rows.size()));
        for (int i = 0; i < shown; ++i) RenderDelivery(rows[i], out->add_deliveries());
        if (!lead && static_cast<int>(rows.size()) > size) {
          out->set_next_page_token(api::EncodePageToken({tenant, "profiling.LeadService.ListDeliveries", filter, "-id"},
                                                        {rows[size - 1].id}));
        }
      }));
}

void LeadService::GetDelivery(rpc::Call<v1::GetDeliveryRequest, v1::Delivery> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("delivery_id", call.request().delivery_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<Delivery> {
                               ASSIGN_OR_RETURN(auto delivery, LeadRepository::FindDelivery(tx, id));
                               if (!delivery) return NotFound("delivery", id.ToString());
                               return *std::move(delivery);
                             }),
              RenderDelivery);
}

void LeadService::ReplayDeliveries(rpc::Call<v1::ReplayDeliveriesRequest, v1::ReplayDeliveriesResponse> call) {
  FieldViolations bad;
  std::vector<Uuid> ids;
  text::CheckCount("delivery_ids", call.request().delivery_ids_size(), kMaxReplay, bad);
  if (call.request().delivery_ids_size() == 0) bad.Add("delivery_ids", "is required");
  ids.reserve(call.request().delivery_ids_size());
  for (int i = 0; i < call.request().delivery_ids_size(); ++i) {
    ids.push_back(text::ParseUuid(text::Indexed("delivery_ids", i), call.request().delivery_ids(i), bad));
  }
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [ids = std::move(ids), force = call.request().force(),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<std::vector<Delivery>> {
        std::vector<Delivery> out;
        for (const Uuid& id : ids) {
          ASSIGN_OR_RETURN(Delivery delivery, Replay(tx, id, force, now));
          out.push_back(std::move(delivery));
        }
        return out;
      },
      call.Reply([](const std::vector<Delivery>& rows, v1::ReplayDeliveriesResponse* out) {
        for (const Delivery& delivery : rows) RenderDelivery(delivery, out->add_deliveries());
      }));
}

}  // namespace vinculo::profiling
