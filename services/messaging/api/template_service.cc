#include "services/messaging/api/template_service.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/etag.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/announce.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/job_kinds.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/template_repository.h"

namespace vinculo::messaging {
namespace {

// What most requests name.
struct Named {
  std::optional<Uuid> channel;
  std::string name;
  std::string language;
};

// Content may be wrong (the linter tells); names only need to be storable.
template <class Request>
Named ParseNamed(const Request& request, bool language, FieldViolations& bad) {
  Named out{text::ParseOptionalUuid("channel_id", request.channel_id(), bad),
            text::ParseText("name", request.name(), {.min = 1, .max = 512, .trim = false, .single_line = true}, bad),
            ""};
  if constexpr (requires { request.language(); }) {
    out.language = text::ParseLanguage("language", request.language(), bad);
    if (language && request.language().empty()) bad.Add("language", "is required");
  }
  return out;
}

absl::StatusOr<TranslationKey> Resolve(sql::Transaction& tx, const Named& named) {
  ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::ResolveChannel(tx, named.channel));
  return TranslationKey{channel.id, named.name, named.language};
}

absl::Status Locked() {
  return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_LOCKED",
               "A submission is under way; wait for its answer.");
}

// The template with its translation, for changes.
struct Loaded {
  Template t;
  const Translation* translation = nullptr;
};
absl::Status Load(sql::Transaction& tx, const TranslationKey& key, std::optional<int64_t> revision, Loaded& out) {
  ASSIGN_OR_RETURN(out.t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(api::CheckRevision("template", key.name, revision, out.t.revision));
  out.translation = out.t.Find(key.language);
  if (out.translation == nullptr) return NotFound("template", absl::StrCat(key.name, " in ", key.language));
  return absl::OkStatus();
}

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

absl::StatusOr<Template> Submit(sql::Transaction& tx, const Named& named, std::optional<int64_t> revision,
                                absl::Time now) {
  ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
  Loaded loaded;
  RETURN_IF_ERROR(Load(tx, key, revision, loaded));
  if (loaded.translation->state == TranslationState::kSubmitting) return Locked();
  if (!loaded.translation->draft) {
    return Error(absl::StatusCode::kFailedPrecondition, "TEMPLATE_LOCKED",
                 "There is no draft to submit; WhatsApp has the newest version.");
  }
  if (loaded.translation->state == TranslationState::kProvider && !StatusEditable(loaded.translation->status))
    return Locked();
  const LintInput input{key.name, key.language, loaded.translation->category, loaded.t.variable_format,
                        loaded.translation->draft->components};
  ASSIGN_OR_RETURN(const AccountFacts facts, TemplateRepository::Facts(tx, key, input.components));
  const std::vector<Finding> findings = LintTemplate(input, facts);
  if (HasErrors(findings)) return LintErrors(findings);
  RETURN_IF_ERROR(TemplateRepository::Freeze(tx, key, now));
  const std::string payload = absl::StrCat(key.channel_id.ToString(), "\n", key.name, "\n", key.language);
  RETURN_IF_ERROR(jobs::Enqueue(tx, {.kind = kJobSubmitTemplate, .key = payload, .due_at = now, .payload = payload}));
  ASSIGN_OR_RETURN(Template t, TemplateRepository::Get(tx, key.channel_id, key.name));
  RETURN_IF_ERROR(AnnounceTemplate(tx, t, *t.Find(key.language), "template.submitted", now));
  return t;
}

}  // namespace

TemplateService::TemplateService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
TemplateService::~TemplateService() = default;

