#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {
namespace {

class QueuedLane {
 public:
  explicit QueuedLane(IntentCommit& commit) : c_(commit) {}

  absl::Status Take(Lane lane, int limit) {
    if (limit <= 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(std::vector<Message> due,
                     MessageRepository::Due(c_.tx, c_.request.sender_id, lane, c_.request.now, limit));
    c_.batch.more = c_.batch.more || static_cast<int>(due.size()) == limit;
    for (Message& m : due) RETURN_IF_ERROR(TakeOne(m));
    return absl::OkStatus();
  }

 private:
  absl::Status TakeOne(Message& m) {
    if (m.lane == Lane::kTransactional && c_.busy.contains(m.contact_id)) return absl::OkStatus();
    if (c_.request.now >= m.expire_at) return GiveUp(m, "QUEUE_EXPIRED");
    ASSIGN_OR_RETURN(const Contact contact, c_.contacts.Get(c_.tx, m.contact_id));
    ASSIGN_OR_RETURN(const Window window, WindowRepository::Get(c_.tx, m.sender_id, m.contact_id));
    const Message before = m;
    absl::string_view block = Check(contact, m, window.IsOpen(c_.request.now));
    if (block == "WINDOW_CLOSED" && m.fallback) {
      ASSIGN_OR_RETURN(const bool replaced, UseFallback(m));
      block = replaced ? Check(contact, m, false) : "TEMPLATE_NOT_SENDABLE";
    }
    if (block.empty()) {
      if (const auto* content = std::get_if<TemplateContent>(&m.content)) {
        ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(content->name));
        const Translation* translation = t->Find(content->language);
        // Waits for its own expiry: the template may be approved again.
        if (translation == nullptr || !translation->Sendable()) return Postpone(m, absl::Seconds(30));
      }
    }
    if (!block.empty()) return GiveUp(before, block);
    c_.MarkSending(m);
    RETURN_IF_ERROR(MessageRepository::Update(c_.tx, m));
    return c_.Begin(std::move(m), contact);
  }

  static absl::string_view Check(const Contact& contact, const Message& m, bool window_open) {
    const bool is_template = std::holds_alternative<TemplateContent>(m.content);
    return SendBlock(
        contact.permissions(),
        {.is_template = is_template, .category = m.category, .needs_phone = m.category == Category::kAuthentication},
        window_open);
  }

  absl::StatusOr<bool> UseFallback(Message& m) {
    ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(m.fallback->name));
    const Translation* translation = t->Find(m.fallback->language);
    if (translation == nullptr || !translation->Sendable()) return false;
    m.version = translation->submitted->version;
    m.category = translation->category;
    m.content = *std::move(m.fallback);
    m.fallback.reset();
    return true;
  }

  absl::Status Postpone(Message m, absl::Duration by) {
    m.due_at = c_.request.now + by;
    return MessageRepository::UpdateProgress(c_.tx, m);
  }

  absl::Status GiveUp(const Message& before, absl::string_view reason) {
    Message m = before;
    m.progress.phase = Phase::kGivenUp;
    m.progress.failed_at = c_.request.now;
    m.progress.error_reason = std::string(reason);
    return Settle(c_.tx, before, m, c_.deltas, c_.request.now);
  }

  IntentCommit& c_;
};

}  // namespace

absl::Status TakeQueued(IntentCommit& commit, Lane lane, int limit) { return QueuedLane(commit).Take(lane, limit); }

}  // namespace vinculo::messaging
