#include "services/messaging/domain/media.h"

#include <gtest/gtest.h>

namespace vinculo::messaging {
namespace {

TEST(MediaRules, HoldTypesAndSizes) {
  EXPECT_EQ(MediaLimit(MediaKind::kImage, "image/jpeg"), 5 << 20);
  EXPECT_EQ(MediaLimit(MediaKind::kImage, "image/webp"), std::nullopt) << "that is for stickers";
  EXPECT_EQ(MediaLimit(MediaKind::kVideo, "video/mp4"), 16 << 20);
  EXPECT_EQ(MediaLimit(MediaKind::kAudio, "audio/ogg; codecs=opus"), 16 << 20);
  EXPECT_EQ(MediaLimit(MediaKind::kDocument, "application/pdf"), 100 << 20);
  EXPECT_EQ(MediaLimit(MediaKind::kDocument, "pdf"), std::nullopt);
  EXPECT_EQ(MediaLimit(MediaKind::kUnspecified, "image/png"), std::nullopt);
}

TEST(MediaRules, SeeThroughAWrongName) {
  EXPECT_TRUE(LooksLike("image/jpeg", "\xFF\xD8\xFF\xE0 and so on"));
  EXPECT_FALSE(LooksLike("image/jpeg", "%PDF-1.7"));
  EXPECT_TRUE(LooksLike("audio/mpeg", "ID3\x03"));
  EXPECT_TRUE(LooksLike("audio/mpeg", "\xFF\xFB\x90"));
  EXPECT_TRUE(LooksLike("video/mp4", std::string("\0\0\0\x18", 4) + "ftypmp42"));
  EXPECT_FALSE(LooksLike("video/mp4", "ftyp"));
  EXPECT_TRUE(LooksLike("text/plain", "anything"));
}

TEST(MediaRules, LetAnimatedStickersBeLarger) {
  std::string head = std::string("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0", 20);
  EXPECT_EQ(StickerLimit(head + '\x02' + std::string(11, '\0')), 500 << 10);
  EXPECT_EQ(StickerLimit(head + std::string(12, '\0')), 100 << 10);
  EXPECT_EQ(StickerLimit("RIFF"), 100 << 10);
}

}  // namespace
}  // namespace vinculo::messaging
