#include <algorithm>

#include "common/status/status_macros.h"
#include "services/messaging/marketing_record.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/media_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/intent_commit.h"

namespace vinculo::messaging {
namespace {

constexpr int kPages = 4;
constexpr absl::Duration kTemplateWait = absl::Seconds(30);

class QueuedLane {
 public:
  explicit QueuedLane(IntentCommit& commit) : c_(commit) {}

  // Who waits for an earlier message of theirs makes room for those behind, a few pages deep.
  absl::Status Take(Lane lane, int limit) {
    MessageRepository::DuePosition after;
    const size_t wanted = c_.batch.intents.size() + static_cast<size_t>(std::max(0, limit));
    for (int page = 0; page < kPages && c_.batch.intents.size() < wanted; ++page) {
      ASSIGN_OR_RETURN(std::vector<Message> due,
                       MessageRepository::Due(c_.tx, c_.request.sender_id, lane, c_.request.now, after, limit));
      for (Message& m : due) {
        after = {m.due_at, m.id};
        if (c_.batch.intents.size() == wanted) break;
        RETURN_IF_ERROR(TakeOne(m));
      }
      const bool full = static_cast<int>(due.size()) == limit;
      c_.batch.more = c_.batch.more || (full && c_.batch.intents.size() == wanted);
      if (!full) break;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status TakeOne(Message& m) {
    const absl::Time now = c_.request.now;
    if (m.lane == Lane::kTransactional && c_.busy.contains(m.contact_id)) return absl::OkStatus();
    if (now >= m.expire_at) return GiveUp(m, "QUEUE_EXPIRED");
    ASSIGN_OR_RETURN(const Addressee to, c_.FindAddressee(m.contact_id));
    ASSIGN_OR_RETURN(const Policy* policy, c_.LoadPolicy());
    const Message before = m;
    ASSIGN_OR_RETURN(const Translation* translation, TakeCategory(m));
    if (m.lane != before.lane) return ChangeLane(before, m);
    const bool open = to.WindowOpen(now);
    absl::string_view block = Check(to.contact, m, *policy, open);
    const bool fallback = block == "WINDOW_CLOSED" && m.fallback;
    if (fallback) {
      ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(m.fallback->name));
      const bool replaced = TakeFallback(m, t);
      if (m.lane != before.lane) return ChangeLane(before, m);
      block = replaced ? Check(to.contact, m, *policy, false) : "TEMPLATE_NOT_SENDABLE";
    } else if (block.empty() && std::holds_alternative<TemplateContent>(m.content)) {
      // Waits for its own expiry: the template may be approved again.
      if (translation == nullptr || !translation->Sendable()) return Postpone(before, now + kTemplateWait);
    }
    const bool marketing = m.category == Category::kMarketing && !m.test;
    if (block.empty() && marketing) {
      if (to.contact.Rests(now)) block = "PROVIDER_CAP";
      ASSIGN_OR_RETURN(const bool within_cap, c_.CapAllows(to.contact));
      if (!within_cap && !IsCounted(before)) block = "FREQUENCY_CAP";
    }
    if (block.empty()) {
      ASSIGN_OR_RETURN(const std::optional<std::string> ended,
                       MediaRepository::FirstEnded(c_.tx, MediaIds(m.content), c_.request.now));
      if (ended) block = "MEDIA_EXPIRED";
    }
    if (!block.empty()) return GiveUp(before, block);
    if (marketing) {
      ASSIGN_OR_RETURN(const absl::Time opens, c_.MarketingOpensAt(to.contact));
      if (opens > now) return Postpone(before, opens);
    }
    const absl::Time pair = PairFreeAt(to.PairDebt(now), kPairDebtSend, now);
    if (pair > now) return PostponeContact(before, pair);
    if (NeedsReach(to, m.content, now) && !c_.ReachAllows(to, m.lane)) {
      ASSIGN_OR_RETURN(const absl::Time free, c_.ReachFreeAt());
      return Postpone(before, free);
    }
    return Begin(before, std::move(m), to, fallback);
  }

  // What the template is now decides, whatever it was when the message was asked for: its category, and so its lane
  // [M-27] [M-47]. Returns its translation; none when the content is no template or it is gone.
  absl::StatusOr<const Translation*> TakeCategory(Message& m) {
    const auto* content = std::get_if<TemplateContent>(&m.content);
    if (content == nullptr) return nullptr;
    ASSIGN_OR_RETURN(const Template* t, c_.LoadTemplate(content->name));
    const Translation* translation = t->Find(content->language);
    if (translation == nullptr) return nullptr;
    m.category = translation->category;
    m.lane = LaneOf(m.content, m.category);
    if (m.lane == Lane::kBulk) m.resend = ResendPolicy::kNever;
    return translation;
  }

  // Its turn comes with those of its new lane.
  absl::Status ChangeLane(const Message& before, Message& m) {
    c_.batch.more = true;
    KeepBegunCategory(before, m);
    return MessageRepository::Update(c_.tx, m);
  }

  absl::Status Begin(const Message& before, Message m, const Addressee& to, bool content_changed) {
    const bool changed = content_changed || m.category != before.category;
    m.wamid.clear();  // that of an attempt that failed
    RETURN_IF_ERROR(c_.RecountMarketing(to.contact, before, m));
    c_.MarkSending(m);
    RETURN_IF_ERROR(changed ? MessageRepository::Update(c_.tx, m) : MessageRepository::UpdateProgress(c_.tx, m));
    RETURN_IF_ERROR(c_.Charge(to, m));
    return c_.Begin(std::move(m), to.contact);
  }

  static absl::string_view Check(const Contact& contact, const Message& m, const Policy& policy, bool window_open) {
    const bool is_template = std::holds_alternative<TemplateContent>(m.content);
    return SendBlock(contact.permissions(),
                     {.is_template = is_template,
                      .category = m.category,
                      .needs_phone = m.category == Category::kAuthentication,
                      .test = m.test},
                     policy, window_open);
  }

  // Waits for long, and lets later messages of the contact pass.
  absl::Status Postpone(Message m, absl::Time until) {
    m.due_at = std::min(until, m.expire_at);
    return MessageRepository::UpdateProgress(c_.tx, m);
  }

  // Waits a little, and what was asked for later waits behind it.
  absl::Status PostponeContact(const Message& m, absl::Time until) {
    c_.busy.insert(m.contact_id);
    return MessageRepository::PostponeContact(c_.tx, m, std::min(until, m.expire_at));
  }

  absl::Status GiveUp(const Message& before, absl::string_view reason) {
    return messaging::GiveUp(c_.tx, before, reason, c_.deltas, c_.request.now);
  }

  IntentCommit& c_;
};

}  // namespace

absl::Status TakeQueued(IntentCommit& commit, Lane lane, int limit) { return QueuedLane(commit).Take(lane, limit); }

}  // namespace vinculo::messaging
