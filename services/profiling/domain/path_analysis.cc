#include "services/profiling/domain/path_analysis.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "services/profiling/domain/condition.h"
#include "services/profiling/domain/limits.h"
#include "services/profiling/domain/ranking.h"
#include "services/profiling/domain/recommend.h"

namespace vinculo::profiling {
namespace {

constexpr int64_t kMicro = 1'000'000;

// What is added up for one matrix on the path in hand; a stack, one level per answered question that it knows.
struct MatrixState {
  const CompiledMatrix* matrix = nullptr;
  Bits available;
  std::vector<std::vector<int64_t>> scores;
  std::vector<Bits> allowed;
  std::vector<MatrixAnswer> answers;
  std::vector<int64_t> first, first_or_second;
};

class Walker {
 public:
  Walker(const CompiledFlow& flow, uint64_t seed) : flow_(flow), random_(seed | 1) {
    for (const CompiledFlow::Node& node : flow.nodes()) {
      if (node.matrix != nullptr && FindState(node.matrix.get()) == nullptr) AddState(*node.matrix);
    }
    question_after_.assign(flow.nodes().size(), -1);
    counts_.assign(flow.nodes().size(), -1);
  }

  PathAnalysis Run() {
    out_.sampled = CountPaths(flow_.entry()) > static_cast<double>(kMaxWalkedPaths);
    if (out_.sampled) {
      for (int64_t i = 0; i < kSampledPaths; ++i) Visit(flow_.entry(), 0);
    } else {
      Visit(flow_.entry(), 0);
    }
    Summarize();
    return std::move(out_);
  }
  const std::string& dry_path() const { return dry_path_; }

 private:
  MatrixState* FindState(const CompiledMatrix* matrix) {
    for (auto& state : states_) {
      if (state->matrix == matrix) return state.get();
    }
    return nullptr;
  }

  void AddState(const CompiledMatrix& matrix) {
    auto state = std::make_unique<MatrixState>();
    const size_t n = matrix.products().size();
    state->matrix = &matrix;
    state->available = Bits(n);
    std::vector<int64_t> base(n);
    for (size_t p = 0; p < n; ++p) {
      if (matrix.products()[p].active) state->available.Set(p);
      base[p] = matrix.base(static_cast<int>(p)) * kMicro;
    }
    state->scores.push_back(std::move(base));
    state->allowed.push_back(state->available);
    state->first.assign(n, 0);
    state->first_or_second.assign(n, 0);
    states_.push_back(std::move(state));
  }

  // Every way to answer a question, as choice indices; the empty one is "skipped".
  static std::vector<std::vector<int>> Options(const Question& question) {
    std::vector<std::vector<int>> out;
    const int n = static_cast<int>(question.choices.size());
    for (int a = 0; a < n && question.select_min <= 1; ++a) out.push_back({a});
    for (int a = 0; question.multi() && a < n; ++a) {
      for (int b = a + 1; b < n; ++b) out.push_back({a, b});
    }
    if (question.optional) out.push_back({});
    return out;
  }

  int NextOf(const CompiledFlow::Node& node, const Question& question, const std::vector<int>& option) const {
    return option.size() == 1 && !question.multi() ? node.choice_next[option[0]] : node.next;
  }

  std::vector<int> Successors(int index) const {
    const CompiledFlow::Node& node = flow_.node(index);
    std::vector<int> out = node.choice_next;
    for (int next : {node.next, node.next_declined, node.next_none}) {
      if (next >= 0) out.push_back(next);
    }
    return out;
  }

  bool QuestionFrom(int index) {
    if (index < 0) return false;
    if (question_after_[index] >= 0) return question_after_[index] != 0;
    bool found = flow_.question(index) != nullptr;
    for (int next : Successors(index)) found = found || QuestionFrom(next);
    question_after_[index] = found;
    return found;
  }

  double CountPaths(int index) {
    if (index < 0) return 1;
    if (counts_[index] >= 0) return counts_[index];
    const CompiledFlow::Node& node = flow_.node(index);
    double total = 0;
    if (const Question* question = flow_.question(index)) {
      for (const auto& option : Options(*question)) total += CountPaths(NextOf(node, *question, option));
    } else if (std::holds_alternative<Branch>(node.definition->kind)) {
      for (int next : Successors(index)) total += CountPaths(next);
    } else {
      total = CountPaths(node.next);
    }
    return counts_[index] = std::max(total, 1.0);
  }

