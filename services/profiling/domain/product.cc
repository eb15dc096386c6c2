#include "services/profiling/domain/product.h"

namespace vinculo::profiling {

absl::string_view PickText(const TextByLanguage& texts, absl::string_view language, absl::string_view base) {
  if (texts.empty()) return "";
  for (absl::string_view wanted : {language, language.substr(0, language.find_first_of("-_")), base}) {
    if (wanted.empty()) continue;
    const auto found = texts.find(std::string(wanted));
    if (found != texts.end()) return found->second;
  }
  return texts.begin()->second;
}

}  // namespace vinculo::profiling
