#include "common/metrics/registry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/metrics/process_metrics.h"
#include "prometheus/metric_family.h"
#include "prometheus/text_serializer.h"

namespace vinculo::metrics {
namespace {

constexpr absl::string_view kOther = "other";

[[noreturn]] void Die(absl::string_view name, absl::string_view problem) {
  std::fprintf(stderr, "metric %s: %s\n", std::string(name).c_str(), std::string(problem).c_str());
  std::abort();
}

bool IsSnakeCase(absl::string_view name) {
  if (name.empty() || !absl::ascii_islower(static_cast<unsigned char>(name.front()))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '_'; });
}

// What promtool's linter refuses, in the parts that a name shows.
void CheckFamily(absl::string_view name, absl::string_view help, prometheus::MetricType type, const Labels& labels) {
  if (!IsSnakeCase(name)) Die(name, "is not snake_case");
  if (help.empty()) Die(name, "has no help text");
  const bool total = absl::EndsWith(name, "_total");
  if (type == prometheus::MetricType::Counter && !total) Die(name, "is a counter and does not end in _total");
  if (type != prometheus::MetricType::Counter && total) Die(name, "ends in _total and is no counter");
  for (const absl::string_view suffix : {"_count", "_sum", "_bucket"}) {
    if (absl::EndsWith(name, suffix)) Die(name, absl::StrCat("ends in ", suffix, ", which histograms use"));
  }
  for (const absl::string_view unit : {"_ms", "_milliseconds", "_microseconds", "_minutes", "_kb", "_mb"}) {
    if (absl::EndsWith(name, unit) || absl::StrContains(name, absl::StrCat(unit, "_"))) {
      Die(name, "is not in base units (seconds, bytes)");
    }
  }
  for (const auto& [key, value] : labels) {
    if (!IsSnakeCase(key)) Die(name, absl::StrCat("has label ", key, ", which is not snake_case"));
  }
}

Labels With(Labels labels, absl::string_view label, absl::string_view value) {
  labels[std::string(label)] = std::string(value);
  return labels;
}

class CallbackMetric final : public prometheus::Collectable {
 public:
  CallbackMetric(absl::string_view name, absl::string_view help, prometheus::MetricType type,
                 std::function<double()> read)
      : read_(std::move(read)) {
    family_.name = std::string(name);
    family_.help = std::string(help);
    family_.type = type;
    family_.metric.emplace_back();
  }

  std::vector<prometheus::MetricFamily> Collect() const override {
    prometheus::MetricFamily family = family_;
    const double value = read_();
    if (family.type == prometheus::MetricType::Counter) {
      family.metric[0].counter.value = value;
    } else {
      family.metric[0].gauge.value = value;
    }
    return {std::move(family)};
  }

 private:
  prometheus::MetricFamily family_;
  std::function<double()> read_;
};

const char* TypeName(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    case prometheus::MetricType::Summary:
      return "summary";
    default:
      return "untyped";
  }
}

}  // namespace

