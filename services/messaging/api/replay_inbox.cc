#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "services/messaging/api/channel_service.h"
#include "services/messaging/store/inbox_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kBodies = 10'000;
// Half of what may wait in all, so that fresh webhooks always find room.
constexpr int64_t kWaitingMax = 100'000;
constexpr absl::Duration kSpanMax = absl::Hours(7 * 24);

}  // namespace

void ChannelService::ReplayInbox(rpc::Call<v1::ReplayInboxRequest, v1::ReplayInboxResponse> call) {
  const v1::ReplayInboxRequest& request = call.request();
  FieldViolations bad;
  if (!request.has_from()) bad.Add("from", "is required");
  const absl::Time from = api::ParseTimestamp("from", request.from(), bad);
  const absl::Time to = request.has_to() ? api::ParseTimestamp("to", request.to(), bad) : call.now();
  if (to <= from || to > from + kSpanMax) bad.Add("to", "must be later than from, at most by 7 days");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [from, to](sql::Transaction& tx) -> absl::StatusOr<int64_t> {
        ASSIGN_OR_RETURN(const int64_t waiting, RawInbox::CountWaiting(tx));
        if (waiting >= kWaitingMax) {
          return ErrorWithDetails(absl::StatusCode::kResourceExhausted, "Too many webhooks wait; try again later.",
                                  {.reason = "QUEUE_FULL", .retry_after = absl::Minutes(1)});
        }
        return RawInbox::Replay(tx, from, to, kBodies);
      },
      call.Reply([](int64_t bodies, v1::ReplayInboxResponse* out) { out->set_bodies(bodies); }));
}

}  // namespace vinculo::messaging
