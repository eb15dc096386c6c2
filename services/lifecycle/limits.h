#pragma once

#include "absl/time/time.h"

// Every bound of the service, by name, with its reason.
namespace vinculo::lifecycle {

inline constexpr int kMaxCustomerId = 128;         // profiling's ids are 36; others may come from a client's own CRM
inline constexpr int kMaxName = 200;               // a company's legal name
inline constexpr int kMaxShortText = 128;          // owners, segments, unit names
inline constexpr int kMaxText = 1000;              // reasons and meanings: a paragraph
inline constexpr int kMaxModuleDefs = 200;         // a tenant's products; the list is read as a whole
inline constexpr int kMaxFactsPerMessage = 1000;   // one transaction of a few milliseconds
inline constexpr int kMaxRefusedReported = 10000;  // keeps the report of an ingest below 2 MiB
inline constexpr int kMaxCustomerIds = 1000;       // named in one request
inline constexpr int kMaxUsageYears = 10;          // of one GetUsage
inline constexpr int kChunkModules = 300;    // evaluated or computed in one transaction: about 10 ms of the writer
inline constexpr int kExportPageRows = 200;  // rows of one message of an export
inline constexpr absl::Duration kMaxSuppression = absl::Hours(24 * 366);  // seasons return within a year

}  // namespace vinculo::lifecycle
