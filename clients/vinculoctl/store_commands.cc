#include "clients/vinculoctl/commands.h"
#include "common/store_copy/store_copy.h"

namespace vinculo::ctl {
namespace {

struct CopyOptions {
  std::string from, to;
};

// A line for each table, to stderr: what a person watches.
void Report(const store_copy::CopiedTable& table) {
  std::cerr << table.tenant << " " << table.table << ": " << table.rows << " rows, " << table.written << " written, "
            << table.removed << " removed, " << table.hash.substr(0, 12) << "\n";
}

void Copy(const CopyOptions& options) {
  const auto done = Check(store_copy::CopyStore(options.from, options.to, Report));
  int64_t rows = 0, written = 0, removed = 0;
  for (const store_copy::CopiedTable& table : done) {
    rows += table.rows;
    written += table.written;
    removed += table.removed;
  }
  std::cout << "the stores are equal: " << rows << " rows, of which " << written << " were written now; " << removed
            << " removed from the target\n";
}

void Dump(const std::string& url) { Check(store_copy::DumpStore(url, std::cout)); }

}  // namespace

void AddStoreCommands(CLI::App& app, Context&) {
  CLI::App* store = app.add_subcommand("store", "a service's store, while the service is stopped");
  store->require_subcommand(1);

  auto options = std::make_shared<CopyOptions>();
  CLI::App* copy = store->add_subcommand(
      "copy",
      "make one store equal to another, on whatever drivers; writes only what differs, so run it again after an "
      "interruption");
  copy->add_option("--from", options->from, "sqlite:PATH or postgres://HOST/DATABASE")->required();
  copy->add_option("--to", options->to, "the same; empty, or with the same schema")->required();
  copy->callback([options] { Copy(*options); });

  auto url = std::make_shared<std::string>();
  CLI::App* dump = store->add_subcommand("dump", "print every row as a line of JSON; equal stores print equal bytes");
  dump->add_option("--store", *url, "sqlite:PATH or postgres://HOST/DATABASE")->required();
  dump->callback([url] { Dump(*url); });
}

}  // namespace vinculo::ctl
