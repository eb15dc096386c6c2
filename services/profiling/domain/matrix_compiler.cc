#include <algorithm>
#include <map>
#include <set>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "services/profiling/domain/compiled_matrix.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {

// Builds a CompiledMatrix step by step, reporting what does not resolve.
class MatrixCompiler {
 public:
  MatrixCompiler(const Matrix& matrix, absl::Span<const Product> catalogue, const CompiledMatrix::Uses* uses,
                 LintFindings& findings)
      : matrix_(matrix), uses_(uses), findings_(findings) {
    for (const Product& product : catalogue) by_id_[product.product_id] = &product;
  }

  std::shared_ptr<const CompiledMatrix> Run() {
    out_.matrix_id_ = matrix_.matrix_id;
    out_.version_ = matrix_.version;
    out_.multi_max_ = matrix_.multi_max;
    out_.distinct_group_ = matrix_.distinct_group;
    out_.fill_second_ = matrix_.fill_second_with_fallback;
    if (matrix_.min_score) out_.min_score_micro_ = int64_t{*matrix_.min_score} * 1'000'000;
    out_.tie_breakers_ = matrix_.tie_breakers;
    if (out_.tie_breakers_.empty()) {
      out_.tie_breakers_ = {TieBreaker::kQuestionPriority, TieBreaker::kMorePositiveQuestions,
                            TieBreaker::kProductPriority};
    }
    AddProducts();
    AddQuestions();
    out_.points_.assign(out_.choices_.size() * out_.products_.size(), 0);
    AddTagRules();
    AddCells();
    AddRequirements();
    AddBaseAndFallback();
    AddExtremes();
    return std::shared_ptr<const CompiledMatrix>(new CompiledMatrix(std::move(out_)));
  }

