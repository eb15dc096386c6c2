#include "common/text/text.h"
#include "services/messaging/domain/consent.h"

namespace vinculo::messaging {

const std::map<std::string, LanguageWords>& DefaultComplianceWords() {
  static const auto& words = *new std::map<std::string, LanguageWords>{
      {"en", {{"STOP", "UNSUBSCRIBE"}, {"STOP ALL"}, {"START"}}},
      {"es", {{"BAJA", "SALIR", "PARAR", "CANCELAR", "NO RECIBIR MAS"}, {"BAJA TOTAL"}, {"ALTA"}}},
      {"pt", {{"SAIR", "PARAR", "CANCELAR", "DESCADASTRAR"}, {"SAIR DE TUDO"}, {"QUERO RECEBER"}}},
  };
  return words;
}

ComplianceWords::ComplianceWords(const std::map<std::string, LanguageWords>& by_language) {
  // The first that is inserted stays: the strongest act of all languages first.
  for (const auto& [act, list] : {std::pair(ComplianceAct::kStopAll, &LanguageWords::stop_all),
                                  std::pair(ComplianceAct::kStopMarketing, &LanguageWords::stop_marketing),
                                  std::pair(ComplianceAct::kStart, &LanguageWords::start)}) {
    for (const auto& [language, words] : by_language) {
      for (const std::string& word : words.*list) acts_.emplace(text::Fold(word), act);
    }
  }
  acts_.erase("");
}

ComplianceAct ComplianceWords::ActOf(absl::string_view text) const {
  const auto found = acts_.find(text::Fold(text));
  return found == acts_.end() ? ComplianceAct::kNone : found->second;
}

ComplianceAct ParseCompliance(const InboundContent& content, const ComplianceWords& words) {
  if (content.reply_id == "STOP:all") return ComplianceAct::kStopAll;
  if (content.reply_id == "STOP" || content.reply_id == "STOP:marketing") return ComplianceAct::kStopMarketing;
  if (content.kind != InboundKind::kText && content.kind != InboundKind::kTemplateButton) return ComplianceAct::kNone;
  return words.ActOf(content.text);
}

}  // namespace vinculo::messaging
