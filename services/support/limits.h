#pragma once

#include <cstdint>

// Every bound of support, by name, with its reason. Texts are counted in code points.
namespace vinculo::support {

inline constexpr int64_t kMaxSubject = 255;     // one line in every list
inline constexpr int64_t kMaxBody = 20'000;     // a long e-mail; keeps a page of 50 messages below the largest answer
inline constexpr int64_t kMaxExternalId = 256;  // the longest that Graph hands out is shorter
inline constexpr int64_t kMaxPersonId = 128;    // requester, customer, agent: ids of other services or tokens
inline constexpr int64_t kMaxRemark = 2000;
inline constexpr int64_t kMaxDisplayName = 120;
inline constexpr int64_t kMaxSurveyText = 1024;  // the text above a WhatsApp list
inline constexpr int64_t kMaxAttachments = 10;
inline constexpr int64_t kMaxReference = 2048;        // a link
inline constexpr int64_t kMaxTags = 50;               // on one conversation
inline constexpr int64_t kMaxFilterValues = 100;      // "any of" of one part of a filter
inline constexpr int64_t kMaxImportSteps = 2000;      // of one conversation
inline constexpr int64_t kMaxWeeks = 53;              // of one report
inline constexpr int64_t kMaxBuckets = 800;           // two years of days
inline constexpr int kImportInFlight = 64;            // items of one import on their way to the store: one group commit
inline constexpr int64_t kMaxImportReports = 10'000;  // items told one by one; beyond that only those rejected
inline constexpr int64_t kMaxImportRejected = 20'000;  // told in all, so that the answer stays below its largest size
inline constexpr int kRebuildPage = 200;               // conversations of one RebuildMetrics call: one transaction

}  // namespace vinculo::support
