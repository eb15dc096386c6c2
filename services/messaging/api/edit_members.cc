#include "services/messaging/api/edit_members.h"

#include "absl/strings/str_cat.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_parse.h"

namespace vinculo::messaging {
namespace {

constexpr size_t kBatch = 200;
constexpr int kMaxProblems = 100;
constexpr int kMaxVariables = 64;

}  // namespace

void EditMembersStream::OnMessage(const v1::EditMembersRequest& message) {
  if (!list_) {
    if (const absl::Status begun = Begin(message); !begun.ok()) return Finish(begun);
    return Next();
  }
  Add(message);
  if (pending_.size() < kBatch) return Next();
  const auto self = std::static_pointer_cast<EditMembersStream>(shared_from_this());
  Drain([self] { self->Next(); });
}

absl::Status EditMembersStream::Begin(const v1::EditMembersRequest& message) {
  FieldViolations bad;
  const Uuid list = text::ParseUuid("list_id", message.list_id(), bad);
  RETURN_IF_ERROR(bad.ToStatus());
  RETURN_IF_ERROR(
      context_.db.ReadInline(scope(), [&](sql::Transaction& tx) { return ListRepository::Get(tx, list); }).status());
  list_ = list;
  return absl::OkStatus();
}

void EditMembersStream::Add(const v1::EditMembersRequest& message) {
  FieldViolations bad;
  Item item{.number = ++number_};
  switch (message.part_case()) {
    case v1::EditMembersRequest::kPut:
      item.contact = text::ParseUuid("put.contact_id", message.put().contact_id(), bad);
      text::CheckCount("put.variables", message.put().variables_size(), kMaxVariables, bad);
      for (const auto& [name, value] : message.put().variables()) {
        const std::string field = absl::StrCat("put.variables[", name, "]");
        item.variables[text::ParseSlug(field, name, bad)] = text::ParseText(field, value, {.max = 1024}, bad);
      }
      break;
    case v1::EditMembersRequest::kRemoveContactId:
      item.contact = text::ParseUuid("remove_contact_id", message.remove_contact_id(), bad);
      item.remove = true;
      break;
    default:
      bad.Add("part", "a member to put or to remove is required");
  }
  if (!bad.empty()) return Reject(item.number, bad.ToStatus());
  pending_.push_back(std::move(item));
}

void EditMembersStream::Reject(int64_t number, const absl::Status& why) {
  response_.set_rejected(response_.rejected() + 1);
  if (response_.problems_size() >= kMaxProblems) return;
  v1::EditMembersProblem* problem = response_.add_problems();
  problem->set_item(number);
  problem->set_code(std::string(ErrorReason(why)));
  problem->set_fix(std::string(why.message()));
}

void EditMembersStream::Drain(absl::AnyInvocable<void()> then) {
  if (pending_.empty()) return then();
  auto items = std::make_shared<std::vector<Item>>(std::move(pending_));
  pending_.clear();
  const auto self = std::static_pointer_cast<EditMembersStream>(shared_from_this());
  context_.db.Write(
      scope(), [self, items](sql::Transaction& tx) { return self->Apply(tx, *items); },
      [self, items, then = std::move(then)](absl::StatusOr<std::vector<Outcome>> outcomes) mutable {
        if (!outcomes.ok()) return self->Finish(outcomes.status());
        for (size_t i = 0; i < items->size(); ++i) {
          const Outcome& o = (*outcomes)[i];
          if (!o.code.empty()) {
            self->Reject((*items)[i].number, Error(absl::StatusCode::kFailedPrecondition, o.code, o.fix));
          } else if (o.changed) {
            self->response_.set_changed(self->response_.changed() + 1);
          } else {
            self->response_.set_unchanged(self->response_.unchanged() + 1);
          }
        }
        then();
      });
}

absl::StatusOr<std::vector<EditMembersStream::Outcome>> EditMembersStream::Apply(sql::Transaction& tx,
                                                                                 const std::vector<Item>& items) const {
  ASSIGN_OR_RETURN(const ContactList list, ListRepository::Get(tx, *list_));
  int64_t members = list.members;
  std::vector<Outcome> out;
  for (const Item& item : items) {
    ASSIGN_OR_RETURN(Outcome outcome, ApplyOne(tx, item, members));
    out.push_back(std::move(outcome));
  }
  return out;
}

absl::StatusOr<EditMembersStream::Outcome> EditMembersStream::ApplyOne(sql::Transaction& tx, const Item& item,
                                                                       int64_t& members) const {
  const absl::StatusOr<Contact> contact = context_.contacts.Get(tx, item.contact);
  if (absl::IsNotFound(contact.status())) return Outcome{false, "CONTACT_NOT_FOUND", "There is no such contact."};
  RETURN_IF_ERROR(contact.status());
  if (item.remove) {
    ASSIGN_OR_RETURN(const bool removed, ListRepository::RemoveMember(tx, *list_, contact->id));
    members -= removed ? 1 : 0;
    return Outcome{removed, "", ""};
  }
  if (contact->state != ContactState::kActive) return Outcome{false, "CONTACT_ERASED", "This person was forgotten."};
  if (members >= kMaxMembers) return Outcome{false, "QUOTA_EXCEEDED", std::string(ListFull().message())};
  ASSIGN_OR_RETURN(const bool changed, ListRepository::PutMember(tx, *list_, contact->id, item.variables));
  members += changed ? 1 : 0;
  return Outcome{changed, "", ""};
}

void EditMembersStream::OnEnd() {
  if (!list_) {
    FieldViolations bad;
    bad.Add("list_id", "is required in the first message");
    return Finish(bad.ToStatus());
  }
  const auto self = std::static_pointer_cast<EditMembersStream>(shared_from_this());
  Drain([self] { self->Reply(self->response_); });
}

}  // namespace vinculo::messaging
