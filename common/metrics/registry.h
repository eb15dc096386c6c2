#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/types/span.h"
#include "prometheus/collectable.h"
#include "prometheus/counter.h"
#include "prometheus/gauge.h"
#include "prometheus/histogram.h"
#include "prometheus/registry.h"

// Metrics in Prometheus' text format. A service makes one Registry and hands it to whatever counts; label values are
// closed sets made at startup, and the hot path only touches what was made then.
namespace vinculo::metrics {

using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;
using Labels = std::map<std::string, std::string>;

// One series for each value of a closed set of label values, all made at startup. `T` is Counter, Gauge or Histogram.
// Thread-safe. A value that was not announced counts as `other`, so no input can create a series.
template <typename T>
class Labeled {
 public:
  T& operator[](absl::string_view value) const {
    const auto it = series_.find(value);
    return it == series_.end() ? *other_ : *it->second;
  }

 private:
  friend class Registry;
  absl::flat_hash_map<std::string, T*> series_;
  T* other_ = nullptr;
};

// 100 microseconds to 10 seconds, for calls, statements and HTTP requests.
const Histogram::BucketBoundaries& LatencySeconds();
// 1, 2, 4 ... 65536, for batches and queues.
const Histogram::BucketBoundaries& PowersOfTwo();

// Holds the process's metrics. Thread-safe. The Add functions check what `promtool check metrics` would say later and
// abort on a name that is not snake_case, a counter that does not end in `_total`, anything else that does, or an empty
// help text: those are bugs of ours and show at startup. Adding the same name and labels again returns the same series.
// References stay valid as long as the Registry.
class Registry {
 public:
  Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  Counter& AddCounter(absl::string_view name, absl::string_view help, const Labels& labels = {});
  Gauge& AddGauge(absl::string_view name, absl::string_view help, const Labels& labels = {});
  Histogram& AddHistogram(absl::string_view name, absl::string_view help,
                          const Histogram::BucketBoundaries& buckets = LatencySeconds(), const Labels& labels = {});

  // One series for each of `values` of `label`, and `other`; `labels` are the same on all.
  Labeled<Counter> AddCounters(absl::string_view name, absl::string_view help, absl::string_view label,
                               absl::Span<const std::string> values, const Labels& labels = {});
  Labeled<Gauge> AddGauges(absl::string_view name, absl::string_view help, absl::string_view label,
                           absl::Span<const std::string> values, const Labels& labels = {});
  Labeled<Histogram> AddHistograms(absl::string_view name, absl::string_view help, absl::string_view label,
                                   absl::Span<const std::string> values,
                                   const Histogram::BucketBoundaries& buckets = LatencySeconds(),
                                   const Labels& labels = {});

  // A gauge whose value is asked for at each scrape. `read` is called on the scraping thread, must not block and must
  // stay callable as long as the Registry.
  void AddCallbackGauge(absl::string_view name, absl::string_view help, std::function<double()> read);
  // The same for a counter; what `read` returns never falls.
  void AddCallbackCounter(absl::string_view name, absl::string_view help, std::function<double()> read);

  // Anything else that can be collected, kept alive by the Registry.
  void AddCollectable(std::shared_ptr<prometheus::Collectable> collectable);

  // process_resident_memory_bytes, process_open_fds, process_max_fds, process_cpu_seconds_total,
  // process_start_time_seconds and process_threads, read from /proc at each scrape.
  void AddProcessMetrics();

  // All metrics in text format 0.0.4, families sorted by name.
  std::string Render() const;

  // One line for each family, sorted: name, type and label names, such as `rpc_handled_total counter code,method`.
  // Compared with a golden file, so that no metric appears, changes or goes unnoticed.
  std::vector<std::string> Describe() const;

  // For libraries that make their own families, at startup as well.
  prometheus::Registry& prometheus() { return registry_; }

 private:
  std::vector<prometheus::MetricFamily> Collect() const;

  prometheus::Registry registry_;
  mutable absl::Mutex mutex_;
  std::vector<std::shared_ptr<prometheus::Collectable>> collectables_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace vinculo::metrics
