// Accounts, engagements and kinds of modules. What concerns single modules and their stages stands in module_rpcs.cc.
#include "services/lifecycle/api/lifecycle_service.h"

#include <algorithm>

#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/api/page.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/lifecycle/api/announce.h"
#include "services/lifecycle/api/paging.h"
#include "services/lifecycle/api/parse.h"
#include "services/lifecycle/api/render.h"
#include "services/lifecycle/limits.h"

namespace vinculo::lifecycle {
namespace {

absl::Status EngagementOpen(const Engagement& engagement) {
  return Error(absl::StatusCode::kAlreadyExists, "ENGAGEMENT_OPEN",
               "the client has an open engagement; add modules to that one",
               {{"engagement_id", engagement.id.ToString()}});
}

}  // namespace

LifecycleService::LifecycleService(rpc::Runtime& runtime, sql::Database& database, const Settings& settings,
                                   Metrics& metrics)
    : runtime_(runtime), db_(database), settings_(settings), metrics_(metrics) {}
LifecycleService::~LifecycleService() = default;

void LifecycleService::GetAccount(rpc::Call<v1::GetAccountRequest, v1::Account> call) {
  FieldViolations bad;
  const std::string id = ParseCustomerId("customer_id", call.request().customer_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(),
                             [&](sql::Transaction& tx) -> absl::StatusOr<AccountView> {
                               ASSIGN_OR_RETURN(Account account, accounts_.Get(tx, id));
                               return LoadAccountView(tx, std::move(account), settings_, call.now());
                             }),
              RenderAccount);
}

void LifecycleService::ListAccounts(rpc::Call<v1::ListAccountsRequest, v1::ListAccountsResponse> call) {
  const v1::ListAccountsRequest& request = call.request();
  FieldViolations bad;
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.LifecycleService.ListAccounts", FilterOf(request),
                             "customer_id"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "s");
  if (!token.ok()) return call.Fail(token.status());
  const std::string after = *token ? std::get<std::string>((**token)[0]) : "";
  db_.ReadOnPool(
      call.scope(),
      [this, filter = AccountFilter{request.owner_cs(), request.segment()}, after, size, scope,
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Page<AccountView>> {
        ASSIGN_OR_RETURN(std::vector<Account> accounts, accounts_.List(tx, filter, after, size + 1));
        Page<Account> page =
            CutPage(std::move(accounts), size, scope, [](const Account& a) { return api::PageKey{a.customer_id}; });
        Page<AccountView> views{{}, page.next_token};
        for (Account& account : page.items) {
          ASSIGN_OR_RETURN(AccountView view, LoadAccountView(tx, std::move(account), settings_, now));
          views.items.push_back(std::move(view));
        }
        return views;
      },
      call.Reply([](const Page<AccountView>& page, v1::ListAccountsResponse* out) {
        for (const AccountView& view : page.items) RenderAccount(view, out->add_accounts());
        out->set_next_page_token(page.next_token);
      }));
}

void LifecycleService::UpdateAccount(rpc::Call<v1::UpdateAccountRequest, v1::Account> call) {
  FieldViolations bad;
  const std::string id = ParseCustomerId("account.customer_id", call.request().account().customer_id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().account().etag(), bad, "account.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, id, etag, patch = call.request().account(), mask = call.request().update_mask(),
       now = call.now()](sql::Transaction& tx) -> absl::StatusOr<AccountView> {
        ASSIGN_OR_RETURN(Account account, accounts_.Get(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("account", id, etag, account.revision));
        ASSIGN_OR_RETURN(const AccountView before, LoadAccountView(tx, account, settings_, now));
        v1::Account target;
        RenderAccount(before, &target);
        RETURN_IF_ERROR(api::ApplyFieldMask(mask, patch, &target));
        FieldViolations bad;
        ParseAccountFields(target, account, bad);
        RETURN_IF_ERROR(bad.ToStatus());
        account.updated_at = now;
        RETURN_IF_ERROR(accounts_.Update(tx, account));
        return LoadAccountView(tx, std::move(account), settings_, now);
      },
      call.Reply(RenderAccount));
}

