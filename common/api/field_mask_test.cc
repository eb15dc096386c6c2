#include "common/api/field_mask.h"

#include <gtest/gtest.h>

#include "api_test.pb.h"

namespace vinculo::api {
namespace {

using test::Book;

Book Stored() {
  Book book;
  book.set_id("b1");
  book.set_title("Rayuela");
  book.set_pages(600);
  book.set_subtitle("novela");
  book.mutable_author()->set_name("Julio");
  book.mutable_author()->set_email("j@example.com");
  book.mutable_author()->set_books(12);
  book.add_tags("boom");
  book.add_tags("paris");
  (*book.mutable_labels())["shelf"] = "A";
  book.mutable_published_at()->set_seconds(5);
  book.mutable_published_at()->set_nanos(7);
  book.mutable_created_at()->set_seconds(9);
  book.set_minor_units(100);
  return book;
}

google::protobuf::FieldMask Mask(std::vector<std::string> paths) {
  google::protobuf::FieldMask mask;
  for (std::string& path : paths) mask.add_paths(std::move(path));
  return mask;
}

Book Apply(std::vector<std::string> paths, const Book& patch) {
  Book book = Stored();
  const absl::Status status = ApplyFieldMask(Mask(std::move(paths)), patch, &book);
  EXPECT_TRUE(status.ok()) << status;
  return book;
}

TEST(FieldMask, AbsentMeansThePopulatedFields) {
  Book patch;
  patch.set_id("forged");
  patch.set_title("62");
  patch.mutable_author()->set_name("J. C.");
  patch.mutable_published_at()->set_seconds(6);
  patch.add_tags("one");
  const Book book = Apply({}, patch);
  EXPECT_EQ(book.id(), "b1");
  EXPECT_EQ(book.title(), "62");
  EXPECT_EQ(book.pages(), 600);
  EXPECT_EQ(book.author().name(), "J. C.");
  EXPECT_EQ(book.author().email(), "");  // the message is replaced as a whole ...
  EXPECT_EQ(book.author().books(), 12);  // ... but for what the server sets
  EXPECT_EQ(book.published_at().nanos(), 0);
  EXPECT_EQ(book.tags_size(), 1);
  EXPECT_EQ(Apply({}, Book()).SerializeAsString(), Stored().SerializeAsString());
}

TEST(FieldMask, StarReplacesEverythingButOutputOnly) {
  Book patch;
  patch.set_title("62");
  patch.set_id("forged");
  const Book book = Apply({"*"}, patch);
  EXPECT_EQ(book.title(), "62");
  EXPECT_EQ(book.id(), "b1");
  EXPECT_EQ(book.created_at().seconds(), 9);
  EXPECT_EQ(book.pages(), 0);
  EXPECT_FALSE(book.has_subtitle());
  EXPECT_FALSE(book.has_author());
  EXPECT_EQ(book.tags_size(), 0);
  EXPECT_EQ(book.price_case(), Book::PRICE_NOT_SET);
}

TEST(FieldMask, PathsSetAndClear) {
  Book patch;
  patch.mutable_author()->set_email("new@example.com");
  patch.set_on_request("ask");
  const Book book = Apply({"pages", "subtitle", "author.email", "tags", "labels", "published_at", "on_request"}, patch);
  EXPECT_EQ(book.title(), "Rayuela");
  EXPECT_EQ(book.pages(), 0);
  EXPECT_FALSE(book.has_subtitle());
  EXPECT_EQ(book.author().email(), "new@example.com");
  EXPECT_EQ(book.author().name(), "Julio");
  EXPECT_EQ(book.tags_size(), 0);
  EXPECT_TRUE(book.labels().empty());
  EXPECT_FALSE(book.has_published_at());
  EXPECT_EQ(book.on_request(), "ask");
  EXPECT_FALSE(book.has_minor_units());
  EXPECT_FALSE(Apply({"author"}, Book()).has_author());
}

TEST(FieldMask, OutputOnlyPathsAreHarmless) {
  Book patch = Stored();
  patch.set_id("forged");
  patch.mutable_author()->set_books(99);
  patch.mutable_created_at()->set_seconds(1);
  const std::string stored = Stored().SerializeAsString();
  EXPECT_EQ(Apply({"id", "created_at", "created_at.seconds", "author.books"}, patch).SerializeAsString(), stored);
  EXPECT_EQ(Apply({"author", "id"}, patch).SerializeAsString(), stored);
}

TEST(FieldMask, UnknownPathsAreNamedAllAtOnceAndNothingChanges) {
  Book book = Stored();
  Book patch;
  const absl::Status status =
      ApplyFieldMask(Mask({"title", "nope", "author.nope", "tags.x", "labels.shelf", "*", "", "Title"}), patch, &book);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ErrorReason(status), "INVALID_FIELDS");
  ASSERT_EQ(GetErrorDetails(status)->violations.size(), 7u);
  EXPECT_EQ(GetErrorDetails(status)->violations[0].field, "update_mask");
  EXPECT_EQ(GetErrorDetails(status)->violations[0].description, "\"nope\" is not a field that can be updated");
  EXPECT_EQ(book.SerializeAsString(), Stored().SerializeAsString());
}

TEST(ClearOutputOnly, DropsWhatACallerSentThere) {
  Book book = Stored();
  ClearOutputOnly(&book);
  EXPECT_EQ(book.id(), "");
  EXPECT_FALSE(book.has_created_at());
  EXPECT_EQ(book.author().books(), 0);
  EXPECT_EQ(book.author().name(), "Julio");
  EXPECT_EQ(book.title(), "Rayuela");
}

}  // namespace
}  // namespace vinculo::api
