#include "common/status/status_macros.h"
#include "services/messaging/announce.h"
#include "services/messaging/settle.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/work/inbox_apply.h"
#include "services/messaging/work/status_effects.h"

namespace vinculo::messaging {
namespace {

// As far as we have a kind for it; the platform writes both directions alike.
Content OutboundOf(const InboundContent& c) {
  switch (c.kind) {
    case InboundKind::kMedia:
      return MediaContent{ParseMediaKind(c.type), {c.media_id, ""}, c.text, c.filename};
    case InboundKind::kLocation:
      return LocationContent{c.latitude, c.longitude, c.place_name, c.place_address};
    case InboundKind::kReaction:
      return ReactionContent{c.target_wamid, c.text};
    default:
      return c.text.empty() ? Content() : TextContent{c.text};
  }
}

}  // namespace

absl::StatusOr<ItemResult> ApplyEcho(const ApplyContext& c, const EchoItem& item) {
  ASSIGN_OR_RETURN(const std::optional<Message> known, MessageRepository::FindByWamid(c.tx, item.wamid));
  if (known) return ItemResult::kDuplicate;
  ASSIGN_OR_RETURN(const Contact contact, ContactOf(c.tx, c.contacts, item.to_wa_id, item.to_bsuid, "", c.now));
  c.facts.messages.clear();  // a merge may have moved them
  Message m{.id = Uuid::New(c.now),
            .contact_id = contact.id,
            .customer_id = contact.customer_id,
            .sender_id = c.object,
            .due_at = item.at,
            .expire_at = item.at,
            .content = OutboundOf(item.content),
            .created_at = item.at,
            .origin = Origin::kPhoneApp};
  m.progress.phase = Phase::kAccepted;
  m.progress.accepted_at = item.at;
  RETURN_IF_ERROR(MessageRepository::Insert(c.tx, m));
  const Message before = m;
  m.wamid = item.wamid;
  RETURN_IF_ERROR(AnnounceEchoed(c.tx, m, item.content, item.at, c.now));
  std::vector<StatusItem> fresh;
  RETURN_IF_ERROR(MergeParked(c.tx, m, fresh));
  RETURN_IF_ERROR(Settle(c.tx, before, m, c.deltas, c.now));
  for (const StatusItem& each : fresh)
    RETURN_IF_ERROR(FollowReported(c.tx, c.contacts, c.rules.errors, each, m, c.now));
  return ItemResult::kApplied;
}

}  // namespace vinculo::messaging
