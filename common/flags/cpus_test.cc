#include "common/flags/cpus.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace vinculo::flags {
namespace {

TEST(Cpus, AQuotaIsRoundedUpToWholeProcessors) {
  EXPECT_EQ(CpusOfQuota("200000 100000"), 2);
  EXPECT_EQ(CpusOfQuota("150000 100000\n"), 2);
  EXPECT_EQ(CpusOfQuota("25000 100000"), 1);
}

TEST(Cpus, NoQuotaIsNoLimit) {
  for (const char* text : {"max 100000", "", "100000", "0 100000", "100000 0", "-1 100000", "a b c"}) {
    EXPECT_EQ(CpusOfQuota(text), std::nullopt) << text;
  }
}

TEST(Cpus, CountsOnlyThoseThatTheProcessMayRunOn) {
  int pinned = 0;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    pinned = AvailableCpus();
  }).join();
  EXPECT_EQ(pinned, 1);
  EXPECT_GE(AvailableCpus(), 1);
}

}  // namespace
}  // namespace vinculo::flags
