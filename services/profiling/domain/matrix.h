#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "services/profiling/domain/product.h"

// A recommendation matrix as its author writes it.
namespace vinculo::profiling {

struct Effect {
  enum class Kind { kPoints, kDisqualify, kPin };
  Kind kind = Kind::kPoints;
  int points = 0;  // -1000..1000
  friend bool operator==(const Effect&, const Effect&) = default;
};

struct Cell {
  std::string question_id, choice_id, product_id;
  Effect effect;
  TextByLanguage reasons;
};

struct TagRule {
  std::string question_id, choice_id;
  std::string tag;  // or "ALL"
  Effect effect;
  TextByLanguage reasons;
};

struct AnswerRequirement {
  std::string question_id;
  std::vector<std::string> choice_ids;
};

struct RequireRule {
  std::string product_id;  // one of the two
  std::string tag;
  std::vector<AnswerRequirement> requirements;
};

struct MatrixQuestion {
  std::string question_id;
  std::vector<std::string> choice_ids;
  int weight_milli = 1000;
};

enum class TieBreaker {
  kQuestionPriority,
  kMorePositiveQuestions,
  kFewerNegativeQuestions,
  kProductPriority,
  kPriceAsc,
  kPriceDesc
};

struct Matrix {
  std::string matrix_id;
  int version = 0;
  std::vector<MatrixQuestion> questions;
  std::vector<std::string> product_ids;
  std::vector<Cell> cells;
  std::vector<TagRule> tag_rules;
  std::vector<RequireRule> require_rules;
  std::map<std::string, int> base_scores;
  std::optional<int> min_score;
  bool multi_max = false;  // else the sum
  std::vector<TieBreaker> tie_breakers;
  bool distinct_group = false;
  std::vector<std::string> fallback;
  bool fill_second_with_fallback = false;
};

}  // namespace vinculo::profiling
