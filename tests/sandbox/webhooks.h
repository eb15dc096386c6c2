#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_client.h"
#include "tests/sandbox/settings.h"

namespace vinculo::sandbox {

// A business number that sends. Lives as long as the sandbox.
struct Sender {
  std::string phone_number_id;
  std::string waba_id;
  std::string display_phone_number;
};

// Seconds since 1970 on the wall clock.
int64_t UnixSeconds();

// Carries updates to the configured URL the way Meta does: batched, signed over the raw bytes, several POSTs at once,
// each repeated until it is answered 200.
class Webhooks {
 public:
  Webhooks(EventLoop& loop, HttpClient& client, Faults& random) : loop_(loop), client_(client), random_(random) {}

  // INVALID_ARGUMENT when the URL cannot be used.
  absl::Status Configure(const WebhookSettings& settings);
  bool enabled() const { return !settings_.url.empty(); }
  const WebhookSettings& settings() const { return settings_; }

  // Queues one element of `statuses[]`.
  void Status(const Sender* sender, std::string json);
  // Queues one element of `messages[]` with its contact.
  void Inbound(const Sender* sender, absl::string_view wa_id, absl::string_view name, std::string json);
  // Queues a change of another field of the account, such as message_template_status_update.
  void Field(const std::string& waba_id, absl::string_view field, const Json& value);

  // "<seconds>" or, at the configured rate, milliseconds.
  std::string Timestamp();

  // Calls the URL as Meta does when a webhook is subscribed; `done` gets whether the challenge came back.
  void Verify(const std::string& verify_token, std::function<void(bool)> done);

  struct Counts {
    int64_t statuses = 0;  // queued, duplicates included
    int64_t inbound = 0;
    int64_t fields = 0;
    int64_t posts = 0;
    int64_t posts_ok = 0;
    int64_t posts_failed = 0;          // answered other than 200, or not at all
    int64_t updates_acked = 0;         // in POSTs answered 200
    std::map<int, int64_t> by_answer;  // HTTP status (0 = none) -> POSTs
    std::map<int64_t, int64_t> by_ms;  // milliseconds until the answer 200 -> POSTs
    // So many milliseconds the slowest but `share` of the POSTs took; 0 without any.
    int64_t AnswerMs(double share) const;
  };
  const Counts& counts() const { return counts_; }
  // Updates not acknowledged yet, queued or under way.
  int64_t pending() const { return static_cast<int64_t>(queue_.size()) + under_way_; }
  void Reset();

 private:
  enum class Kind { kStatus, kInbound, kField };
  struct Update {
    Kind kind;
    const Sender* sender;  // null for kField
    std::string json;      // kField: the whole entry
    std::string contact;
  };
  struct Post {
    std::string body;
    std::string signature;
    int64_t updates = 0;
    int64_t attempt = 0;
    int64_t begun_us = 0;
    uint64_t generation = 0;
  };

  void Enqueue(Update update);
  void Flush();
  std::string RenderBatch(int64_t count);
  void Deliver(std::shared_ptr<Post> post);
  void OnAnswer(std::shared_ptr<Post> post, int status);

  EventLoop& loop_;
  HttpClient& client_;
  Faults& random_;
  WebhookSettings settings_;
  Url url_;
  std::deque<Update> queue_;
  bool flush_armed_ = false;
  int64_t in_flight_ = 0;
  int64_t under_way_ = 0;    // updates inside POSTs not acknowledged yet
  uint64_t generation_ = 0;  // grows with Reset(); POSTs of an older one are given up
  Counts counts_;
};

}  // namespace vinculo::sandbox
