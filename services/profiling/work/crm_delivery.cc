#include "services/profiling/work/crm_delivery.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "common/http/crypto.h"
#include "common/http/standard_webhooks.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "services/profiling/store/lead_repository.h"
#include "services/profiling/store/session_engine.h"

namespace vinculo::profiling {
namespace {

constexpr absl::Duration kLeaseBeyondTimeout = absl::Seconds(30);
constexpr absl::Duration kLongestTimeout = absl::Seconds(60);
constexpr size_t kMaxReference = 200;

std::string PointerText(const nlohmann::json& body, const std::string& pointer) {
  try {
    const nlohmann::json& value = body.at(nlohmann::json::json_pointer(pointer));
    return value.is_string() ? value.get<std::string>() : value.dump();
  } catch (const nlohmann::json::exception&) {
    return "";
  }
}

std::string ContextOf(const std::string& tenant, const Connector& connector) {
  return absl::StrCat(tenant, "/", connector.connector_id);
}

absl::Status AddAuth(const Connector& connector, const SecretBox& secrets, const std::string& context,
                     http::Headers& headers) {
  if (connector.auth == AuthKind::kNone) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string secret, secrets.Open(context, connector.sealed_auth));
  if (connector.auth == AuthKind::kBasic) {
    headers.emplace_back("authorization",
                         absl::StrCat("Basic ", crypto::Base64Encode(absl::StrCat(connector.auth_user, ":", secret))));
  } else if (connector.auth == AuthKind::kBearer) {
    headers.emplace_back("authorization", absl::StrCat("Bearer ", secret));
  } else {
    headers.emplace_back(connector.auth_user, absl::StrCat(connector.auth_prefix, secret));
  }
  return absl::OkStatus();
}

}  // namespace

struct CrmDelivery::Attempt {
  jobs::Job job;
  jobs::Done done;
  Delivery delivery;
  Connector connector;
  absl::Time began;
};

absl::StatusOr<http::Request> RenderCall(const Delivery& delivery, const Connector& connector, const SecretBox& secrets,
                                         const std::string& tenant, absl::Time now) {
  http::Request request;
  request.method = "POST";
  request.url = connector.url;
  request.body = delivery.payload;
  request.total_timeout = connector.timeout;
  const std::string id = delivery.id.ToString();
  const std::string context = ContextOf(tenant, connector);
  request.headers.emplace_back("content-type", "application/json");
  request.headers.emplace_back("idempotency-key", id);
  if (connector.sealed_signing.empty()) {
    request.headers.emplace_back(std::string(http::kWebhookIdHeader), id);
  } else {
    std::vector<std::string> keys;
    ASSIGN_OR_RETURN(keys.emplace_back(), secrets.Open(context, connector.sealed_signing));
    if (!connector.sealed_previous.empty() && connector.rotate_until && now < *connector.rotate_until) {
      ASSIGN_OR_RETURN(keys.emplace_back(), secrets.Open(context, connector.sealed_previous));
    }
    ASSIGN_OR_RETURN(const auto signed_headers, http::WebhookHeaders(keys, id, now, request.body));
    for (const auto& header : signed_headers) request.headers.push_back(header);
  }
  RETURN_IF_ERROR(AddAuth(connector, secrets, context, request.headers));
  return request;
}

CallResult ReadAnswer(const http::Response& response, const Connector& connector, absl::Time now,
                      std::string& reference) {
  CallResult result;
  result.http_status = response.status;
  const bool too_large = ErrorReason(response.transport) == "RESPONSE_TOO_LARGE";
  result.answered = response.transport.ok() || too_large;
  result.error = ErrorReason(response.transport);
  result.refused_locally = absl::IsInvalidArgument(response.transport) || absl::IsPermissionDenied(response.transport);
  result.retry_after = http::RetryAfter(response, now);
  if (connector.success_pointer.empty() && connector.reference_pointer.empty()) return result;
  const nlohmann::json body = nlohmann::json::parse(response.body, nullptr, false);
  if (!connector.success_pointer.empty()) {
    result.body_says_success =
        !body.is_discarded() && PointerText(body, connector.success_pointer) == connector.success_equals;
  }
  if (!connector.reference_pointer.empty() && !body.is_discarded()) {
    reference = PointerText(body, connector.reference_pointer).substr(0, kMaxReference);
  }
  return result;
}

