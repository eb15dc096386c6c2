#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace vinculo::sql {

// What the engine tells about itself.
struct EngineMetrics {
  explicit EngineMetrics(prometheus::Registry& registry)
      : batch_size(Histogram(registry, "sql_write_batch_size", "Writes committed together",
                             {1, 2, 4, 8, 16, 32, 64, 128, 256})),
        commit_seconds(Histogram(registry, "sql_commit_seconds", "Time of one durable commit",
                                 {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1})),
        checkpoint_seconds(Histogram(registry, "sql_checkpoint_seconds",
                                     "Time of one checkpoint, in which nothing commits",
                                     {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1})),
        queue_length(Gauge(registry, "sql_write_queue_length", "Writes that wait for the writer")),
        wal_bytes(Gauge(registry, "sql_wal_bytes", "Size of the write-ahead log in use")),
        checkpoints_busy(Counter(registry, "sql_checkpoint_busy_total", "Checkpoints that a long reader held up")),
        writes(Counter(registry, "sql_writes_total", "Writes that reached the disk")),
        syncs(Counter(registry, "sql_syncs_total", "Durable syncs made, checkpoints included")),
        conflicts(Counter(registry, "sql_conflicts_total", "Commits that were run again because others came first")),
        writes_refused(Counter(registry, "sql_writes_refused_total", "Writes refused because the queue was full")) {}

  prometheus::Histogram& batch_size;
  prometheus::Histogram& commit_seconds;
  prometheus::Histogram& checkpoint_seconds;
  prometheus::Gauge& queue_length;
  prometheus::Gauge& wal_bytes;
  prometheus::Counter& checkpoints_busy;
  prometheus::Counter& writes;
  prometheus::Counter& syncs;
  prometheus::Counter& conflicts;
  prometheus::Counter& writes_refused;

 private:
  static prometheus::Histogram& Histogram(prometheus::Registry& registry, const char* name, const char* help,
                                          const prometheus::Histogram::BucketBoundaries& buckets) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
  }
  static prometheus::Gauge& Gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  static prometheus::Counter& Counter(prometheus::Registry& registry, const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }
};

}  // namespace vinculo::sql