void TemplateService::CreateTemplate(rpc::Call<v1::CreateTemplateRequest, v1::Template> call) {
  const v1::CreateTemplateRequest& request = call.request();
  FieldViolations bad;
  const Named named = ParseNamed(request, true, bad);
  const Category category = ParseCategory(request.category(), "category", true, bad);
  const VariableFormat format = ParseFormat(request.variable_format());
  TemplateComponents components = ParseComponents(request.components(), "components", bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [named, category, format, components = std::move(components),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Template> {
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        ASSIGN_OR_RETURN(const std::optional<Template> existing,
                         TemplateRepository::Find(tx, key.channel_id, key.name));
        if (existing && existing->Find(key.language) != nullptr) {
          return Error(absl::StatusCode::kAlreadyExists, "TEMPLATE_EXISTS",
                       "This template has this language already; use UpdateDraft.");
        }
        if (existing && existing->variable_format != format) {
          FieldViolations mixed;
          mixed.Add("variable_format", "must agree with the template's other translations");
          return mixed.ToStatus();
        }
        RETURN_IF_ERROR(TemplateRepository::Create(tx, key, format, category, components, now));
        return TemplateRepository::Get(tx, key.channel_id, key.name);
      },
      call.Reply(RenderTemplate));
}

void TemplateService::UpdateDraft(rpc::Call<v1::UpdateDraftRequest, v1::Template> call) {
  const v1::UpdateDraftRequest& request = call.request();
  FieldViolations bad;
  const Named named = ParseNamed(request, true, bad);
  const Category category = ParseCategory(request.category(), "category", false, bad);
  TemplateComponents components = ParseComponents(request.components(), "components", bad);
  const std::optional<int64_t> revision = api::ParseEtag(request.etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [named, category, revision, components = std::move(components),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Template> {
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        Loaded loaded;
        RETURN_IF_ERROR(Load(tx, key, revision, loaded));
        if (loaded.translation->state == TranslationState::kSubmitting) return Locked();
        const Category kept = category == Category::kUnspecified ? loaded.translation->category : category;
        RETURN_IF_ERROR(TemplateRepository::SaveDraft(tx, key, kept, components, now));
        return TemplateRepository::Get(tx, key.channel_id, key.name);
      },
      call.Reply(RenderTemplate));
}

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

void TemplateService::GetTemplate(rpc::Call<v1::GetTemplateRequest, v1::Template> call) {
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), false, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto read = [&](sql::Transaction& tx) -> absl::StatusOr<Template> {
    ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
    return TemplateRepository::Get(tx, key.channel_id, key.name);
  };
  call.Answer(context_.db.ReadInline(call.scope(), read), RenderTemplate);
}

void TemplateService::ListTemplates(rpc::Call<v1::ListTemplatesRequest, v1::ListTemplatesResponse> call) {
  FieldViolations bad;
  const std::optional<Uuid> channel = text::ParseOptionalUuid("channel_id", call.request().channel_id(), bad);
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant, filter = call.request().channel_id();
  const auto scope = [tenant, filter] {
    return api::PageScope{tenant, "messaging.TemplateService.ListTemplates", filter, "name"};
  };
  const absl::StatusOr<std::optional<api::PageKey>> key =
      api::ParsePageToken(scope(), call.request().page_token(), "s");
  if (!key.ok()) return call.Fail(key.status());
  const std::string after = *key ? std::get<std::string>((**key)[0]) : "";
  context_.db.ReadOnPool(
      call.scope(),
      [channel, after, size](sql::Transaction& tx) -> absl::StatusOr<std::vector<Template>> {
        ASSIGN_OR_RETURN(const Channel resolved, ChannelRepository::ResolveChannel(tx, channel));
        return TemplateRepository::List(tx, resolved.id, after, size + 1);
      },
      call.Reply([size, tenant, filter](const std::vector<Template>& rows, v1::ListTemplatesResponse* out) {
        for (int i = 0; i < size && i < static_cast<int>(rows.size()); ++i)
          RenderTemplate(rows[i], out->add_templates());
        if (static_cast<int>(rows.size()) <= size) return;
        const api::PageScope bound{tenant, "messaging.TemplateService.ListTemplates", filter, "name"};
        out->set_next_page_token(api::EncodePageToken(bound, {rows[size - 1].name}));
      }));
}

void TemplateService::LintTemplate(rpc::Call<v1::LintTemplateRequest, v1::LintTemplateResponse> call) {
  const v1::LintTemplateRequest& request = call.request();
  FieldViolations bad;
  Named named = ParseNamed(request, true, bad);
  LintInput input{request.name(), named.language,
                  ParseCategory(request.category(), "category", request.has_components(), bad),
                  ParseFormat(request.variable_format()), ParseComponents(request.components(), "components", bad)};
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [named, input,
       inline_given = request.has_components()](sql::Transaction& tx) -> absl::StatusOr<std::vector<Finding>> {
        LintInput lint = input;
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        if (!inline_given) {
          Loaded loaded;
          RETURN_IF_ERROR(Load(tx, key, std::nullopt, loaded));
          lint.category = loaded.translation->category;
          lint.format = loaded.t.variable_format;
          lint.components = loaded.translation->draft ? loaded.translation->draft->components
                                                      : loaded.translation->submitted->components;
        }
        ASSIGN_OR_RETURN(const AccountFacts facts, TemplateRepository::Facts(tx, key, lint.components));
        return messaging::LintTemplate(lint, facts);
      },
      call.Reply([](const std::vector<Finding>& findings, v1::LintTemplateResponse* out) {
        RenderFindings(findings, out->mutable_findings());
        out->set_submittable(!HasErrors(findings));
      }));
}

void TemplateService::PreviewTemplate(rpc::Call<v1::PreviewTemplateRequest, v1::PreviewTemplateResponse> call) {
  FieldViolations bad;
  const Named named = ParseNamed(call.request(), true, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  PlaceValues values(call.request().values().begin(), call.request().values().end());
  context_.db.ReadOnPool(
      call.scope(),
      [named, values](sql::Transaction& tx) -> absl::StatusOr<RenderedTemplate> {
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        Loaded loaded;
        RETURN_IF_ERROR(Load(tx, key, std::nullopt, loaded));
        const TemplateComponents& c = loaded.translation->draft ? loaded.translation->draft->components
                                                                : loaded.translation->submitted->components;
        PlaceValues used = values.empty() ? c.examples : values;
        FieldViolations wrong;
        if (!values.empty()) {
          for (const ParameterProblem& p : CheckValues(c, loaded.translation->category, used))
            wrong.Add(absl::StrCat("values[", p.place, "]"), p.reason);
        }
        if (!wrong.empty()) return wrong.ToStatus("TEMPLATE_PARAMETERS");
        return Render(c, used);
      },
      call.Reply([](const RenderedTemplate& r, v1::PreviewTemplateResponse* out) {
        RenderRendered(r, out->mutable_rendered());
      }));
}

}  // namespace vinculo::messaging
