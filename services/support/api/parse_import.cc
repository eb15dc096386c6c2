// The part of the parser that reads what other systems exported.
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/text/validate.h"
#include "services/support/api/parse.h"
#include "services/support/limits.h"

namespace vinculo::support {
namespace {

void ParseMessage(const v1::ImportedMessage& in, absl::string_view path, ImportStep& step, FieldViolations& bad) {
  step.kind = ImportStep::Kind::kMessage;
  const bool known = in.author() >= 1 && in.author() <= 5 && in.author() != v1::AUTHOR_KIND_SYSTEM;
  if (!known) bad.Add(absl::StrCat(path, ".message.author"), "must be CUSTOMER, AGENT, BOT or AUTOMATION");
  step.author = known ? static_cast<Author>(in.author()) : Author::kCustomer;
  if (in.visibility() < 0 || in.visibility() > 2)
    bad.Add(absl::StrCat(path, ".message.visibility"), "is not a value of this enum");
  step.visibility = in.visibility() == v1::MESSAGE_VISIBILITY_INTERNAL ? Visibility::kInternal : Visibility::kPublic;
  step.body = ParseBody(absl::StrCat(path, ".message.body"), in.body(), bad);
  step.external_id = ParseOptionalId(absl::StrCat(path, ".message.external_id"), in.external_id(), bad);
  if (step.author == Author::kAgent && step.by.empty())
    bad.Add(absl::StrCat(path, ".by"), "is required for an agent's message");
}

void ParseRating(const v1::ImportedRating& in, absl::string_view path, ImportStep& step, FieldViolations& bad) {
  step.kind = ImportStep::Kind::kRating;
  step.rating = static_cast<int32_t>(text::ParseInRange(absl::StrCat(path, ".rating.rating"), in.rating(), 0, 5, bad));
  step.remark = text::ParseText(absl::StrCat(path, ".rating.remark"), in.remark(), {.max = kMaxRemark}, bad);
  step.survey_sent_at = api::ParseOptionalTimestamp(absl::StrCat(path, ".rating.survey_sent_at"),
                                                    in.has_survey_sent_at() ? &in.survey_sent_at() : nullptr, bad);
  if (step.survey_sent_at && *step.survey_sent_at > step.at) {
    bad.Add(absl::StrCat(path, ".rating.survey_sent_at"), "is after the rating");
  }
}

ImportStep ParseStep(const v1::ImportedStep& in, absl::string_view path, absl::Time now, FieldViolations& bad) {
  ImportStep step;
  if (!in.has_at()) {
    bad.Add(absl::StrCat(path, ".at"), "is required");
  } else {
    step.at = api::ParseTimestamp(absl::StrCat(path, ".at"), in.at(), bad);
  }
  if (step.at > now) bad.Add(absl::StrCat(path, ".at"), "lies in the future");
  step.by = ParseOptionalId(absl::StrCat(path, ".by"), in.by(), bad);
  switch (in.step_case()) {
    case v1::ImportedStep::kMessage:
      ParseMessage(in.message(), path, step, bad);
      break;
    case v1::ImportedStep::kSnooze:
      step.kind = ImportStep::Kind::kSnooze;
      step.until = api::ParseOptionalTimestamp(absl::StrCat(path, ".snooze.until"),
                                               in.snooze().has_until() ? &in.snooze().until() : nullptr, bad);
      break;
    case v1::ImportedStep::kUnsnooze:
      step.kind = ImportStep::Kind::kUnsnooze;
      break;
    case v1::ImportedStep::kClose:
      step.kind = ImportStep::Kind::kClose;
      step.automatic = in.close().automatic();
      break;
    case v1::ImportedStep::kReopen:
      step.kind = ImportStep::Kind::kReopen;
      break;
    case v1::ImportedStep::kAssignment:
      step.kind = ImportStep::Kind::kAssign;
      step.assignee = ParseOptionalId(absl::StrCat(path, ".assignment.assignee"), in.assignment().assignee(), bad);
      break;
    case v1::ImportedStep::kTag:
      step.kind = ImportStep::Kind::kTag;
      step.tag = text::ParseSlug(absl::StrCat(path, ".tag.tag"), in.tag().tag(), bad);
      step.removed = in.tag().removed();
      break;
    case v1::ImportedStep::kRating:
      ParseRating(in.rating(), path, step, bad);
      break;
    case v1::ImportedStep::STEP_NOT_SET:
      bad.Add(std::string(path), "says nothing that happened");
  }
  return step;
}

}  // namespace

ImportItem ParseImport(const v1::ImportedConversation& in, absl::Time now, FieldViolations& bad) {
  ImportItem item;
  Conversation& c = item.conversation;
  c.external_id =
      text::ParseText("external_id", in.external_id(), {.min = 1, .max = kMaxExternalId, .single_line = true}, bad);
  c.channel = ParseChannel("channel", in.channel(), bad);
  c.inbox = ParseInbox("inbox", in.inbox(), bad);
  c.requester_id = ParsePersonId("requester_id", in.requester_id(), bad);
  c.customer_id = ParseOptionalId("customer_id", in.customer_id(), bad);
  c.subject = text::ParseText("subject", in.subject(), {.max = kMaxSubject, .single_line = true}, bad);
  c.priority = ParsePriority("priority", in.priority(), bad);
  c.team = text::ParseOptionalSlug("team", in.team(), bad);
  c.module_key = text::ParseOptionalSlug("module_key", in.module_key(), bad);
  c.tags = ParseTags("tags", in.tags(), bad);
  text::CheckCount("steps", in.steps_size(), kMaxImportSteps, bad);
  bool said = false;
  for (int i = 0; i < in.steps_size() && i < kMaxImportSteps; ++i) {
    item.steps.push_back(ParseStep(in.steps(i), text::Indexed("steps", i), now, bad));
    said |= in.steps(i).has_message();
  }
  if (!said) bad.Add("steps", "must hold at least one message");
  return item;
}

}  // namespace vinculo::support
