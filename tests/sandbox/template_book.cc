#include "tests/sandbox/template_book.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sandbox {
namespace {

int HttpOf(int64_t code) {
  switch (code) {
    case 190:
      return 401;
    case 3:
    case 10:
    case 131005:
    case 4:
      return 403;
    case 130429:
    case 80007:
    case 80008:
      return 429;
    case 1:
    case 2:
    case 131000:
      return 500;
    case 131016:
      return 503;
    default:
      return 400;
  }
}

std::string Text(const Json& json, const char* key) {
  const auto it = json.find(key);
  return it != json.end() && it->is_string() ? it->get<std::string>() : "";
}

int64_t CountVariables(absl::string_view text) {
  std::set<absl::string_view> names;
  size_t at = 0;
  while ((at = text.find("{{", at)) != absl::string_view::npos) {
    const size_t end = text.find("}}", at);
    if (end == absl::string_view::npos) break;
    names.insert(absl::StripAsciiWhitespace(text.substr(at + 2, end - at - 2)));
    at = end + 2;
  }
  return static_cast<int64_t>(names.size());
}

// Fills what sending looks at; false when there is no body.
bool ReadComponents(Template& t) {
  t.body_variables = 0;
  t.quick_replies.clear();
  bool has_body = false;
  const auto components = t.definition.find("components");
  if (components == t.definition.end() || !components->is_array()) return false;
  for (const Json& component : *components) {
    if (!component.is_object()) continue;
    const std::string type = absl::AsciiStrToUpper(Text(component, "type"));
    if (type == "BODY") {
      has_body = true;
      t.body_variables = CountVariables(Text(component, "text"));
    } else if (type == "BUTTONS" && component.contains("buttons") && component["buttons"].is_array()) {
      for (const Json& button : component["buttons"]) {
        const bool quick = button.is_object() && absl::AsciiStrToUpper(Text(button, "type")) == "QUICK_REPLY";
        t.quick_replies.push_back(quick ? Text(button, "text") : "");
      }
    }
  }
  return has_body;
}

bool ValidName(absl::string_view name) {
  return !name.empty() && name.size() <= 512 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_';
  });
}

Json Render(const Template& t) {
  Json out = t.definition;
  out["id"] = t.id;
  out["name"] = t.name;
  out["language"] = t.language;
  out["status"] = t.status;
  out["category"] = t.category;
  out["rejected_reason"] = t.rejected_reason;
  out["quality_score"] = {{"score", t.quality}, {"date", UnixSeconds()}};
  if (!out.contains("parameter_format")) out["parameter_format"] = "POSITIONAL";
  return out;
}

HttpReply Success() { return {.body = "{\"success\":true}"}; }

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

HttpReply GraphError(int64_t code, absl::string_view details, int64_t http, int64_t subcode) {
  Json error = {{"message", absl::StrCat("(#", code, ") refused by the sandbox")},
                {"type", "OAuthException"},
                {"code", code},
                {"error_data", {{"messaging_product", "whatsapp"}, {"details", std::string(details)}}},
                {"fbtrace_id", "AsandboxTrace"}};
  if (subcode != 0) error["error_subcode"] = subcode;
  return {.status = static_cast<int>(http != 0 ? http : HttpOf(code)), .body = Dump({{"error", error}})};
}

std::string TemplateBook::Key(absl::string_view waba_id, absl::string_view name, absl::string_view language) {
  return absl::StrCat(waba_id, "\n", name, "\n", language);
}

void TemplateBook::Reset() {
  templates_.clear();
  by_id_.clear();
  by_key_.clear();
  by_name_.clear();
  created_ = edited_ = 0;
}

