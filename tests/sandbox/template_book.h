#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/event_loop.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/webhooks.h"

namespace vinculo::sandbox {

// One template in one language.
struct Template {
  std::string id;
  std::string waba_id;
  std::string name;
  std::string language;
  std::string status = "PENDING";
  std::string category;
  std::string rejected_reason = "NONE";
  std::string quality = "UNKNOWN";
  Json definition;                         // as created: components, parameter_format
  int64_t body_variables = 0;              // distinct {{...}} in the body
  std::vector<std::string> quick_replies;  // texts by position among all buttons; "" for other kinds
  uint64_t version = 0;                    // grows with every submission, so a late decision finds that it is stale
};

// Answers in Graph's error format. `http` 0 takes the status usual for the code.
HttpReply GraphError(int64_t code, absl::string_view details, int64_t http = 0, int64_t subcode = 0);

// Meta's side of templates: create, list with paging, edit, delete, review, pause.
class TemplateBook {
 public:
  TemplateBook(EventLoop& loop, Webhooks& webhooks) : loop_(loop), webhooks_(webhooks) {}

  void Configure(const GraphSettings& settings) { settings_ = &settings; }
  void Reset();

  HttpReply Create(const std::string& waba_id, absl::string_view body);
  // Filters by name, language, status; `limit` and `after` page. `host` is for the next page's address.
  HttpReply List(const std::string& waba_id, absl::string_view path, absl::string_view query,
                 absl::string_view host) const;
  // By name (all languages) or name and hsm_id. Disabled ones stay.
  HttpReply Delete(const std::string& waba_id, absl::string_view query);
  HttpReply Edit(const std::string& id, absl::string_view body);
  HttpReply Unpause(const std::string& id);
  HttpReply Get(const std::string& id) const;
  bool Has(const std::string& id) const { return by_id_.contains(id); }

  // The template that a sender of `waba_id` means (any account's when that one has none), or null.
  const Template* Find(absl::string_view waba_id, absl::string_view name, absl::string_view language) const;

  // Sets status or quality as if Meta had, with the webhook that tells of it; returns how many templates it hit. An
  // empty language means all; `title` says why it is paused.
  int64_t Decide(const std::string& name, const std::string& language, const std::string& status,
                 const std::string& reason, const std::string& quality, const std::string& title);

  Json Counts() const;
  // An account that has templates; "" when there is none.
  std::string AnyWaba() const { return templates_.empty() ? "" : templates_.front().waba_id; }

 private:
  static std::string Key(absl::string_view waba_id, absl::string_view name, absl::string_view language);
  void Submit(Template& t);
  void SetStatus(Template& t, const std::string& status, const std::string& reason, const std::string& title = "");
  Template* ById(const std::string& id);

  EventLoop& loop_;
  Webhooks& webhooks_;
  const GraphSettings* settings_ = nullptr;
  std::deque<Template> templates_;  // DELETED ones stay, unlisted, so that references hold
  absl::flat_hash_map<std::string, Template*> by_id_;
  absl::flat_hash_map<std::string, Template*> by_key_;
  absl::flat_hash_map<std::string, std::vector<Template*>> by_name_;
  uint64_t next_id_ = 7000000001;
  int64_t created_ = 0;
  int64_t edited_ = 0;
};

}  // namespace vinculo::sandbox
