#include "services/messaging/api/report_service.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "common/api/time.h"
#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "common/text/validate.h"
#include "services/messaging/api/render_report.h"
#include "services/messaging/domain/series.h"
#include "services/messaging/store/campaign_repository.h"
#include "services/messaging/store/channel_repository.h"
#include "services/messaging/store/cost_repository.h"
#include "services/messaging/store/policy_repository.h"
#include "services/messaging/store/report_counts.h"
#include "services/messaging/store/report_repository.h"
#include "services/messaging/store/template_history.h"

namespace vinculo::messaging {
namespace {

constexpr int kMaxCompared = 10;
constexpr int kMaxBuckets = 10'000;
constexpr int kMaxSenders = 1'000;
constexpr absl::Duration kMaxSpan = absl::Hours(24 * 366);

struct CountedCampaign {
  Campaign campaign;
  RecipientCounts counts;
  CostShares costs;
};

absl::StatusOr<CountedCampaign> LoadCounts(sql::Transaction& tx, const Uuid& id) {
  CountedCampaign out;
  ASSIGN_OR_RETURN(out.campaign, CampaignRepository::Get(tx, id));
  ASSIGN_OR_RETURN(out.counts, CampaignRepository::Counts(tx, id));
  ASSIGN_OR_RETURN(out.costs, CostRepository::OfCampaign(tx, id));
  return out;
}

absl::StatusOr<v1::CampaignSeries> LoadSeries(sql::Transaction& tx, const Uuid& id, SeriesStep step,
                                              const std::string& zone_name) {
  RETURN_IF_ERROR(CampaignRepository::Get(tx, id).status());
  ASSIGN_OR_RETURN(const Policy policy, PolicyRepository::Get(tx));
  ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZoneOr(zone_name, policy.zone()));
  v1::CampaignSeries out;
  out.set_campaign_id(id.ToString());
  out.set_time_zone(zone.name());
  calendar::TimeRange bucket{absl::InfinitePast(), absl::InfinitePast()};
  RETURN_IF_ERROR(ReportRepository::EachMinute(tx, id, [&](int64_t minute, Figure figure, int64_t n) {
    const absl::Time at = StartOfMinute(minute);
    if (!bucket.Contains(at)) {
      bucket = SeriesBucketOf(step, at, zone);
      if (out.buckets_size() > kMaxBuckets) return;
      v1::SeriesBucket* added = out.add_buckets();
      api::SetTimestamp(bucket.start, added->mutable_start_time());
      api::SetTimestamp(bucket.end, added->mutable_end_time());
    }
    AddToSeries(figure, n, out.mutable_buckets(out.buckets_size() - 1)->mutable_counts());
    AddToSeries(figure, n, out.mutable_total());
  }));
  if (out.buckets_size() <= kMaxBuckets) return out;
  FieldViolations bad;
  bad.Add("step", absl::StrCat("would give more than ", kMaxBuckets, " buckets; ask for a longer step"));
  return bad.ToStatus();
}

struct Recounted {
  CountedCampaign kept;
  RecipientCounts actual;
  CostShares costs_actual;
  MinuteCounts minutes_kept;
  MinuteCounts minutes_actual;
};

absl::StatusOr<Recounted> Recount(sql::Transaction& tx, const Uuid& id) {
  Recounted out;
  ASSIGN_OR_RETURN(out.kept, LoadCounts(tx, id));
  ASSIGN_OR_RETURN(out.actual, CampaignRepository::Recount(tx, id));
  ASSIGN_OR_RETURN(out.costs_actual, CostRepository::Recount(tx, id));
  RETURN_IF_ERROR(ReportRepository::EachMinute(tx, id, [&](int64_t minute, Figure figure, int64_t n) {
    out.minutes_kept[{minute, figure}] = n;
  }));
  ASSIGN_OR_RETURN(out.minutes_actual, ReportRepository::RecountMinutes(tx, id));
  return out;
}

// Calls `differ(key, kept, actual)` for every key whose counts are not equal.
template <class Counts, class Differ>
void Compare(const Counts& kept, const Counts& actual, Differ differ) {
  Counts all = kept;
  all.insert(actual.begin(), actual.end());
  const auto at = [](const Counts& counts, const typename Counts::key_type& key) {
    const auto it = counts.find(key);
    return it == counts.end() ? 0 : it->second;
  };
  for (const auto& [key, unused] : all) {
    if (at(kept, key) != at(actual, key)) differ(key, at(kept, key), at(actual, key));
  }
}

void RenderRecount(const Recounted& in, v1::RecountCampaignResponse* out) {
  RenderReport(in.kept.campaign, in.actual, in.costs_actual, out->mutable_recounted());
  const auto add = [&](int64_t kept, int64_t actual) {
    v1::CountDifference* d = out->add_differences();
    d->set_counted(kept);
    d->set_actual(actual);
    return d;
  };
  Compare(in.kept.counts, in.actual, [&](const auto& key, int64_t kept, int64_t actual) {
    v1::CountDifference* d = add(kept, actual);
    d->set_state(static_cast<v1::RecipientState>(key.first));
    d->set_reason(key.second);
  });
  Compare(CostCounts(in.kept.costs), CostCounts(in.costs_actual),
          [&](const auto& key, int64_t kept, int64_t actual) { add(kept, actual)->set_reason(key); });
  Compare(in.minutes_kept, in.minutes_actual, [&](const auto& key, int64_t kept, int64_t actual) {
    v1::CountDifference* d = add(kept, actual);
    d->set_reason(std::string(FigureName(key.second)));
    api::SetTimestamp(StartOfMinute(key.first), d->mutable_minute());
  });
}

struct CountedTemplate {
  Uuid channel_id;
  std::string name;
  std::vector<VersionCounts> versions;
  std::vector<QualityChange> quality;
};

absl::StatusOr<CountedTemplate> LoadTemplateCounts(sql::Transaction& tx, const std::optional<Uuid>& channel_id,
                                                   const std::string& name) {
  CountedTemplate out;
  ASSIGN_OR_RETURN(const Channel channel, ChannelRepository::ResolveChannel(tx, channel_id));
  RETURN_IF_ERROR(TemplateRepository::Get(tx, channel.id, name).status());
  ASSIGN_OR_RETURN(const std::vector<Sender> senders, ChannelRepository::ListSenders(tx, Uuid(), kMaxSenders));
  std::vector<Uuid> of_channel;
  for (const Sender& s : senders) {
    if (s.channel_id == channel.id) of_channel.push_back(s.id);
  }
  out.channel_id = channel.id;
  out.name = name;
  ASSIGN_OR_RETURN(out.versions, ReportRepository::OfTemplate(tx, of_channel, name));
  ASSIGN_OR_RETURN(out.quality, TemplateHistory::QualityChanges(tx, channel.id, name));
  return out;
}

void RenderSources(const CountsBySource& counts, v1::MessageFigures* campaigns, v1::MessageFigures* notifications) {
  const auto of = [&](Source source) {
    const auto it = counts.find(source);
    return it == counts.end() ? MessageCounts() : it->second;
  };
  RenderFigures(of(Source::kCampaign), campaigns);
  RenderFigures(of(Source::kNotification), notifications);
}

void RenderTemplateReport(const CountedTemplate& in, v1::TemplateReport* out) {
  out->set_name(in.name);
  out->set_channel_id(in.channel_id.ToString());
  for (const VersionCounts& v : in.versions) {
    v1::TemplateVersionReport* added = out->add_versions();
    added->set_language(v.language);
    added->set_version(v.version);
    RenderSources(v.by_source, added->mutable_campaigns(), added->mutable_notifications());
  }
  for (const QualityChange& q : in.quality) {
    v1::QualityChange* added = out->add_quality_history();
    added->set_language(q.language);
    added->set_quality(q.quality);
    api::SetTimestamp(q.at, added->mutable_time());
  }
}

}  // namespace

