#include "tests/sandbox/sends.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/sandbox/json_scan.h"

namespace vinculo::sandbox {
namespace {

constexpr uint64_t kDeliveredSalt = 41, kReadSalt = 43;
constexpr int64_t kWindowSeconds = 24 * 3600;
constexpr int64_t kPairPeriodMs = 6000, kPairBurst = 45;

absl::string_view Truncate(absl::string_view text) { return text.substr(0, 512); }

}  // namespace

void Sends::Configure(const GraphSettings& settings) {
  settings_ = &settings;
  for (const auto& [id, wanted] : settings.senders) {
    const auto it = senders_.find(id);
    if (it == senders_.end()) continue;
    if (!wanted.waba_id.empty()) it->second->waba_id = wanted.waba_id;
    if (!wanted.display_phone_number.empty()) it->second->display_phone_number = wanted.display_phone_number;
  }
}

void Sends::Reset() {
  buckets_.clear();
  ++generation_;
  read_receipts_ = without_plus_ = 0;
}

const Sender* Sends::SenderOf(const std::string& phone_number_id) {
  std::unique_ptr<Sender>& sender = senders_[phone_number_id];
  if (sender == nullptr) {
    sender = std::make_unique<Sender>(Sender{phone_number_id, settings_->waba_id, "15550001000"});
    const auto known = settings_->senders.find(phone_number_id);
    if (known != settings_->senders.end()) {
      if (!known->second.waba_id.empty()) sender->waba_id = known->second.waba_id;
      if (!known->second.display_phone_number.empty())
        sender->display_phone_number = known->second.display_phone_number;
    }
  }
  if (sender->waba_id.empty()) sender->waba_id = templates_.AnyWaba();
  return sender.get();
}

void Sends::Handle(const std::string& phone_number_id, const HttpMessage& request, const Exchange& exchange) {
  SendRequest send;
  if (!ScanSendRequest(request.body, &send)) return exchange.Send(GraphError(100, "the body is not JSON"));
  const Sender* sender = SenderOf(phone_number_id);
  ledger_.Requested(phone_number_id, send.callback, loop_.now_us());
  if (send.status == "read") {
    ++read_receipts_;
    return exchange.Send({.body = "{\"success\":true}"});
  }
  const std::string who = send.recipient.empty() ? DigitsOf(send.to) : std::string(send.recipient);
  if (send.to.empty() == send.recipient.empty()) {
    return exchange.Send(GraphError(131009, "exactly one of to and recipient"));
  }
  // Without the plus Meta would prepend the sender's country code and reach somebody else.
  if (!send.to.empty() && send.to[0] != '+') ++without_plus_;
  Recipient& recipient = ledger_.Of(who);
  ++recipient.requests;
  recipient.last_request_us = absl::ToUnixMicros(absl::Now());
  const FaultRule* fault = nullptr;
  if (!faults_.empty()) fault = faults_.Choose({"send", request.path, who, send.template_name});
  if (fault != nullptr) {
    if (fault->act == "error") {
      ledger_.Refused(fault->code);
      return exchange.Send(GraphError(fault->code, fault->body, fault->http));
    }
    const bool spoils = fault->act == "http" || fault->act == "empty" || fault->act == "hang" || fault->act == "reset";
    if (spoils && (fault->accept || fault->act == "empty")) Take(send, request, sender, who, fault);
    if (AnswerWithFault(*fault, exchange)) return;
  }
  HttpReply reply = Take(send, request, sender, who, fault);
  if (fault == nullptr || fault->act != "delay") return exchange.Send(reply);
  loop_.After(absl::Milliseconds(fault->delay_ms), [exchange, reply = std::move(reply)] { exchange.Send(reply); });
}

HttpReply Sends::Take(const SendRequest& send, const HttpMessage& request, const Sender* sender, const std::string& who,
                      const FaultRule* fault) {
  const bool is_template = send.type == "template";
  const Template* t = is_template ? templates_.Find(sender->waba_id, send.template_name, send.language) : nullptr;
  HttpReply refused = Refuse(send, request, sender, who, t);
  if (!refused.body.empty()) return refused;

  const std::string wamid = absl::StrCat("wamid.OUT", absl::Hex(next_message_++, absl::kZeroPad12));
  const std::string wa_id = WaIdOf(who);
  ledger_.Accepted(who, send.template_name, send.callback);
  const bool held = fault != nullptr && fault->act == "held";
  HttpReply reply;
  absl::StrAppend(&reply.body, "{\"messaging_product\":\"whatsapp\",\"contacts\":[{\"input\":\"",
                  send.recipient.empty() ? send.to : send.recipient, "\",\"wa_id\":\"", wa_id,
                  "\"}],\"messages\":[{\"id\":\"", wamid, "\"");
  if (is_template) {
    absl::StrAppend(&reply.body, ",\"message_status\":\"", held ? "held_for_quality_assessment" : "accepted", "\"");
  }
  reply.body += "}]}";
  if (!webhooks_.enabled()) return reply;
  const bool failing = fault != nullptr && fault->act == "fail_later";
  if (fault == nullptr || (fault->act != "drop_statuses" && !fault->silent)) {
    Follow({sender, who, wa_id, wamid, std::string(Truncate(send.callback)),
            t == nullptr ? "service" : absl::AsciiStrToLower(t->category), std::string(send.template_name),
            failing ? fault->code : 0});
  }
  if (!failing && !customers_.silent()) customers_.Receive({sender, who, wa_id, wamid, std::string(request.body), t});
  return reply;
}

HttpReply Sends::Refuse(const SendRequest& send, const HttpMessage& request, const Sender* sender,
                        const std::string& who, const Template* t) {
  const auto error = [this](int64_t code, absl::string_view details) {
    ledger_.Refused(code);
    return GraphError(code, details);
  };
  if (!send.has_product) return error(100, "messaging_product must be whatsapp");
  if (send.callback.size() > 512) return error(131009, "biz_opaque_callback_data: at most 512 characters");
  if (send.recipient.empty() && (who.size() < 7 || who.size() > 15)) return error(131009, "to is not a phone number");
  if (settings_->rate_limit_per_s > 0 && OverSenderRate(sender->phone_number_id)) return error(130429, "throughput");
  if (settings_->pair_limit && OverPairRate(who)) return error(131056, "pair rate");
  if (send.type == "template") {
    if (!settings_->strict_templates) return {};
    if (t == nullptr) return error(132001, "no such template in that language");
    if (t->status == "PAUSED") return error(132015, "paused");
    if (t->status == "DISABLED") return error(132016, "disabled");
    if (t->status != "APPROVED") return error(132001, "not approved");
    if (send.body_parameters != t->body_variables) {
      return error(132000, absl::StrCat("body: ", send.body_parameters, " parameters, expected ", t->body_variables));
    }
    return {};
  }
  const std::string problem = FreeFormProblem(request.body);
  if (!problem.empty()) return error(131009, problem);
  if (settings_->enforce_window && ledger_.Of(who).last_inbound_s + kWindowSeconds <= UnixSeconds()) {
    return error(131047, "more than 24 hours since the customer last wrote");
  }
  return {};
}

bool Sends::OverSenderRate(const std::string& phone_number_id) {
  const double rate = settings_->rate_limit_per_s;
  Bucket& bucket = buckets_[phone_number_id];
  const int64_t now_us = loop_.now_us();
  if (bucket.at_us == 0) bucket.tokens = rate;
  if (bucket.at_us != 0) bucket.tokens = std::min(rate, bucket.tokens + rate * (now_us - bucket.at_us) / 1e6);
  bucket.at_us = now_us;
  if (bucket.tokens < 1) return true;
  bucket.tokens -= 1;
  return false;
}

bool Sends::OverPairRate(const std::string& who) {
  Recipient& recipient = ledger_.Of(who);
  const int64_t now_ms = loop_.now_us() / 1000;
  const int64_t paid = std::min<int64_t>(recipient.pair_debt_ms, now_ms - recipient.pair_at_ms);
  recipient.pair_debt_ms -= static_cast<uint32_t>(recipient.pair_at_ms == 0 ? 0 : paid);
  recipient.pair_at_ms = now_ms;
  if (recipient.pair_debt_ms + kPairPeriodMs > kPairPeriodMs * kPairBurst) return true;
  recipient.pair_debt_ms += kPairPeriodMs;
  return false;
}

std::string Sends::WaIdOf(const std::string& who) const {
  for (const auto& [from, to] : settings_->wa_id_rewrites) {
    if (absl::StartsWith(who, from)) return absl::StrCat(to, who.substr(from.size()));
  }
  return who;
}

void Sends::Follow(Fate fate) {
  const WebhookSettings& times = webhooks_.settings();
  const bool fails = fate.fail_code != 0;
  const bool delivered = !fails && Fraction(fate.who, kDeliveredSalt) < times.delivered_share;
  const bool read = delivered && Fraction(fate.who, kReadSalt) < times.read_share;
  const auto shared = std::make_shared<Fate>(std::move(fate));
  Report(shared, "sent", times.sent_ms);
  if (fails) Report(shared, "failed", times.delivered_ms);
  if (delivered) Report(shared, "delivered", times.delivered_ms);
  if (read) Report(shared, "read", times.read_ms);
}

void Sends::Report(const std::shared_ptr<Fate>& fate, absl::string_view status, int64_t after_ms) {
  const WebhookSettings& settings = webhooks_.settings();
  if (faults_.Toss(settings.loss_rate)) return;
  ledger_.Reported(fate->who, fate->template_name, std::string(status));
  after_ms += faults_.Pick(settings.jitter_ms);
  if (faults_.Toss(settings.reorder_rate)) after_ms += settings.reorder_ms;
  const int times = faults_.Toss(settings.duplicate_rate) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    loop_.After(absl::Milliseconds(after_ms + i * settings.reorder_ms), [this, generation = generation_, fate, status] {
      if (generation == generation_) webhooks_.Status(fate->sender, StatusJson(*fate, status));
    });
  }
}

std::string Sends::StatusJson(const Fate& fate, absl::string_view status) {
  std::string out = absl::StrCat("{\"id\":\"", fate.wamid, "\",\"status\":\"", status, "\",\"timestamp\":\"",
                                 webhooks_.Timestamp(), "\",\"recipient_id\":\"", fate.wa_id, "\"");
  // The raw text of the request's JSON string goes back as it came, escapes and all.
  if (!fate.callback.empty()) absl::StrAppend(&out, ",\"biz_opaque_callback_data\":\"", fate.callback, "\"");
  if (status == "sent" || status == "delivered") {
    absl::StrAppend(&out, ",\"pricing\":{\"billable\":", fate.category == "service" ? "false" : "true",
                    ",\"pricing_model\":\"PMP\",\"type\":\"regular\",\"category\":\"", fate.category, "\"}");
  }
  if (status == "failed") {
    absl::StrAppend(&out, ",\"errors\":[{\"code\":", fate.fail_code,
                    ",\"title\":\"failed by the sandbox\",\"message\":\"failed by the sandbox\"}]");
  }
  return out + "}";
}

}  // namespace vinculo::sandbox