CrmDelivery::CrmDelivery(sql::Database& database, const SecretBox& secrets, EmitEvent emit, Options options)
    : db_(database), secrets_(secrets), emit_(std::move(emit)), options_(std::move(options)) {
  if (options_.registry == nullptr) return;
  delivered_ = &options_.registry->AddCounter("profiling_leads_delivered_total", "Deliveries that a CRM has taken");
  failed_ =
      &options_.registry->AddCounter("profiling_lead_attempts_failed_total", "Attempts to deliver a lead that failed");
}

CrmDelivery::~CrmDelivery() = default;

http::Client& CrmDelivery::ClientFor(const std::string& url) {
  http::ClientOptions options;
  options.guard = options_.policy.GuardFor(url);
  const auto loopback = options_.policy.LoopbackOf(url);
  const std::string key = loopback ? loopback->ToString() : "";
  absl::MutexLock lock(&mutex_);
  std::unique_ptr<http::Client>& client = clients_[key];
  if (client == nullptr) client = std::make_unique<http::Client>(std::move(options));
  return *client;
}

void CrmDelivery::Register(jobs::JobRunner& runner) {
  runner.Register(kDeliveryJob, {kLongestTimeout + kLeaseBeyondTimeout, 32},
                  [this](jobs::Job job, jobs::Done done) { Run(std::move(job), std::move(done)); });
}

void CrmDelivery::Run(jobs::Job job, jobs::Done done) {
  auto attempt = std::make_shared<Attempt>(Attempt{std::move(job), std::move(done), {}, {}, db_.clock().Now()});
  db_.ReadOnPool(
      sql::Scope::ForTenant(attempt->job.tenant),
      [key = attempt->job.key](sql::Transaction& tx) -> absl::StatusOr<std::pair<Delivery, Connector>> {
        const std::optional<Uuid> id = Uuid::Parse(key);
        if (!id) return absl::DataLossError("a delivery job without a delivery");
        ASSIGN_OR_RETURN(auto delivery, LeadRepository::FindDelivery(tx, *id));
        if (!delivery) return NotFound("delivery", key);
        ASSIGN_OR_RETURN(auto connector, LeadRepository::FindConnector(tx, delivery->connector_id));
        if (!connector) return NotFound("connector", delivery->connector_id);
        return std::make_pair(*std::move(delivery), *std::move(connector));
      },
      [this, attempt](absl::StatusOr<std::pair<Delivery, Connector>> loaded) {
        const bool open = loaded.ok() && (loaded->first.state == DeliveryState::kPending ||
                                          loaded->first.state == DeliveryState::kRetry);
        const bool goes = open && loaded->second.enabled && loaded->second.state == ConnectorState::kActive;
        if (goes) {
          std::tie(attempt->delivery, attempt->connector) = *std::move(loaded);
          return Call(attempt);
        }
        // Nothing to do now: it is settled, or waits until its connector is put in order, which queues it again.
        if (!loaded.ok() && !absl::IsNotFound(loaded.status())) return attempt->done();
        db_.Write(
            sql::Scope::ForTenant(attempt->job.tenant),
            [job = attempt->job](sql::Transaction& tx) { return jobs::Complete(tx, job); },
            [attempt](const absl::Status&) { attempt->done(); });
      });
}

void CrmDelivery::Call(std::shared_ptr<Attempt> attempt) {
  attempt->began = db_.clock().Now();
  absl::StatusOr<http::Request> request =
      RenderCall(attempt->delivery, attempt->connector, secrets_, attempt->job.tenant, attempt->began);
  if (!request.ok()) {
    CallResult result;
    result.refused_locally = true;
    result.error = ErrorReason(request.status());
    return Finish(attempt, result, "", absl::ZeroDuration());
  }
  ClientFor(attempt->connector.url).Send(*std::move(request), [this, attempt](const http::Response& response) {
    std::string reference;
    const CallResult result = ReadAnswer(response, attempt->connector, db_.clock().Now(), reference);
    Finish(attempt, result, std::move(reference), response.elapsed);
  });
}