Template* TemplateBook::ById(const std::string& id) {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

HttpReply TemplateBook::Create(const std::string& waba_id, absl::string_view body) {
  const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return GraphError(100, "the body is not a JSON object");
  Template t = {.waba_id = waba_id,
                .name = Text(json, "name"),
                .language = Text(json, "language"),
                .category = Text(json, "category")};
  if (!ValidName(t.name)) return GraphError(100, "name: lower case letters, digits and underscores, 1 to 512");
  if (t.language.empty()) return GraphError(100, "language is missing");
  if (t.category != "MARKETING" && t.category != "UTILITY" && t.category != "AUTHENTICATION") {
    return GraphError(100, "category: MARKETING, UTILITY or AUTHENTICATION");
  }
  if (by_key_.contains(Key(waba_id, t.name, t.language))) {
    return GraphError(100, "content in this language already exists", 400, 2388024);
  }
  for (const char* key : {"components", "parameter_format", "message_send_ttl_seconds"}) {
    if (json.contains(key)) t.definition[key] = json[key];
  }
  if (!ReadComponents(t)) return GraphError(100, "components: a BODY is missing", 400, 2388072);
  t.id = absl::StrCat(next_id_++);
  ++created_;
  templates_.push_back(std::move(t));
  Template& stored = templates_.back();
  by_id_[stored.id] = by_key_[Key(waba_id, stored.name, stored.language)] = &stored;
  by_name_[absl::StrCat(stored.name, "\n", stored.language)].push_back(&stored);
  Submit(stored);
  return {.body = Dump({{"id", stored.id}, {"status", stored.status}, {"category", stored.category}})};
}

void TemplateBook::Submit(Template& t) {
  t.status = "PENDING";
  const uint64_t version = ++t.version;
  const auto category = settings_->recategorise.find(t.name);
  if (category != settings_->recategorise.end()) t.category = category->second;
  if (settings_->review_ms < 0) return;  // decided over the control interface
  loop_.After(absl::Milliseconds(settings_->review_ms), [this, id = t.id, version] {
    Template* pending = ById(id);
    if (pending == nullptr || pending->version != version || pending->status != "PENDING") return;
    const auto reason = settings_->reject.find(pending->name);
    if (reason != settings_->reject.end()) return SetStatus(*pending, "REJECTED", reason->second);
    SetStatus(*pending, "APPROVED", "NONE");
  });
}

void TemplateBook::SetStatus(Template& t, const std::string& status, const std::string& reason,
                             const std::string& title) {
  t.status = status;
  t.rejected_reason = reason;
  Json value = {{"event", status},
                {"message_template_id", t.id},
                {"message_template_name", t.name},
                {"message_template_language", t.language},
                {"message_template_category", t.category},
                {"reason", reason}};
  if (!title.empty()) value["other_info"] = {{"title", title}};
  webhooks_.Field(t.waba_id, "message_template_status_update", value);
}

HttpReply TemplateBook::List(const std::string& waba_id, absl::string_view path, absl::string_view query,
                             absl::string_view host) const {
  const std::string name = QueryParameter(query, "name"), language = QueryParameter(query, "language"),
                    status = QueryParameter(query, "status");
  size_t limit = 25, from = 0;
  if (!absl::SimpleAtoi(QueryParameter(query, "limit"), &limit) || limit == 0) limit = 25;
  if (!absl::SimpleAtoi(QueryParameter(query, "after"), &from)) from = 0;
  Json data = Json::array();
  size_t i = from;
  bool more = false;
  for (; i < templates_.size(); ++i) {
    const Template& t = templates_[i];
    if (t.waba_id != waba_id || t.status == "DELETED" || (!name.empty() && t.name != name) ||
        (!language.empty() && t.language != language) || (!status.empty() && t.status != status)) {
      continue;
    }
    more = data.size() == limit;
    if (more) break;
    data.push_back(Render(t));
  }
  Json paging = {{"cursors", {{"before", absl::StrCat(from)}, {"after", absl::StrCat(i)}}}};
  if (more) {
    std::string next = absl::StrCat("http://", host, path, "?limit=", limit, "&after=", i);
    if (!name.empty()) absl::StrAppend(&next, "&name=", name);
    if (!language.empty()) absl::StrAppend(&next, "&language=", language);
    if (!status.empty()) absl::StrAppend(&next, "&status=", status);
    paging["next"] = next;
  }
  return {.body = Dump({{"data", data}, {"paging", paging}})};
}

HttpReply TemplateBook::Delete(const std::string& waba_id, absl::string_view query) {
  const std::string name = QueryParameter(query, "name"), id = QueryParameter(query, "hsm_id");
  if (name.empty()) return GraphError(100, "name is missing");
  bool found = false;
  for (Template& t : templates_) {
    if (t.waba_id != waba_id || t.name != name || t.status == "DELETED" || (!id.empty() && t.id != id)) continue;
    if (t.status == "DISABLED") return GraphError(100, "a disabled template cannot be deleted");
    found = true;
    by_id_.erase(t.id);
    by_key_.erase(Key(waba_id, t.name, t.language));
    auto& named = by_name_[absl::StrCat(t.name, "\n", t.language)];
    named.erase(std::remove(named.begin(), named.end(), &t), named.end());
    t.status = "DELETED";
  }
  return found ? Success() : GraphError(100, "no such template", 404);
}

HttpReply TemplateBook::Edit(const std::string& id, absl::string_view body) {
  Template* t = ById(id);
  if (t == nullptr) return GraphError(100, "no such template", 404, 33);
  if (t->status != "APPROVED" && t->status != "REJECTED" && t->status != "PAUSED") {
    return GraphError(100, "not editable now", 400, 2388039);
  }
  const Json json = Json::parse(body.begin(), body.end(), nullptr, false);
  if (!json.is_object()) return GraphError(100, "the body is not a JSON object");
  if (json.contains("category") && t->status == "APPROVED" && Text(json, "category") != t->category) {
    return GraphError(100, "the category of an approved template is fixed");
  }
  Template changed = *t;
  if (json.contains("components")) changed.definition["components"] = json["components"];
  if (json.contains("category")) changed.category = Text(json, "category");
  if (!ReadComponents(changed)) return GraphError(100, "components: a BODY is missing", 400, 2388072);
  *t = std::move(changed);
  ++edited_;
  Submit(*t);
  return Success();
}

HttpReply TemplateBook::Unpause(const std::string& id) {
  Template* t = ById(id);
  if (t == nullptr) return GraphError(100, "no such template", 404, 33);
  if (t->status != "PAUSED") return GraphError(100, "not paused");
  SetStatus(*t, "APPROVED", "NONE");
  return Success();
}

HttpReply TemplateBook::Get(const std::string& id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? GraphError(100, "no such object", 404, 33) : HttpReply{.body = Dump(Render(*it->second))};
}

const Template* TemplateBook::Find(absl::string_view waba_id, absl::string_view name,
                                   absl::string_view language) const {
  const auto it = by_name_.find(absl::StrCat(name, "\n", language));
  if (it == by_name_.end() || it->second.empty()) return nullptr;
  for (const Template* t : it->second) {
    if (t->waba_id == waba_id) return t;
  }
  return it->second.front();
}

int64_t TemplateBook::Decide(const std::string& name, const std::string& language, const std::string& status,
                             const std::string& reason, const std::string& quality, const std::string& title) {
  int64_t hit = 0;
  for (Template& t : templates_) {
    if (t.name != name || t.status == "DELETED" || (!language.empty() && t.language != language)) continue;
    ++hit;
    if (!status.empty()) SetStatus(t, status, reason.empty() ? "NONE" : reason, title);
    if (quality.empty()) continue;
    webhooks_.Field(t.waba_id, "message_template_quality_update",
                    {{"previous_quality_score", t.quality},
                     {"new_quality_score", quality},
                     {"message_template_id", t.id},
                     {"message_template_name", t.name},
                     {"message_template_language", t.language}});
    t.quality = quality;
  }
  return hit;
}

Json TemplateBook::Counts() const {
  std::map<std::string, int64_t> by_status;
  for (const Template& t : templates_) ++by_status[t.status];
  return {{"created", created_}, {"edited", edited_}, {"by_status", by_status}};
}

}  // namespace vinculo::sandbox
