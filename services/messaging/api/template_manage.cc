#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/time.h"
#include "common/jobs/job_queue.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/render.h"
#include "services/messaging/api/sample_stream.h"
#include "services/messaging/api/template_request.h"
#include "services/messaging/api/template_service.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/template_act.h"

// What WhatsApp is asked to do with templates, and what is made of them.
namespace vinculo::messaging {
namespace {

constexpr absl::Duration kUnpauseAfter = absl::Minutes(5);

absl::Status EnqueueAbout(sql::Transaction& tx, const char* kind, const TranslationKey& key, absl::Time now) {
  const std::string payload = absl::StrCat(key.channel_id.ToString(), "\n", key.name, "\n", key.language);
  return jobs::Enqueue(tx, {.kind = kind, .key = payload, .due_at = now, .payload = payload});
}

std::string Moment(absl::Time t) { return absl::FormatTime(absl::RFC3339_sec, t, absl::UTCTimeZone()); }

absl::Status LintErrors(const std::vector<Finding>& findings) {
  std::vector<std::string> codes;
  for (const Finding& f : findings) {
    if (f.severity == Severity::kError) codes.push_back(f.code);
  }
  return Error(
      absl::StatusCode::kFailedPrecondition, "LINT_ERRORS",
      absl::StrCat("WhatsApp would reject this: ", absl::StrJoin(codes, ", "), ". LintTemplate tells what to do."),
      {{"codes", absl::StrJoin(codes, ",")}});
}

// A further version of what WhatsApp has [M-25].
absl::Status CheckEdit(sql::Transaction& tx, const TranslationKey& key, const Translation& is, absl::Time now) {
  if (!StatusEditable(is.status)) {
    return Locked(absl::StrCat("WhatsApp takes changes of approved, rejected and paused templates; this one is ",
                               is.status, "."));
  }
  RETURN_IF_ERROR(CheckUnused(tx, key, /*paused=*/false));
  if (!is.Sendable()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::optional<absl::Time> free, TemplateAccountRepository::EditFreeAt(tx, key, now));
  if (!free) return absl::OkStatus();
  return Error(absl::StatusCode::kFailedPrecondition, "EDIT_QUOTA",
               absl::StrCat("WhatsApp takes one change of an approved template a day and ten in 30 days; submit it "
                            "after ",
                            Moment(*free), ", or copy it under another name."),
               {{"free_at", Moment(*free)}});
}

absl::StatusOr<Template> Submit(sql::Transaction& tx, const Named& named, std::optional<int64_t> revision,
                                absl::Time now) {
  ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
  Loaded loaded;
  RETURN_IF_ERROR(Load(tx, key, revision, loaded));
  const Translation& is = *loaded.translation;
  if (is.state == TranslationState::kSubmitting) return UnderWay();
  if (!is.Exists()) return Locked("This translation was deleted; CreateTemplate begins it anew.");
  if (!is.draft) return Locked("There is no draft to submit; WhatsApp has the newest version.");
  if (is.state == TranslationState::kProvider) RETURN_IF_ERROR(CheckEdit(tx, key, is, now));
  const LintInput input{key.name, key.language, is.Sendable() ? is.category : is.draft->category,
                        loaded.t.variable_format, is.draft->components};
  ASSIGN_OR_RETURN(const AccountFacts facts, TemplateAccountRepository::Facts(tx, key, input.components, false, now));
  const std::vector<Finding> findings = LintTemplate(input, facts);
  if (HasErrors(findings)) return LintErrors(findings);
  RETURN_IF_ERROR(TemplateRepository::Freeze(tx, key, now));
  RETURN_IF_ERROR(EnqueueAbout(tx, kJobSubmitTemplate, key, now));
  ASSIGN_OR_RETURN(Template t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(AnnounceTemplate(tx, t, *t.Find(key.language), "template.submitted", now));
  return t;
}

struct CopyOf {
  Named from;
  int version = 0;
  std::string name;
  std::string language;
};

absl::StatusOr<Template> Copy(sql::Transaction& tx, const CopyOf& copy, absl::Time now) {
  ASSIGN_OR_RETURN(const TranslationKey from, Resolve(tx, copy.from));
  Loaded loaded;
  RETURN_IF_ERROR(Load(tx, from, std::nullopt, loaded));
  std::optional<TemplateVersion> source;
  if (copy.version == 0) {
    if (const TemplateVersion* newest = NewestOf(*loaded.translation)) source = *newest;
  } else {
    ASSIGN_OR_RETURN(const std::vector<TemplateVersion> found,
                     TemplateRepository::ListVersions(tx, from, copy.version + 1, 1));
    if (!found.empty() && found[0].version == copy.version) source = found[0];
  }
  if (!source) return NotFound("template", absl::StrCat(from.name, ", version ", copy.version));
  // A listing shows samples as addresses, which WhatsApp does not take back.
  TemplateComponents components = source->components;
  if (absl::StartsWith(components.header.sample_handle, "http")) components.header.sample_handle.clear();
  const TranslationKey to{from.channel_id, copy.name, copy.language};
  RETURN_IF_ERROR(CheckNewTranslation(tx, to, loaded.t.variable_format));
  RETURN_IF_ERROR(TemplateRepository::Create(tx, to, loaded.t.variable_format, source->category, components, now));
  return TemplateRepository::Get(tx, to.channel_id, to.name);
}

absl::Status CheckDeletable(const Translation& x) {
  if (x.state == TranslationState::kSubmitting) return UnderWay();
  return x.status == "DISABLED" ? Locked("WhatsApp does not delete a disabled template.") : absl::OkStatus();
}

// Removes a draft, or marks what WhatsApp has; true when WhatsApp must be asked.
absl::StatusOr<bool> DeleteTranslation(sql::Transaction& tx, const TranslationKey& key, const Translation& x,
                                       absl::Time now) {
  if (x.state == TranslationState::kDraft) {
    RETURN_IF_ERROR(TemplateRepository::DropDraft(tx, key, now));
    return false;
  }
  if (StatusDeleted(x.status) || x.provider_id.empty()) return false;
  const Verdict going{.status = "PENDING_DELETION", .quality = std::nullopt, .at = now};
  RETURN_IF_ERROR(ApplyVerdict(tx, key, going, now).status());
  return true;
}

absl::StatusOr<Template> Delete(sql::Transaction& tx, const Named& named, std::optional<int64_t> revision,
                                absl::Time now) {
  ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
  ASSIGN_OR_RETURN(const Template t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(api::CheckRevision("template", key.name, revision, t.revision));
  if (!key.language.empty() && t.Find(key.language) == nullptr)
    return NotFound("template", absl::StrCat(key.name, " in ", key.language));
  RETURN_IF_ERROR(CheckUnused(tx, key, /*paused=*/true));
  bool ask = false;
  for (const Translation& x : t.translations) {
    if (!key.language.empty() && x.language != key.language) continue;
    RETURN_IF_ERROR(CheckDeletable(x));
    ASSIGN_OR_RETURN(const bool at_whatsapp, DeleteTranslation(tx, {key.channel_id, key.name, x.language}, x, now));
    ask = ask || at_whatsapp;
  }
  if (ask) RETURN_IF_ERROR(EnqueueAbout(tx, kJobDeleteTemplate, key, now));
  ASSIGN_OR_RETURN(std::optional<Template> left, TemplateRepository::Find(tx, key.channel_id, key.name));
  if (left) return *std::move(left);
  Template none = t;
  none.translations.clear();
  return none;
}

absl::StatusOr<Template> Unpause(sql::Transaction& tx, const Named& named, absl::Time now) {
  ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
  Loaded loaded;
  RETURN_IF_ERROR(Load(tx, key, std::nullopt, loaded));
  const Translation& is = *loaded.translation;
  if (is.status != "PAUSED" || absl::string_view(is.pause_title) != kPacingPause || is.provider_id.empty())
    return Locked("Only a pause that came from WhatsApp's pacing can be ended; the others end by themselves.");
  const absl::Time free = is.paused_at.value_or(now) + kUnpauseAfter;
  if (now < free) {
    return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_LOCKED",
                 absl::StrCat("WhatsApp lifts no pause before five minutes; try after ", Moment(free), "."),
                 {{"free_at", Moment(free)}});
  }
  RETURN_IF_ERROR(EnqueueAbout(tx, kJobUnpauseTemplate, key, now));
  return std::move(loaded.t);
}

void RenderSync(const std::pair<Uuid, TemplateSync>& in, v1::TemplateSync* out) {
  const TemplateSync& s = in.second;
  out->set_channel_id(in.first.ToString());
  out->set_running(s.running);
  if (s.wanted_at) api::SetTimestamp(*s.wanted_at, out->mutable_want_time());
  if (s.started_at) api::SetTimestamp(*s.started_at, out->mutable_start_time());
  if (s.ended_at) api::SetTimestamp(*s.ended_at, out->mutable_end_time());
  if (s.complete_at) api::SetTimestamp(*s.complete_at, out->mutable_complete_time());
  out->set_error(s.error);
}

}  // namespace

void TemplateService::SubmitTemplate(rpc::Call<v1::SubmitTemplateRequest, v1::Template> call) {
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), true, bad);
  const std::optional<int64_t> revision = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [named, revision, now = call.now()](sql::Transaction& tx) { return Submit(tx, named, revision, now); },
      call.Reply(RenderTemplate));
}

