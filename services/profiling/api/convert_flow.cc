#include "services/profiling/api/convert_flow.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/text/validate.h"
#include "services/profiling/domain/limits.h"

namespace vinculo::profiling {
namespace {

using text::Indexed;

constexpr int kMaxKey = 200;
constexpr int kMaxUrl = 2000;
constexpr int kMaxInvalid = 10;

std::string Short(absl::string_view field, const std::string& value, FieldViolations& bad) {
  return text::ParseText(field, value, {0, kMaxKey, true, true}, bad);
}

std::vector<TraitWrite> ParseTraits(const google::protobuf::RepeatedPtrField<v1::TraitWrite>& in,
                                    absl::string_view field, FieldViolations& bad) {
  std::vector<TraitWrite> out;
  for (int i = 0; i < in.size(); ++i) {
    const std::string path = Indexed(field, i);
    TraitWrite write{text::ParseSlug(path + ".key", in[i].key(), bad),
                     ParseTraitValue(in[i].value(), path + ".value", bad), TraitCategory::kCustom};
    if (in[i].category() != v1::TRAIT_CATEGORY_UNSPECIFIED)
      write.category = static_cast<TraitCategory>(in[i].category());
    out.push_back(std::move(write));
  }
  return out;
}

OnExhausted ParseExhausted(const v1::OnExhausted& in) {
  return {static_cast<OnExhausted::Action>(in.action()), in.node()};
}

Choice ParseChoice(const v1::Choice& in, const std::string& path, FieldViolations& bad) {
  Choice out;
  out.choice_id = in.choice_id();
  out.label_key = Short(path + ".label_key", in.label_key(), bad);
  out.description_key = Short(path + ".description_key", in.description_key(), bad);
  for (const auto& [language, words] : in.synonyms())
    out.synonyms[language] = {words.words().begin(), words.words().end()};
  out.value = Short(path + ".value", in.value(), bad);
  out.next = in.next();
  out.sets_traits = ParseTraits(in.sets_traits(), path + ".sets_traits", bad);
  return out;
}

Question ParseQuestion(const v1::Question& in, const std::string& path, FieldViolations& bad) {
  Question out;
  out.level_label = Short(path + ".level_label", in.level_label(), bad);
  out.text_key = Short(path + ".text_key", in.text_key(), bad);
  out.image_url = text::ParseText(path + ".image_url", in.image_url(), {0, kMaxUrl, true, true}, bad);
  for (int c = 0; c < in.choices_size(); ++c)
    out.choices.push_back(ParseChoice(in.choices(c), Indexed(path + ".choices", c), bad));
  if (in.has_select()) {
    out.select_min = in.select().min();
    out.select_max = in.select().max();
  }
  out.optional = in.optional();
  out.shuffle = in.shuffle() == v1::Question::SHUFFLE_PER_SESSION;
  if (in.has_weight_milli())
    out.weight_milli = static_cast<int>(text::ParseInRange(path + ".weight_milli", in.weight_milli(), 0, 10000, bad));
  if (in.has_accept_ordinals()) out.accept_ordinals = in.accept_ordinals();
  if (in.has_max_invalid())
    out.max_invalid =
        static_cast<int>(text::ParseInRange(path + ".max_invalid", in.max_invalid(), 0, kMaxInvalid, bad));
  out.on_exhausted = ParseExhausted(in.on_exhausted());
  out.default_next = in.default_next();
  out.sets_traits = ParseTraits(in.sets_traits(), path + ".sets_traits", bad);
  return out;
}

Capture ParseCapture(const v1::Capture& in, const std::string& path, FieldViolations& bad) {
  Capture out;
  out.field = static_cast<CaptureField>(in.field());
  out.text_key = Short(path + ".text_key", in.text_key(), bad);
  out.required = in.required();
  out.prefill = in.prefill() == v1::Capture::PREFILL_OFFER    ? Prefill::kOffer
                : in.prefill() == v1::Capture::PREFILL_SILENT ? Prefill::kSilent
                                                              : Prefill::kNever;
  out.next = in.next();
  if (in.has_max_invalid())
    out.max_invalid =
        static_cast<int>(text::ParseInRange(path + ".max_invalid", in.max_invalid(), 0, kMaxInvalid, bad));
  out.on_exhausted = ParseExhausted(in.on_exhausted());
  out.trait_key = text::ParseOptionalSlug(path + ".trait_key", in.trait_key(), bad);
  return out;
}

Condition ParseCondition(const v1::Condition& in, const std::string& path, int depth, FieldViolations& bad) {
  Condition out;
  // One level more than may be kept: enough for the check of limits to say so, without following an endless tree.
  if (depth > kMaxConditionDepth + 1) return out;
  switch (in.test_case()) {
    case v1::Condition::kAll:
      for (const auto& child : in.all().conditions())
        out.children.push_back(ParseCondition(child, path, depth + 1, bad));
      break;
    case v1::Condition::kAny:
      out.kind = Condition::Kind::kAny;
      for (const auto& child : in.any().conditions())
        out.children.push_back(ParseCondition(child, path, depth + 1, bad));
      break;
    case v1::Condition::kNot:
      out.kind = Condition::Kind::kNot;
      out.children.push_back(ParseCondition(in.not_(), path, depth + 1, bad));
      break;
    case v1::Condition::kAnswered:
      out.kind = Condition::Kind::kAnswered;
      out.question_id = in.answered().question_id();
      out.choice_ids = {in.answered().choice_ids().begin(), in.answered().choice_ids().end()};
      break;
    case v1::Condition::kTrait:
      out.kind = Condition::Kind::kTrait;
      out.key = text::ParseSlug(path + ".trait.key", in.trait().key(), bad);
      out.op = static_cast<Condition::Operator>(in.trait().operator_());
      for (const auto& value : in.trait().values())
        out.values.push_back(ParseTraitValue(value, path + ".trait.values", bad));
      break;
    case v1::Condition::TEST_NOT_SET:
      bad.Add(path, "says nothing to test");
      break;
  }
  return out;
}

Recommend ParseRecommend(const v1::Recommend& in, const std::string& path, FieldViolations& bad) {
  Recommend out;
  out.matrix_id = text::ParseOptionalSlug(path + ".matrix_id", in.matrix_id(), bad);
  out.text_key = in.text_key();
  out.second_text_key = in.second_text_key();
  out.choose_label_key = in.choose_label_key();
  out.another_label_key = in.another_label_key();
  out.back_label_key = in.back_label_key();
  out.none_label_key = in.none_label_key();
  if (in.has_allow_second()) out.allow_second = in.allow_second();
  out.ask_why = in.ask_why();
  out.next_selected = in.next_selected();
  out.next_declined = in.next_declined();
  out.next_none = in.next_none();
  out.silent = in.silent();
  return out;
}

Node ParseNode(const v1::Node& in, const std::string& path, FieldViolations& bad) {
  Node out{in.node_id(), std::monostate()};
  switch (in.kind_case()) {
    case v1::Node::kQuestion:
      out.kind = ParseQuestion(in.question(), path + ".question", bad);
      break;
    case v1::Node::kCapture:
      out.kind = ParseCapture(in.capture(), path + ".capture", bad);
      break;
    case v1::Node::kMessage:
      out.kind = Message{in.message().text_key(), in.message().image_url(), in.message().next()};
      break;
    case v1::Node::kBranch: {
      Branch branch;
      for (int c = 0; c < in.branch().cases_size(); ++c) {
        const auto& item = in.branch().cases(c);
        branch.cases.push_back(
            {ParseCondition(item.condition(), Indexed(path + ".branch.cases", c, "condition"), 1, bad), item.next()});
      }
      branch.default_next = in.branch().default_next();
      out.kind = std::move(branch);
      break;
    }
    case v1::Node::kRecommend:
      out.kind = ParseRecommend(in.recommend(), path + ".recommend", bad);
      break;
    case v1::Node::kEnd:
      out.kind = End{in.end().outcome_label(), in.end().text_key(), in.end().handoff(),
                     !in.end().has_lead() || in.end().lead()};
      break;
    case v1::Node::KIND_NOT_SET:
      break;
  }
  return out;
}

void ParseTimes(const v1::FlowSettings& in, const std::string& path, FlowSettings& out, FieldViolations& bad) {
  const absl::Duration longest = absl::Hours(24 * 366);
  const auto take = [&](bool has, const char* name, const google::protobuf::Duration& value, absl::Duration low,
                        absl::Duration high, absl::Duration& into) {
    if (has) into = api::ParseDuration(absl::StrCat(path, ".", name), value, low, high, bad);
  };
  take(in.has_idle_timeout(), "idle_timeout", in.idle_timeout(), kMinIdle, kMaxIdle, out.idle_timeout);
  take(in.has_absolute_ttl(), "absolute_ttl", in.absolute_ttl(), kMinIdle, longest, out.absolute_ttl);
  take(in.has_resume_grace(), "resume_grace", in.resume_grace(), absl::ZeroDuration(), longest, out.resume_grace);
  take(in.has_pending_ttl(), "pending_ttl", in.pending_ttl(), kMinIdle, longest, out.pending_ttl);
  take(in.has_dedupe_window(), "dedupe_window", in.dedupe_window(), absl::ZeroDuration(), longest, out.dedupe_window);
  for (const auto& nudge : in.nudges()) {
    out.nudges.push_back(
        {api::ParseDuration(path + ".nudges.after", nudge.after(), absl::Minutes(1), kMaxIdle, bad), nudge.text_key()});
  }
}

FlowSettings ParseSettings(const v1::FlowSettings& in, const std::string& path, FieldViolations& bad) {
  FlowSettings out;
  ParseTimes(in, path, out, bad);
  if (in.stale_reply() == v1::FlowSettings::STALE_REPLY_REVISE) out.stale_reply = StaleReply::kRevise;
  out.on_conflict = static_cast<OnConflict>(in.on_conflict());
  if (in.late_reply() != v1::FlowSettings::LATE_REPLY_UNSPECIFIED)
    out.late_reply = static_cast<LateReply>(in.late_reply() - 1);
  for (const auto& [language, words] : in.commands()) {
    const auto list = [](const auto& from) { return std::vector<std::string>(from.begin(), from.end()); };
    out.commands[language] = {list(words.restart()), list(words.back()), list(words.skip()), list(words.help()),
                              list(words.agent())};
  }
  out.commit_partial_traits = in.commit_partial_traits();
  out.reuse_known_capture = in.reuse_known_capture();
  out.languages_required = {in.languages_required().begin(), in.languages_required().end()};
  for (int channel : in.channels()) out.channels.push_back(static_cast<Channel>(channel));
  out.require_native = in.require_native();
  out.handoff_target = Short(path + ".handoff_target", in.handoff_target(), bad);
  return out;
}

}  // namespace

TraitValue ParseTraitValue(const v1::TraitValue& in, absl::string_view field, FieldViolations& bad) {
  constexpr int kMaxString = 1000;
  switch (in.value_case()) {
    case v1::TraitValue::kStringValue:
      return text::ParseText(field, in.string_value(), {0, kMaxString, false, false}, bad);
    case v1::TraitValue::kIntValue:
      return in.int_value();
    case v1::TraitValue::kDoubleValue:
      return in.double_value();
    case v1::TraitValue::kBoolValue:
      return in.bool_value();
    case v1::TraitValue::kTimeValue:
      return api::ParseTimestamp(field, in.time_value(), bad);
    case v1::TraitValue::kStringSet: {
      std::vector<std::string> out(in.string_set().values().begin(), in.string_set().values().end());
      std::sort(out.begin(), out.end());
      out.erase(std::unique(out.begin(), out.end()), out.end());
      return out;
    }
    case v1::TraitValue::VALUE_NOT_SET:
      bad.Add(std::string(field), "is required");
      break;
  }
  return std::string();
}

void RenderTraitValue(const TraitValue& value, v1::TraitValue* out) {
  switch (value.index()) {
    case 0:
      out->set_string_value(std::get<0>(value));
      break;
    case 1:
      out->set_int_value(std::get<1>(value));
      break;
    case 2:
      out->set_double_value(std::get<2>(value));
      break;
    case 3:
      out->set_bool_value(std::get<3>(value));
      break;
    case 4:
      api::SetTimestamp(std::get<4>(value), out->mutable_time_value());
      break;
    default:
      for (const std::string& item : std::get<5>(value)) out->mutable_string_set()->add_values(item);
  }
}

FlowDefinition ParseDefinition(const v1::FlowDefinition& in, absl::string_view field, FieldViolations& bad) {
  FlowDefinition out;
  out.entry_node = in.entry_node();
  const std::string path(field);
  for (int i = 0; i < in.nodes_size(); ++i)
    out.nodes.push_back(ParseNode(in.nodes(i), Indexed(path + ".nodes", i), bad));
  for (const auto& [language, table] : in.texts()) {
    auto& texts = out.texts[language];
    for (const auto& [key, value] : table.entries()) {
      texts[key] =
          text::ParseText(absl::StrCat(path, ".texts[", language, "].", key), value, {0, 0, false, false}, bad);
    }
  }
  out.settings = ParseSettings(in.settings(), path + ".settings", bad);
  return out;
}

absl::StatusOr<FlowDefinition> ReadDefinition(absl::string_view bytes) {
  v1::FlowDefinition message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return absl::DataLossError("a stored definition cannot be read");
  FieldViolations accepted_before;
  return ParseDefinition(message, "draft", accepted_before);
}

FlowHead ParseHead(const v1::Flow& in, FieldViolations& bad) {
  FlowHead out;
  out.flow_id = text::ParseSlug("flow.flow_id", in.flow_id(), bad);
  out.name = text::ParseText("flow.name", in.name(), {1, 200, true, true}, bad);
  out.purpose_text = text::ParseText("flow.purpose_text", in.purpose_text(), {0, kMaxTextLength, true, false}, bad);
  text::CheckCount("flow.objectives", in.objectives_size(), 20, bad);
  for (int i = 0; i < in.objectives_size(); ++i) {
    out.objectives.push_back(
        text::ParseText(Indexed("flow.objectives", i), in.objectives(i), {1, 300, true, true}, bad));
  }
  out.consent_purpose = text::ParseOptionalSlug("flow.consent_purpose", in.consent_purpose(), bad);
  out.base_language = in.base_language();
  if (!text::NormalizeLanguage(in.base_language()))
    bad.Add("flow.base_language", "is no language tag such as `es` or `pt-BR`");
  return out;
}

std::string StableBytes(const google::protobuf::Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return out;
}

void RenderFlow(const FlowRow& flow, v1::Flow* out) {
  out->set_flow_id(flow.head.flow_id);
  out->set_name(flow.head.name);
  out->set_purpose_text(flow.head.purpose_text);
  for (const std::string& objective : flow.head.objectives) out->add_objectives(objective);
  out->set_consent_purpose(flow.head.consent_purpose);
  out->set_base_language(flow.head.base_language);
  if (!flow.draft.empty()) out->mutable_draft()->ParseFromString(flow.draft);
  out->set_published_version(flow.published_version);
  out->set_state(static_cast<v1::Flow::State>(flow.state));
  out->set_etag(api::FormatEtag(flow.revision));
  api::SetTimestamp(flow.created_at, out->mutable_created_at());
  api::SetTimestamp(flow.updated_at, out->mutable_updated_at());
}

void RenderVersion(const VersionRow& version, v1::FlowVersion* out) {
  out->set_flow_id(version.head.flow_id);
  out->set_version(version.version);
  if (!version.definition.empty()) out->mutable_definition()->ParseFromString(version.definition);
  out->set_definition_hash(version.definition_hash);
  if (!version.matrices.empty()) out->set_matrix_version(version.matrices.front().version);
  api::SetTimestamp(version.published_at, out->mutable_published_at());
  out->set_published_by(version.published_by);
  if (!version.report.empty()) out->mutable_lint_report()->ParseFromString(version.report);
  out->set_state(static_cast<v1::FlowVersion::State>(version.state));
}

void RenderReport(const LintFindings& findings, const PathAnalysis* analysis, v1::LintReport* out) {
  for (const auto severity : {LintFinding::Severity::kError, LintFinding::Severity::kWarning}) {
    for (const LintFinding& finding : findings.all()) {
      if (finding.severity != severity) continue;
      v1::LintFinding* line = out->add_findings();
      line->set_severity(severity == LintFinding::Severity::kError ? v1::LintFinding::SEVERITY_ERROR
                                                                   : v1::LintFinding::SEVERITY_WARNING);
      line->set_rule(finding.rule);
      line->set_path(finding.path);
      line->set_message(finding.message);
    }
  }
  out->set_errors(findings.errors());
  out->set_warnings(findings.warnings());
  if (analysis == nullptr) return;
  v1::PathAnalysis* paths = out->mutable_analysis();
  paths->set_paths(analysis->paths);
  paths->set_sampled(analysis->sampled);
  for (const PathAnalysis::Share& share : analysis->products) {
    v1::ProductShare* line = paths->add_products();
    line->set_product_id(share.product_id);
    line->set_first(share.first);
    line->set_first_or_second(share.first_or_second);
  }
  for (const std::string& dead : analysis->dead_products) paths->add_dead_products(dead);
  paths->set_paths_with_one(analysis->paths_with_one);
  paths->set_paths_with_none(analysis->paths_with_none);
  for (const auto& [rule, count] : analysis->ties) {
    v1::TieShare* line = paths->add_ties();
    line->set_rule(rule);
    line->set_paths(count);
  }
  paths->set_shortest_path(analysis->shortest);
  paths->set_longest_path(analysis->longest);
}

}  // namespace vinculo::profiling
