#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"

namespace vinculo::sandbox {

using Json = nlohmann::json;

// How status updates and inbound messages reach the service. Times are milliseconds after the message was accepted.
struct WebhookSettings {
  std::string url;  // empty: no webhooks
  std::string app_secret = "sandbox-app-secret";
  int64_t batch_ms = 10;  // waits so long for company
  int64_t max_updates = 1000;
  int64_t in_flight = 4;  // POSTs at once
  int64_t timeout_ms = 10000;
  int64_t retry_ms = 100;  // doubles up to retry_max_ms, without end
  int64_t retry_max_ms = 5000;
  int64_t sent_ms = 5;
  int64_t delivered_ms = 20;
  int64_t read_ms = 60;
  int64_t jitter_ms = 0;         // added to each, evenly spread from 0
  double delivered_share = 1.0;  // of recipients, by their number
  double read_share = 0.6;       // of the delivered
  double duplicate_rate = 0;
  double reorder_rate = 0;  // so many updates come reorder_ms late
  int64_t reorder_ms = 200;
  double loss_rate = 0;
  double ms_timestamp_rate = 0;     // so many timestamps are in milliseconds
  double wrong_signature_rate = 0;  // so many POSTs are signed wrongly first, then rightly
};

struct SenderSettings {
  std::string waba_id;
  std::string display_phone_number;
  Json fields;  // merged over the default answer of GET /{phone_number_id}
};

struct GraphSettings {
  std::vector<std::string> access_tokens;  // empty: any bearer token
  bool strict_templates = true;            // sending needs an approved template and the right number of body parameters
  bool enforce_window = true;              // free-form text needs an inbound message within 24 h
  int64_t review_ms = 0;                   // templates stay PENDING so long
  absl::flat_hash_map<std::string, std::string> reject;             // template name -> reason
  absl::flat_hash_map<std::string, std::string> recategorise;       // template name -> category it comes back with
  std::vector<std::pair<std::string, std::string>> wa_id_rewrites;  // number prefix -> prefix of the wa_id
  std::string waba_id;                                              // of senders not listed
  std::map<std::string, SenderSettings> senders;
  double rate_limit_per_s = 0;  // 0: none; beyond it 130429
  bool pair_limit = false;      // 1 per 6 s and pair, burst 45; beyond it 131056
};

// One fault. All conditions given must hold; the first rule that applies decides.
struct FaultRule {
  std::string on;  // send, template, media, graph, crm, jira, slack; empty: all
  std::string path_prefix;
  std::vector<std::string> to;
  std::string to_prefix;
  std::string to_suffix;
  std::string template_name;
  double rate = 1.0;        // of requests, at random (seeded)
  double share = 1.0;       // of recipients or webhook ids, fixed by a hash
  int64_t after = 0;        // skips so many matching requests first
  int64_t first = -1;       // then applies so many times; -1 = without end
  int64_t each_first = -1;  // applies to the first n requests of each recipient or webhook id

  std::string act;      // error, http, empty, hang, reset, delay, fail_later, held, drop_statuses
  bool accept = false;  // the request takes effect although the answer is bad
  bool silent = false;  // and no webhook ever tells of it
  int64_t code = 0;
  int64_t http = 0;
  std::string body;
  int64_t retry_after = 0;
  int64_t delay_ms = 0;
};

// A customer who answers. All conditions given must hold; the first rule that applies decides.
struct CustomerRule {
  std::string name;  // under which its answers are counted; "rule-<position>" when not given
  std::string kind;  // template, text, button, list; empty: any
  std::string template_name;
  std::string contains;  // text of the body
  std::vector<std::string> numbers;
  double from = 0.0;  // the customer's fraction (a hash of the number) is in [from, share)
  double share = 1.0;
  int64_t after_ms = 20;
  bool once = false;  // at most one answer per customer by this rule

  enum class Reply { kText, kChoice, kNone };
  Reply reply = Reply::kNone;
  std::string text;
  bool by_hash = false;          // the choice follows from number and question
  std::vector<int64_t> choices;  // the n-th question of the customer takes the n-th, then round again
};

struct CustomerSettings {
  std::vector<CustomerRule> rules;
  // Number -> what that customer answers, in order: text, or the index of an option.
  absl::flat_hash_map<std::string, std::vector<Json>> scripts;
  int64_t max_replies = 100;  // of one customer, against endless loops
};

struct Settings {
  uint64_t seed = 1;
  WebhookSettings webhook;
  GraphSettings graph;
  std::vector<FaultRule> faults;
  CustomerSettings customers;
  std::vector<std::string> crm_secrets;
};

// Reads a whole configuration. INVALID_ARGUMENT names every unknown key and wrong type, so that a slip in a test shows.
absl::StatusOr<Settings> ParseSettings(const Json& config);

}  // namespace vinculo::sandbox
