#include "tests/sandbox/settings.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace vinculo::sandbox {
namespace {

// Reads the members of one JSON object and remembers which were asked for; what is left over is a mistake.
class ObjectReader {
 public:
  ObjectReader(const Json& object, std::string path, std::vector<std::string>* problems)
      : object_(object), path_(std::move(path)), problems_(problems) {
    if (!object_.is_object()) Complain("", "must be an object");
  }
  ~ObjectReader() {
    if (!object_.is_object()) return;
    for (const auto& [key, value] : object_.items()) {
      if (!known_.contains(key)) Complain(key, "is not known");
    }
  }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;

  const Json* Find(const std::string& key) {
    known_.insert(key);
    if (!object_.is_object()) return nullptr;
    const auto it = object_.find(key);
    return it == object_.end() || it->is_null() ? nullptr : &*it;
  }
  std::string Path(const std::string& key) const { return path_.empty() ? key : absl::StrCat(path_, ".", key); }
  void Complain(const std::string& key, absl::string_view what) {
    problems_->push_back(absl::StrCat(key.empty() ? path_ : Path(key), " ", what));
  }

  void Read(const std::string& key, std::string* out) {
    if (const Json* v = Find(key)) v->is_string() ? void(*out = v->get<std::string>()) : Complain(key, "must be text");
  }
  void Read(const std::string& key, int64_t* out) {
    if (const Json* v = Find(key)) {
      v->is_number_integer() ? void(*out = v->get<int64_t>()) : Complain(key, "must be a whole number");
    }
  }
  void Read(const std::string& key, double* out) {
    if (const Json* v = Find(key)) v->is_number() ? void(*out = v->get<double>()) : Complain(key, "must be a number");
  }
  void Read(const std::string& key, bool* out) {
    if (const Json* v = Find(key))
      v->is_boolean() ? void(*out = v->get<bool>()) : Complain(key, "must be true or false");
  }
  void Read(const std::string& key, std::vector<std::string>* out) {
    const Json* v = Find(key);
    if (v == nullptr) return;
    if (!v->is_array()) return Complain(key, "must be a list");
    for (const Json& one : *v) {
      one.is_string() ? out->push_back(one.get<std::string>()) : Complain(key, "must hold text");
    }
  }
  void Read(const std::string& key, absl::flat_hash_map<std::string, std::string>* out) {
    const Json* v = Find(key);
    if (v == nullptr) return;
    if (!v->is_object()) return Complain(key, "must be an object");
    for (const auto& [name, value] : v->items()) {
      value.is_string() ? void((*out)[name] = value.get<std::string>()) : Complain(key, "must hold text");
    }
  }
  // Calls `read(item, path)` for each element of a list.
  template <typename F>
  void Each(const std::string& key, F read) {
    const Json* v = Find(key);
    if (v == nullptr) return;
    if (!v->is_array()) return Complain(key, "must be a list");
    for (size_t i = 0; i < v->size(); ++i) read((*v)[i], absl::StrCat(Path(key), "[", i, "]"));
  }
  std::vector<std::string>* problems() { return problems_; }

