#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace vinculo::profiling {

// Every bound of a definition or a session, by name. Sizes above them are refused with `LIMIT_EXCEEDED`.
inline constexpr int kMaxNodes = 200;
inline constexpr int kMaxQuestions = 64;
inline constexpr int kMinChoices = 2;
inline constexpr int kMaxChoices = 10;  // rows of a WhatsApp list
inline constexpr int kMaxLevels = 5;    // questions on one path: what people answer before they leave
inline constexpr int kMaxProducts = 2000;
inline constexpr int kMaxCaptures = 8;
inline constexpr int kMaxLanguages = 16;
inline constexpr int kMaxTextLength = 1024;    // body of a WhatsApp message with buttons
inline constexpr int kMaxRendered = 10000;     // then cut
inline constexpr int kMaxRawAnswer = 640;      // stored; matching sees the whole
inline constexpr int kMaxEvents = 200;         // inbound events of one session
inline constexpr int kMaxAutomaticSteps = 32;  // nodes after one event that wait for nobody
inline constexpr int kMaxConditionDepth = 8;
inline constexpr int kMaxConditionNodes = 128;
inline constexpr int kMaxAnswers = 64;  // of a stateless recommendation
inline constexpr int kMaxRestarts = 10;
inline constexpr int kMaxCells = 200000;  // of one matrix
inline constexpr int kMaxTagRules = 2000;
inline constexpr int kMaxRequireRules = 500;
inline constexpr int kMaxShortDescription = 300;
inline constexpr int kMaxNudges = 2;
inline constexpr int kMaxMappings = 64;
inline constexpr int kMaxPayloadBytes = 20 * 1024;
inline constexpr int64_t kMaxWalkedPaths = 2'000'000;
inline constexpr int64_t kSampledPaths = 200'000;

// Titles that WhatsApp shows natively.
inline constexpr int kButtonTitle = 20;
inline constexpr int kListTitle = 24;
inline constexpr int kListDescription = 72;
inline constexpr int kMaxButtons = 3;
inline constexpr int kMaxListRows = 10;

inline constexpr absl::Duration kMinIdle = absl::Minutes(5);
inline constexpr absl::Duration kMaxIdle = absl::Hours(24 * 14);
inline constexpr absl::Duration kDedupeRetention = absl::Hours(24 * 14);

}  // namespace vinculo::profiling