  uint64_t Random() {
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    return random_ >> 33;
  }

  void EndPath(int questions) {
    ++out_.paths;
    out_.longest = std::max(out_.longest, questions);
    out_.shortest = out_.paths == 1 ? questions : std::min(out_.shortest, questions);
  }

  void Visit(int index, int questions) {
    if (index < 0 || (recommended_ > 0 && !QuestionFrom(index))) return EndPath(questions);
    const CompiledFlow::Node& node = flow_.node(index);
    if (const Question* question = flow_.question(index)) {
      const auto options = Options(*question);
      if (out_.sampled) return Take(node, *question, options[Random() % options.size()], questions);
      for (const auto& option : options) Take(node, *question, option, questions);
    } else if (const auto* branch = std::get_if<Branch>(&node.definition->kind)) {
      VisitBranch(node, *branch, questions);
    } else if (node.matrix != nullptr) {
      const bool any = Recommend(*FindState(node.matrix.get()));
      ++recommended_;
      Visit(any ? node.next : node.next_none, questions);
      --recommended_;
    } else {
      Visit(node.next, questions);
    }
  }

  void VisitBranch(const CompiledFlow::Node& node, const Branch& branch, int questions) {
    const TraitMap none;
    const auto answer = [this](absl::string_view id) -> const std::vector<std::string>* {
      for (const auto& [question, choices] : given_) {
        if (question == id) return &choices;
      }
      return nullptr;
    };
    std::vector<int> ways;
    bool decided = false;
    for (size_t i = 0; i < branch.cases.size() && !decided; ++i) {
      const Condition& condition = branch.cases[i].condition;
      if (!DependsOnAnswersOnly(condition)) {
        ways.push_back(node.choice_next[i]);
      } else if (Holds(condition, Facts{answer, none})) {
        ways.push_back(node.choice_next[i]);
        decided = true;
      }
    }
    if (!decided) ways.push_back(node.next);
    if (out_.sampled) return Visit(ways[Random() % ways.size()], questions);
    for (int way : ways) Visit(way, questions);
  }

  void Take(const CompiledFlow::Node& node, const Question& question, const std::vector<int>& option, int questions) {
    std::vector<std::string> ids;
    ids.reserve(option.size());
    for (int choice : option) ids.push_back(question.choices[choice].choice_id);
    std::vector<MatrixState*> pushed;
    for (auto& state : states_) {
      if (Push(*state, node.id, ids)) pushed.push_back(state.get());
    }
    given_.emplace_back(node.id, std::move(ids));
    Visit(NextOf(node, question, option), questions + 1);
    given_.pop_back();
    for (MatrixState* state : pushed) {
      state->scores.pop_back();
      state->allowed.pop_back();
      state->answers.pop_back();
    }
  }

  // One row addition for each choice; false when the matrix does not know the question.
  static bool Push(MatrixState& state, const std::string& question_id, const std::vector<std::string>& ids) {
    const CompiledMatrix& matrix = *state.matrix;
    const auto question = matrix.FindQuestion(question_id);
    if (!question) return false;
    MatrixAnswer answer{*question, {}, 1000};
    for (const std::string& id : ids) {
      if (const auto choice = matrix.FindChoice(*question, id)) answer.choices.push_back(*choice);
    }
    state.scores.push_back(state.scores.back());
    state.allowed.push_back(state.allowed.back());
    const int64_t factor = int64_t{matrix.questions()[*question].weight_milli} * answer.weight_milli;
    std::vector<int64_t>& scores = state.scores.back();
    if (answer.choices.size() > 1 && matrix.multi_max()) {
      for (size_t p = 0; p < scores.size(); ++p)
        scores[p] += factor * AnswerPoints(matrix, answer, static_cast<int>(p));
    } else {
      for (int choice : answer.choices) {
        const int32_t* row = matrix.Row(choice);
        for (size_t p = 0; p < scores.size(); ++p) scores[p] += factor * row[p];
      }
    }
    for (int choice : answer.choices) {
      if (matrix.choices()[choice].has_disqualify) state.allowed.back().AndNot(matrix.choices()[choice].disqualify);
    }
    state.answers.push_back(std::move(answer));
    return true;
  }