void TemplateService::CopyTemplate(rpc::Call<v1::CopyTemplateRequest, v1::Template> call) {
  const v1::CopyTemplateRequest& request = call.request();
  FieldViolations bad;
  CopyOf copy{ParseNamed(request, true, bad), request.version(), "", ""};
  copy.name = request.to_name().empty() ? copy.from.name : ParseTemplateName("to_name", request.to_name(), bad);
  copy.language = request.to_language().empty() ? copy.from.language
                                                : text::ParseLanguage("to_language", request.to_language(), bad);
  if (request.version() < 0) bad.Add("version", "is 0 for the newest, or a number from ListVersions");
  if (request.to_name().empty() && request.to_language().empty()) bad.Add("to_name", "is required, or to_language");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(), [copy, now = call.now()](sql::Transaction& tx) { return Copy(tx, copy, now); },
      call.Reply(RenderTemplate));
}

void TemplateService::DeleteTemplate(rpc::Call<v1::DeleteTemplateRequest, v1::Template> call) {
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), false, bad);
  const std::optional<int64_t> revision = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [named, revision, now = call.now()](sql::Transaction& tx) { return Delete(tx, named, revision, now); },
      call.Reply(RenderTemplate));
}

void TemplateService::SyncTemplates(rpc::Call<v1::SyncTemplatesRequest, v1::TemplateSync> call) {
  FieldViolations bad;
  const std::optional<Uuid> channel = text::ParseOptionalUuid("channel_id", call.request().channel_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [channel, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<std::pair<Uuid, TemplateSync>> {
        ASSIGN_OR_RETURN(const Channel resolved, ChannelRepository::ResolveChannel(tx, channel));
        RETURN_IF_ERROR(RequestTemplateSync(tx, resolved.id, absl::ZeroDuration(), now));
        ASSIGN_OR_RETURN(TemplateSync sync, TemplateAccountRepository::GetSync(tx, resolved.id));
        return std::pair(resolved.id, std::move(sync));
      },
      call.Reply(RenderSync));
}

void TemplateService::UnpauseTemplate(rpc::Call<v1::UnpauseTemplateRequest, v1::Template> call) {
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), true, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(), [named, now = call.now()](sql::Transaction& tx) { return Unpause(tx, named, now); },
      call.Reply(RenderTemplate));
}

