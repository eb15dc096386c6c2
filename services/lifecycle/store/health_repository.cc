#include "services/lifecycle/store/health_repository.h"

#include "common/calendar/zone.h"
#include "common/status/status_macros.h"
#include "services/lifecycle/store/queries.h"

namespace vinculo::lifecycle {
namespace {

using namespace store;  // NOLINT(build/namespaces): the statements

// Deltas reach 91 days back and take the nearest snapshot before that, for which a year must do.
constexpr int kHistoryDays = 366 + 91;

HealthSnapshot ReadSnapshot(const sql::Row& r) {
  HealthSnapshot s;
  s.customer_id = r.String(0);
  s.as_of = DayFromNumber(r.Int(1));
  s.revision = r.Int(2);
  s.window_first = DayFromNumber(r.Int(3));
  s.score = {r.Int(4), r.Int(5)};
  s.raw_tier = r.String(6);
  s.tier = r.String(7);
  s.tier_since = DayFromNumber(r.Int(8));
  s.terms = DecodeTerms(r.Text(9)).value_or(std::vector<ModuleTerm>());
  s.model_version = r.Int(10);
  s.computed_at = r.Time(11);
  return s;
}

}  // namespace

absl::StatusOr<std::optional<HealthSnapshot>> HealthRepository::FindUpTo(sql::Transaction& tx,
                                                                         const std::string& customer_id,
                                                                         absl::CivilDay as_of) const {
  return tx.Find(kSnapshotUpTo, ReadSnapshot, tx.tenant(), customer_id, DayNumber(as_of));
}

absl::StatusOr<std::vector<ScorePoint>> HealthRepository::History(sql::Transaction& tx, const std::string& customer_id,
                                                                  absl::CivilDay as_of) const {
  std::vector<ScorePoint> points;
  RETURN_IF_ERROR(tx.Each(
      kSnapshotScores,
      [&](const sql::Row& r) {
        const absl::CivilDay day = DayFromNumber(r.Int(0));
        if (!points.empty() && points.back().as_of == day) return;  // an earlier revision
        points.push_back({day, WeightedScore{r.Int(1), r.Int(2)}.exact()});
      },
      tx.tenant(), customer_id, DayNumber(as_of), DayNumber(as_of - kHistoryDays)));
  return points;
}

absl::Status HealthRepository::Save(sql::Transaction& tx, const HealthSnapshot& s) const {
  RETURN_IF_ERROR(tx.Exec(kSnapshotInsert, tx.tenant(), s.customer_id, DayNumber(s.as_of), s.revision,
                          DayNumber(s.window_first), s.score.completed, s.score.started, s.raw_tier, s.tier,
                          DayNumber(s.tier_since), EncodeTerms(s.terms), s.model_version, s.computed_at));
  return tx.Exec(kCurrentPut, tx.tenant(), s.customer_id, DayNumber(s.as_of), s.revision, s.tier,
                 SortKey(s.score.exact()));
}

absl::Status HealthRepository::DropCurrent(sql::Transaction& tx, const std::string& customer_id,
                                           absl::CivilDay as_of) const {
  return tx.Exec(kCurrentDelete, tx.tenant(), customer_id, DayNumber(as_of));
}

absl::StatusOr<std::vector<ListedHealth>> HealthRepository::List(sql::Transaction& tx, const HealthFilter& filter,
                                                                 const HealthPosition& after, int limit) const {
  std::vector<ListedHealth> list;
  const auto take = [&](const sql::Row& r) { list.push_back({ReadSnapshot(r), r.String(12)}); };
  if (filter.tier.empty()) {
    RETURN_IF_ERROR(tx.Each(kCurrentList, take, tx.tenant(), after.sort_key, after.customer_id, limit, filter.owner_cs,
                            filter.module_key));
  } else {
    RETURN_IF_ERROR(tx.Each(kCurrentListByTier, take, tx.tenant(), after.sort_key, after.customer_id, limit,
                            filter.owner_cs, filter.module_key, filter.tier));
  }
  return list;
}

absl::Status ContactRepository::PutConversation(sql::Transaction& tx, const std::string& conversation_id,
                                                const std::string& customer_id, absl::Time created_at) const {
  return tx.Exec(kConversationPut, tx.tenant(), conversation_id, customer_id, created_at);
}

absl::Status ContactRepository::MarkSpam(sql::Transaction& tx, const std::string& conversation_id, bool spam) const {
  return tx.Exec(kConversationSpam, tx.tenant(), conversation_id, spam);
}

absl::Status ContactRepository::PutRating(sql::Transaction& tx, const std::string& survey_id,
                                          const std::string& conversation_id, const std::string& customer_id,
                                          int64_t rating, absl::Time rated_at) const {
  return tx.Exec(kRatingPut, tx.tenant(), survey_id, conversation_id, customer_id, rating, rated_at);
}

absl::StatusOr<ContactFigures> ContactRepository::Figures(sql::Transaction& tx, const std::string& customer_id,
                                                          absl::CivilDay as_of, absl::TimeZone zone) const {
  const calendar::DayRange window = calendar::LastSixMonths(as_of);
  const absl::Time start = calendar::StartOfDay(window.first, zone);
  const absl::Time end = calendar::StartOfDay(window.end, zone);
  std::vector<int64_t> per_month(calendar::MonthsOfLastSixMonths(as_of).size());
  RETURN_IF_ERROR(tx.Each(
      kConversationTimes,
      [&](const sql::Row& r) {
        const absl::CivilMonth month(calendar::LocalDay(r.Time(0), zone));
        const int64_t index = month - absl::CivilMonth(window.first);
        if (index >= 0 && index < static_cast<int64_t>(per_month.size())) ++per_month[index];
      },
      tx.tenant(), customer_id, start, end));
  ContactFigures figures;
  figures.conversations_per_month = ConversationsPerMonth(per_month);
  RETURN_IF_ERROR(tx.Each(
      kRatingSum,
      [&](const sql::Row& r) {
        if (r.Int(0) > 0) figures.mean_rating = static_cast<double>(r.Int(1)) / static_cast<double>(r.Int(0));
      },
      tx.tenant(), customer_id, start, end));
  return figures;
}

}  // namespace vinculo::lifecycle