void LifecycleService::CreateEngagement(rpc::Call<v1::CreateEngagementRequest, v1::Engagement> call) {
  const v1::CreateEngagementRequest& request = call.request();
  FieldViolations bad;
  Engagement draft;
  draft.customer_id = ParseCustomerId("customer_id", request.customer_id(), bad);
  const std::string name =
      text::ParseText("account_name", request.account_name(), {.max = kMaxName, .single_line = true}, bad);
  draft.opened_at =
      ParsePastTime("opened_at", request.has_opened_at() ? &request.opened_at() : nullptr, call.now(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  draft.id = Uuid::New(call.now());
  db_.Write(
      call.scope(),
      [this, draft, name, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Engagement> {
        Engagement engagement = draft;
        ASSIGN_OR_RETURN(const std::optional<Engagement> latest, engagements_.FindLatest(tx, engagement.customer_id));
        if (latest && !latest->closed_at) return EngagementOpen(*latest);
        if (latest && *latest->closed_at > engagement.opened_at) {
          FieldViolations bad;
          bad.Add("opened_at", "must not be before the end of the engagement before");
          return bad.ToStatus();
        }
        if (latest) engagement.sequence_no = latest->sequence_no + 1;
        ASSIGN_OR_RETURN(std::optional<Account> account, accounts_.Find(tx, engagement.customer_id));
        if (!account) {
          Account fresh;
          fresh.customer_id = engagement.customer_id;
          fresh.name = name;
          fresh.created_at = fresh.updated_at = now;
          RETURN_IF_ERROR(accounts_.Insert(tx, fresh));
        } else if (account->name.empty() && !name.empty()) {
          account->name = name;
          account->updated_at = now;
          RETURN_IF_ERROR(accounts_.Update(tx, *account));
        }
        RETURN_IF_ERROR(engagements_.Insert(tx, engagement));
        RETURN_IF_ERROR(AnnounceEngagement(tx, engagement, now));
        return engagement;
      },
      call.Reply(RenderEngagement));
}

void LifecycleService::GetEngagement(rpc::Call<v1::GetEngagementRequest, v1::Engagement> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("engagement_id", call.request().engagement_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(db_.ReadInline(call.scope(), [&](sql::Transaction& tx) { return engagements_.Get(tx, id); }),
              RenderEngagement);
}

void LifecycleService::ListEngagements(rpc::Call<v1::ListEngagementsRequest, v1::ListEngagementsResponse> call) {
  const v1::ListEngagementsRequest& request = call.request();
  FieldViolations bad;
  const std::string customer = ParseCustomerId("customer_id", request.customer_id(), bad);
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.LifecycleService.ListEngagements", FilterOf(request),
                             "sequence_no"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "i");
  if (!token.ok()) return call.Fail(token.status());
  const int64_t after = *token ? std::get<int64_t>((**token)[0]) : 0;
  db_.ReadOnPool(
      call.scope(),
      [this, customer, after, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<Engagement>> {
        ASSIGN_OR_RETURN(std::vector<Engagement> list, engagements_.List(tx, customer, after, size + 1));
        return CutPage(std::move(list), size, scope, [](const Engagement& e) { return api::PageKey{e.sequence_no}; });
      },
      call.Reply([](const Page<Engagement>& page, v1::ListEngagementsResponse* out) {
        for (const Engagement& engagement : page.items) RenderEngagement(engagement, out->add_engagements());
        out->set_next_page_token(page.next_token);
      }));
}

void LifecycleService::PutModuleDef(rpc::Call<v1::PutModuleDefRequest, v1::ModuleDef> call) {
  FieldViolations bad;
  const ModuleDef draft = ParseModuleDef(call.request().module_def(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().module_def().etag(), bad, "module_def.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  db_.Write(
      call.scope(),
      [this, draft, etag](sql::Transaction& tx) -> absl::StatusOr<ModuleDef> {
        ModuleDef def = draft;
        ASSIGN_OR_RETURN(const std::vector<ModuleDef> all, defs_.ListAll(tx));
        const auto present =
            std::find_if(all.begin(), all.end(), [&](const ModuleDef& d) { return d.module_key == def.module_key; });
        if (present == all.end() && all.size() >= kMaxModuleDefs) {
          return Error(absl::StatusCode::kResourceExhausted, "QUOTA",
                       absl::StrCat("a tenant has at most ", kMaxModuleDefs, " modules"));
        }
        const int64_t revision = present == all.end() ? 0 : present->revision;
        RETURN_IF_ERROR(api::CheckRevision("module def", def.module_key, etag, revision));
        def.revision = revision + 1;
        RETURN_IF_ERROR(defs_.Put(tx, def));
        return def;
      },
      call.Reply(RenderModuleDef));
}

void LifecycleService::ListModuleDefs(rpc::Call<v1::ListModuleDefsRequest, v1::ListModuleDefsResponse> call) {
  const v1::ListModuleDefsRequest& request = call.request();
  FieldViolations bad;
  const int size = api::ParsePageSize(request.page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const api::PageScope scope{call.scope().tenant(), "lifecycle.LifecycleService.ListModuleDefs", "", "module_key"};
  const auto token = api::ParsePageToken(scope, request.page_token(), "s");
  if (!token.ok()) return call.Fail(token.status());
  const std::string after = *token ? std::get<std::string>((**token)[0]) : "";
  db_.ReadOnPool(
      call.scope(),
      [this, after, size, scope](sql::Transaction& tx) -> absl::StatusOr<Page<ModuleDef>> {
        ASSIGN_OR_RETURN(std::vector<ModuleDef> defs, defs_.ListAll(tx));
        std::erase_if(defs, [&](const ModuleDef& d) { return d.module_key <= after; });
        return CutPage(std::move(defs), size, scope, [](const ModuleDef& d) { return api::PageKey{d.module_key}; });
      },
      call.Reply([](const Page<ModuleDef>& page, v1::ListModuleDefsResponse* out) {
        for (const ModuleDef& def : page.items) RenderModuleDef(def, out->add_module_defs());
        out->set_next_page_token(page.next_token);
      }));
}

}  // namespace vinculo::lifecycle
