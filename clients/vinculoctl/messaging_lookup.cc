#include "clients/vinculoctl/messaging_lookup.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/id/uuid.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/campaign_service.pb.h"
#include "vinculo/messaging/v1/channel_service.pb.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kPackage = "vinculo.messaging.v1.";

bool IsId(const std::string& text) { return Uuid::Parse(text).has_value(); }

[[noreturn]] void Missing(const char* reason, const std::string& words) {
  Check(Error(absl::StatusCode::kNotFound, reason, words));
  throw ExitWith{kExitNotFound};
}

template <class Request, class Response, class RowsOf>
Rows All(Session& session, const std::string& method, RowsOf rows_of, std::vector<std::unique_ptr<Response>>& pages) {
  return ListAll(session, kPackage + method, Request(), 0, rows_of, pages);
}

}  // namespace

std::string ChannelOr(Session& session, const std::string& given) {
  if (!given.empty()) return given;
  std::vector<std::unique_ptr<v1::ListChannelsResponse>> pages;
  const Rows rows = All<v1::ListChannelsRequest>(
      session, "ChannelService/ListChannels",
      [](const v1::ListChannelsResponse& page) -> auto& { return page.channels(); }, pages);
  if (rows.empty()) Missing("CHANNEL_NOT_FOUND", "no WhatsApp account is connected yet");
  if (rows.size() > 1) Missing("CHANNEL_NOT_FOUND", "several accounts are connected; say which with --channel");
  return static_cast<const v1::Channel*>(rows[0])->id();
}

std::string SenderOr(Session& session, const std::string& given) {
  if (!given.empty()) return given;
  std::vector<std::unique_ptr<v1::ListSendersResponse>> pages;
  const Rows rows = All<v1::ListSendersRequest>(
      session, "ChannelService/ListSenders",
      [](const v1::ListSendersResponse& page) -> auto& { return page.senders(); }, pages);
  for (const auto* row : rows) {
    const auto& sender = static_cast<const v1::Sender&>(*row);
    if (sender.is_default()) return sender.id();
  }
  Missing("NO_SENDER", "there is no number to send from yet");
}

std::string ListNamed(Session& session, const std::string& name, bool create) {
  std::vector<std::unique_ptr<v1::ListListsResponse>> pages;
  const Rows rows = All<v1::ListListsRequest>(
      session, "ContactService/ListLists", [](const v1::ListListsResponse& page) -> auto& { return page.lists(); },
      pages);
  for (const auto* row : rows) {
    const auto& list = static_cast<const v1::ContactList&>(*row);
    if (list.display_name() == name || list.id() == name) return list.id();
  }
  if (!create) Missing("LIST_NOT_FOUND", absl::StrCat("there is no list \"", name, "\""));
  v1::CreateListRequest request;
  request.set_display_name(name);
  v1::ContactList created;
  Check(session.Call(kPackage + "ContactService/CreateList", request, &created));
  return created.id();
}

std::string CampaignNamed(Session& session, const std::string& name) {
  if (IsId(name)) return name;
  std::vector<std::unique_ptr<v1::ListCampaignsResponse>> pages;
  const Rows rows = All<v1::ListCampaignsRequest>(
      session, "CampaignService/ListCampaigns",
      [](const v1::ListCampaignsResponse& page) -> auto& { return page.campaigns(); }, pages);
  for (const auto* row : rows) {
    const auto& campaign = static_cast<const v1::Campaign&>(*row);
    if (campaign.display_name() == name) return campaign.id();
  }
  Missing("CAMPAIGN_NOT_FOUND", absl::StrCat("there is no campaign \"", name, "\""));
}

std::string ContactNamed(Session& session, const std::string& name) {
  if (!absl::StartsWith(name, "+")) return name;
  v1::LookupContactRequest request;
  request.set_phone(name);
  v1::Contact contact;
  Check(session.Call(kPackage + "ContactService/LookupContact", request, &contact));
  return contact.id();
}

}  // namespace vinculo::ctl