void CrmDelivery::Finish(std::shared_ptr<Attempt> attempt, const CallResult& result, std::string reference,
                         absl::Duration latency) {
  const Verdict verdict = Judge(result, attempt->connector.conflict_is_success);
  const bool delivered = verdict.kind == Verdict::Kind::kDelivered;
  if (metrics::Counter* counter = delivered ? delivered_ : failed_) counter->Increment();
  if (!delivered) {
    log::Warning(
        "lead not delivered",
        {{"delivery", attempt->job.key}, {"connector", attempt->connector.connector_id}, {"error", verdict.error}});
  }
  const DeliveryAttempt made{static_cast<int>(attempt->delivery.attempts.size()) + 1, attempt->began,
                             result.http_status, verdict.error, latency};
  const double jitter = absl::Uniform(absl::BitGen(), 0.0, 1.0);
  const absl::Time now = db_.clock().Now();
  db_.Write(
      sql::Scope::ForTenant(attempt->job.tenant),
      [this, attempt, verdict, made, reference = std::move(reference), jitter, now](sql::Transaction& tx) {
        return Save(tx, *attempt, verdict, made, reference, jitter, now);
      },
      [attempt](const absl::Status&) { attempt->done(); });
}

absl::Status CrmDelivery::Save(sql::Transaction& tx, const Attempt& attempt, const Verdict& verdict,
                               const DeliveryAttempt& made, const std::string& reference, double jitter,
                               absl::Time now) const {
  ASSIGN_OR_RETURN(auto current, LeadRepository::FindDelivery(tx, attempt.delivery.id));
  if (!current) return jobs::Complete(tx, attempt.job);
  Delivery delivery = *std::move(current);
  delivery.attempts.push_back(made);
  delivery.error = verdict.error;
  delivery.next_at.reset();
  const bool settled = delivery.state == DeliveryState::kCancelled;
  if (verdict.kind == Verdict::Kind::kPause || verdict.kind == Verdict::Kind::kDisable) {
    ASSIGN_OR_RETURN(auto connector, LeadRepository::FindConnector(tx, delivery.connector_id));
    if (connector && connector->state == ConnectorState::kActive) {
      connector->state = verdict.kind == Verdict::Kind::kPause ? ConnectorState::kPaused : ConnectorState::kDisabled;
      connector->state_reason = verdict.error;
      ++connector->revision;
      RETURN_IF_ERROR(LeadRepository::PutConnector(tx, *connector));
      RETURN_IF_ERROR(emit_(tx, ConnectorPausedEvent{connector->connector_id, verdict.error}, now));
    }
  }
  std::optional<absl::Time> again;
  if (!settled && verdict.kind == Verdict::Kind::kRetry) {
    ++delivery.attempts_used;
    const auto wait = WaitBefore(delivery.attempts_used + 1, jitter);
    if (wait) again = now + std::max(*wait, verdict.not_before);
  }
  if (settled) {
    // Withdrawn while it was under way: the result is recorded, nothing follows from it.
  } else if (verdict.kind == Verdict::Kind::kDelivered) {
    delivery.state = DeliveryState::kDelivered;
  } else if (again || verdict.kind == Verdict::Kind::kPause) {
    delivery.state = DeliveryState::kRetry;
    delivery.next_at = again;
  } else {
    delivery.state = DeliveryState::kDead;
  }
  RETURN_IF_ERROR(LeadRepository::UpdateDelivery(tx, delivery));
  if (delivery.state == DeliveryState::kDelivered || delivery.state == DeliveryState::kDead) {
    RETURN_IF_ERROR(SettleLead(tx, delivery, reference));
    RETURN_IF_ERROR(emit_(tx, LeadDeliveryEvent{delivery, reference}, now));
  }
  return again ? jobs::RetryAt(tx, attempt.job, *again, verdict.error) : jobs::Complete(tx, attempt.job);
}

absl::Status CrmDelivery::SettleLead(sql::Transaction& tx, const Delivery& delivery,
                                     const std::string& reference) const {
  ASSIGN_OR_RETURN(auto lead, LeadRepository::Find(tx, delivery.lead_id));
  if (!lead || lead->state == LeadState::kCancelled) return absl::OkStatus();
  if (delivery.state == DeliveryState::kDelivered) {
    if (!reference.empty()) lead->crm_ref = reference;
    lead->state = lead->crm_ref.empty() ? LeadState::kSent : LeadState::kConfirmed;
    return LeadRepository::Update(tx, *lead);
  }
  ASSIGN_OR_RETURN(const std::vector<Delivery> all, LeadRepository::ListDeliveriesOfLead(tx, lead->id));
  const bool all_dead =
      std::all_of(all.begin(), all.end(), [](const Delivery& d) { return d.state == DeliveryState::kDead; });
  if (!all_dead) return absl::OkStatus();
  lead->state = LeadState::kFailed;
  return LeadRepository::Update(tx, *lead);
}

}  // namespace vinculo::profiling
