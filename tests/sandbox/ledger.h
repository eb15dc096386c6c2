#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

namespace vinculo::sandbox {

// What one person's phone has seen.
struct Recipient {
  uint32_t requests = 0;  // send requests addressed to it, whatever their outcome
  uint32_t accepted = 0;
  uint32_t templates_accepted = 0;
  uint32_t told = 0;            // statuses of its messages that the webhook tells of, repetitions not counted
  uint32_t inbound = 0;         // messages it wrote
  uint32_t last_inbound_s = 0;  // seconds since 1970; 0 = never
  uint32_t replies = 0;         // inbound messages made by script
  uint32_t questions = 0;       // messages with options it received
  uint32_t script_at = 0;       // position in its script
  uint32_t pair_debt_ms = 0;    // pair-rate debt at pair_at_ms
  int64_t pair_at_ms = 0;
  int64_t last_request_us = 0;  // microseconds since 1970 at which the last send request came
};

// Counts sends per recipient, per callback id and per (template, recipient). A million recipients take about 230 MB.
class Ledger {
 public:
  // Digits of the phone, or a BSUID; the reference holds until the next call of Of().
  Recipient& Of(absl::string_view who);
  const Recipient* Find(absl::string_view who) const;

  // One send request of `sender` begun at `now_us` (monotonic).
  void Requested(absl::string_view sender, absl::string_view callback, int64_t now_us);
  void Accepted(absl::string_view who, absl::string_view template_name, absl::string_view callback);
  void Refused(int64_t code) { ++refused_[code]; }
  // A status that the webhook tells of, repetitions not counted.
  void Reported(absl::string_view who, absl::string_view template_name, const std::string& status);

  int64_t requests() const { return requests_; }
  int64_t accepted() const { return accepted_; }

  // Totals for GET /_sandbox/counts.
  nlohmann::json Totals() const;
  // Totals over recipients and callback ids for GET /_sandbox/recipients.
  nlohmann::json Summary() const;
  // One JSON object per line and recipient, in no particular order.
  std::string RecipientLines() const;
  nlohmann::json RecipientItems() const;
  // One of them.
  static nlohmann::json ItemOf(const std::string& name, const Recipient& recipient);

 private:
  struct Callback {
    uint32_t requests = 0;
    uint32_t accepted = 0;
  };
  struct TemplateCount {
    int64_t accepted = 0;
    int64_t recipients = 0;
    uint32_t max_per_recipient = 0;
    std::map<std::string, int64_t> statuses;
  };
  struct SenderCount {
    int64_t requests = 0;
    int64_t max_in_a_second = 0;
    std::deque<int64_t> last_second;  // begin times in the last second
  };

  static uint64_t Key(absl::string_view who);
  std::string Name(uint64_t key) const;

  int64_t requests_ = 0;
  int64_t accepted_ = 0;
  int64_t without_callback_ = 0;
  std::map<int64_t, int64_t> refused_;
  absl::flat_hash_map<uint64_t, Recipient> recipients_;
  absl::flat_hash_map<uint64_t, std::string> hidden_;  // BSUIDs by key
  absl::flat_hash_map<uint64_t, Callback> callbacks_;
  absl::flat_hash_map<uint64_t, uint32_t> template_sends_;  // by hash of (template, recipient)
  std::map<std::string, TemplateCount, std::less<>> templates_;
  std::map<std::string, SenderCount, std::less<>> senders_;
};

}  // namespace vinculo::sandbox
