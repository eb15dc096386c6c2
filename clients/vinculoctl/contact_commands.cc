#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/vinculoctl/commands.h"
#include "clients/vinculoctl/messaging_lookup.h"
#include "common/status/error.h"
#include "vinculo/messaging/v1/contact_service.pb.h"

namespace vinculo::ctl {
namespace {

namespace v1 = vinculo::messaging::v1;
const std::string kService = "vinculo.messaging.v1.ContactService/";
constexpr size_t kChunkBytes = 256 << 10;

struct ImportOptions {
  std::string file, region, list, source, text_version;
  std::vector<std::string> map;
  bool windows_1252 = false, dry_run = false, all_problems = false;
};

v1::ImportHeader MakeHeader(Session& session, const ImportOptions& options) {
  v1::ImportHeader header;
  for (const std::string& pair : options.map) {
    const std::vector<std::string> parts = absl::StrSplit(pair, absl::MaxSplits('=', 1));
    if (parts.size() != 2)
      Check(Error(absl::StatusCode::kInvalidArgument, "MAP", absl::StrCat("--map wants title=field, not ", pair)));
    (*header.mutable_columns())[parts[0]] = parts[1];
  }
  header.set_default_region(options.region);
  header.set_delimiter(v1::ImportHeader::DELIMITER_AUTO);
  header.set_encoding(options.windows_1252 ? v1::ImportHeader::ENCODING_WINDOWS_1252 : v1::ImportHeader::ENCODING_UTF8);
  header.set_dry_run(options.dry_run);
  if (!options.list.empty()) header.set_list_id(ListNamed(session, options.list, /*create=*/true));
  if (!options.source.empty()) header.mutable_consent_defaults()->set_source(options.source);
  if (!options.text_version.empty()) header.mutable_consent_defaults()->set_text_version(options.text_version);
  return header;
}

void Import(const Context& context, const ImportOptions& options) {
  std::ifstream in(options.file, std::ios::binary | std::ios::ate);
  if (!in) Check(Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot read ", options.file)));
  const auto total = static_cast<size_t>(in.tellg());
  in.seekg(0);
  Session& session = context.session();
  const v1::ImportHeader header = MakeHeader(session, options);
  bool first = true;
  size_t sent = 0;
  v1::ImportContactsRequest message;
  v1::ImportContactsResponse response;
  const absl::Status status = session.Upload(
      kService + "ImportContacts", &message,
      [&](google::protobuf::Message*) {
        if (first) {
          *message.mutable_header() = header;
          first = false;
          return true;
        }
        std::string chunk(kChunkBytes, '\0');
        in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
        chunk.resize(static_cast<size_t>(in.gcount()));
        if (chunk.empty()) return false;
        sent += chunk.size();
        message.set_chunk(std::move(chunk));
        context.Progress(absl::StrCat("importing: ", sent * 100 / std::max<size_t>(total, 1), " %"));
        return true;
      },
      &response);
  context.Progress("");
  Check(status);
  if (context.format != Format::kTable)
    return PrintOne(std::cout, context.format, response,
                    {{"import", "import.id"}, {"rows", "import.rows"}, {"rejected", "import.rejected"}});
  PrintOne(std::cout, context.format, response.import(),
           {{"import", "id"},
            {"state", "state"},
            {"rows", "rows"},
            {"created", "created"},
            {"updated", "updated"},
            {"unchanged", "unchanged"},
            {"duplicates", "duplicates"},
            {"rejected", "rejected"},
            {"warnings", "warnings"}});
  if (response.problems().empty()) return;
  std::cout << "\n";
  Rows rows;
  for (const v1::ImportRow& row : response.problems()) rows.push_back(&row);
  PrintRows(std::cout, context.format, rows,
            {{"line", "line"}, {"outcome", "outcome"}, {"code", "code"}, {"column", "column"}, {"what to do", "fix"}});
}

void ListRows(const Context& context, const std::string& import_id) {
  v1::ListImportRowsRequest request;
  request.set_import_id(import_id);
  request.set_page_size(1000);
  std::vector<std::unique_ptr<v1::ListImportRowsResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kService + "ListImportRows", request, 0,
      [](const v1::ListImportRowsResponse& page) -> auto& { return page.rows(); }, pages);
  PrintRows(std::cout, context.format, rows,
            {{"line", "line"}, {"outcome", "outcome"}, {"code", "code"}, {"column", "column"}, {"what to do", "fix"}});
}

}  // namespace

void AddContactCommands(CLI::App& app, Context& context) {
  CLI::App* contacts = app.add_subcommand("contacts", "people, lists and imports");
  contacts->require_subcommand(1);

  auto options = std::make_shared<ImportOptions>();
  CLI::App* import = contacts->add_subcommand(
      "import", "import a CSV file; every bad row is named with its line and reason, the good ones are kept");
  import->add_option("file", options->file, "CSV with a header line; , ; tab or | between cells")
      ->required()
      ->check(CLI::ExistingFile);
  import->add_option("--region", options->region, "country of phones without one, such as AR");
  import->add_option("--list", options->list, "put everybody on this list (name or id; made when it does not exist)");
  import->add_option("--map", options->map, "title=field, for columns that are not called as the field; repeat");
  import->add_option("--consent-source", options->source, "how we know of the consent, for rows that do not say");
  import->add_option("--consent-text", options->text_version, "which wording people saw, for rows that do not say");
  import->add_flag("--windows-1252", options->windows_1252, "the file is in Windows' encoding, not UTF-8");
  import->add_flag("--dry-run", options->dry_run, "tell what would happen and change nothing");
  import->callback([&context, options] { Import(context, *options);
});

auto import_id = std::make_shared<std::string>();
CLI::App* rows = contacts->add_subcommand("import-rows", "all problem rows of an import");
rows->add_option("import", *import_id, "import id")->required();
rows->callback([&context, import_id] { ListRows(context, *import_id); });

auto limit = std::make_shared<int>(50);
CLI::App* list = contacts->add_subcommand("list", "list contacts");
list->add_option("--limit", *limit, "at most so many; 0 = all")->capture_default_str();
list->callback([&context, limit] {
  std::vector<std::unique_ptr<v1::ListContactsResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kService + "ListContacts", v1::ListContactsRequest(), *limit,
      [](const v1::ListContactsResponse& page) -> auto& { return page.contacts(); }, pages);
  PrintRows(std::cout, context.format, rows,
            {{"id", "id"},
             {"name", "name"},
             {"country", "country"},
             {"language", "language"},
             {"marketing", "marketing_allowed"},
             {"customer", "customer_id"}});
});

CLI::App* lists = contacts->add_subcommand("lists", "list the lists");
lists->callback([&context] {
  std::vector<std::unique_ptr<v1::ListListsResponse>> pages;
  const Rows rows = ListAll(
      context.session(), kService + "ListLists", v1::ListListsRequest(), 0,
      [](const v1::ListListsResponse& page) -> auto& { return page.lists(); }, pages);
  PrintRows(std::cout, context.format, rows, {{"id", "id"}, {"name", "display_name"}, {"members", "members"}});
});
}  // namespace vinculo::ctl

}  // namespace vinculo::ctl
