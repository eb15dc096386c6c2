#include "services/messaging/api/channel_service.h"

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/status/status_macros.h"
#include "common/text/phone.h"
#include "common/text/validate.h"
#include "services/messaging/api/channel_fields.h"
#include "services/messaging/api/render.h"
#include "services/messaging/domain/limits.h"
#include "services/messaging/sender_state.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/message_repository.h"
#include "services/messaging/template_act.h"

namespace vinculo::messaging {

std::string ParseGraphId(absl::string_view field, const std::string& value, FieldViolations& bad) {
  const bool digits =
      !value.empty() && value.size() <= 32 && absl::c_all_of(value, [](char c) { return absl::ascii_isdigit(c); });
  if (!digits) bad.Add(std::string(field), "must be WhatsApp's id: digits");
  return value;
}

void ParseChannelFields(const v1::Channel& in, const std::string& prefix, Channel& c, FieldViolations& bad) {
  c.display_name = text::ParseText(absl::StrCat(prefix, "display_name"), in.display_name(),
                                   {.min = 1, .max = 200, .single_line = true}, bad);
  const std::string alone = absl::StrCat("waba:", c.waba_id);
  c.portfolio_id = in.portfolio_id().empty() || in.portfolio_id() == alone
                       ? alone
                       : ParseGraphId(absl::StrCat(prefix, "portfolio_id"), in.portfolio_id(), bad);
  c.app = text::ParseSlug(absl::StrCat(prefix, "app"), in.app(), bad);
}

void ParseSenderFields(const std::string& prefix, Sender& s, FieldViolations& bad) {
  s.display_name =
      text::ParseText(absl::StrCat(prefix, "display_name"), s.display_name, {.max = 200, .single_line = true}, bad);
  s.throughput =
      static_cast<int>(text::ParseInRange(absl::StrCat(prefix, "throughput"), s.throughput, 0, 100'000, bad));
  if (s.throughput == 0) s.throughput = kStandardThroughput;
  s.daily_reach =
      static_cast<int>(text::ParseInRange(absl::StrCat(prefix, "daily_reach"), s.daily_reach, -1, 100'000'000, bad));
  if (s.daily_reach == 0) s.daily_reach = kFirstTier;
}

void SealToken(const DataKey& key, const std::string& token, Channel& c) {
  c.token_tail = token.substr(token.size() - std::min<size_t>(4, token.size()));
  c.token_sealed = key.Seal(token, absl::StrCat("waba:", c.waba_id));
}

ChannelService::ChannelService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
ChannelService::~ChannelService() = default;

void ChannelService::CreateChannel(rpc::Call<v1::CreateChannelRequest, v1::Channel> call) {
  const v1::CreateChannelRequest& request = call.request();
  FieldViolations bad;
  Channel c{.id = Uuid::New(call.now()), .created_at = call.now()};
  c.waba_id = ParseGraphId("waba_id", request.waba_id(), bad);
  v1::Channel fields;
  fields.set_display_name(request.display_name());
  fields.set_portfolio_id(request.portfolio_id());
  fields.set_app(request.app());
  ParseChannelFields(fields, "", c, bad);
  const std::string token =
      text::ParseText("access_token", request.access_token(), {.min = 1, .max = kMaxToken, .single_line = true}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  SealToken(context_.key, token, c);
  context_.db.Write(
      call.scope(),
      [c = std::move(c)](sql::Transaction& tx) -> absl::StatusOr<Channel> {
        RETURN_IF_ERROR(ChannelRepository::InsertChannel(tx, c));
        RETURN_IF_ERROR(RequestSubscription(tx, c.id, c.created_at));
        // The account may have templates already.
        RETURN_IF_ERROR(RequestTemplateSync(tx, c.id, absl::ZeroDuration(), c.created_at));
        return c;
      },
      call.Reply(RenderChannel));
}

void ChannelService::AddSender(rpc::Call<v1::AddSenderRequest, v1::Sender> call) {
  const v1::AddSenderRequest& request = call.request();
  FieldViolations bad;
  Sender s{.id = Uuid::New(call.now()), .created_at = call.now()};
  s.channel_id = text::ParseUuid("channel_id", request.channel_id(), bad);
  s.phone_number_id = ParseGraphId("phone_number_id", request.phone_number_id(), bad);
  const absl::StatusOr<text::Phone> phone = text::ParsePhone(request.phone_number(), "");
  phone.ok() ? void(s.phone_number = phone->e164)
             : bad.Add("phone_number", "is not a phone number with + and country code");
  s.display_name = request.display_name();
  s.throughput = request.throughput();
  s.daily_reach = request.daily_reach();
  ParseSenderFields("", s, bad);
  s.is_default = request.make_default();
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  // What the caller told of the limits holds for an hour; who told nothing learns at once.
  const bool told = request.throughput() != 0 || request.daily_reach() != 0;
  const absl::Time read_at = told ? call.now() + absl::Hours(1) : call.now();
  context_.db.Write(
      call.scope(),
      [s = std::move(s), read_at](sql::Transaction& tx) mutable -> absl::StatusOr<Sender> {
        ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::GetChannel(tx, s.channel_id));
        if (channel.state == ChannelState::kBlocked) {
          s.state = SenderState::kBlocked;
          s.block_reason = channel.block_reason;
          s.blocked_until = channel.blocked_until;
        }
        RETURN_IF_ERROR(ChannelRepository::InsertSender(tx, s));
        RETURN_IF_ERROR(ScheduleReading(tx, s.id, read_at));
        tx.Raise(kSignalQueue);
        return ChannelRepository::GetSender(tx, s.id);
      },
      call.Reply(RenderSender));
}

void ChannelService::ResumeSender(rpc::Call<v1::ResumeSenderRequest, v1::Sender> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("sender_id", call.request().sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Sender> {
        RETURN_IF_ERROR(ResumeSending(tx, id, now));
        return ChannelRepository::GetSender(tx, id);
      },
      call.Reply(RenderSender));
}

void ChannelService::GetChannel(rpc::Call<v1::GetChannelRequest, v1::Channel> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("channel_id", call.request().channel_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(
      context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return ChannelRepository::GetChannel(tx, id); }),
      RenderChannel);
}

void ChannelService::ListChannels(rpc::Call<v1::ListChannelsRequest, v1::ListChannelsResponse> call) {
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.ChannelService.ListChannels", call.request());
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [page = *page](sql::Transaction& tx) { return ChannelRepository::ListChannels(tx, page.after, page.size + 1); },
      call.Reply([page = *page](std::vector<Channel> rows, v1::ListChannelsResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Channel& c) { return c.id; }));
        for (const Channel& c : rows) RenderChannel(c, out->add_channels());
      }));
}

void ChannelService::GetSender(rpc::Call<v1::GetSenderRequest, v1::Sender> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("sender_id", call.request().sender_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(
      context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return ChannelRepository::GetSender(tx, id); }),
      RenderSender);
}

void ChannelService::ListSenders(rpc::Call<v1::ListSendersRequest, v1::ListSendersResponse> call) {
  const absl::StatusOr<IdPage> page =
      ParseIdPage(call.principal(), "messaging.ChannelService.ListSenders", call.request());
  if (!page.ok()) return call.Fail(page.status());
  context_.db.ReadOnPool(
      call.scope(),
      [page = *page](sql::Transaction& tx) { return ChannelRepository::ListSenders(tx, page.after, page.size + 1); },
      call.Reply([page = *page](std::vector<Sender> rows, v1::ListSendersResponse* out) {
        out->set_next_page_token(page.Cut(rows, [](const Sender& s) { return s.id; }));
        for (const Sender& s : rows) RenderSender(s, out->add_senders());
      }));
}

}  // namespace vinculo::messaging