  // Whether anything can be shown.
  bool Recommend(MatrixState& state) {
    const CompiledMatrix& matrix = *state.matrix;
    Bits eligible = state.allowed.back();
    for (const CompiledMatrix::Requirement& requirement : matrix.requirements()) {
      if (!MeetsRequirement(requirement, state.answers)) eligible.AndNot(requirement.products);
    }
    const Bits allowed = eligible;
    if (const auto least = matrix.min_score_micro()) {
      for (size_t p = 0; p < matrix.products().size(); ++p) {
        if (state.scores.back()[p] < *least) eligible.Clear(p);
      }
    }
    const Prepared ranked = RankPrepared(matrix, state.answers, state.scores.back(), eligible);
    if (ranked.top[0] < 0) {
      ++out_.paths_with_none;
      const bool rescued =
          std::any_of(matrix.fallback().begin(), matrix.fallback().end(), [&](int p) { return allowed.Test(p); });
      if (!rescued && dry_path_.empty()) DescribeDryPath();
      return rescued;
    }
    ++state.first[ranked.top[0]];
    ++state.first_or_second[ranked.top[0]];
    if (ranked.top[1] < 0) {
      ++out_.paths_with_one;
    } else {
      ++state.first_or_second[ranked.top[1]];
      ++rules_[static_cast<size_t>(ranked.first_over_second)];
    }
    return true;
  }

  void DescribeDryPath() {
    for (const auto& [question, choices] : given_) {
      absl::StrAppend(&dry_path_, dry_path_.empty() ? "" : ", ", question, "=",
                      choices.empty() ? "skipped" : choices[0]);
    }
    if (dry_path_.empty()) dry_path_ = "(no answers)";
  }

  void Summarize() {
    for (size_t r = 0; r < rules_.size(); ++r) {
      if (rules_[r] > 0) out_.ties[std::string(RuleName(static_cast<Rule>(r)))] = rules_[r];
    }
    for (const auto& state : states_) {
      for (size_t p = 0; p < state->matrix->products().size(); ++p) {
        const std::string& id = state->matrix->products()[p].product_id;
        out_.products.push_back({id, state->first[p], state->first_or_second[p]});
        if (state->first_or_second[p] == 0) out_.dead_products.push_back(id);
      }
    }
    std::sort(out_.products.begin(), out_.products.end(), [](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first > b.first;
      return a.first_or_second != b.first_or_second ? a.first_or_second > b.first_or_second
                                                    : a.product_id < b.product_id;
    });
  }

  const CompiledFlow& flow_;
  uint64_t random_;
  PathAnalysis out_;
  std::vector<std::unique_ptr<MatrixState>> states_;
  std::vector<std::pair<std::string, std::vector<std::string>>> given_;
  std::vector<int> question_after_;  // -1 unknown
  std::vector<double> counts_;       // -1 unknown
  std::array<int64_t, static_cast<size_t>(Rule::kFallback) + 1> rules_{};
  std::string dry_path_;
  int recommended_ = 0;
};

}  // namespace

PathAnalysis AnalyzePaths(const CompiledFlow& flow, uint64_t seed, LintFindings& findings) {
  Walker walker(flow, seed);
  PathAnalysis out = walker.Run();
  if (!walker.dry_path().empty()) {
    findings.Error("NO_PRODUCT_ON_PATH", "paths",
                   absl::StrCat("nothing can be recommended after ", walker.dry_path(), "; add a fallback"));
  }
  for (const std::string& id : out.dead_products) {
    findings.Warning("DEAD_PRODUCT", id, "on no path is this product among the best two");
  }
  int64_t ties = 0, last = 0;
  for (const auto& [rule, paths] : out.ties) {
    if (rule == RuleName(Rule::kScore) || rule == RuleName(Rule::kPin)) continue;
    ties += paths;
    if (rule == RuleName(Rule::kCatalogueRank) || rule == RuleName(Rule::kProductId)) last += paths;
  }
  if (last * 2 > ties) {
    findings.Warning("TIES_BY_LAST_RULE", "paths",
                     "most ties are decided by the order of the catalogue; let answers or priorities decide");
  }
  return out;
}

}  // namespace vinculo::profiling
