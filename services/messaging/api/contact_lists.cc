// ContactService's lists and who stands on them.
#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/jobs/job_queue.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/edit_members.h"
#include "services/messaging/api/render.h"
#include "services/messaging/job_kinds.h"

namespace vinculo::messaging {
namespace {

constexpr int kMaxLists = 1000;

std::string ParseListName(const std::string& name, FieldViolations& bad) {
  return text::ParseText("display_name", name, {.min = 1, .max = 200, .single_line = true}, bad);
}

}  // namespace

void ContactService::CreateList(rpc::Call<v1::CreateListRequest, v1::ContactList> call) {
  FieldViolations bad;
  const ContactList list{Uuid::New(call.now()), ParseListName(call.request().display_name(), bad), 0, call.now()};
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [list](sql::Transaction& tx) -> absl::StatusOr<ContactList> {
        ASSIGN_OR_RETURN(const int64_t lists, ListRepository::Count(tx));
        if (lists >= kMaxLists) {
          return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
                       absl::StrCat("A tenant has at most ", kMaxLists, " lists; delete one."));
        }
        RETURN_IF_ERROR(ListRepository::Insert(tx, list));
        return list;
      },
      call.Reply(RenderList));
}

void ContactService::GetList(rpc::Call<v1::GetListRequest, v1::ContactList> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("list_id", call.request().list_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return ListRepository::Get(tx, id); }),
              RenderList);
}

void ContactService::ListLists(rpc::Call<v1::ListListsRequest, v1::ListListsResponse> call) {
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.ContactService.ListLists", call.request());
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [page = *page](sql::Transaction& tx) { return ListRepository::List(tx, page.after, page.size + 1); },
      call.Reply([page = *page](std::vector<ContactList> rows, v1::ListListsResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const ContactList& l) { return l.id; }));
        for (const ContactList& l : rows) RenderList(l, out->add_lists());
      }));
}

void ContactService::UpdateList(rpc::Call<v1::UpdateListRequest, v1::ContactList> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("list_id", call.request().list_id(), bad);
  const std::string name = ParseListName(call.request().display_name(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().etag(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, name, etag](sql::Transaction& tx) -> absl::StatusOr<ContactList> {
        ASSIGN_OR_RETURN(ContactList list, ListRepository::Get(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("list", id.ToString(), etag, list.revision));
        list.display_name = name;
        RETURN_IF_ERROR(ListRepository::Rename(tx, list));
        return list;
      },
      call.Reply(RenderList));
}

void ContactService::DeleteList(rpc::Call<v1::DeleteListRequest, v1::DeleteListResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("list_id", call.request().list_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<bool> {
        RETURN_IF_ERROR(ListRepository::Get(tx, id).status());
        RETURN_IF_ERROR(ListRepository::Delete(tx, id));
        RETURN_IF_ERROR(
            jobs::Enqueue(tx, {.kind = kJobEmptyList, .key = id.ToString(), .due_at = now, .payload = id.ToString()}));
        return true;
      },
      call.Reply([](bool, v1::DeleteListResponse*) {}));
}

void ContactService::ListMembers(rpc::Call<v1::ListMembersRequest, v1::ListMembersResponse> call) {
  FieldViolations bad;
  const Uuid list = text::ParseUuid("list_id", call.request().list_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.ContactService.ListMembers", call.request());
  if (!page.ok()) return call.Fail(page.status());
  using Rows = std::vector<ContactRepository::Member>;
  context_.db.ReadOnPool(
      call.scope(),
      [list, page = *page, contacts = &context_.contacts](sql::Transaction& tx) -> absl::StatusOr<Rows> {
        RETURN_IF_ERROR(ListRepository::Get(tx, list).status());
        return contacts->Page(tx, list, page.after, page.size + 1);
      },
      call.Reply([list, page = *page](Rows rows, v1::ListMembersResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const ContactRepository::Member& m) { return m.contact.id; }));
        for (const ContactRepository::Member& m : rows) {
          v1::ListMembership* member = out->add_members();
          member->set_list_id(list.ToString());
          member->set_contact_id(m.contact.id.ToString());
          member->mutable_variables()->insert(m.variables.begin(), m.variables.end());
        }
      }));
}

rpc::ReadStream<v1::EditMembersRequest, v1::EditMembersResponse>* ContactService::EditMembers(
    rpc::StreamContext stream) {
  return new EditMembersStream(std::move(stream), context_);
}

}  // namespace vinculo::messaging
