#include <algorithm>
#include <iterator>
#include <random>
#include <set>

#include "services/messaging/store/inbound_repository.h"
#include "services/messaging/store/limit_repository.h"
#include "services/messaging/work/holding.h"
#include "services/messaging/work/work_rig.h"

namespace vinculo::messaging {
namespace {

using ::vinculo::test::IsOk;

// A number under random traffic on a clock of its own: both lanes, inbound messages, read marks, holders that come and
// go, and a way to the receiver that takes its time. What the receiver counted is judged at the end.
class NumberSimulation {
 public:
  NumberSimulation(int throughput, uint32_t seed) : throughput_(throughput), random_(seed) { TakeOver(); }

  void Run(absl::Duration length) {
    const absl::Time end = now_ + length;
    absl::Time phase_end = now_;
    while (now_ < end) {
      if (now_ >= phase_end) {
        inbound_rate_ = std::uniform_int_distribution<int>(0, throughput_ / 2)(random_);
        phases_.push_back({now_, inbound_rate_});
        phase_end = now_ + absl::Seconds(6);
      }
      Receive();
      if (Chance(0.00002)) TakeOver();
      Read();
      Send();
      now_ += kStep;
    }
    phases_.push_back({now_, 0});
  }

  // The most that the receiver counted outbound in any second; what it counted both ways within each phase once the
  // holder could know it; and how much of what was allowed left, a message more or less of those that came in apart.
  void Judge() {
    std::sort(arrived_.begin(), arrived_.end());
    EXPECT_LE(Most(arrived_), throughput_ - throughput_ / 20);
    double allowed = 0;
    for (size_t i = 0; i + 1 < phases_.size(); ++i) {
      const absl::Time to = phases_[i + 1].at;
      std::vector<absl::Time> both = Between(arrived_, phases_[i].at + kKnown, to);
      const std::vector<absl::Time> in = Between(received_, phases_[i].at + kKnown, to);
      both.insert(both.end(), in.begin(), in.end());
      std::sort(both.begin(), both.end());
      EXPECT_LE(Most(both), throughput_) << "with " << phases_[i].inbound << "/s coming in";
      const int rate = throughput_ - std::max(phases_[i].inbound + 1, throughput_ / 20);
      allowed += rate * (absl::ToDoubleSeconds(to - phases_[i].at) - 2.1 * TakeOvers(phases_[i].at, to));
    }
    EXPECT_GE(static_cast<double>(arrived_.size()), 0.95 * allowed);
  }

 private:
  static constexpr absl::Duration kStep = absl::Milliseconds(2), kKnown = absl::Milliseconds(1300);
  struct Phase {
    absl::Time at;
    int inbound;
  };

  bool Chance(double p) { return std::uniform_real_distribution<double>(0, 1)(random_) < p; }

  // The rings of a holder end with it; the next one begins nothing for a second.
  void TakeOver() {
    holding_ = Holding();
    holding_.Adopt({.throughput = throughput_});
    holding_.begin_at = arrived_.empty() ? now_ : now_ + absl::Milliseconds(1030);
    taken_over_.push_back(now_);
  }
  int TakeOvers(absl::Time from, absl::Time to) const {
    return static_cast<int>(Between(taken_over_, from, to).size());
  }
  static std::vector<absl::Time> Between(const std::vector<absl::Time>& times, absl::Time from, absl::Time to) {
    std::vector<absl::Time> out;
    std::copy_if(times.begin(), times.end(), std::back_inserter(out),
                 [&](absl::Time t) { return t >= from && t < to; });
    return out;
  }

