#include "common/metrics/registry.h"

#include <sys/wait.h>

#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/testing/golden.h"
#include "common/testing/temp_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::metrics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// The value of an unlabelled series; fails the test when it is not there.
double Value(const Registry& registry, absl::string_view name) {
  for (const absl::string_view line : absl::StrSplit(registry.Render(), '\n', absl::SkipEmpty())) {
    double value;
    if (absl::StartsWith(line, absl::StrCat(name, " ")) && absl::SimpleAtod(line.substr(name.size() + 1), &value)) {
      return value;
    }
  }
  ADD_FAILURE() << name << " is not there";
  return -1;
}

TEST(Registry, RendersWhatWasCounted) {
  Registry registry;
  registry.AddCounter("mails_total", "Mails sent.").Increment(3);
  registry.AddGauge("queue_length", "Mails waiting.").Set(2);
  registry.AddHistogram("send_seconds", "Time to send a mail.", {0.1, 1}).Observe(0.5);
  const std::string text = registry.Render();
  EXPECT_THAT(text, HasSubstr("# HELP mails_total Mails sent.\n# TYPE mails_total counter\nmails_total 3\n"));
  EXPECT_THAT(text, HasSubstr("queue_length 2\n"));
  EXPECT_THAT(text, HasSubstr("send_seconds_bucket{le=\"0.1\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("send_seconds_bucket{le=\"1\"} 1\n"));
}

TEST(Registry, GivesTheSameSeriesForTheSameName) {
  Registry registry;
  Counter& a = registry.AddCounter("mails_total", "Mails sent.");
  Counter& b = registry.AddCounter("mails_total", "Mails sent.");
  EXPECT_EQ(&a, &b);
}

TEST(Registry, MakesAClosedSetOfSeries) {
  Registry registry;
  const Labeled<Counter> sent = registry.AddCounters("sent_total", "Sends by outcome.", "outcome", {"ok", "failed"});
  sent["ok"].Increment();
  sent["failed"].Increment(2);
  sent["what a stranger made up"].Increment(3);
  const std::string text = registry.Render();
  EXPECT_THAT(text, HasSubstr("sent_total{outcome=\"ok\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sent_total{outcome=\"failed\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("sent_total{outcome=\"other\"} 3\n"));
  EXPECT_THAT(text, Not(HasSubstr("stranger")));
}

TEST(Registry, AsksForCallbackValuesAtEachScrape) {
  Registry registry;
  double value = 1;
  registry.AddCallbackGauge("depth", "How deep.", [&] { return value; });
  registry.AddCallbackCounter("ticks_total", "Ticks seen.", [&] { return value * 10; });
  EXPECT_EQ(Value(registry, "depth"), 1);
  value = 2;
  EXPECT_EQ(Value(registry, "depth"), 2);
  EXPECT_EQ(Value(registry, "ticks_total"), 20);
}

TEST(Registry, TellsAboutTheProcess) {
  Registry registry;
  registry.AddProcessMetrics();
  const double before = Value(registry, "process_open_fds");
  std::FILE* file = std::fopen("/dev/null", "r");
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(Value(registry, "process_open_fds"), before + 1);
  std::fclose(file);
  EXPECT_GT(Value(registry, "process_resident_memory_bytes"), 1 << 20);
  EXPECT_GE(Value(registry, "process_threads"), 1);
  EXPECT_GE(Value(registry, "process_cpu_seconds_total"), 0);
  EXPECT_GT(Value(registry, "process_max_fds"), 0);
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_NEAR(Value(registry, "process_start_time_seconds"), now, 3600);
}

TEST(Registry, DescribesItselfForTheGoldenList) {
  Registry registry;
  registry.AddCounters("sent_total", "Sends by outcome.", "outcome", {"ok"}, {{"channel", "whatsapp"}});
  registry.AddGauge("queue_length", "Mails waiting.");
  registry.AddHistogram("send_seconds", "Time to send a mail.");
  EXPECT_THAT(registry.Describe(),
              ElementsAre("queue_length gauge", "send_seconds histogram", "sent_total counter channel,outcome"));
}

TEST(Registry, ListsTheProcessMetricsOfTheGoldenFile) {
  Registry registry;
  registry.AddProcessMetrics();
  EXPECT_TRUE(test::MatchesGolden(registry.Describe(), "common/metrics/testdata/process_metrics.txt"));
}

TEST(Registry, SatisfiesPromtool) {
  Registry registry;
  registry.AddProcessMetrics();
  registry.AddCounters("sent_total", "Sends by outcome.", "outcome", {"ok"})["ok"].Increment();
  registry.AddGauges("queue_length", "Mails waiting.", "queue", {"a"});
  registry.AddHistograms("send_seconds", "Time to send a mail.", "kind", {"a"})["a"].Observe(1);
  registry.AddHistogram("batch_size", "Mails in a batch.", PowersOfTwo()).Observe(3);
  const test::TempDirectory directory;
  const std::string file = directory.Write("metrics", registry.Render());
  std::FILE* promtool = popen(absl::StrCat("promtool check metrics <", file, " 2>&1").c_str(), "r");
  ASSERT_NE(promtool, nullptr);
  std::string said(4096, '\0');
  said.resize(std::fread(said.data(), 1, said.size(), promtool));
  EXPECT_EQ(WEXITSTATUS(pclose(promtool)), 0) << said;
}

TEST(RegistryDeathTest, RefusesNamesThatPromtoolWouldRefuse) {
  Registry registry;
  EXPECT_DEATH(registry.AddCounter("mails", "Mails."), "does not end in _total");
  EXPECT_DEATH(registry.AddGauge("mails_total", "Mails."), "is no counter");
  EXPECT_DEATH(registry.AddGauge("Mails", "Mails."), "not snake_case");
  EXPECT_DEATH(registry.AddGauge("mails", ""), "no help text");
  EXPECT_DEATH(registry.AddHistogram("send_ms", "Time."), "base units");
  EXPECT_DEATH(registry.AddGauge("mails_count", "Mails."), "histograms");
  EXPECT_DEATH(registry.AddGauge("mails", "Mails.", {{"Kind", "a"}}), "label Kind");
}

}  // namespace
}  // namespace vinculo::metrics
