#include "tests/sandbox/ledger.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sandbox {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kHiddenBit = uint64_t{1} << 63;

}  // namespace

Json Ledger::ItemOf(const std::string& name, const Recipient& r) {
  return {{"to", name},     {"requests", r.requests}, {"accepted", r.accepted}, {"templates", r.templates_accepted},
          {"told", r.told}, {"inbound", r.inbound},   {"replies", r.replies},   {"last_request_us", r.last_request_us}};
}

uint64_t Ledger::Key(absl::string_view who) {
  uint64_t key;
  if (who.size() <= 18 && absl::SimpleAtoi(who, &key)) return key;
  return absl::HashOf(who) | kHiddenBit;
}

std::string Ledger::Name(uint64_t key) const {
  if (!(key & kHiddenBit)) return absl::StrCat(key);
  const auto it = hidden_.find(key);
  return it == hidden_.end() ? "" : it->second;
}

Recipient& Ledger::Of(absl::string_view who) {
  const uint64_t key = Key(who);
  if (key & kHiddenBit) hidden_.try_emplace(key, std::string(who));
  return recipients_[key];
}

const Recipient* Ledger::Find(absl::string_view who) const {
  const auto it = recipients_.find(Key(who));
  return it == recipients_.end() ? nullptr : &it->second;
}

void Ledger::Requested(absl::string_view sender, absl::string_view callback, int64_t now_us) {
  ++requests_;
  auto it = senders_.find(sender);
  if (it == senders_.end()) it = senders_.emplace(std::string(sender), SenderCount()).first;
  SenderCount& count = it->second;
  ++count.requests;
  count.last_second.push_back(now_us);
  while (count.last_second.front() <= now_us - 1000000) count.last_second.pop_front();
  count.max_in_a_second = std::max<int64_t>(count.max_in_a_second, count.last_second.size());
  if (callback.empty()) {
    ++without_callback_;
  } else {
    ++callbacks_[absl::HashOf(callback)].requests;
  }
}

void Ledger::Accepted(absl::string_view who, absl::string_view template_name, absl::string_view callback) {
  ++accepted_;
  Recipient& recipient = Of(who);
  ++recipient.accepted;
  if (!callback.empty()) ++callbacks_[absl::HashOf(callback)].accepted;
  if (template_name.empty()) return;
  ++recipient.templates_accepted;
  auto it = templates_.find(template_name);
  if (it == templates_.end()) it = templates_.emplace(std::string(template_name), TemplateCount()).first;
  TemplateCount& count = it->second;
  const uint32_t times = ++template_sends_[absl::HashOf(template_name, who)];
  ++count.accepted;
  if (times == 1) ++count.recipients;
  count.max_per_recipient = std::max(count.max_per_recipient, times);
}

void Ledger::Reported(absl::string_view who, absl::string_view template_name, const std::string& status) {
  ++Of(who).told;
  const auto it = templates_.find(template_name);
  if (it != templates_.end()) ++it->second.statuses[status];
}

Json Ledger::Totals() const {
  Json templates = Json::object();
  for (const auto& [name, count] : templates_) {
    templates[name] = {{"accepted", count.accepted},
                       {"recipients", count.recipients},
                       {"max_per_recipient", count.max_per_recipient},
                       {"statuses", count.statuses}};
  }
  Json senders = Json::object();
  for (const auto& [id, count] : senders_) {
    senders[id] = {{"requests", count.requests}, {"max_in_a_second", count.max_in_a_second}};
  }
  Json refused = Json::object();
  for (const auto& [code, times] : refused_) refused[absl::StrCat(code)] = times;
  return {{"requests", requests_}, {"accepted", accepted_},  {"without_callback", without_callback_},
          {"refused", refused},    {"templates", templates}, {"senders", senders}};
}

Json Ledger::Summary() const {
  uint32_t max_accepted = 0, max_requests = 0, max_templates = 0, max_callback_requests = 0, max_callback_accepted = 0;
  int64_t reached = 0;
  for (const auto& [key, r] : recipients_) {
    max_accepted = std::max(max_accepted, r.accepted);
    max_requests = std::max(max_requests, r.requests);
    max_templates = std::max(max_templates, r.templates_accepted);
    reached += r.accepted > 0 ? 1 : 0;
  }
  for (const auto& [key, c] : callbacks_) {
    max_callback_requests = std::max(max_callback_requests, c.requests);
    max_callback_accepted = std::max(max_callback_accepted, c.accepted);
  }
  return {{"recipients", recipients_.size()},
          {"reached", reached},
          {"max_accepted", max_accepted},
          {"max_requests", max_requests},
          {"max_templates", max_templates},
          {"distinct_callbacks", callbacks_.size()},
          {"max_requests_per_callback", max_callback_requests},
          {"max_accepted_per_callback", max_callback_accepted}};
}

std::string Ledger::RecipientLines() const {
  std::string out;
  out.reserve(recipients_.size() * 96);
  for (const auto& [key, r] : recipients_) {
    absl::StrAppend(&out, "{\"to\":\"", Name(key), "\",\"requests\":", r.requests, ",\"accepted\":", r.accepted);
    absl::StrAppend(&out, ",\"templates\":", r.templates_accepted, ",\"told\":", r.told, ",\"inbound\":", r.inbound,
                    ",\"replies\":", r.replies, "}\n");
  }
  return out;
}

Json Ledger::RecipientItems() const {
  Json items = Json::array();
  for (const auto& [key, recipient] : recipients_) items.push_back(ItemOf(Name(key), recipient));
  return items;
}

}  // namespace vinculo::sandbox
