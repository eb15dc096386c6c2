#include "services/messaging/api/template_service.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/api/template_request.h"
#include "services/messaging/store/template_account_repository.h"

namespace vinculo::messaging {

absl::Status CheckNewTranslation(sql::Transaction& tx, const TranslationKey& key, VariableFormat format) {
  ASSIGN_OR_RETURN(const std::optional<Template> existing, TemplateRepository::Find(tx, key.channel_id, key.name));
  if (!existing) return absl::OkStatus();
  const Translation* same = existing->Find(key.language);
  if (same != nullptr && same->Exists()) {
    return Error(absl::StatusCode::kAlreadyExists, "TEMPLATE_EXISTS",
                 "This template has this language already; use UpdateDraft.");
  }
  // The deletion of a whole name takes every language, also one that comes after it.
  if (absl::c_any_of(existing->translations, [](const Translation& x) { return x.status == "PENDING_DELETION"; }))
    return Locked("WhatsApp is still deleting under this name; try again once it is DELETED.");
  const bool alive = absl::c_any_of(existing->translations, [](const Translation& x) { return x.Exists(); });
  if (!alive || existing->variable_format == format) return absl::OkStatus();
  FieldViolations mixed;
  mixed.Add("variable_format", "must agree with the template's other translations");
  return mixed.ToStatus();
}

namespace {

// What a template shows without values: its examples, of which a coupon is its own.
PlaceValues ExamplesOf(const TemplateComponents& c) {
  PlaceValues out = c.examples;
  for (size_t i = 0; i < c.buttons.size(); ++i) {
    if (c.buttons[i].kind == ButtonKind::kCopyCode)
      out.try_emplace(absl::StrCat("button.", i), c.buttons[i].coupon_code);
  }
  return out;
}

}  // namespace

TemplateService::TemplateService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
TemplateService::~TemplateService() = default;

void TemplateService::CreateTemplate(rpc::Call<v1::CreateTemplateRequest, v1::Template> call) {
  const v1::CreateTemplateRequest& request = call.request();
  FieldViolations bad;
  const Named named = ParseNamed(request, true, bad);
  const Category category = ParseCategory(request.category(), "category", true, bad);
  const VariableFormat format = ParseFormat(request.variable_format(), bad);
  if (!request.has_components()) bad.Add("components", "is required");
  TemplateComponents components = ParseComponents(request.components(), "components", bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [named, category, format, components = std::move(components),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Template> {
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        RETURN_IF_ERROR(CheckNewTranslation(tx, key, format));
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
  if (!request.has_components()) bad.Add("components", "is required");
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
        const Translation& is = *loaded.translation;
        if (is.state == TranslationState::kSubmitting) return UnderWay();
        if (!is.Exists()) return Locked("This translation was deleted; CreateTemplate begins it anew.");
        const Category now_is = is.draft && !is.Sendable() ? is.draft->category : is.category;
        const Category kept = category == Category::kUnspecified ? now_is : category;
        if (is.Sendable() && kept != is.category) {
          FieldViolations fixed;
          fixed.Add("category", "is fixed once WhatsApp has approved; copy the template under another name");
          return fixed.ToStatus();
        }
        RETURN_IF_ERROR(TemplateRepository::SaveDraft(tx, key, kept, components, now));
        return TemplateRepository::Get(tx, key.channel_id, key.name);
      },
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
  LintInput input{
      request.name(), named.language, ParseCategory(request.category(), "category", request.has_components(), bad),
      ParseFormat(request.variable_format(), bad), ParseComponents(request.components(), "components", bad)};
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [named, input, inline_given = request.has_components(), as_new = request.has_components() && !request.edit(),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<std::vector<Finding>> {
        LintInput lint = input;
        ASSIGN_OR_RETURN(const TranslationKey key, Resolve(tx, named));
        if (!inline_given) {
          Loaded loaded;
          RETURN_IF_ERROR(Load(tx, key, std::nullopt, loaded));
          const TemplateVersion* newest = NewestOf(*loaded.translation);
          if (newest == nullptr) return Locked("This translation was deleted; there is nothing to check.");
          lint.category = loaded.translation->Sendable() ? loaded.translation->category : newest->category;
          lint.format = loaded.t.variable_format;
          lint.components = newest->components;
        }
        ASSIGN_OR_RETURN(const AccountFacts facts,
                         TemplateAccountRepository::Facts(tx, key, lint.components, as_new, now));
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
        const TemplateVersion* newest = NewestOf(*loaded.translation);
        if (newest == nullptr) return Locked("This translation was deleted; there is nothing to show.");
        const TemplateComponents& c = newest->components;
        PlaceValues used = values.empty() ? ExamplesOf(c) : values;
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
