#include "tests/sandbox/crm.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tests/sandbox/signature.h"
#include "tests/sandbox/webhooks.h"

namespace vinculo::sandbox {
namespace {

constexpr int64_t kToleranceSeconds = 300;

}  // namespace

void Crm::Reset() {
  deliveries_.clear();
  received_ = without_key_ = 0;
}

bool Crm::SignatureValid(const HttpMessage& request) const {
  const absl::string_view id = request.Header("webhook-id");
  const absl::string_view timestamp = request.Header("webhook-timestamp");
  int64_t seconds;
  if (id.empty() || !absl::SimpleAtoi(timestamp, &seconds)) return false;
  if (std::llabs(UnixSeconds() - seconds) > kToleranceSeconds) return false;
  return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
    return StandardWebhookSignatureValid(secret, id, timestamp, request.body, request.Header("webhook-signature"));
  });
}

Crm::Delivery& Crm::Note(const HttpMessage& request) {
  ++received_;
  const absl::string_view id = request.Header("webhook-id");
  const absl::string_view idempotency = request.Header("Idempotency-Key");
  std::string key(id.empty() ? idempotency : id);
  if (key.empty()) key = absl::StrCat("without-key-", ++without_key_);
  Delivery& delivery = deliveries_[key];
  if (delivery.received > 0 && delivery.body != request.body) delivery.same_body = false;
  if (!id.empty() && !idempotency.empty() && id != idempotency) delivery.keys_agree = false;
  ++delivery.received;
  ++(SignatureValid(request) ? delivery.valid_signatures : delivery.bad_signatures);
  delivery.path = std::string(request.path);
  delivery.method = std::string(request.method);
  delivery.body = std::string(request.body);
  if (delivery.reference.empty()) delivery.reference = absl::StrCat("crm-", deliveries_.size());
  return delivery;
}

void Crm::Answer(const Delivery& delivery, const Exchange& exchange) const {
  exchange.Send(
      {.status = delivery.accepted > 1 ? 200 : 201,
       .body = absl::StrCat("{\"id\":\"", delivery.reference, "\",\"data\":{\"id\":\"", delivery.reference, "\"}}")});
}

void Crm::Handle(const HttpMessage& request, const Exchange& exchange) {
  Delivery& delivery = Note(request);
  absl::string_view key = request.Header("webhook-id");
  if (key.empty()) key = request.Header("Idempotency-Key");
  const FaultRule* fault = faults_.Choose({"crm", request.path, key, ""});
  if (fault == nullptr) {
    ++delivery.accepted;
    return Answer(delivery, exchange);
  }
  const bool spoils = fault->act != "delay";
  if (!spoils || fault->accept) ++delivery.accepted;
  if (AnswerWithFault(*fault, exchange)) return;
  loop_.After(absl::Milliseconds(fault->delay_ms), [this, exchange, delivery] { Answer(delivery, exchange); });
}

Json Crm::Counts() const {
  int64_t accepted = 0, valid = 0, bad = 0, accepted_once = 0, max_accepted = 0, changed = 0, disagree = 0;
  for (const auto& [key, delivery] : deliveries_) {
    accepted += delivery.accepted;
    valid += delivery.valid_signatures;
    bad += delivery.bad_signatures;
    accepted_once += delivery.accepted == 1;
    max_accepted = std::max(max_accepted, delivery.accepted);
    changed += !delivery.same_body;
    disagree += !delivery.keys_agree;
  }
  return {{"received", received_},          {"keys", deliveries_.size()},   {"accepted", accepted},
          {"accepted_once", accepted_once}, {"max_accepted", max_accepted}, {"valid_signatures", valid},
          {"bad_signatures", bad},          {"without_key", without_key_},  {"changed_bodies", changed},
          {"key_mismatches", disagree}};
}

Json Crm::Leads() const {
  Json out = Counts();
  Json items = Json::object();
  for (const auto& [key, delivery] : deliveries_) {
    const Json body = Json::parse(delivery.body, nullptr, false);
    items[key] = {{"received", delivery.received},
                  {"accepted", delivery.accepted},
                  {"valid_signatures", delivery.valid_signatures},
                  {"bad_signatures", delivery.bad_signatures},
                  {"same_body", delivery.same_body},
                  {"method", delivery.method},
                  {"path", delivery.path},
                  {"reference", delivery.reference},
                  {"body", body.is_discarded() ? Json(delivery.body) : body}};
  }
  out["items"] = items;
  return out;
}

}  // namespace vinculo::sandbox
