#pragma once

#include "common/rpc/call.h"
#include "services/messaging/api/context.h"
#include "vinculo/messaging/v1/channel_service.grpc.pb.h"

namespace vinculo::messaging {

// WhatsApp Business accounts and their numbers.
class ChannelService final : public v1::ChannelService::CallbackService {
 public:
  explicit ChannelService(const ApiContext& context);
  ~ChannelService() override;

  VINCULO_UNARY(CreateChannel, v1::CreateChannelRequest, v1::Channel)
  VINCULO_UNARY(AddSender, v1::AddSenderRequest, v1::Sender)
  VINCULO_UNARY(UpdateChannel, v1::UpdateChannelRequest, v1::Channel)
  VINCULO_UNARY(RotateToken, v1::RotateTokenRequest, v1::Channel)
  VINCULO_UNARY(UpdateSender, v1::UpdateSenderRequest, v1::Sender)
  VINCULO_UNARY(RefreshSender, v1::RefreshSenderRequest, v1::Sender)
  VINCULO_UNARY(GetBudgets, v1::GetBudgetsRequest, v1::Budgets)
  VINCULO_UNARY(GetSetupChecklist, v1::GetSetupChecklistRequest, v1::SetupChecklist)
  VINCULO_UNARY(ResumeSender, v1::ResumeSenderRequest, v1::Sender)
  VINCULO_UNARY(GetChannel, v1::GetChannelRequest, v1::Channel)
  VINCULO_UNARY(ListChannels, v1::ListChannelsRequest, v1::ListChannelsResponse)
  VINCULO_UNARY(GetSender, v1::GetSenderRequest, v1::Sender)
  VINCULO_UNARY(ListSenders, v1::ListSendersRequest, v1::ListSendersResponse)
  VINCULO_UNARY(GetPolicy, v1::GetPolicyRequest, v1::Policy)
  VINCULO_UNARY(GetHelp, v1::GetHelpRequest, v1::HelpEntry)
  VINCULO_UNARY(ListHelp, v1::ListHelpRequest, v1::ListHelpResponse)
  VINCULO_UNARY(UpdatePolicy, v1::UpdatePolicyRequest, v1::Policy)
  VINCULO_UNARY(ReplayInbox, v1::ReplayInboxRequest, v1::ReplayInboxResponse)
  VINCULO_UNARY(PutCostRates, v1::PutCostRatesRequest, v1::PutCostRatesResponse)
  VINCULO_UNARY(ListCostRates, v1::ListCostRatesRequest, v1::ListCostRatesResponse)

 private:
  rpc::Runtime& runtime_;
  const ApiContext context_;
};

}  // namespace vinculo::messaging
