#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

namespace vinculo::sql {

// `sql_statement_seconds{statement}`: how long each named statement takes, rows included.
class StatementMetrics {
 public:
  explicit StatementMetrics(prometheus::Registry& registry)
      : family_(prometheus::BuildHistogram()
                    .Name("sql_statement_seconds")
                    .Help("Time a named SQL statement takes, reading its rows included")
                    .Register(registry)) {}

  // The series of one statement; the same for every connection. Called once per statement and connection.
  prometheus::Histogram& For(const char* statement) {
    return family_.Add({{"statement", statement}}, prometheus::Histogram::BucketBoundaries{
                                                       0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 1});
  }

 private:
  prometheus::Family<prometheus::Histogram>& family_;
};

}  // namespace vinculo::sql
