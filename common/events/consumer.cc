#include "common/events/consumer.h"

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/id/uuid.h"
#include "common/status/status_macros.h"

namespace vinculo::events {
namespace {

using vinculo::events::v1::WatchResponse;

constexpr sql::Query kLoad{"feed_cursor_load", "SELECT seq FROM feed_cursor WHERE tenant_id = ? AND source = ?"};
constexpr sql::Query kSave{"feed_cursor_save",
                           "INSERT INTO feed_cursor(tenant_id, source, seq) VALUES (?,?,?) "
                           "ON CONFLICT (tenant_id, source) DO UPDATE SET seq = excluded.seq"};
constexpr sql::Query kBury{
    "feed_bury",
    "INSERT INTO feed_dead_letter(tenant_id, source, seq, type, error, event, recorded_at) VALUES (?,?,?,?,?,?,?) "
    "ON CONFLICT (tenant_id, source, seq) DO NOTHING"};

constexpr sql::Query kDeadLetters{"feed_dead_letters",
                                  "SELECT source, seq, event FROM feed_dead_letter WHERE tenant_id = ? AND (source, "
                                  "seq) > (?, ?) ORDER BY source, seq LIMIT ?"};
constexpr sql::Query kRedact{"feed_dead_letter_redact",
                             "UPDATE feed_dead_letter SET event = ? WHERE tenant_id = ? AND source = ? AND seq = ?"};

constexpr sql::Query kTakeTurn{
    "feed_take_turn",
    "INSERT INTO feed_turn(tenant_id, source, holder, until_at) VALUES (?1,?2,?3,?4) "
    "ON CONFLICT (tenant_id, source) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at "
    "WHERE feed_turn.holder = ?3 OR feed_turn.until_at <= ?5"};
// How long a replica that has gone silent keeps a feed from the others.
constexpr absl::Duration kTurn = absl::Seconds(15);

}  // namespace

absl::StatusOr<int64_t> LoadCursor(sql::Transaction& tx, const std::string& source) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> seq,
                   tx.Find(
                       kLoad, [](const sql::Row& row) { return row.Int(0); }, tx.tenant(), source));
  return seq.value_or(0);
}

absl::Status SaveCursor(sql::Transaction& tx, const std::string& source, int64_t seq) {
  return tx.Exec(kSave, tx.tenant(), source, seq);
}

absl::StatusOr<std::string> RedactDeadLetters(sql::Transaction& tx, absl::string_view cursor,
                                              const std::vector<std::string>& needles, int limit) {
  // "seq source": the seq of what was looked at last, then its source.
  const std::vector<std::string> at = absl::StrSplit(cursor, absl::MaxSplits(' ', 1));
  int64_t seq = 0;
  (void)absl::SimpleAtoi(at[0], &seq);
  std::vector<std::pair<std::string, int64_t>> hits;
  std::string next;
  int seen = 0;
  RETURN_IF_ERROR(tx.Each(
      kDeadLetters,
      [&](const sql::Row& row) {
        ++seen;
        next = absl::StrCat(row.Int(1), " ", row.Text(0));
        const absl::string_view event = row.Blob(2);
        const bool about = absl::c_any_of(
            needles, [&](const std::string& needle) { return event.find(needle) != absl::string_view::npos; });
        if (about) hits.emplace_back(row.String(0), row.Int(1));
      },
      tx.tenant(), at.size() > 1 ? at[1] : "", seq, limit));
  for (const auto& [source, hit] : hits) RETURN_IF_ERROR(tx.Exec(kRedact, sql::Blob{""}, tx.tenant(), source, hit));
  return seen == limit ? next : "";
}

// One tenant's feed. `failed_seq` and `tries` belong to the batch in hand, of which there is at most one.
struct Consumer::Following {
  std::string tenant;
  int64_t failed_seq = 0;
  int tries = 0;
  std::unique_ptr<FeedSource::Subscription> subscription;
};

Consumer::Consumer(std::string name, sql::Database& database, FeedSource& source, std::vector<std::string> types,
                   Apply apply)
    : name_(std::move(name)),
      database_(database),
      source_(source),
      types_(std::move(types)),
      apply_(std::move(apply)),
      holder_(Uuid::New(database.clock().Now()).ToString()) {}

Consumer::~Consumer() {
  for (auto& following : following_) following->subscription.reset();
}

absl::Status Consumer::Start(const std::vector<std::string>& tenants) {
  for (const std::string& tenant : tenants) {
    ASSIGN_OR_RETURN(const int64_t cursor,
                     database_.ReadInline(sql::Scope::ForTenant(tenant, name_ + "-feed"),
                                          [this](sql::Transaction& tx) { return LoadCursor(tx, name_); }));
    auto following = std::make_unique<Following>();
    following->tenant = tenant;
    Following* raw = following.get();
    following_.push_back(std::move(following));
    raw->subscription = source_.Watch(tenant, cursor, types_, [this, raw](WatchResponse batch, FeedSource::Ack ack) {
      OnBatch(*raw, std::move(batch), std::move(ack));
    });
  }
  return absl::OkStatus();
}

absl::Status Consumer::TakeTurn(sql::Transaction& tx, absl::Time now) const {
  ASSIGN_OR_RETURN(const int64_t taken, tx.ExecCount(kTakeTurn, tx.tenant(), name_, holder_, now + kTurn, now));
  return taken == 1 ? absl::OkStatus() : absl::UnavailableError("another replica follows this feed");
}

void Consumer::OnBatch(Following& following, WatchResponse batch, FeedSource::Ack ack) {
  // The events of a batch share one transaction with the cursor. Which event failed is told through `failed`, which a
  // repeated run sets anew.
  auto shared = std::make_shared<const WatchResponse>(std::move(batch));
  auto failed = std::make_shared<int64_t>(0);
  const absl::Time now = database_.clock().Now();
  const int64_t bury = following.tries >= kPoisonTries ? following.failed_seq : 0;
  database_.Write(
      sql::Scope::ForTenant(following.tenant, name_ + "-feed"),
      [this, shared, failed, now, bury](sql::Transaction& tx) -> absl::Status {
        *failed = 0;
        ASSIGN_OR_RETURN(const int64_t cursor, LoadCursor(tx, name_));
        if (shared->next_after_seq() <= cursor) return absl::OkStatus();
        if (database_.engine().shared()) RETURN_IF_ERROR(TakeTurn(tx, now));
        for (const auto& event : shared->events()) {
          if (event.seq() <= cursor) continue;  // applied before: a repeat after a lost acknowledgement
          if (event.seq() == bury) {
            const std::string bytes = event.SerializeAsString();
            RETURN_IF_ERROR(tx.Exec(kBury, tx.tenant(), name_, event.seq(), event.type(),
                                    "not applied after several tries", sql::Blob{bytes}, now));
            continue;
          }
          absl::Status applied = apply_(tx, event, now);
          if (!applied.ok()) {
            *failed = event.seq();
            return applied;
          }
        }
        return SaveCursor(tx, name_, shared->next_after_seq());
      },
      [&following, failed, ack = std::move(ack)](const absl::Status& status) mutable {
        if (status.ok()) {
          following.failed_seq = 0;
          following.tries = 0;
        } else if (*failed != 0) {
          following.tries = *failed == following.failed_seq ? following.tries + 1 : 1;
          following.failed_seq = *failed;
        }
        ack(status.ok());
      });
}

}  // namespace vinculo::events