  void Receive() {
    owed_ += inbound_rate_ * absl::ToDoubleSeconds(kStep);
    for (; owed_ >= 1; owed_ -= 1) received_.push_back(now_);
  }
  // Every tenth of a second, the ticks that may reach into the last second.
  void Read() {
    if (now_ < read_at_) return;
    read_at_ = now_ + absl::Milliseconds(100);
    const absl::Time since = now_ - absl::Milliseconds(1025);
    holding_.inbound = static_cast<int>(std::count_if(
        received_.rbegin(), std::find_if(received_.rbegin(), received_.rend(), [&](absl::Time t) { return t < since; }),
        [](absl::Time) { return true; }));
  }
  void Send() {
    if (now_ < holding_.begin_at) return;
    const int free = holding_.Free(now_);
    const int bulk = holding_.FreeForBulk(now_);
    EXPECT_LE(bulk, free);
    // Singles come in bursts; a campaign takes what it may; a read mark now and then.
    int n = bulk;
    if (Chance(0.3)) n = free;
    if (Chance(0.05)) n = std::min(free, 1);
    for (int i = 0; i < n; ++i) {
      holding_.window.Take(now_, 1);
      arrived_.push_back(now_ + absl::Microseconds(std::uniform_int_distribution<int>(0, 20'000)(random_)));
    }
  }
  static int Most(const std::vector<absl::Time>& times) {
    size_t first = 0, most = 0;
    for (size_t i = 0; i < times.size(); ++i) {
      while (times[i] - times[first] >= absl::Seconds(1)) ++first;
      most = std::max(most, i - first + 1);
    }
    return static_cast<int>(most);
  }

  const int throughput_;
  std::mt19937 random_;
  absl::Time now_ = kNow, read_at_ = kNow;
  Holding holding_;
  int inbound_rate_ = 0;
  double owed_ = 0;
  std::vector<absl::Time> arrived_, received_, taken_over_;
  std::vector<Phase> phases_;
};

class NumberLimit : public testing::TestWithParam<int> {};

TEST_P(NumberLimit, IsNeverExceededAndNearlyAllOfItIsUsed) {
  for (uint32_t seed = 1; seed <= 3; ++seed) {
    NumberSimulation simulation(GetParam(), seed);
    simulation.Run(absl::Seconds(120));
    simulation.Judge();
  }
}
INSTANTIATE_TEST_SUITE_P(Throughputs, NumberLimit, testing::Values(20, 80, 1000));

// Two senders of one portfolio over days of random traffic on a real store: singles in and out of windows, campaigns,
// refusals, lost answers, takeovers. What left is judged by the rules as WhatsApp would count them.
class LimitHistory : public WorkRig, public testing::WithParamInterface<uint32_t> {
 protected:
  static constexpr int kTier = 20;
  static constexpr int kPeople = 45;

  struct Left {
    absl::Time at;
    Uuid sender;
    Uuid contact;
    bool reaches = false;
  };

  void SetUp() override {
    WorkRig::SetUp();
    now_ = kNow + absl::Hours(24) * 1000 * (1 + GetParam());
    NewCampaign(kPeople);
    ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  RETURN_IF_ERROR(ChannelRepository::InsertSender(tx, {.id = other_,
                                                                       .channel_id = channel_,
                                                                       .phone_number_id = "56",
                                                                       .phone_number = "+5491140000001",
                                                                       .created_at = kNow}));
                  for (const Uuid& id : {sender_, other_}) {
                    ASSIGN_OR_RETURN(Sender s, ChannelRepository::GetSender(tx, id));
                    s.daily_reach = kTier;
                    RETURN_IF_ERROR(ChannelRepository::UpdateSender(tx, s));
                  }
                  return ChannelRepository::ClaimDispatcher(tx, other_, "one", now_, now_).status();
                }),
                IsOk());
  }

  int Pick(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_); }

