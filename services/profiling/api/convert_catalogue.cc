#include "services/profiling/api/convert_catalogue.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/text/validate.h"
#include "services/profiling/api/convert_flow.h"
#include "services/profiling/domain/limits.h"
#include "vinculo/profiling/v1/catalogue_service.pb.h"

namespace vinculo::profiling {
namespace {

using text::Indexed;

constexpr int kMaxName = 200;
constexpr int kMaxUrl = 2000;
constexpr int kMaxTags = 50;
constexpr int kMaxReason = 300;
constexpr int kMaxPoints = 1000;

TextByLanguage ParseTexts(const google::protobuf::Map<std::string, std::string>& in, const std::string& field,
                          int64_t max, FieldViolations& bad) {
  TextByLanguage out;
  text::CheckCount(field, static_cast<int64_t>(in.size()), kMaxLanguages, bad);
  for (const auto& [language, value] : in) {
    const std::string path = absl::StrCat(field, "[", language, "]");
    if (!text::NormalizeLanguage(language)) bad.Add(path, "is no language tag");
    out[language] = text::ParseText(path, value, {0, max, true, false}, bad);
  }
  return out;
}

Effect ParseEffect(const v1::Effect& in, const std::string& field, FieldViolations& bad) {
  switch (in.kind_case()) {
    case v1::Effect::kPoints:
      return {Effect::Kind::kPoints,
              static_cast<int>(text::ParseInRange(field + ".points", in.points(), -kMaxPoints, kMaxPoints, bad))};
    case v1::Effect::kDisqualify:
      return {Effect::Kind::kDisqualify, 0};
    case v1::Effect::kPin:
      return {Effect::Kind::kPin, 0};
    case v1::Effect::KIND_NOT_SET:
      bad.Add(field, "is required");
      break;
  }
  return {};
}

template <class Message>
absl::StatusOr<Message> FromBytes(absl::string_view bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::DataLossError("a stored message cannot be read");
  return message;
}

void ParseMatrixRules(const v1::Matrix& in, Matrix& out, FieldViolations& bad) {
  text::CheckCount("matrix.cells", in.cells_size(), kMaxCells, bad);
  text::CheckCount("matrix.tag_rules", in.tag_rules_size(), kMaxTagRules, bad);
  text::CheckCount("matrix.require_rules", in.require_rules_size(), kMaxRequireRules, bad);
  for (int i = 0; i < std::min(in.cells_size(), kMaxCells); ++i) {
    const auto& cell = in.cells(i);
    const std::string path = Indexed("matrix.cells", i);
    out.cells.push_back({cell.question_id(), cell.choice_id(), cell.product_id(),
                         ParseEffect(cell.effect(), path + ".effect", bad),
                         ParseTexts(cell.reasons(), path + ".reasons", kMaxReason, bad)});
  }
  for (int i = 0; i < std::min(in.tag_rules_size(), kMaxTagRules); ++i) {
    const auto& rule = in.tag_rules(i);
    const std::string path = Indexed("matrix.tag_rules", i);
    out.tag_rules.push_back({rule.question_id(), rule.choice_id(), rule.tag(),
                             ParseEffect(rule.effect(), path + ".effect", bad),
                             ParseTexts(rule.reasons(), path + ".reasons", kMaxReason, bad)});
  }
  for (int i = 0; i < std::min(in.require_rules_size(), kMaxRequireRules); ++i) {
    const auto& rule = in.require_rules(i);
    const std::string path = Indexed("matrix.require_rules", i);
    if (rule.target_case() == v1::RequireRule::TARGET_NOT_SET) bad.Add(path, "name a product or a tag");
    RequireRule made{rule.product_id(), rule.tag(), {}};
    for (const auto& need : rule.requirements())
      made.requirements.push_back({need.question_id(), {need.choice_ids().begin(), need.choice_ids().end()}});
    out.require_rules.push_back(std::move(made));
  }
}

void RenderProduct(const Product& product, absl::string_view language, v1::RecommendedProduct* out) {
  out->set_product_id(product.product_id);
  out->set_name(std::string(PickText(product.names, language, "")));
  out->set_short_description(std::string(PickText(product.short_descriptions, language, "")));
  out->set_image_url(product.image_url);
  if (product.price_minor) out->set_price_minor(*product.price_minor);
  out->set_currency(product.currency);
}

v1::Recommendation::Outcome OutcomeOf(RecommendOutcome outcome) {
  switch (outcome) {
    case RecommendOutcome::kTwo:
      return v1::Recommendation::OUTCOME_TWO;
    case RecommendOutcome::kOne:
      return v1::Recommendation::OUTCOME_ONE;
    case RecommendOutcome::kFallback:
      return v1::Recommendation::OUTCOME_FALLBACK;
    case RecommendOutcome::kNone:
      break;
  }
  return v1::Recommendation::OUTCOME_NONE;
}

void RenderContributions(const CompiledMatrix& matrix, absl::Span<const MatrixAnswer> answers, int product,
                         absl::string_view language, v1::RecommendedProduct* out) {
  for (const Contribution& part : Contributions(matrix, answers, product)) {
    v1::Contribution* line = out->add_contributions();
    if (part.question >= 0) line->set_question_id(matrix.questions()[part.question].id);
    for (int choice : part.choices) {
      line->add_choice_ids(matrix.choices()[choice].id);
      const TextByLanguage* reason = matrix.Reason(choice, product);
      if (reason != nullptr && line->reason().empty()) line->set_reason(std::string(PickText(*reason, language, "")));
    }
    line->set_points(part.points);
    line->set_score_micro(part.score_micro);
  }
}

}  // namespace

Product ParseProduct(const v1::Product& in, absl::string_view field, FieldViolations& bad) {
  const std::string path(field);
  Product out;
  out.product_id = text::ParseSlug(path + ".product_id", in.product_id(), bad);
  out.names = ParseTexts(in.names(), path + ".names", kMaxName, bad);
  if (out.names.empty()) bad.Add(path + ".names", "is required");
  out.short_descriptions = ParseTexts(in.short_descriptions(), path + ".short_descriptions", kMaxShortDescription, bad);
  out.image_url = text::ParseText(path + ".image_url", in.image_url(), {0, kMaxUrl, true, true}, bad);
  if (!out.image_url.empty() && !absl::StartsWith(out.image_url, "https://"))
    bad.Add(path + ".image_url", "begins with https://");
  if (in.has_price_minor()) {
    out.price_minor = in.price_minor();
    if (in.price_minor() < 0) bad.Add(path + ".price_minor", "is not negative");
    out.currency = text::ParseCurrency(path + ".currency", in.currency(), bad);
  }
  out.group = text::ParseOptionalSlug(path + ".group", in.group(), bad);
  text::CheckCount(path + ".tags", in.tags_size(), kMaxTags, bad);
  for (int i = 0; i < in.tags_size(); ++i)
    out.tags.push_back(text::ParseSlug(Indexed(path + ".tags", i), in.tags(i), bad));
  text::CheckCount(path + ".attributes", static_cast<int64_t>(in.attributes_size()), kMaxTags, bad);
  out.attributes = {in.attributes().begin(), in.attributes().end()};
  out.active = !in.has_active() || in.active();
  out.available_from = api::ParseOptionalTimestamp(path + ".available_from",
                                                   in.has_available_from() ? &in.available_from() : nullptr, bad);
  out.available_until = api::ParseOptionalTimestamp(path + ".available_until",
                                                    in.has_available_until() ? &in.available_until() : nullptr, bad);
  out.priority = in.priority();
  out.catalogue_rank = in.catalogue_rank();
  if (in.catalogue_rank() < 0) bad.Add(path + ".catalogue_rank", "is not negative");
  return out;
}

absl::StatusOr<Product> ReadProduct(absl::string_view bytes) {
  const auto message = FromBytes<v1::Product>(bytes);
  if (!message.ok()) return message.status();
  FieldViolations accepted_before;
  return ParseProduct(*message, "product", accepted_before);
}

absl::StatusOr<std::vector<Product>> ReadProducts(absl::string_view bytes) {
  const auto message = FromBytes<v1::ListProductsResponse>(bytes);
  if (!message.ok()) return message.status();
  std::vector<Product> out;
  FieldViolations accepted_before;
  for (const v1::Product& product : message->products())
    out.push_back(ParseProduct(product, "product", accepted_before));
  return out;
}

Matrix ParseMatrix(const v1::Matrix& in, FieldViolations& bad) {
  Matrix out;
  out.matrix_id = text::ParseSlug("matrix.matrix_id", in.matrix_id(), bad);
  text::CheckCount("matrix.questions", in.questions_size(), kMaxQuestions, bad);
  for (int i = 0; i < in.questions_size(); ++i) {
    const auto& question = in.questions(i);
    const std::string path = Indexed("matrix.questions", i);
    MatrixQuestion made{text::ParseSlug(path + ".question_id", question.question_id(), bad), {}, 1000};
    text::CheckCount(path + ".choice_ids", question.choice_ids_size(), kMaxChoices, bad);
    for (int c = 0; c < question.choice_ids_size(); ++c) {
      made.choice_ids.push_back(text::ParseSlug(Indexed(path + ".choice_ids", c), question.choice_ids(c), bad));
    }
    if (question.has_weight_milli())
      made.weight_milli =
          static_cast<int>(text::ParseInRange(path + ".weight_milli", question.weight_milli(), 0, 10000, bad));
    out.questions.push_back(std::move(made));
  }
  text::CheckCount("matrix.product_ids", in.product_ids_size(), kMaxProducts, bad);
  out.product_ids = {in.product_ids().begin(), in.product_ids().end()};
  ParseMatrixRules(in, out, bad);
  for (const auto& [product, points] : in.base_scores()) {
    out.base_scores[product] = static_cast<int>(
        text::ParseInRange(absl::StrCat("matrix.base_scores[", product, "]"), points, -kMaxPoints, kMaxPoints, bad));
  }
  if (in.has_min_score()) out.min_score = in.min_score();
  out.multi_max = in.multi_agg() == v1::Matrix::MULTI_AGGREGATION_MAX;
  for (int i = 0; i < in.tie_breakers_size(); ++i) {
    if (in.tie_breakers(i) == v1::Matrix::TIE_BREAKER_UNSPECIFIED ||
        !v1::Matrix::TieBreaker_IsValid(in.tie_breakers(i))) {
      bad.Add(Indexed("matrix.tie_breakers", i), "is no tie-breaker");
    } else {
      out.tie_breakers.push_back(static_cast<TieBreaker>(in.tie_breakers(i) - 1));
    }
  }
  out.distinct_group = in.distinct_group();
  out.fallback = {in.fallback().begin(), in.fallback().end()};
  out.fill_second_with_fallback = in.fill_second_with_fallback();
  return out;
}

absl::StatusOr<Matrix> ReadMatrix(absl::string_view bytes) {
  const auto message = FromBytes<v1::Matrix>(bytes);
  if (!message.ok()) return message.status();
  FieldViolations accepted_before;
  return ParseMatrix(*message, accepted_before);
}

absl::StatusOr<std::vector<MatrixAnswer>> ParseAnswers(const google::protobuf::RepeatedPtrField<v1::Answer>& in,
                                                       const CompiledMatrix& matrix) {
  FieldViolations bad, unknown;
  std::vector<MatrixAnswer> out;
  text::CheckCount("answers", in.size(), kMaxAnswers, bad);
  std::set<int> seen;
  for (int i = 0; i < std::min(in.size(), kMaxAnswers); ++i) {
    const std::string path = Indexed("answers", i);
    const auto question = matrix.FindQuestion(in[i].question_id());
    if (!question) {
      unknown.Add(path + ".question_id", "the matrix has no such question");
      continue;
    }
    if (!seen.insert(*question).second) bad.Add(path + ".question_id", "is answered twice");
    MatrixAnswer answer{*question, {}, 1000};
    if (in[i].has_weight_milli())
      answer.weight_milli =
          static_cast<int>(text::ParseInRange(path + ".weight_milli", in[i].weight_milli(), 0, 10000, bad));
    for (int c = 0; c < in[i].choice_ids_size(); ++c) {
      const auto choice = matrix.FindChoice(*question, in[i].choice_ids(c));
      if (!choice) {
        unknown.Add(Indexed(path + ".choice_ids", c), "the question has no such choice");
      } else if (std::find(answer.choices.begin(), answer.choices.end(), *choice) == answer.choices.end()) {
        answer.choices.push_back(*choice);
      }
    }
    std::sort(answer.choices.begin(), answer.choices.end());
    out.push_back(std::move(answer));
  }
  if (!bad.empty()) return bad.ToStatus();
  if (!unknown.empty()) return unknown.ToStatus("UNKNOWN_REFERENCE");
  return out;
}

void RenderRecommendation(const ReadyMatrix& ready, absl::Span<const MatrixAnswer> answers, const Bits& available,
                          absl::string_view language, absl::Time now, bool explain, v1::Recommendation* out) {
  const CompiledMatrix& matrix = *ready.matrix;
  const Recommendation best = RecommendBest(matrix, answers, available);
  out->set_outcome(OutcomeOf(best.outcome));
  int rank = 0;
  for (const Recommended& item : best.products) {
    v1::RecommendedProduct* line = out->add_products();
    line->set_rank(++rank);
    RenderProduct(matrix.products()[item.product], language, line);
    line->set_fallback(item.fallback);
    line->set_pinned(item.pinned);
    if (item.fallback) continue;
    line->set_score_micro(item.score_micro);
    line->set_score(FormatScore(item.score_micro));
    line->set_match_percent(item.match_percent);
    if (explain) RenderContributions(matrix, answers, item.product, language, line);
  }
  out->set_first_over_second(std::string(best.first_over_second));
  out->set_second_over_third(std::string(best.second_over_third));
  out->set_group_relaxed(best.group_relaxed);
  out->set_no_signal(best.no_signal);
  out->set_matrix_id(matrix.matrix_id());
  out->set_matrix_version(matrix.version());
  out->set_matrix_hash(ready.hash);
  out->set_inputs_hash(HexDigest(CanonicalInputs(matrix, answers, available)));
  api::SetTimestamp(now, out->mutable_evaluated_at());
  if (!explain) return;
  for (const RuledOut& gone : RuledOutProducts(matrix, answers, available)) {
    v1::Disqualification* line = out->add_disqualified();
    line->set_product_id(matrix.products()[gone.product].product_id);
    line->set_cause(static_cast<v1::Disqualification::Cause>(static_cast<int>(gone.cause) + 1));
    if (gone.question >= 0) line->set_question_id(matrix.questions()[gone.question].id);
    if (gone.choice >= 0) line->set_choice_id(matrix.choices()[gone.choice].id);
  }
}

void RenderShown(const ShownRecommendation& shown, v1::Recommendation* out) {
  out->set_outcome(OutcomeOf(static_cast<RecommendOutcome>(shown.outcome)));
  int rank = 0;
  for (const ShownProduct& product : shown.products) {
    v1::RecommendedProduct* line = out->add_products();
    line->set_rank(std::min(++rank, 2));
    line->set_product_id(product.product_id);
    line->set_name(product.name);
    line->set_short_description(product.short_description);
    line->set_image_url(product.image_url);
    if (product.price_minor) line->set_price_minor(*product.price_minor);
    line->set_currency(product.currency);
    line->set_fallback(product.fallback);
    line->set_pinned(product.pinned);
    if (!product.fallback) {
      line->set_score_micro(product.score_micro);
      line->set_score(FormatScore(product.score_micro));
      line->set_match_percent(product.match_percent);
    }
    for (const ShownProduct::Part& part : product.parts) {
      v1::Contribution* contribution = line->add_contributions();
      contribution->set_question_id(part.question_id);
      for (const std::string& choice : part.choice_ids) contribution->add_choice_ids(choice);
      contribution->set_points(part.points);
      contribution->set_score_micro(part.score_micro);
      contribution->set_reason(part.reason);
    }
  }
  out->set_first_over_second(shown.first_over_second);
  out->set_second_over_third(shown.second_over_third);
  out->set_group_relaxed(shown.group_relaxed);
  out->set_no_signal(shown.no_signal);
  out->set_matrix_id(shown.matrix_id);
  out->set_matrix_version(shown.matrix_version);
  out->set_matrix_hash(shown.matrix_hash);
  out->set_inputs_hash(shown.inputs);
  api::SetTimestamp(shown.evaluated_at, out->mutable_evaluated_at());
  for (const ShownRuledOut& gone : shown.ruled_out) {
    v1::Disqualification* line = out->add_disqualified();
    line->set_product_id(gone.product_id);
    line->set_cause(static_cast<v1::Disqualification::Cause>(gone.cause + 1));
    line->set_question_id(gone.question_id);
    line->set_choice_id(gone.choice_id);
  }
}

BlobReaders MakeBlobReaders() { return {ReadDefinition, ReadMatrix, ReadProduct, ReadProducts}; }

}  // namespace vinculo::profiling