const Histogram::BucketBoundaries& LatencySeconds() {
  static const auto* const buckets = new Histogram::BucketBoundaries{
      0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return *buckets;
}

const Histogram::BucketBoundaries& PowersOfTwo() {
  static const auto* const buckets = [] {
    auto* powers = new Histogram::BucketBoundaries;
    for (int exponent = 0; exponent <= 16; ++exponent) powers->push_back(static_cast<double>(1 << exponent));
    return powers;
  }();
  return *buckets;
}

Registry::Registry() : registry_(prometheus::Registry::InsertBehavior::Merge) {}

Counter& Registry::AddCounter(absl::string_view name, absl::string_view help, const Labels& labels) {
  CheckFamily(name, help, prometheus::MetricType::Counter, labels);
  return prometheus::BuildCounter().Name(std::string(name)).Help(std::string(help)).Register(registry_).Add(labels);
}

Gauge& Registry::AddGauge(absl::string_view name, absl::string_view help, const Labels& labels) {
  CheckFamily(name, help, prometheus::MetricType::Gauge, labels);
  return prometheus::BuildGauge().Name(std::string(name)).Help(std::string(help)).Register(registry_).Add(labels);
}

Histogram& Registry::AddHistogram(absl::string_view name, absl::string_view help,
                                  const Histogram::BucketBoundaries& buckets, const Labels& labels) {
  CheckFamily(name, help, prometheus::MetricType::Histogram, labels);
  auto& family = prometheus::BuildHistogram().Name(std::string(name)).Help(std::string(help)).Register(registry_);
  return family.Add(labels, buckets);
}

Labeled<Counter> Registry::AddCounters(absl::string_view name, absl::string_view help, absl::string_view label,
                                       absl::Span<const std::string> values, const Labels& labels) {
  Labeled<Counter> result;
  for (const std::string& value : values) result.series_[value] = &AddCounter(name, help, With(labels, label, value));
  result.other_ = &AddCounter(name, help, With(labels, label, kOther));
  return result;
}

Labeled<Gauge> Registry::AddGauges(absl::string_view name, absl::string_view help, absl::string_view label,
                                   absl::Span<const std::string> values, const Labels& labels) {
  Labeled<Gauge> result;
  for (const std::string& value : values) result.series_[value] = &AddGauge(name, help, With(labels, label, value));
  result.other_ = &AddGauge(name, help, With(labels, label, kOther));
  return result;
}

Labeled<Histogram> Registry::AddHistograms(absl::string_view name, absl::string_view help, absl::string_view label,
                                           absl::Span<const std::string> values,
                                           const Histogram::BucketBoundaries& buckets, const Labels& labels) {
  Labeled<Histogram> result;
  for (const std::string& value : values) {
    result.series_[value] = &AddHistogram(name, help, buckets, With(labels, label, value));
  }
  result.other_ = &AddHistogram(name, help, buckets, With(labels, label, kOther));
  return result;
}

void Registry::AddCallbackGauge(absl::string_view name, absl::string_view help, std::function<double()> read) {
  CheckFamily(name, help, prometheus::MetricType::Gauge, {});
  AddCollectable(std::make_shared<CallbackMetric>(name, help, prometheus::MetricType::Gauge, std::move(read)));
}

void Registry::AddCallbackCounter(absl::string_view name, absl::string_view help, std::function<double()> read) {
  CheckFamily(name, help, prometheus::MetricType::Counter, {});
  AddCollectable(std::make_shared<CallbackMetric>(name, help, prometheus::MetricType::Counter, std::move(read)));
}

void Registry::AddCollectable(std::shared_ptr<prometheus::Collectable> collectable) {
  absl::MutexLock lock(&mutex_);
  collectables_.push_back(std::move(collectable));
}

void Registry::AddProcessMetrics() { AddCollectable(std::make_shared<ProcessMetrics>()); }

std::vector<prometheus::MetricFamily> Registry::Collect() const {
  std::vector<prometheus::MetricFamily> families = registry_.Collect();
  std::vector<std::shared_ptr<prometheus::Collectable>> others;
  {
    absl::MutexLock lock(&mutex_);
    others = collectables_;
  }
  for (const auto& collectable : others) {
    std::vector<prometheus::MetricFamily> more = collectable->Collect();
    std::move(more.begin(), more.end(), std::back_inserter(families));
  }
  std::stable_sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return families;
}

std::string Registry::Render() const { return prometheus::TextSerializer().Serialize(Collect()); }

std::vector<std::string> Registry::Describe() const {
  std::vector<std::string> lines;
  for (const prometheus::MetricFamily& family : Collect()) {
    std::set<std::string> labels;
    for (const prometheus::ClientMetric& metric : family.metric) {
      for (const prometheus::ClientMetric::Label& label : metric.label) labels.insert(label.name);
    }
    lines.push_back(
        absl::StrCat(family.name, " ", TypeName(family.type), labels.empty() ? "" : " ", absl::StrJoin(labels, ",")));
  }
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

}  // namespace vinculo::metrics
