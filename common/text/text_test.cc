#include "common/text/text.h"

#include <gtest/gtest.h>

#include <random>

namespace vinculo::text {
namespace {

TEST(Utf8, RefusesWhatIsNotText) {
  EXPECT_TRUE(IsValidUtf8(""));
  EXPECT_TRUE(IsValidUtf8("ñandú 🚗 中"));
  for (const char* bad : {"\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80", "a\x80", "\xFF\xFE", "\xE2\x82"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << bad;
  }
  EXPECT_FALSE(IsValidUtf8(absl::string_view("a\0b", 3)));
}

TEST(Utf8, ControlsOtherThanLineFeedAndTabAreForbidden) {
  EXPECT_FALSE(HasForbiddenControl("two\nlines\tand a tab"));
  for (absl::string_view bad : {"\r", "\x1B[0m", "\x7F", "\xC2\x85"}) EXPECT_TRUE(HasForbiddenControl(bad));
}

TEST(Utf8, CountsAndCutsCodePoints) {
  EXPECT_EQ(CodePoints("ñ🚗a"), 3);
  EXPECT_EQ(CodePoints("a\xC3"), 2);
  EXPECT_EQ(Truncate("ñ🚗a", 2), "ñ🚗");
  EXPECT_EQ(Truncate("ñ🚗a", 0), "");
  EXPECT_EQ(Truncate("ñ🚗a", 9), "ñ🚗a");
  EXPECT_EQ(TruncateWithDots("canción larga", 10), "canción...");
  EXPECT_EQ(TruncateWithDots("canción", 7), "canción");
}

TEST(Utf8, NormalisesToComposedForm) {
  EXPECT_EQ(Nfc("e\xCC\x81"), "é");
  EXPECT_EQ(Nfc("plain"), "plain");
  EXPECT_EQ(Nfc("\xC3"), "\xC3");
}

TEST(Fold, MakesWhatPeopleTypeComparable) {
  const std::pair<const char*, const char*> cases[] = {
      {"Si", "si"},
      {"SÍ", "si"},
      {" ¡sí! ", "si"},
      {"  Más   de\tdiez  ", "mas de diez"},
      {"BAJA.", "baja"},
      {"(Baja total)…", "baja total"},
      {"NIÑO", "nino"},
      {"Straße", "strasse"},
      {"ＳＵＶ", "suv"},
      {"ﬁn", "fin"},
      {"Sí 👍🏽", "si"},
      {"🚗 Auto ❤️", "auto"},
      {"👨‍👩‍👧 familia", "familia"},
      {"🇦🇷", ""},
      {"2️⃣", "2"},
      {"coração", "coracao"},
      {"não\xC2\xA0sei", "nao sei"},
      {"C++", "c++"},
      {"#2", "2"},
      {"...", ""},
      {"", ""},
      {"a - b", "a - b"},
      {"zero\xE2\x80\x8Bwidth", "zerowidth"},
      {"ΟΔΟΣ", "οδοσ"},
      {"हिन्दी", "हिन्दी"},
  };
  for (const auto& [text, folded] : cases) EXPECT_EQ(Fold(text), folded) << text;
}

TEST(Fold, KeepsPunctuationWhereTextIsSplitLater) {
  EXPECT_EQ(FoldKeepingPunctuation(" Rojo,  AZUL; y Verde! "), "rojo, azul; y verde!");
  EXPECT_EQ(FoldKeepingPunctuation("Ñ, ¿Á?"), "n, ¿a?");
}

// Without its stroke, a mark, the crossed arrow is an emoji. Found by fuzzing.
TEST(Fold, DropsAnEmojiThatLosingAMarkLeaves) {
  EXPECT_EQ(Fold("a \u21ae b"), "a b");
  EXPECT_EQ(Fold("\u21ae"), "");
}

TEST(Fold, IsIdempotent) {
  std::mt19937 random(11);
  const char* parts[] = {"a", "É", "ñ", " ", "\t", "!",        "¿",  "🚗",  "️", "2️⃣", "ß", "İ",
                         "ﬃ", "Ⅳ", "①", "́",  "·",  "\xC2\xA0", "字", "Ａ", "-",   "+",       "™"};
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = random() % 8; n > 0; --n) text += parts[random() % std::size(parts)];
    const std::string once = Fold(text);
    ASSERT_EQ(Fold(once), once) << text;
    ASSERT_TRUE(IsValidUtf8(once));
  }
}

TEST(Fold, SurvivesAnyBytes) {
  std::mt19937 random(12);
  for (int i = 0; i < 3000; ++i) {
    std::string bytes;
    for (size_t n = random() % 24; n > 0; --n) bytes.push_back(static_cast<char>(random()));
    const std::string folded = Fold(bytes);
    ASSERT_EQ(Fold(folded), folded);
    ASSERT_LE(Truncate(bytes, 5).size(), bytes.size());
    ASSERT_EQ(Trim(Trim(bytes)), Trim(bytes));
  }
}

TEST(Trim, TakesUnicodeWhiteSpace) {
  EXPECT_EQ(Trim("\xC2\xA0\t hola \xE3\x80\x80\n"), "hola");
  EXPECT_EQ(Trim("   "), "");
}

TEST(Ordinal, TakesDigitsOfAnyScriptAndNothingElse) {
  const std::pair<const char*, int> good[] = {{"2", 2},  {" 2. ", 2}, {"2)", 2},  {"#2", 2}, {"2️⃣", 2},
                                              {"２", 2}, {"٣", 3},    {"10", 10}, {"0", 0},  {"007", 7}};
  for (const auto& [text, value] : good) EXPECT_EQ(ParseOrdinal(text), value) << text;
  for (const char* bad : {"", "-2", "+2", "2.5", "2,", "opción 2", "2 autos", "1000", "##2", "2..", "#", "½", "."}) {
    EXPECT_FALSE(ParseOrdinal(bad)) << bad;
  }
}

TEST(Scientific, IsWhatSpreadsheetsWrite) {
  for (const char* yes : {"5.49E+12", "5,49112E+12", "'5.49112e12", " 5E11 ", "+5.4E+12"})
    EXPECT_TRUE(IsScientificNotation(yes)) << yes;
  for (const char* no : {"", "5491122334455", "E12", "5.49E", "5.49E+", "hello", "5.49E+12x"})
    EXPECT_FALSE(IsScientificNotation(no)) << no;
}

TEST(Windows1252, BecomesUtf8) {
  EXPECT_EQ(Windows1252ToUtf8("Ni\xF1o \x80 \x93hi\x94"), "Niño € “hi”");
  EXPECT_FALSE(Windows1252ToUtf8("\x81"));
  for (int byte = 1; byte < 256; ++byte) {
    const auto text = Windows1252ToUtf8(std::string(1, static_cast<char>(byte)));
    if (text) {
      EXPECT_TRUE(IsValidUtf8(*text)) << byte;
      EXPECT_EQ(CodePoints(*text), 1) << byte;
    }
  }
}

}  // namespace
}  // namespace vinculo::text
