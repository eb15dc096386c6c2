#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/settings.h"

namespace vinculo::sandbox {

// What a fault rule looks at.
struct FaultSubject {
  absl::string_view place;  // send, template, media, graph, crm, jira, slack
  absl::string_view path;
  absl::string_view key;  // recipient's digits, or the webhook id
  absl::string_view template_name;
};

// A number in [0, 1) that only depends on the text and the salt.
double Fraction(absl::string_view text, uint64_t salt);

// Decides, by the rules in force, which requests go wrong and how. The same seed and order of requests give the same
// faults.
class Faults {
 public:
  void Configure(std::vector<FaultRule> rules, uint64_t seed);
  // Forgets what was counted, keeps the rules.
  void Reset();

  bool empty() const { return rules_.empty(); }
  // The rule that applies to this request, or null. Counts it.
  const FaultRule* Choose(const FaultSubject& subject);

  // A coin of that probability.
  bool Toss(double rate);
  // Evenly spread over 0..`limit` (inclusive).
  int64_t Pick(int64_t limit);

 private:
  struct State {
    FaultRule rule;
    int64_t matched = 0;
    int64_t applied = 0;
    absl::flat_hash_map<std::string, int64_t> per_key;
  };

  bool Matches(const State& state, const FaultSubject& subject) const;
  uint64_t Next();

  std::vector<State> rules_;
  uint64_t seed_ = 1;
  uint64_t random_ = 1;
};

// Carries out the acts that spoil the answer, common to every place: http, empty, hang, reset; and error for those that
// have no error format of their own. Returns false for the other acts, which it leaves alone.
bool AnswerWithFault(const FaultRule& rule, const Exchange& exchange);

}  // namespace vinculo::sandbox
