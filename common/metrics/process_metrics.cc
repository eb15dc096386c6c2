#include "common/metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "prometheus/metric_family.h"

namespace vinculo::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Single(const char* name, const char* help, MetricType type, double value) {
  ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.push_back(std::move(metric));
  return family;
}

std::string ReadFile(const char* path) {
  std::ifstream file(path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

// The fields of /proc/self/stat behind the command, which may hold blanks and parentheses; [0] is field 3, the state.
std::vector<std::string> StatFields() {
  const std::string stat = ReadFile("/proc/self/stat");
  const size_t close = stat.rfind(") ");
  if (close == std::string::npos) return {};
  return absl::StrSplit(stat.substr(close + 2), ' ');
}

std::optional<double> Number(const std::vector<std::string>& fields, size_t index) {
  double value;
  if (index >= fields.size() || !absl::SimpleAtod(fields[index], &value)) return std::nullopt;
  return value;
}

std::optional<double> BootTimeSeconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    double seconds;
    if (line.rfind("btime ", 0) == 0 && absl::SimpleAtod(line.substr(6), &seconds)) return seconds;
  }
  return std::nullopt;
}

std::optional<double> OpenFileCount() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  double count = -1;  // the directory itself is open now
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') ++count;
  }
  closedir(directory);
  return count;
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics::Collect() const {
  // proc(5): utime 14, stime 15, num_threads 20, starttime 22, rss 24, all counted from 1.
  const std::vector<std::string> stat = StatFields();
  const auto field = [&](size_t number) { return Number(stat, number - 3); };
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  static const std::optional<double> boot_time = BootTimeSeconds();

  std::vector<MetricFamily> families;
  const auto add = [&](const char* name, const char* help, MetricType type, std::optional<double> value) {
    if (value.has_value()) families.push_back(Single(name, help, type, *value));
  };
  const auto user = field(14);
  const auto system = field(15);
  if (user && system) {
    add("process_cpu_seconds_total", "User and system CPU time spent.", MetricType::Counter, (*user + *system) / ticks);
  }
  if (const auto pages = field(24)) {
    add("process_resident_memory_bytes", "Memory that is resident.", MetricType::Gauge,
        *pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
  }
  if (const auto started = field(22); started && boot_time) {
    add("process_start_time_seconds", "When the process began, in seconds since 1970.", MetricType::Gauge,
        *boot_time + *started / ticks);
  }
  add("process_threads", "Threads that exist.", MetricType::Gauge, field(20));
  add("process_open_fds", "File descriptors that are open.", MetricType::Gauge, OpenFileCount());
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    add("process_max_fds", "File descriptors that may be open.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
  return families;
}

}  // namespace vinculo::metrics
