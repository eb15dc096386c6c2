#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/campaign_service.h"
#include "services/messaging/api/recipient_filter.h"
#include "services/messaging/api/render.h"

namespace vinculo::messaging {
namespace {

void ApplyFigure(v1::RecipientFigure figure, RecipientFilter& out) {
  switch (figure) {
    case v1::RECIPIENT_FIGURE_ATTEMPTED:
      out.first = RecipientState::kSending;
      break;
    case v1::RECIPIENT_FIGURE_ACCEPTED_EVER:
      out.first = RecipientState::kAccepted;
      out.failure = RecipientFilter::Failure::kLater;
      break;
    case v1::RECIPIENT_FIGURE_DELIVERED_EVER:
      out.first = RecipientState::kDelivered;
      out.last = RecipientState::kRead;
      break;
    case v1::RECIPIENT_FIGURE_REFUSED:
    case v1::RECIPIENT_FIGURE_FAILED_LATER:
      out.first = out.last = RecipientState::kFailed;
      out.failure = figure == v1::RECIPIENT_FIGURE_REFUSED ? RecipientFilter::Failure::kRefused
                                                           : RecipientFilter::Failure::kLater;
      break;
    default:
      break;
  }
}

}  // namespace

RecipientFilter ParseRecipientFilter(v1::RecipientState state, const std::string& reason, v1::RecipientFigure figure,
                                     v1::ReplyFilter reply, bool opted_out, FieldViolations& bad) {
  if (!v1::RecipientState_IsValid(state)) bad.Add("state", "is not a known value");
  if (!v1::RecipientFigure_IsValid(figure)) bad.Add("figure", "is not a known value");
  if (!v1::ReplyFilter_IsValid(reply)) bad.Add("reply", "is not a known value");
  const bool has_state = state != v1::RECIPIENT_STATE_UNSPECIFIED;
  if (has_state && figure != v1::RECIPIENT_FIGURE_UNSPECIFIED)
    bad.Add("figure", "is made of states; ask for it or for a state, not for both");
  RecipientFilter out{.reason = text::ParseText("reason", reason, {.max = 100}, bad),
                      .reply = static_cast<RecipientFilter::Reply>(reply),
                      .opted_out = opted_out};
  if (has_state) out.first = out.last = static_cast<RecipientState>(state);
  ApplyFigure(figure, out);
  return out;
}

void CampaignService::ListRecipients(rpc::Call<v1::ListRecipientsRequest, v1::ListRecipientsResponse> call) {
  const v1::ListRecipientsRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  const bool any_reply = request.replied() && request.reply() == v1::REPLY_FILTER_UNSPECIFIED;
  const RecipientFilter filter =
      ParseRecipientFilter(request.state(), request.reason(), request.figure(),
                           any_reply ? v1::REPLY_FILTER_ANY : request.reply(), request.opted_out(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.CampaignService.ListRecipients", request);
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [id, filter, page = *page](sql::Transaction& tx) -> absl::StatusOr<RecipientPage> {
        RETURN_IF_ERROR(CampaignRepository::Get(tx, id).status());
        return messaging::ListRecipients(tx, id, filter, page.after, page.size);
      },
      call.Reply([page = *page](const RecipientPage& found, v1::ListRecipientsResponse* out) {
        for (const ListedRecipient& r : found.rows) RenderRecipient(r.row, out->add_recipients());
        if (found.more) out->set_next_page_token(api::EncodePageToken(page.scope(), {found.next}));
      }));
}

}  // namespace vinculo::messaging
