#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "services/messaging/domain/content.h"

namespace vinculo::messaging {

// Uploaded files live so long at WhatsApp, those of people so long.
inline constexpr absl::Duration kUploadedMediaLife = absl::Hours(30 * 24);
inline constexpr absl::Duration kInboundMediaLife = absl::Hours(7 * 24);
// The largest file there is.
inline constexpr int64_t kMediaBytesMax = 100 << 20;

// The most bytes of a file of this type in a message of this kind; nullopt when WhatsApp does not take the type for it.
std::optional<int64_t> MediaLimit(MediaKind kind, absl::string_view mime_type);

// Whether a file that begins with `head` (32 bytes or more, or all of it) can be of that type: catches a PDF named
// .jpg, not a broken picture. True for types without a mark of their own.
bool LooksLike(absl::string_view mime_type, absl::string_view head);

// The most bytes of a sticker that begins with `head`: animated ones may be larger.
int64_t StickerLimit(absl::string_view head);

}  // namespace vinculo::messaging
