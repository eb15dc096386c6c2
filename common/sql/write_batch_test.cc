#include "common/sql/write_batch.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/sql/test_batch.h"
#include "common/sql/test_database.h"
#include "common/sql/test_schema.h"

namespace vinculo::sql {
namespace {

using test::kCount;
using test::kInsert;

TEST(WriteBatch, AFailedItemCostsItsNeighboursNothing) {
  TestDatabase database("test", test::kSteps);
  absl::Status first, second, third;
  {
    TestBatch batch(*database);
    batch.Add([](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "a", 1); }, &first);
    batch.Add(
        [](Transaction& tx) {
          const absl::Status inserted = tx.Exec(kInsert, tx.tenant(), "b", 2);
          return inserted.ok() ? absl::AbortedError("changed my mind") : inserted;
        },
        &second);
    batch.Add([](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "c", 3); }, &third);
    batch.Run();
  }
  EXPECT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsAborted(second));
  EXPECT_TRUE(third.ok());
  const auto count = database->ReadInline(TestScope(), [](Transaction& tx) {
    return tx.Find(
        kCount, [](const Row& row) { return row.Int(0); }, tx.tenant());
  });
  EXPECT_EQ(**count, 2);
}

TEST(WriteBatch, DuplicateKeyHasAName) {
  TestDatabase database("test", test::kSteps);
  const auto insert = [](Transaction& tx) { return tx.Exec(kInsert, tx.tenant(), "a", 1); };
  ASSERT_TRUE(database->WriteAndWait(TestScope(), insert).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(database->WriteAndWait(TestScope(), insert)));
}

TEST(WriteBatch, SequencesHaveNoGapsWhateverFails) {
  TestDatabase database("test", test::kSteps);
  std::vector<absl::Status> outcomes(60);
  std::vector<int64_t> numbers(60, 0);
  {
    TestBatch batch(*database);
    for (int i = 0; i < 60; ++i) {
      batch.Add(
          [i, &numbers](Transaction& tx) -> absl::Status {
            const auto n = tx.NextSequence();
            if (!n.ok()) return n.status();
            numbers[i] = *n;  // the last run counts
            if (i % 3 == 1) return absl::AbortedError("before any change");
            const absl::Status inserted = tx.Exec(kInsert, tx.tenant(), absl::StrCat(i), i);
            if (i % 7 == 2) return absl::AbortedError("after a change");
            return inserted;
          },
          &outcomes[i]);
    }
    batch.Run();
  }
  int64_t expected = 1;
  for (int i = 0; i < 60; ++i) {
    if (outcomes[i].ok()) {
      EXPECT_EQ(numbers[i], expected++) << i;
    }
  }
  EXPECT_GT(expected, 20);
  database.Reopen();
  const auto next = database->WriteAndWait(TestScope(), [](Transaction& tx) { return tx.NextSequence(); });
  EXPECT_EQ(*next, expected);
}

}  // namespace
}  // namespace vinculo::sql