void TemplateService::ListVersions(rpc::Call<v1::ListVersionsRequest, v1::ListVersionsResponse> call) {
  constexpr char kMethod[] = "messaging.TemplateService.ListVersions";
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), true, bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string filter = absl::StrCat(call.request().channel_id(), "\n", named.name, "\n", named.language),
                    tenant = call.principal().tenant;
  const absl::StatusOr<std::optional<api::PageKey>> key =
      api::ParsePageToken({tenant, kMethod, filter, "version"}, call.request().page_token(), "i");
  if (!key.ok()) return call.Fail(key.status());
  const int before = *key ? static_cast<int>(std::get<int64_t>((**key)[0])) : 0;
  context_.db.ReadOnPool(
      call.scope(),
      [named, before, size](sql::Transaction& tx) -> absl::StatusOr<std::vector<TemplateVersion>> {
        ASSIGN_OR_RETURN(const TranslationKey resolved, Resolve(tx, named));
        Loaded loaded;
        RETURN_IF_ERROR(Load(tx, resolved, std::nullopt, loaded));
        return TemplateRepository::ListVersions(tx, resolved, before, size + 1);
      },
      call.Reply([size, tenant, filter](const std::vector<TemplateVersion>& rows, v1::ListVersionsResponse* out) {
        for (int i = 0; i < size && i < static_cast<int>(rows.size()); ++i) RenderVersion(rows[i], out->add_versions());
        if (static_cast<int>(rows.size()) <= size) return;
        out->set_next_page_token(
            api::EncodePageToken({tenant, kMethod, filter, "version"}, {static_cast<int64_t>(rows[size - 1].version)}));
      }));
}

rpc::ReadStream<v1::UploadSampleRequest, v1::UploadSampleResponse>* TemplateService::UploadSample(
    rpc::StreamContext context) {
  return new SampleStream(std::move(context), context_);
}

}  // namespace vinculo::messaging
