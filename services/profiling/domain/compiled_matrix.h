#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/matrix.h"
#include "services/profiling/domain/product.h"

namespace vinculo::profiling {

// A set of product indices.
class Bits {
 public:
  Bits() = default;
  explicit Bits(size_t size) : words_((size + 63) / 64) {}
  void Set(size_t i) { words_[i / 64] |= uint64_t{1} << (i % 64); }
  void Clear(size_t i) { words_[i / 64] &= ~(uint64_t{1} << (i % 64)); }
  bool Test(size_t i) const { return (words_[i / 64] >> (i % 64)) & 1; }
  void AndNot(const Bits& other) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] &= ~other.words_[w];
  }
  void Or(const Bits& other) {
    for (size_t w = 0; w < words_.size(); ++w) words_[w] |= other.words_[w];
  }
  bool Any() const;
  absl::Span<const uint64_t> words() const { return words_; }

 private:
  std::vector<uint64_t> words_;
};

// One answered question, resolved against a matrix.
struct MatrixAnswer {
  int question = 0;
  std::vector<int> choices;  // global choice indices, ascending
  int weight_milli = 1000;
};

// A matrix ready for scoring: immutable, interned, one contiguous row of points per choice, products in the order of
// their ids, so that no order of input can change a result. Thread-safe.
class CompiledMatrix {
 public:
  struct Question {
    std::string id;
    int weight_milli;
    int first_choice;  // global index
    int choice_count;
    bool multi;
  };
  struct ChoiceRow {
    std::string id;
    int question;
    Bits disqualify;
    Bits pin;
    bool has_disqualify = false;
    bool has_pin = false;
  };
  struct Requirement {
    Bits products;
    std::vector<std::pair<int, std::vector<int>>> all_of;  // question -> one of these global choices
  };
  // How a flow uses a question: replaces the matrix's own weight and says whether several choices may be picked.
  struct Use {
    int weight_milli;
    bool multi;
  };
  using Uses = absl::flat_hash_map<std::string, Use>;

  // Compiles `matrix` over `catalogue`; what does not resolve is reported and left out. `uses` null: the matrix alone,
  // one choice per question expected.
  static std::shared_ptr<const CompiledMatrix> Compile(const Matrix& matrix, absl::Span<const Product> catalogue,
                                                       const Uses* uses, LintFindings& findings);

  const std::string& matrix_id() const { return matrix_id_; }
  int version() const { return version_; }
  absl::Span<const Product> products() const { return products_; }
  absl::Span<const Question> questions() const { return questions_; }
  absl::Span<const ChoiceRow> choices() const { return choices_; }
  absl::Span<const Requirement> requirements() const { return requirements_; }
  const int32_t* Row(int choice) const { return points_.data() + static_cast<size_t>(choice) * products_.size(); }
  // Highest and lowest points that answering `question` can give each product.
  const int32_t* BestRow(int question) const { return best_.data() + static_cast<size_t>(question) * products_.size(); }
  const int32_t* WorstRow(int question) const {
    return worst_.data() + static_cast<size_t>(question) * products_.size();
  }
  int base(int product) const { return base_[product]; }
  // Position of a product by (catalogue_rank, product_id).
  int rank(int product) const { return rank_[product]; }
  // Weight of a product's group; equal for products of one group, -1 without a group.
  int group(int product) const { return group_[product]; }
  std::optional<int64_t> min_score_micro() const { return min_score_micro_; }
  bool multi_max() const { return multi_max_; }
  bool distinct_group() const { return distinct_group_; }
  bool fill_second_with_fallback() const { return fill_second_; }
  absl::Span<const TieBreaker> tie_breakers() const { return tie_breakers_; }
  absl::Span<const int> fallback() const { return fallback_; }
  // Why a choice speaks for or against a product; null when nothing was written.
  const TextByLanguage* Reason(int choice, int product) const;

  std::optional<int> FindQuestion(absl::string_view id) const;
  // Global index; nullopt when the question has no such choice.
  std::optional<int> FindChoice(int question, absl::string_view id) const;
  std::optional<int> FindProduct(absl::string_view id) const;

  // Everything that can influence a result, in a fixed order: what the matrix's hash is taken of.
  std::string Canonical() const;

 private:
  friend class MatrixCompiler;
  CompiledMatrix() = default;

  std::string matrix_id_;
  int version_ = 0;
  std::vector<Product> products_;
  std::vector<Question> questions_;
  std::vector<ChoiceRow> choices_;
  std::vector<Requirement> requirements_;
  std::vector<int32_t> points_;
  std::vector<int32_t> best_;
  std::vector<int32_t> worst_;
  std::vector<int> base_;
  std::vector<int> rank_;
  std::vector<int> group_;
  std::optional<int64_t> min_score_micro_;
  bool multi_max_ = false;
  bool distinct_group_ = false;
  bool fill_second_ = false;
  std::vector<TieBreaker> tie_breakers_;
  std::vector<int> fallback_;
  absl::flat_hash_map<std::string, int> question_index_;
  absl::flat_hash_map<std::string, int> product_index_;
  absl::flat_hash_map<std::pair<int, int>, TextByLanguage> reasons_;
};

// Which products of a matrix may be recommended, and when. Made from the live catalogue; immutable.
class Availability {
 public:
  // Products that `live` does not hold are out.
  Availability(const CompiledMatrix& matrix, const absl::flat_hash_map<std::string, Product>& live);
  // As the matrix's own products say.
  explicit Availability(const CompiledMatrix& matrix);

  Bits At(absl::Time now) const;

 private:
  struct Dated {
    int product;
    absl::Time from, until;
  };
  void Add(int index, const Product& product);
  Bits always_;
  std::vector<Dated> dated_;
};

}  // namespace vinculo::profiling
