#pragma once

#include <vector>

#include "prometheus/collectable.h"

namespace vinculo::metrics {

// What the kernel says of this process, under the names every Prometheus client uses. Read from /proc at each scrape; a
// file that cannot be read leaves its metrics out.
class ProcessMetrics final : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

}  // namespace vinculo::metrics