 private:
  const Json& object_;
  const std::string path_;
  std::vector<std::string>* problems_;
  absl::flat_hash_set<std::string> known_;
};

void ReadWebhook(const Json& json, std::vector<std::string>* problems, WebhookSettings* out) {
  ObjectReader in(json, "webhook", problems);
  in.Read("url", &out->url);
  in.Read("app_secret", &out->app_secret);
  in.Read("batch_ms", &out->batch_ms);
  in.Read("max_updates", &out->max_updates);
  in.Read("in_flight", &out->in_flight);
  in.Read("timeout_ms", &out->timeout_ms);
  in.Read("retry_ms", &out->retry_ms);
  in.Read("retry_max_ms", &out->retry_max_ms);
  in.Read("sent_ms", &out->sent_ms);
  in.Read("delivered_ms", &out->delivered_ms);
  in.Read("read_ms", &out->read_ms);
  in.Read("jitter_ms", &out->jitter_ms);
  in.Read("delivered_share", &out->delivered_share);
  in.Read("read_share", &out->read_share);
  in.Read("duplicate_rate", &out->duplicate_rate);
  in.Read("reorder_rate", &out->reorder_rate);
  in.Read("reorder_ms", &out->reorder_ms);
  in.Read("loss_rate", &out->loss_rate);
  in.Read("ms_timestamp_rate", &out->ms_timestamp_rate);
  in.Read("wrong_signature_rate", &out->wrong_signature_rate);
  if (out->max_updates < 1 || out->max_updates > 1000) in.Complain("max_updates", "must be 1 to 1000");
  if (out->in_flight < 1) in.Complain("in_flight", "must be at least 1");
}

void ReadSenders(ObjectReader& graph, std::map<std::string, SenderSettings>* out) {
  const Json* senders = graph.Find("senders");
  if (senders == nullptr) return;
  if (!senders->is_object()) return graph.Complain("senders", "must be an object");
  for (const auto& [id, json] : senders->items()) {
    ObjectReader in(json, graph.Path(absl::StrCat("senders.", id)), graph.problems());
    SenderSettings& sender = (*out)[id];
    in.Read("waba_id", &sender.waba_id);
    in.Read("display_phone_number", &sender.display_phone_number);
    if (const Json* fields = in.Find("fields")) sender.fields = *fields;
  }
}

void ReadGraph(const Json& json, std::vector<std::string>* problems, GraphSettings* out) {
  ObjectReader in(json, "graph", problems);
  in.Read("access_tokens", &out->access_tokens);
  in.Read("strict_templates", &out->strict_templates);
  in.Read("enforce_window", &out->enforce_window);
  in.Read("review_ms", &out->review_ms);
  in.Read("reject", &out->reject);
  in.Read("recategorise", &out->recategorise);
  in.Read("waba_id", &out->waba_id);
  in.Read("rate_limit_per_s", &out->rate_limit_per_s);
  in.Read("pair_limit", &out->pair_limit);
  absl::flat_hash_map<std::string, std::string> rewrites;
  in.Read("wa_id_rewrites", &rewrites);
  out->wa_id_rewrites.assign(rewrites.begin(), rewrites.end());
  ReadSenders(in, &out->senders);
}

FaultRule ReadFault(const Json& json, const std::string& path, std::vector<std::string>* problems) {
  FaultRule rule;
  ObjectReader in(json, path, problems);
  in.Read("on", &rule.on);
  in.Read("path", &rule.path_prefix);
  in.Read("to", &rule.to);
  in.Read("to_prefix", &rule.to_prefix);
  in.Read("to_suffix", &rule.to_suffix);
  in.Read("template", &rule.template_name);
  in.Read("rate", &rule.rate);
  in.Read("share", &rule.share);
  in.Read("after", &rule.after);
  in.Read("first", &rule.first);
  in.Read("each_first", &rule.each_first);
  in.Read("do", &rule.act);
  in.Read("accept", &rule.accept);
  in.Read("silent", &rule.silent);
  in.Read("code", &rule.code);
  in.Read("http", &rule.http);
  in.Read("body", &rule.body);
  in.Read("retry_after", &rule.retry_after);
  in.Read("delay_ms", &rule.delay_ms);
  static const absl::flat_hash_set<std::string> kActs = {"error", "http",       "empty", "hang",         "reset",
                                                         "delay", "fail_later", "held",  "drop_statuses"};
  static const absl::flat_hash_set<std::string> kPlaces = {"",      "send", "template", "media",
                                                           "graph", "crm",  "jira",     "slack"};
  if (!kActs.contains(rule.act)) in.Complain("do", absl::StrCat("'", rule.act, "' is not known"));
  if (!kPlaces.contains(rule.on)) in.Complain("on", absl::StrCat("'", rule.on, "' is not known"));
  return rule;
}

void ReadReply(const Json& json, const std::string& path, std::vector<std::string>* problems, CustomerRule* rule) {
  ObjectReader in(json, path, problems);
  if (in.Find("text") != nullptr) {
    in.Read("text", &rule->text);
    rule->reply = CustomerRule::Reply::kText;
  }
  const Json* choice = in.Find("choice");
  if (choice == nullptr) return;
  rule->reply = CustomerRule::Reply::kChoice;
  if (*choice == "hash") {
    rule->by_hash = true;
  } else if (choice->is_number_integer()) {
    rule->choices = {choice->get<int64_t>()};
  } else if (choice->is_array() && !choice->empty()) {
    for (const Json& one : *choice) {
      one.is_number_integer() ? rule->choices.push_back(one.get<int64_t>())
                              : in.Complain("choice", "must hold numbers");
    }
  } else {
    in.Complain("choice", "must be an index, a list of indexes or \"hash\"");
  }
}

CustomerRule ReadCustomerRule(const Json& json, const std::string& path, std::vector<std::string>* problems) {
  CustomerRule rule;
  ObjectReader in(json, path, problems);
  in.Read("name", &rule.name);
  in.Read("kind", &rule.kind);
  in.Read("template", &rule.template_name);
  in.Read("contains", &rule.contains);
  in.Read("numbers", &rule.numbers);
  in.Read("from", &rule.from);
  in.Read("share", &rule.share);
  in.Read("after_ms", &rule.after_ms);
  in.Read("once", &rule.once);
  if (const Json* reply = in.Find("reply")) ReadReply(*reply, in.Path("reply"), problems, &rule);
  return rule;
}

void ReadCustomers(const Json& json, std::vector<std::string>* problems, CustomerSettings* out) {
  ObjectReader in(json, "customers", problems);
  in.Each("rules", [&](const Json& rule, const std::string& path) {
    out->rules.push_back(ReadCustomerRule(rule, path, problems));
    if (out->rules.back().name.empty()) out->rules.back().name = absl::StrCat("rule-", out->rules.size() - 1);
  });
  in.Read("max_replies", &out->max_replies);
  const Json* scripts = in.Find("scripts");
  if (scripts == nullptr) return;
  if (!scripts->is_object()) return in.Complain("scripts", "must be an object");
  for (const auto& [number, lines] : scripts->items()) {
    if (!lines.is_array()) {
      in.Complain("scripts", "must hold lists");
      continue;
    }
    out->scripts[number] = lines.get<std::vector<Json>>();
  }
}

}  // namespace

absl::StatusOr<Settings> ParseSettings(const Json& config) {
  Settings settings;
  std::vector<std::string> problems;
  {
    ObjectReader in(config, "", &problems);
    int64_t seed = 1;
    in.Read("seed", &seed);
    settings.seed = static_cast<uint64_t>(seed);
    if (const Json* part = in.Find("webhook")) ReadWebhook(*part, &problems, &settings.webhook);
    if (const Json* part = in.Find("graph")) ReadGraph(*part, &problems, &settings.graph);
    if (const Json* part = in.Find("customers")) ReadCustomers(*part, &problems, &settings.customers);
    in.Each("faults", [&](const Json& fault, const std::string& path) {
      settings.faults.push_back(ReadFault(fault, path, &problems));
    });
    if (const Json* crm = in.Find("crm")) {
      ObjectReader crm_in(*crm, "crm", &problems);
      crm_in.Read("secrets", &settings.crm_secrets);
    }
  }
  if (!problems.empty()) return absl::InvalidArgumentError(absl::StrJoin(problems, "; "));
  return settings;
}

}  // namespace vinculo::sandbox
