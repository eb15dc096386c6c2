#include "tests/sandbox/webhooks.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/sandbox/json_scan.h"
#include "tests/sandbox/signature.h"

namespace vinculo::sandbox {
namespace {

std::string Metadata(const Sender& sender) {
  return absl::StrCat("\"messaging_product\":\"whatsapp\",\"metadata\":{\"display_phone_number\":\"",
                      sender.display_phone_number, "\",\"phone_number_id\":\"", sender.phone_number_id, "\"}");
}

}  // namespace

int64_t UnixSeconds() { return absl::ToUnixSeconds(absl::Now()); }

absl::Status Webhooks::Configure(const WebhookSettings& settings) {
  Url url;
  if (!settings.url.empty()) {
    absl::StatusOr<Url> parsed = ParseUrl(settings.url);
    if (!parsed.ok()) return parsed.status();
    url = *std::move(parsed);
  }
  settings_ = settings;
  url_ = std::move(url);
  return absl::OkStatus();
}

void Webhooks::Reset() {
  queue_.clear();
  under_way_ = 0;
  ++generation_;
  counts_ = {};
}

std::string Webhooks::Timestamp() {
  if (random_.Toss(settings_.ms_timestamp_rate)) return absl::StrCat(absl::ToUnixMillis(absl::Now()));
  return absl::StrCat(UnixSeconds());
}

void Webhooks::Status(const Sender* sender, std::string json) {
  ++counts_.statuses;
  Enqueue({Kind::kStatus, sender, std::move(json), ""});
}

void Webhooks::Inbound(const Sender* sender, absl::string_view wa_id, absl::string_view name, std::string json) {
  ++counts_.inbound;
  std::string contact = "{\"profile\":{\"name\":";
  AppendJsonString(&contact, name);
  absl::StrAppend(&contact, "},\"wa_id\":\"", wa_id, "\"}");
  Enqueue({Kind::kInbound, sender, std::move(json), std::move(contact)});
}

void Webhooks::Field(const std::string& waba_id, absl::string_view field, const Json& value) {
  ++counts_.fields;
  const Json entry = {{"id", waba_id},
                      {"time", UnixSeconds()},
                      {"changes", Json::array({{{"field", std::string(field)}, {"value", value}}})}};
  Enqueue({Kind::kField, nullptr, entry.dump(-1, ' ', true, Json::error_handler_t::replace), ""});
}

void Webhooks::Enqueue(Update update) {
  if (!enabled()) return;
  queue_.push_back(std::move(update));
  if (static_cast<int64_t>(queue_.size()) >= settings_.max_updates) return Flush();
  if (flush_armed_) return;
  flush_armed_ = true;
  loop_.After(absl::Milliseconds(settings_.batch_ms), [this] {
    flush_armed_ = false;
    Flush();
  });
}

void Webhooks::Flush() {
  while (!queue_.empty() && in_flight_ < settings_.in_flight) {
    auto post = std::make_shared<Post>();
    post->updates = std::min<int64_t>(queue_.size(), settings_.max_updates);
    post->body = RenderBatch(post->updates);
    post->signature = HubSignature(settings_.app_secret, post->body);
    post->generation = generation_;
    under_way_ += post->updates;
    ++in_flight_;
    Deliver(std::move(post));
  }
}

std::string Webhooks::RenderBatch(int64_t count) {
  std::string out = "{\"object\":\"whatsapp_business_account\",\"entry\":[";
  absl::string_view between = "";
  for (int64_t i = 0; i < count;) {
    const Update& head = queue_[i];
    absl::StrAppend(&out, std::exchange(between, ","));
    if (head.kind == Kind::kField) {
      out += head.json;
      ++i;
      continue;
    }
    absl::StrAppend(&out, "{\"id\":\"", head.sender->waba_id, "\",\"changes\":[{\"field\":\"messages\",\"value\":{",
                    Metadata(*head.sender));
    if (head.kind == Kind::kInbound) {
      absl::StrAppend(&out, ",\"contacts\":[", head.contact, "],\"messages\":[", head.json, "]");
      ++i;
    } else {
      absl::string_view comma = ",\"statuses\":[";
      for (; i < count && queue_[i].kind == Kind::kStatus && queue_[i].sender == head.sender; ++i) {
        absl::StrAppend(&out, std::exchange(comma, ","), queue_[i].json);
      }
      out += "]";
    }
    out += "}}]}";
  }
  queue_.erase(queue_.begin(), queue_.begin() + count);
  return out + "]}";
}

void Webhooks::Deliver(std::shared_ptr<Post> post) {
  ++counts_.posts;
  ++post->attempt;
  post->begun_us = absl::ToUnixMicros(absl::Now());
  const bool spoil = post->attempt == 1 && random_.Toss(settings_.wrong_signature_rate);
  OutboundRequest request;
  request.url = url_;
  request.timeout = absl::Milliseconds(settings_.timeout_ms);
  request.headers = {{"Content-Type", "application/json"},
                     {"User-Agent", "facebookexternalua"},
                     {"X-Hub-Signature-256", spoil ? HubSignature("not-the-secret", post->body) : post->signature}};
  request.body = post->body;
  client_.Send(std::move(request), [this, post](const OutboundResponse& response) { OnAnswer(post, response.status); });
}

void Webhooks::OnAnswer(std::shared_ptr<Post> post, int status) {
  if (post->generation != generation_ || !enabled()) {
    --in_flight_;
    if (post->generation == generation_) under_way_ -= post->updates;
    return Flush();
  }
  ++counts_.by_answer[status];
  if (status == 200) {
    ++counts_.posts_ok;
    ++counts_.by_ms[(absl::ToUnixMicros(absl::Now()) - post->begun_us) / 1000];
    counts_.updates_acked += post->updates;
    under_way_ -= post->updates;
    --in_flight_;
    // Below a full batch the armed timer decides, so that updates keep travelling together.
    if (!flush_armed_ || static_cast<int64_t>(queue_.size()) >= settings_.max_updates) Flush();
    return;
  }
  ++counts_.posts_failed;
  const int64_t doublings = std::min<int64_t>(post->attempt - 1, 16);
  const int64_t wait_ms = std::min(settings_.retry_max_ms, settings_.retry_ms << doublings);
  loop_.After(absl::Milliseconds(wait_ms), [this, post] {
    if (post->generation == generation_ && enabled()) return Deliver(post);
    OnAnswer(post, 0);
  });
}

int64_t Webhooks::Counts::AnswerMs(double share) const {
  int64_t left = static_cast<int64_t>(static_cast<double>(posts_ok) * share);
  for (const auto& [ms, posts] : by_ms) {
    left -= posts;
    if (left < 0) return ms;
  }
  return by_ms.empty() ? 0 : by_ms.rbegin()->first;
}

void Webhooks::Verify(const std::string& verify_token, std::function<void(bool)> done) {
  const std::string challenge = absl::StrCat(1000000000 + random_.Pick(999999999));
  OutboundRequest request;
  request.method = "GET";
  request.url = url_;
  absl::StrAppend(&request.url.target, url_.target.find('?') == std::string::npos ? "?" : "&",
                  "hub.mode=subscribe&hub.verify_token=", verify_token, "&hub.challenge=", challenge);
  client_.Send(std::move(request), [challenge, done = std::move(done)](const OutboundResponse& response) {
    done(response.status == 200 && response.body == challenge);
  });
}

}  // namespace vinculo::sandbox
