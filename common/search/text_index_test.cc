#include "common/search/text_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/sql/test_database.h"
#include "common/status/status_macros.h"
#include "common/store_copy/store_copy.h"
#include "common/testing/temp_directory.h"

namespace vinculo::search {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const TextIndex& Index() {
  static const auto* const kIndex = new TextIndex("note_search");
  return *kIndex;
}
const std::vector<sql::Migration> kSteps = {Index().Step(1)};

class TextIndexTest : public testing::Test {
 protected:
  void Put(const std::string& key, const std::string& text, const std::string& tenant = "demo") {
    const absl::Status put = database_->WriteAndWait(sql::TestScope(tenant),
                                                     [&](sql::Transaction& tx) { return Index().Put(tx, key, text); });
    ASSERT_TRUE(put.ok()) << put;
  }
  static std::vector<std::string> FindIn(sql::Database& database, const std::string& wanted, int limit = 10,
                                         const std::string& tenant = "demo") {
    const auto found = database.ReadInline(sql::TestScope(tenant),
                                           [&](sql::Transaction& tx) { return Index().Find(tx, wanted, limit); });
    EXPECT_TRUE(found.ok()) << found.status();
    return found.value_or(std::vector<std::string>());
  }
  std::vector<std::string> Find(const std::string& wanted, int limit = 10, const std::string& tenant = "demo") {
    return FindIn(*database_, wanted, limit, tenant);
  }
  sql::TestDatabase database_{"notes", kSteps};
};

TEST_F(TextIndexTest, FindsAllWordsInAnyOrderWhateverTheirAccents) {
  Put("a", "No puedo cerrar el CASO desde ayer: la sesión expira");
  Put("b", "El caso está cerrado");
  EXPECT_THAT(Find("sesion caso"), ElementsAre("a"));
  EXPECT_THAT(Find("CASO"), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Find("esta caso"), ElementsAre("b"));
  EXPECT_THAT(Find("caso abierto"), IsEmpty());
}

TEST_F(TextIndexTest, TheLastWordMayBeABeginning) {
  Put("a", "facturación de marzo");
  EXPECT_THAT(Find("factu"), ElementsAre("a"));
  EXPECT_THAT(Find("marzo fact"), ElementsAre("a"));
  EXPECT_THAT(Find("fact marzo"), IsEmpty());
}

TEST_F(TextIndexTest, WhatAnEngineTakesForSyntaxIsPassedOver) {
  Put("a", "mail: ana@example.com, \"quoted\" (12-34) O'Higgins 東京");
  for (const char* wanted : {"ana@example.com", "\"quoted", "12-34", "o'higgins", "東京", "quoted OR", "(mail"})
    Find(wanted);
  EXPECT_THAT(Find("example ana"), ElementsAre("a"));
  EXPECT_THAT(Find("\"quoted\""), ElementsAre("a"));
  EXPECT_THAT(Find("東京"), ElementsAre("a"));
  EXPECT_THAT(Find("mail & ( | ! :*"), ElementsAre("a"));
  EXPECT_THAT(Find(" \"'()*:&|! "), IsEmpty());
}

TEST_F(TextIndexTest, KeepsTenantsApart) {
  Put("a", "shared word");
  Put("a", "shared word", "other");
  Put("b", "shared word", "other");
  EXPECT_THAT(Find("shared"), ElementsAre("a"));
  EXPECT_THAT(Find("shared", 10, "other"), ElementsAre("a", "b"));
  EXPECT_THAT(Find("shared", 1, "other"), ElementsAre("a"));
  EXPECT_THAT(Find("\xEE\x80\x80"), IsEmpty());
}

TEST_F(TextIndexTest, ReplacesAndRemoves) {
  Put("a", "before");
  Put("a", "after");
  EXPECT_THAT(Find("before"), IsEmpty());
  EXPECT_THAT(Find("after"), ElementsAre("a"));
  ASSERT_TRUE(
      database_->WriteAndWait(sql::TestScope(), [](sql::Transaction& tx) { return Index().Remove(tx, "a"); }).ok());
  EXPECT_THAT(Find("after"), IsEmpty());
}

TEST_F(TextIndexTest, UsesItsIndex) { EXPECT_TRUE(sql::NoTableScans(*database_, Index().Queries())); }

TEST_F(TextIndexTest, ACopiedStoreFindsTheSame) {
  Put("a", "la sesión expira");
  const std::string source = database_.url();
  database_.Close();
  const test::TempDirectory files;
  const std::string target = absl::StrCat("sqlite:", files.File("copy.db"));
  const auto copied = store_copy::CopyStore(source, target, nullptr);
  ASSERT_TRUE(copied.ok()) << copied.status();
  sql::DatabaseOptions options;
  options.url = target;
  options.migrations = {{"notes", &kSteps}};
  const auto opened = sql::Database::Open(std::move(options));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_THAT(FindIn(**opened, "sesion"), ElementsAre("a"));
}

}  // namespace
}  // namespace vinculo::search