 private:
  void AddProducts() {
    std::set<std::string> ids;
    if (!matrix_.product_ids.empty()) {
      ids.insert(matrix_.product_ids.begin(), matrix_.product_ids.end());
    } else {
      for (const Cell& cell : matrix_.cells) ids.insert(cell.product_id);
      for (const auto& [id, points] : matrix_.base_scores) ids.insert(id);
      ids.insert(matrix_.fallback.begin(), matrix_.fallback.end());
      for (const auto& [id, product] : by_id_) {
        const auto carries = [&product = *product](const TagRule& rule) {
          return rule.tag == "ALL" || Carries(product, rule.tag);
        };
        if (std::any_of(matrix_.tag_rules.begin(), matrix_.tag_rules.end(), carries)) ids.insert(id);
      }
    }
    for (const std::string& id : ids) {  // ascending: the last tie-breaker is then the index itself
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) {
        findings_.Error("UNKNOWN_PRODUCT", id, "the catalogue has no such product");
        continue;
      }
      out_.product_index_[id] = static_cast<int>(out_.products_.size());
      out_.products_.push_back(*found->second);
    }
    std::vector<int> order(out_.products_.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      const Product& x = out_.products_[a];
      const Product& y = out_.products_[b];
      return x.catalogue_rank != y.catalogue_rank ? x.catalogue_rank < y.catalogue_rank : a < b;
    });
    out_.rank_.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) out_.rank_[order[i]] = static_cast<int>(i);
    std::map<std::string, int> groups;
    for (const Product& product : out_.products_) {
      out_.group_.push_back(
          product.group.empty() ? -1 : groups.emplace(product.group, static_cast<int>(groups.size())).first->second);
    }
  }

  static bool Carries(const Product& product, const std::string& tag) {
    return std::find(product.tags.begin(), product.tags.end(), tag) != product.tags.end();
  }

  void AddQuestions() {
    for (const MatrixQuestion& question : matrix_.questions) {
      if (out_.question_index_.contains(question.question_id)) {
        findings_.Error("DUPLICATE_QUESTION", question.question_id, "the matrix lists this question twice");
        continue;
      }
      int weight = question.weight_milli;
      bool multi = false;
      if (uses_ != nullptr) {
        const auto use = uses_->find(question.question_id);
        if (use != uses_->end()) {
          weight = use->second.weight_milli;
          multi = use->second.multi;
        }
      }
      if (weight == 0) findings_.Warning("ZERO_WEIGHT", question.question_id, "a question of weight 0 decides nothing");
      const int index = static_cast<int>(out_.questions_.size());
      out_.question_index_[question.question_id] = index;
      out_.questions_.push_back({question.question_id, weight, static_cast<int>(out_.choices_.size()),
                                 static_cast<int>(question.choice_ids.size()), multi});
      for (const std::string& choice : question.choice_ids) {
        out_.choices_.push_back({choice, index, Bits(out_.products_.size()), Bits(out_.products_.size())});
      }
    }
  }

  // The global choice index, or -1 after reporting.
  int Locate(const std::string& question_id, const std::string& choice_id, const std::string& path) {
    const auto question = out_.FindQuestion(question_id);
    if (!question) {
      findings_.Error("UNKNOWN_QUESTION", path, absl::StrCat("the matrix has no question `", question_id, "`"));
      return -1;
    }
    const auto choice = out_.FindChoice(*question, choice_id);
    if (!choice) {
      findings_.Error("UNKNOWN_CHOICE", path,
                      absl::StrCat("question `", question_id, "` has no choice `", choice_id, "`"));
      return -1;
    }
    return *choice;
  }

  struct Combined {
    int points = 0;
    bool has_points = false, disqualify = false, pin = false, mixed_sign = false;
    const TextByLanguage* reason = nullptr;
  };

  void AddTagRules() {
    std::set<std::pair<int, int>> explicit_pairs;
    for (const Cell& cell : matrix_.cells) {
      const auto question = out_.FindQuestion(cell.question_id);
      const auto product = out_.FindProduct(cell.product_id);
      const auto choice = question ? out_.FindChoice(*question, cell.choice_id) : std::nullopt;
      if (choice && product) explicit_pairs.insert({*choice, *product});
    }
    std::map<std::pair<int, int>, Combined> combined;
    for (size_t r = 0; r < matrix_.tag_rules.size(); ++r) {
      const TagRule& rule = matrix_.tag_rules[r];
      const std::string path = absl::StrCat("tag_rules[", r, "]");
      const int choice = Locate(rule.question_id, rule.choice_id, path);
      bool any = false;
      for (size_t p = 0; p < out_.products_.size(); ++p) {
        if (rule.tag != "ALL" && !Carries(out_.products_[p], rule.tag)) continue;
        any = true;
        const std::pair<int, int> pair(choice, static_cast<int>(p));
        if (choice >= 0 && !explicit_pairs.contains(pair)) Combine(rule, combined[pair]);
      }
      if (!any) findings_.Error("UNKNOWN_TAG", path, absl::StrCat("no product carries the tag `", rule.tag, "`"));
    }
    for (const auto& [pair, effect] : combined) Apply(pair.first, pair.second, effect);
  }

  static void Combine(const TagRule& rule, Combined& into) {
    if (rule.reasons.size() > 0 && into.reason == nullptr) into.reason = &rule.reasons;
    switch (rule.effect.kind) {
      case Effect::Kind::kPoints:
        into.mixed_sign |= into.has_points && (into.points < 0) != (rule.effect.points < 0);
        into.points += rule.effect.points;
        into.has_points = true;
        break;
      case Effect::Kind::kDisqualify:
        into.disqualify = true;
        break;
      case Effect::Kind::kPin:
        into.pin = true;
        break;
    }
  }

  void Apply(int choice, int product, const Combined& effect) {
    CompiledMatrix::ChoiceRow& row = out_.choices_[choice];
    const std::string path =
        absl::StrCat(out_.questions_[row.question].id, "/", row.id, "/", out_.products_[product].product_id);
    if (effect.has_points && effect.disqualify) {
      findings_.Error("CONFLICTING_EFFECTS", path,
                      "tag rules give points and disqualify; write a cell that says which");
    }
    if (effect.mixed_sign || (effect.pin && effect.disqualify)) {
      findings_.Warning("CONTRADICTORY_RULES", path, "tag rules pull in opposite directions");
    }
    if (effect.disqualify) {
      SetDisqualify(choice, product);
    } else if (effect.pin) {
      row.pin.Set(product);
      row.has_pin = true;
    } else {
      out_.points_[static_cast<size_t>(choice) * out_.products_.size() + product] = effect.points;
    }
    if (effect.reason != nullptr) out_.reasons_[{choice, product}] = *effect.reason;
  }

  void SetDisqualify(int choice, int product) {
    out_.choices_[choice].disqualify.Set(product);
    out_.choices_[choice].has_disqualify = true;
  }

  void AddCells() {
    std::set<std::pair<int, int>> seen;
    for (size_t i = 0; i < matrix_.cells.size(); ++i) {
      const Cell& cell = matrix_.cells[i];
      const std::string path = absl::StrCat("cells[", i, "]");
      const int choice = Locate(cell.question_id, cell.choice_id, path);
      const auto product = out_.FindProduct(cell.product_id);
      if (!product) {
        if (!matrix_.product_ids.empty()) {
          findings_.Error("UNKNOWN_PRODUCT", path, absl::StrCat("the matrix has no product `", cell.product_id, "`"));
        }
        continue;
      }
      if (choice < 0) continue;
      if (!seen.insert({choice, *product}).second) {
        findings_.Error("DUPLICATE_CELL", path, "this choice and product have a cell already");
        continue;
      }
      Combined effect;
      effect.points = cell.effect.points;
      effect.disqualify = cell.effect.kind == Effect::Kind::kDisqualify;
      effect.pin = cell.effect.kind == Effect::Kind::kPin;
      if (!cell.reasons.empty()) effect.reason = &cell.reasons;
      Apply(choice, *product, effect);
    }
  }

  void AddRequirements() {
    for (size_t i = 0; i < matrix_.require_rules.size(); ++i) {
      const RequireRule& rule = matrix_.require_rules[i];
      const std::string path = absl::StrCat("require_rules[", i, "]");
      CompiledMatrix::Requirement requirement{Bits(out_.products_.size()), {}};
      bool any = false;
      for (size_t p = 0; p < out_.products_.size(); ++p) {
        const Product& product = out_.products_[p];
        if (rule.product_id.empty() ? !Carries(product, rule.tag) : product.product_id != rule.product_id) continue;
        requirement.products.Set(p);
        any = true;
      }
      if (!any) findings_.Error("UNKNOWN_REFERENCE", path, "the rule applies to no product");
      for (const AnswerRequirement& need : rule.requirements) {
        std::vector<int> choices;
        for (const std::string& id : need.choice_ids) {
          const int choice = Locate(need.question_id, id, path);
          if (choice >= 0) choices.push_back(choice);
        }
        if (!choices.empty())
          requirement.all_of.emplace_back(out_.choices_[choices.front()].question, std::move(choices));
      }
      out_.requirements_.push_back(std::move(requirement));
    }
  }

  void AddBaseAndFallback() {
    out_.base_.assign(out_.products_.size(), 0);
    for (const auto& [id, points] : matrix_.base_scores) {
      const auto product = out_.FindProduct(id);
      if (product) {
        out_.base_[*product] = points;
      } else if (!matrix_.product_ids.empty()) {
        findings_.Error("UNKNOWN_PRODUCT", "base_scores", absl::StrCat("the matrix has no product `", id, "`"));
      }
    }
    for (const std::string& id : matrix_.fallback) {
      const auto product = out_.FindProduct(id);
      if (product) {
        out_.fallback_.push_back(*product);
      } else if (!matrix_.product_ids.empty()) {
        findings_.Error("UNKNOWN_PRODUCT", "fallback", absl::StrCat("the matrix has no product `", id, "`"));
      }
    }
  }

  // What answering each question can give each product at best and at worst.
  void AddExtremes() {
    const size_t n = out_.products_.size();
    out_.best_.assign(out_.questions_.size() * n, 0);
    out_.worst_.assign(out_.questions_.size() * n, 0);
    for (size_t q = 0; q < out_.questions_.size(); ++q) {
      const CompiledMatrix::Question& question = out_.questions_[q];
      const bool sums = question.multi && !out_.multi_max_;
      for (size_t p = 0; p < n; ++p) {
        int32_t high = INT32_MIN, low = INT32_MAX, above = 0, below = 0;
        for (int c = question.first_choice; c < question.first_choice + question.choice_count; ++c) {
          const int32_t points = out_.Row(c)[p];
          high = std::max(high, points);
          low = std::min(low, points);
          (points > 0 ? above : below) += points;
        }
        if (question.choice_count == 0) high = low = 0;
        out_.best_[q * n + p] = sums && above > 0 ? above : high;
        out_.worst_[q * n + p] = sums && below < 0 ? below : low;
      }
    }
  }

  const Matrix& matrix_;
  const CompiledMatrix::Uses* uses_;
  LintFindings& findings_;
  absl::flat_hash_map<std::string, const Product*> by_id_;
  CompiledMatrix out_;
};

std::shared_ptr<const CompiledMatrix> CompiledMatrix::Compile(const Matrix& matrix, absl::Span<const Product> catalogue,
                                                              const Uses* uses, LintFindings& findings) {
  return MatrixCompiler(matrix, catalogue, uses, findings).Run();
}

}  // namespace vinculo::profiling
