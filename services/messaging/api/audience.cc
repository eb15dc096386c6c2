// ContactService's audiences: saved filters, and how many people one matches.
#include "common/api/etag.h"
#include "common/api/time.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/contact_service.h"
#include "services/messaging/api/parse.h"
#include "services/messaging/api/render.h"
#include "services/messaging/store/audience_walk.h"
#include "services/messaging/store/segment_repository.h"

namespace vinculo::messaging {
namespace {

constexpr int kWalkPage = 1000;

void RenderSegment(const Segment& in, v1::Segment* out) {
  out->set_id(in.id);
  out->set_display_name(in.display_name);
  RenderFilter(in.filter, out->mutable_filter());
  out->set_etag(api::FormatEtag(in.revision));
  api::SetTimestamp(in.created_at, out->mutable_create_time());
  api::SetTimestamp(in.updated_at, out->mutable_update_time());
}

absl::StatusOr<int64_t> Count(sql::Transaction& tx, const ContactRepository& contacts, const AudienceFilter& filter,
                              absl::Time now) {
  RETURN_IF_ERROR(CheckAudience(tx, filter));
  int64_t matched = 0;
  AudiencePage page;
  while (!page.done) {
    ASSIGN_OR_RETURN(page,
                     WalkAudience(tx, contacts, filter, page.last, kWalkPage, now, [&](const Contact&, const auto&) {
                       ++matched;
                       return absl::OkStatus();
                     }));
  }
  return matched;
}

}  // namespace

void ContactService::CountAudience(rpc::Call<v1::CountAudienceRequest, v1::CountAudienceResponse> call) {
  FieldViolations bad;
  if (!call.request().has_filter()) bad.Add("filter", "is required");
  AudienceFilter filter = ParseFilter(call.request().filter(), "filter", bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const absl::Status valid = ValidateFilter(filter, "filter"); !valid.ok()) return call.Fail(valid);
  context_.db.ReadOnPool(
      call.scope(),
      [filter = std::move(filter), contacts = &context_.contacts, now = call.now()](sql::Transaction& tx) {
        return Count(tx, *contacts, filter, now);
      },
      call.Reply([](int64_t matched, v1::CountAudienceResponse* out) { out->set_matched(matched); }));
}

void ContactService::PutSegment(rpc::Call<v1::PutSegmentRequest, v1::Segment> call) {
  const v1::Segment& in = call.request().segment();
  FieldViolations bad;
  Segment segment{.id = text::ParseSlug("segment.id", in.id(), bad),
                  .display_name = text::ParseText("segment.display_name", in.display_name(),
                                                  {.min = 1, .max = 200, .single_line = true}, bad),
                  .filter = ParseFilter(in.filter(), "segment.filter", bad)};
  const std::optional<int64_t> etag = api::ParseEtag(in.etag(), bad, "segment.etag");
  if (!SegmentsOf(segment.filter).empty()) bad.Add("segment.filter", "must not name a segment");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  if (const absl::Status valid = ValidateFilter(segment.filter, "segment.filter"); !valid.ok()) return call.Fail(valid);
  context_.db.Write(
      call.scope(),
      [segment = std::move(segment), etag, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<Segment> {
        ASSIGN_OR_RETURN(const std::optional<Segment> before, SegmentRepository::Find(tx, segment.id));
        Segment stored = segment;
        stored.revision = before ? before->revision : 0;
        RETURN_IF_ERROR(api::CheckRevision("segment", segment.id, etag, stored.revision));
        RETURN_IF_ERROR(CheckAudience(tx, segment.filter));
        stored.created_at = before ? before->created_at : now;
        stored.updated_at = now;
        RETURN_IF_ERROR(SegmentRepository::Put(tx, stored));
        return stored;
      },
      call.Reply(RenderSegment));
}

void ContactService::DeleteSegment(rpc::Call<v1::DeleteSegmentRequest, v1::DeleteSegmentResponse> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("segment_id", call.request().segment_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [id](sql::Transaction& tx) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const bool gone, SegmentRepository::Delete(tx, id));
        if (!gone) return NotFound("segment", id);
        return true;
      },
      call.Reply([](bool, v1::DeleteSegmentResponse*) {}));
}

void ContactService::GetSegment(rpc::Call<v1::GetSegmentRequest, v1::Segment> call) {
  FieldViolations bad;
  const std::string id = text::ParseSlug("segment_id", call.request().segment_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(
      context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return SegmentRepository::Get(tx, id); }),
      RenderSegment);
}

void ContactService::ListSegments(rpc::Call<v1::ListSegmentsRequest, v1::ListSegmentsResponse> call) {
  FieldViolations bad;
  const int size = api::ParsePageSize(call.request().page_size(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const std::string tenant = call.principal().tenant;
  const api::PageScope scope{tenant, "messaging.ContactService.ListSegments", "", "id"};
  const absl::StatusOr<std::optional<api::PageKey>> key = api::ParsePageToken(scope, call.request().page_token(), "s");
  if (!key.ok()) return call.Fail(key.status());
  const std::string after = *key ? std::get<std::string>((**key)[0]) : "";
  context_.db.ReadOnPool(
      call.scope(), [after, size](sql::Transaction& tx) { return SegmentRepository::List(tx, after, size + 1); },
      call.Reply([size, tenant](const std::vector<Segment>& rows, v1::ListSegmentsResponse* out) {
        for (int i = 0; i < size && i < static_cast<int>(rows.size()); ++i) RenderSegment(rows[i], out->add_segments());
        if (static_cast<int>(rows.size()) <= size) return;
        const api::PageScope bound{tenant, "messaging.ContactService.ListSegments", "", "id"};
        out->set_next_page_token(api::EncodePageToken(bound, {rows[size - 1].id}));
      }));
}

}  // namespace vinculo::messaging
