#include "services/profiling/domain/compiled_matrix.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

namespace vinculo::profiling {

bool Bits::Any() const {
  return std::any_of(words_.begin(), words_.end(), [](uint64_t word) { return word != 0; });
}

const TextByLanguage* CompiledMatrix::Reason(int choice, int product) const {
  const auto found = reasons_.find(std::make_pair(choice, product));
  return found == reasons_.end() ? nullptr : &found->second;
}

std::optional<int> CompiledMatrix::FindQuestion(absl::string_view id) const {
  const auto found = question_index_.find(id);
  if (found == question_index_.end()) return std::nullopt;
  return found->second;
}

std::optional<int> CompiledMatrix::FindChoice(int question, absl::string_view id) const {
  const Question& q = questions_[question];
  for (int c = q.first_choice; c < q.first_choice + q.choice_count; ++c) {
    if (choices_[c].id == id) return c;
  }
  return std::nullopt;
}

std::optional<int> CompiledMatrix::FindProduct(absl::string_view id) const {
  const auto found = product_index_.find(id);
  if (found == product_index_.end()) return std::nullopt;
  return found->second;
}

std::string CompiledMatrix::Canonical() const {
  std::string out = absl::StrCat("m1\n", matrix_id_, "\n", version_, "\n", multi_max_, distinct_group_, fill_second_,
                                 "\n", min_score_micro_ ? absl::StrCat(*min_score_micro_) : "-", "\n");
  for (TieBreaker t : tie_breakers_) absl::StrAppend(&out, static_cast<int>(t), ",");
  for (int f : fallback_) absl::StrAppend(&out, "f", f, ",");
  for (size_t p = 0; p < products_.size(); ++p) {
    const Product& product = products_[p];
    absl::StrAppend(&out, "\np", product.product_id, "|", base_[p], "|", rank_[p], "|", product.group, "|",
                    product.priority, "|", product.price_minor ? absl::StrCat(*product.price_minor) : "-");
  }
  for (const Question& q : questions_) absl::StrAppend(&out, "\nq", q.id, "|", q.weight_milli, "|", q.choice_count);
  for (size_t c = 0; c < choices_.size(); ++c) {
    absl::StrAppend(&out, "\nc", choices_[c].id);
    const int32_t* row = Row(static_cast<int>(c));
    for (size_t p = 0; p < products_.size(); ++p) {
      if (row[p] != 0) absl::StrAppend(&out, ",", p, ":", row[p]);
      if (choices_[c].disqualify.Test(p)) absl::StrAppend(&out, ",d", p);
      if (choices_[c].pin.Test(p)) absl::StrAppend(&out, ",p", p);
    }
  }
  for (const Requirement& requirement : requirements_) {
    absl::StrAppend(&out, "\nr");
    for (uint64_t word : requirement.products.words()) absl::StrAppend(&out, absl::Hex(word), ",");
    for (const auto& [question, choices] : requirement.all_of) {
      absl::StrAppend(&out, ";", question);
      for (int choice : choices) absl::StrAppend(&out, ",", choice);
    }
  }
  return out;
}

Availability::Availability(const CompiledMatrix& matrix, const absl::flat_hash_map<std::string, Product>& live)
    : always_(matrix.products().size()) {
  for (size_t p = 0; p < matrix.products().size(); ++p) {
    const auto found = live.find(matrix.products()[p].product_id);
    if (found != live.end()) Add(static_cast<int>(p), found->second);
  }
}

Availability::Availability(const CompiledMatrix& matrix) : always_(matrix.products().size()) {
  for (size_t p = 0; p < matrix.products().size(); ++p) Add(static_cast<int>(p), matrix.products()[p]);
}

void Availability::Add(int index, const Product& product) {
  if (!product.active) return;
  if (!product.available_from && !product.available_until) {
    always_.Set(index);
  } else {
    dated_.push_back({index, product.available_from.value_or(absl::InfinitePast()),
                      product.available_until.value_or(absl::InfiniteFuture())});
  }
}

Bits Availability::At(absl::Time now) const {
  Bits bits = always_;
  for (const Dated& dated : dated_) {
    if (now >= dated.from && now < dated.until) bits.Set(dated.product);
  }
  return bits;
}

}  // namespace vinculo::profiling
