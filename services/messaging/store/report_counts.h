#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "common/sql/query.h"
#include "common/sql/transaction.h"
#include "services/messaging/domain/cost.h"
#include "services/messaging/domain/figures.h"

namespace vinculo::messaging {

// The parts of time that counters are kept by, since 1970 in UTC.
inline int64_t MinuteOf(absl::Time t) { return absl::ToInt64Minutes(t - absl::UnixEpoch()); }
inline int64_t QuarterOf(absl::Time t) { return MinuteOf(t) / 15; }
inline absl::Time StartOfMinute(int64_t minute) { return absl::UnixEpoch() + absl::Minutes(minute); }

// Changes of the counters behind series, template, sender and monthly reports within one transaction, written at its
// end with one statement for each counter however many messages moved it: the counters cost a batch a few statements
// and a message none, and a series is read in steps of its minutes instead of its messages.
class FigureDeltas {
 public:
  // A message's figures changed. `in_ledger`: it is the message that its campaign's ledger shows.
  void Change(const Message& message, const std::vector<FigureAt>& before, const std::vector<FigureAt>& after,
              bool in_ledger);
  // A figure beside those of the message itself: an answer to it.
  void Add(const Message& message, const FigureAt& figure, int64_t n);
  // The ledger shows the message no longer, or again: its share of the campaign's series leaves, or returns.
  void Show(const Message& message, bool in_ledger);
  // What the message costs changed from `before` to `after`, or when it was delivered did.
  void ChangeCost(const Message& before, const Message& after);
  absl::Status Flush(sql::Transaction& tx);

  static std::vector<sql::Query> Queries();

 private:
  void Count(const Message& message, const FigureAt& figure, int64_t n, bool in_ledger);
  void CountCost(const Message& message, int times);
  absl::Status FlushCosts(sql::Transaction& tx);

  using MinuteKey = std::tuple<Uuid, int64_t, Figure>;
  using QuarterKey = std::tuple<Uuid, int64_t, Source, Figure, std::string>;
  using TemplateKey = std::tuple<Uuid, std::string, std::string, int, Source, Figure, std::string>;
  std::map<MinuteKey, int64_t> minutes_;
  std::map<QuarterKey, int64_t> quarters_;
  std::map<TemplateKey, int64_t> templates_;
  std::map<std::tuple<Uuid, int64_t, Source>, CostShares> quarter_costs_;
  std::map<std::tuple<Uuid, std::string, std::string, int, Source>, CostShares> template_costs_;
};

}  // namespace vinculo::messaging
