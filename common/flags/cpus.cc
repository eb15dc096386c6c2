#include "common/flags/cpus.h"

#include <sched.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace vinculo::flags {
namespace {

std::string ReadLine(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Where the cgroup of this process is mounted. In a container it is the root of what is seen.
std::string CgroupFolder() {
  const std::string line = ReadLine("/proc/self/cgroup");
  absl::string_view path = line;
  return absl::ConsumePrefix(&path, "0::/") && !path.empty() ? absl::StrCat("/sys/fs/cgroup/", path) : "/sys/fs/cgroup";
}

}  // namespace

std::optional<int> CpusOfQuota(absl::string_view cpu_max) {
  const std::vector<absl::string_view> parts = absl::StrSplit(cpu_max, ' ', absl::SkipWhitespace());
  int64_t quota = 0, period = 0;
  if (parts.size() != 2 || !absl::SimpleAtoi(parts[0], &quota) || !absl::SimpleAtoi(parts[1], &period)) return {};
  if (quota <= 0 || period <= 0) return {};
  return static_cast<int>(std::clamp<int64_t>((quota + period - 1) / period, 1, 1024));
}

int AvailableCpus() {
  cpu_set_t set;
  int cpus = sched_getaffinity(0, sizeof(set), &set) == 0 ? std::max(1, CPU_COUNT(&set)) : 1;
  for (const std::string& folder : {CgroupFolder(), std::string("/sys/fs/cgroup")}) {
    if (const std::optional<int> quota = CpusOfQuota(ReadLine(folder + "/cpu.max"))) cpus = std::min(cpus, *quota);
  }
  return cpus;
}

}  // namespace vinculo::flags
