#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/api/field_mask.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/channel_fields.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/api/render.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"

namespace vinculo::messaging {
namespace {

// The channel that the caller wants, out of the one that is.
absl::StatusOr<Channel> Patched(const Channel& before, const v1::UpdateChannelRequest& request) {
  v1::Channel target;
  RenderChannel(before, &target);
  RETURN_IF_ERROR(api::ApplyFieldMask(request.update_mask(), request.channel(), &target));
  FieldViolations bad;
  if (target.waba_id() != before.waba_id) bad.Add("channel.waba_id", "cannot change: connect another channel");
  Channel after = before;
  ParseChannelFields(target, "channel.", after, bad);
  RETURN_IF_ERROR(bad.ToStatus());
  return after;
}

absl::StatusOr<Sender> Patched(const Sender& before, const v1::UpdateSenderRequest& request) {
  v1::Sender target;
  RenderSender(before, &target);
  RETURN_IF_ERROR(api::ApplyFieldMask(request.update_mask(), request.sender(), &target));
  FieldViolations bad;
  if (target.channel_id() != before.channel_id.ToString() || target.phone_number_id() != before.phone_number_id ||
      target.phone_number() != before.phone_number)
    bad.Add("sender", "channel_id, phone_number_id and phone_number cannot change: add another sender");
  if (before.is_default && !target.is_default())
    bad.Add("sender.is_default", "ceases only by another sender becoming the default");
  Sender after = before;
  after.display_name = target.display_name();
  after.throughput = target.throughput();
  after.daily_reach = target.daily_reach();
  ParseSenderFields("sender.", after, bad);
  after.is_default = target.is_default();
  RETURN_IF_ERROR(bad.ToStatus());
  return after;
}

}  // namespace

void ChannelService::UpdateChannel(rpc::Call<v1::UpdateChannelRequest, v1::Channel> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("channel.id", call.request().channel().id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().channel().etag(), bad, "channel.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, etag, request = call.request()](sql::Transaction& tx) -> absl::StatusOr<Channel> {
        ASSIGN_OR_RETURN(const Channel before, ChannelRepository::GetChannel(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("channel", id.ToString(), etag, before.revision));
        ASSIGN_OR_RETURN(Channel after, Patched(before, request));
        RETURN_IF_ERROR(ChannelRepository::UpdateChannel(tx, after));
        tx.Raise(kSignalQueue);
        return after;
      },
      call.Reply(RenderChannel));
}

void ChannelService::RotateToken(rpc::Call<v1::RotateTokenRequest, v1::Channel> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("channel_id", call.request().channel_id(), bad);
  const std::string token = text::ParseText("access_token", call.request().access_token(),
                                            {.min = 1, .max = kMaxToken, .single_line = true}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, token, key = &context_.key, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Channel> {
        ASSIGN_OR_RETURN(Channel channel, ChannelRepository::GetChannel(tx, id));
        SealToken(*key, token, channel);
        RETURN_IF_ERROR(ChannelRepository::UpdateChannel(tx, channel));
        RETURN_IF_ERROR(RequestSubscription(tx, id, now));
        tx.Raise(kSignalQueue);
        return channel;
      },
      call.Reply(RenderChannel));
}

void ChannelService::UpdateSender(rpc::Call<v1::UpdateSenderRequest, v1::Sender> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("sender.id", call.request().sender().id(), bad);
  const std::optional<int64_t> etag = api::ParseEtag(call.request().sender().etag(), bad, "sender.etag");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, etag, request = call.request()](sql::Transaction& tx) -> absl::StatusOr<Sender> {
        ASSIGN_OR_RETURN(const Sender before, ChannelRepository::GetSender(tx, id));
        RETURN_IF_ERROR(api::CheckRevision("sender", id.ToString(), etag, before.revision));
        ASSIGN_OR_RETURN(Sender after, Patched(before, request));
        RETURN_IF_ERROR(ChannelRepository::UpdateSender(tx, after));
        tx.Raise(kSignalQueue);
        return after;
      },
      call.Reply(RenderSender));
}

void ChannelService::RefreshSender(rpc::Call<v1::RefreshSenderRequest, v1::Sender> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("sender_id", call.request().sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const auto found = context_.db.ReadInline(
      call.scope(), [&](sql::Transaction& tx) { return ChannelRepository::SenderWithChannel(tx, id); });
  if (!found.ok()) return call.Fail(found.status());
  const Channel& channel = found->second;
  const absl::StatusOr<std::string> token =
      context_.key.Open(channel.token_sealed, absl::StrCat("waba:", channel.waba_id));
  if (!token.ok()) return call.Fail(token.status());
  context_.provider.ReadNumber(
      found->first.phone_number_id, *token, [this, id, call](absl::StatusOr<NumberFacts> told) {
        if (!told.ok()) return call.Fail(told.status());
        context_.db.Write(
            call.scope(),
            [this, id, told = *std::move(told), now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Sender> {
              RETURN_IF_ERROR(LearnNumber(tx, id, told, context_.rules.levels, now));
              return ChannelRepository::GetSender(tx, id);
            },
            call.Reply(RenderSender));
      });
}

}  // namespace vinculo::messaging