  void QueueSome() {
    const Contact& to = people_[Pick(kPeople)];
    const bool text = Pick(3) == 0;
    Message m{.id = Uuid::New(now_),
              .contact_id = to.id,
              .sender_id = Pick(2) == 0 ? sender_ : other_,
              .due_at = now_,
              .expire_at = now_ + absl::Hours(24 * 30),
              .version = 1,
              .created_at = now_};
    if (text) {
      m.content = TextContent{"Hola", false};
    } else {
      m.content = TemplateContent{"aviso", "es", {{"body.1", "Ana"}}};
      m.category = Category::kUtility;
    }
    ASSERT_THAT(Write([&](sql::Transaction& tx) -> absl::Status {
                  if (text) {
                    RETURN_IF_ERROR(WindowRepository::Extend(tx, m.sender_id, to.id, now_ + absl::Hours(24)));
                  }
                  return MessageRepository::Insert(tx, m);
                }),
                IsOk());
    if (text) open_[{m.sender_id, to.id}] = now_ + absl::Hours(24);
  }

  bool Open(const Uuid& sender, const Uuid& contact) {
    const auto it = open_.find({sender, contact});
    return it != open_.end() && now_ < it->second - absl::Seconds(60);
  }

  void Dispatch(const Uuid& sender, int64_t token) {
    const IntentRequest request{.sender_id = sender, .token = token, .now = now_, .limit = 16, .bulk_limit = 16};
    auto batch = Write([&](sql::Transaction& tx) { return CommitIntents(tx, contacts_, request); });
    ASSERT_THAT(batch, IsOk());
    std::vector<SendReport> reports;
    for (const Intent& i : batch->intents) {
      const Message& m = i.message;
      const bool reaches = std::holds_alternative<TemplateContent>(m.content) && !Open(sender, m.contact_id);
      const int luck = Pick(10);
      if (luck == 0) {
        reports.push_back(Refused(i, 131026));
      } else {
        left_.push_back({now_, sender, m.contact_id, reaches});
        reports.push_back(luck == 1 ? SendReport{m.id, m.progress.attempt, {.result = SendResult::kAmbiguous}}
                                    : Accepted(i));
      }
    }
    ASSERT_THAT(Record(reports, now_), IsOk());
  }

  void JudgePairs() const {
    std::map<std::pair<Uuid, Uuid>, absl::Time> paid;
    for (const Left& l : left_) {
      absl::Time& until = paid[{l.sender, l.contact}];
      until = std::max(until, l.at) + kPairCost;
      EXPECT_LE(until - l.at, kPairCost * kPairDebtSend);
    }
  }
  void JudgeReach() const {
    size_t most = 0;
    for (size_t i = 0; i < left_.size(); ++i) {
      if (!left_[i].reaches) continue;
      std::set<Uuid> people;
      for (size_t k = i; k < left_.size() && left_[k].at - left_[i].at < absl::Hours(24); ++k) {
        if (left_[k].reaches) people.insert(left_[k].contact);
      }
      EXPECT_LE(people.size(), kTier);
      most = std::max(most, people.size());
    }
    EXPECT_GE(most, 0.95 * kTier) << "what is allowed is used";
  }

  const Uuid other_ = Uuid::New(kNow);
  std::mt19937 random_{GetParam()};
  absl::Time now_;
  std::map<std::pair<Uuid, Uuid>, absl::Time> open_;
  std::vector<Left> left_;
};

TEST_P(LimitHistory, NoPairAndNoPortfolioIsExceededInAnyWindow) {
  int64_t token = 1;
  for (int step = 0; step < 600; ++step) {
    for (int n = Pick(4); n > 0; --n) QueueSome();
    if (Pick(50) == 0) {
      auto next = Write([&](sql::Transaction& tx) {
        return ChannelRepository::ClaimDispatcher(tx, sender_, "next", now_, now_ + absl::Seconds(1));
      });
      if (next.ok()) token = *next;
    }
    Dispatch(sender_, token);
    Dispatch(other_, 1);
    now_ += Pick(3) == 0 ? absl::Seconds(Pick(5)) : absl::Minutes(Pick(20));
  }
  JudgePairs();
  JudgeReach();
  EXPECT_GT(left_.size(), 300u);
}
INSTANTIATE_TEST_SUITE_P(Seeds, LimitHistory, testing::Values(1, 2, 3));

}  // namespace
}  // namespace vinculo::messaging