ReportService::ReportService(const ApiContext& context) : runtime_(context.runtime), context_(context) {}
ReportService::~ReportService() = default;

void ReportService::GetCampaignReport(rpc::Call<v1::GetCampaignReportRequest, v1::CampaignReport> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  call.Answer(context_.db.ReadInline(call.scope(), [&](sql::Transaction& tx) { return LoadCounts(tx, id); }),
              [](const CountedCampaign& found, v1::CampaignReport* out) {
                RenderReport(found.campaign, found.counts, found.costs, out);
              });
}

void ReportService::GetCampaignSeries(rpc::Call<v1::GetCampaignSeriesRequest, v1::CampaignSeries> call) {
  const v1::GetCampaignSeriesRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", request.campaign_id(), bad);
  if (!v1::SeriesStep_IsValid(request.step())) bad.Add("step", "is not a known value");
  if (!request.time_zone().empty()) calendar::ParseZone("time_zone", request.time_zone(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const SeriesStep step =
      request.step() == v1::SERIES_STEP_UNSPECIFIED ? SeriesStep::kHour : static_cast<SeriesStep>(request.step());
  context_.db.ReadOnPool(
      call.scope(),
      [id, step, zone = request.time_zone()](sql::Transaction& tx) { return LoadSeries(tx, id, step, zone); },
      call.Reply([](v1::CampaignSeries found, v1::CampaignSeries* out) { *out = std::move(found); }));
}

void ReportService::CompareCampaigns(rpc::Call<v1::CompareCampaignsRequest, v1::CompareCampaignsResponse> call) {
  FieldViolations bad;
  std::vector<Uuid> ids;
  const auto& asked = call.request().campaign_ids();
  if (asked.empty()) bad.Add("campaign_ids", "is required");
  text::CheckCount("campaign_ids", asked.size(), kMaxCompared, bad);
  for (int i = 0; i < asked.size() && i < kMaxCompared; ++i) {
    ids.push_back(text::ParseUuid(text::Indexed("campaign_ids", i), asked[i], bad));
  }
  if (std::set<Uuid>(ids.begin(), ids.end()).size() != ids.size()) bad.Add("campaign_ids", "names a campaign twice");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(),
      [ids](sql::Transaction& tx) -> absl::StatusOr<std::vector<CountedCampaign>> {
        std::vector<CountedCampaign> out;
        for (const Uuid& id : ids) {
          ASSIGN_OR_RETURN(CountedCampaign counted, LoadCounts(tx, id));
          out.push_back(std::move(counted));
        }
        return out;
      },
      call.Reply([](const std::vector<CountedCampaign>& found, v1::CompareCampaignsResponse* out) {
        for (const CountedCampaign& c : found) RenderReport(c.campaign, c.counts, c.costs, out->add_reports());
      }));
}

void ReportService::GetTemplateReport(rpc::Call<v1::GetTemplateReportRequest, v1::TemplateReport> call) {
  FieldViolations bad;
  const std::optional<Uuid> channel = text::ParseOptionalUuid("channel_id", call.request().channel_id(), bad);
  const std::string name = text::ParseText("name", call.request().name(), {.min = 1, .max = 512, .trim = false}, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(), [channel, name](sql::Transaction& tx) { return LoadTemplateCounts(tx, channel, name); },
      call.Reply(RenderTemplateReport));
}

void ReportService::GetSenderReport(rpc::Call<v1::GetSenderReportRequest, v1::SenderReport> call) {
  const v1::GetSenderReportRequest& request = call.request();
  FieldViolations bad;
  const Uuid id = text::ParseUuid("sender_id", request.sender_id(), bad);
  const absl::Time end =
      api::ParseOptionalTimestamp("end_time", request.has_end_time() ? &request.end_time() : nullptr, bad)
          .value_or(call.now());
  const absl::Time start =
      api::ParseOptionalTimestamp("start_time", request.has_start_time() ? &request.start_time() : nullptr, bad)
          .value_or(end - absl::Hours(24 * 30));
  if (start >= end) bad.Add("start_time", "must be before end_time");
  if (end - start > kMaxSpan) bad.Add("start_time", "must be at most 366 days before end_time");
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  const int64_t from = QuarterOf(start), until = QuarterOf(end - absl::Microseconds(1)) + 1;
  context_.db.ReadOnPool(
      call.scope(),
      [id, from, until](sql::Transaction& tx) -> absl::StatusOr<CountsBySource> {
        RETURN_IF_ERROR(ChannelRepository::GetSender(tx, id).status());
        return ReportRepository::OfSender(tx, id, from, until);
      },
      call.Reply([id, from, until](const CountsBySource& counts, v1::SenderReport* out) {
        out->set_sender_id(id.ToString());
        api::SetTimestamp(StartOfMinute(from * 15), out->mutable_start_time());
        api::SetTimestamp(StartOfMinute(until * 15), out->mutable_end_time());
        RenderSources(counts, out->mutable_campaigns(), out->mutable_notifications());
      }));
}

void ReportService::RecountCampaign(rpc::Call<v1::RecountCampaignRequest, v1::RecountCampaignResponse> call) {
  FieldViolations bad;
  const Uuid id = text::ParseUuid("campaign_id", call.request().campaign_id(), bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.ReadOnPool(
      call.scope(), [id](sql::Transaction& tx) { return Recount(tx, id); }, call.Reply(RenderRecount));
}

}  // namespace vinculo::messaging
