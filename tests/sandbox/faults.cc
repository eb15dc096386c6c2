#include "tests/sandbox/faults.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace vinculo::sandbox {
namespace {

uint64_t Mix(uint64_t x) {  // splitmix64
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

double ToUnit(uint64_t x) { return static_cast<double>(x >> 11) / 9007199254740992.0; }

}  // namespace

double Fraction(absl::string_view text, uint64_t salt) {
  uint64_t hash = 1469598103934665603u ^ salt;  // FNV-1a: the same on every machine, unlike absl::Hash
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return ToUnit(Mix(hash));
}

void Faults::Configure(std::vector<FaultRule> rules, uint64_t seed) {
  rules_.clear();
  for (FaultRule& rule : rules) rules_.push_back({.rule = std::move(rule)});
  seed_ = random_ = seed;
}

void Faults::Reset() {
  for (State& state : rules_) {
    state.matched = state.applied = 0;
    state.per_key.clear();
  }
  random_ = seed_;
}

uint64_t Faults::Next() { return Mix(random_++); }
bool Faults::Toss(double rate) { return rate > 0 && (rate >= 1 || ToUnit(Next()) < rate); }
int64_t Faults::Pick(int64_t limit) { return limit <= 0 ? 0 : static_cast<int64_t>(Next() % (limit + 1)); }

bool Faults::Matches(const State& state, const FaultSubject& subject) const {
  const FaultRule& rule = state.rule;
  if (!rule.on.empty() && rule.on != subject.place) return false;
  if (!absl::StartsWith(subject.path, rule.path_prefix)) return false;
  if (!rule.to.empty() && std::find(rule.to.begin(), rule.to.end(), subject.key) == rule.to.end()) return false;
  if (!absl::StartsWith(subject.key, rule.to_prefix) || !absl::EndsWith(subject.key, rule.to_suffix)) return false;
  if (!rule.template_name.empty() && rule.template_name != subject.template_name) return false;
  return rule.share >= 1 || Fraction(subject.key, seed_) < rule.share;
}

const FaultRule* Faults::Choose(const FaultSubject& subject) {
  for (State& state : rules_) {
    if (!Matches(state, subject)) continue;
    const FaultRule& rule = state.rule;
    if (++state.matched <= rule.after) continue;
    if (rule.first >= 0 && state.applied >= rule.first) continue;
    if (rule.each_first >= 0 && state.per_key[std::string(subject.key)]++ >= rule.each_first) continue;
    if (!Toss(rule.rate)) continue;
    ++state.applied;
    return &rule;
  }
  return nullptr;
}

bool AnswerWithFault(const FaultRule& rule, const Exchange& exchange) {
  if (rule.act == "hang") return true;
  if (rule.act == "reset") {
    exchange.Reset();
    return true;
  }
  if (rule.act == "empty") {
    exchange.Send({.status = 200});
    return true;
  }
  if (rule.act != "http" && rule.act != "error") return false;
  HttpReply reply;
  reply.status = rule.http != 0 ? static_cast<int>(rule.http) : 500;
  reply.body = rule.body.empty() ? "<html><body>upstream error</body></html>" : rule.body;
  reply.content_type = rule.body.empty() ? "text/html" : "application/json";
  if (rule.retry_after > 0) reply.headers.emplace_back("Retry-After", absl::StrCat(rule.retry_after));
  exchange.Send(reply);
  return true;
}

}  // namespace vinculo::sandbox
