#include "services/profiling/domain/phrases.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace vinculo::profiling {
namespace {

enum Language { kSpanish, kPortuguese, kEnglish, kLanguages };

Language Of(absl::string_view tag) {
  const absl::string_view part = tag.substr(0, tag.find_first_of("-_"));
  if (part == "es") return kSpanish;
  if (part == "pt") return kPortuguese;
  return kEnglish;
}

bool Known(absl::string_view tag) {
  const absl::string_view part = tag.substr(0, tag.find_first_of("-_"));
  return part == "es" || part == "pt" || part == "en";
}

using Row = std::array<absl::string_view, kLanguages>;

constexpr Row kPhrases[] = {
    {"No entendí tu respuesta.", "Não entendi sua resposta.", "I did not understand that."},
    {"Responde con uno de estos números:", "Responda com um destes números:",
     "Please answer with one of these numbers:"},
    {"Ese número no está en la lista.", "Esse número não está na lista.", "That number is not on the list."},
    {"Aquí solo puedo leer texto.", "Aqui só consigo ler texto.", "I can only read text here."},
    {"Encontré más de una posibilidad.", "Encontrei mais de uma possibilidade.", "I found more than one possibility."},
    {"Elige más opciones, por favor.", "Escolha mais opções, por favor.", "Please choose more."},
    {"Elige menos opciones, por favor.", "Escolha menos opções, por favor.", "Please choose fewer."},
    {"Necesito una respuesta a esta pregunta.", "Preciso de uma resposta a esta pergunta.",
     "I do need an answer to this one."},
    {"Ver opciones", "Ver opções", "See options"},
    {"Sí", "Sim", "Yes"},
    {"No", "Não", "No"},
    {"Quiero este", "Quero este", "I want this one"},
    {"Ver otra opción", "Ver outra opção", "Show me another"},
    {"Volver a la primera", "Voltar à primeira", "Back to the first"},
    {"Ninguna", "Nenhuma", "None of these"},
    {"¿Por qué?", "Por quê?", "Why?"},
    {"Por ahora solo hay esta opción.", "Por enquanto só há esta opção.", "There is only this one for now."},
    {"Esta es la primera pregunta.", "Esta é a primeira pergunta.", "This is the first question."},
    {"Puedes elegir varias, separadas por comas.", "Você pode escolher várias, separadas por vírgulas.",
     "You may choose several, separated by commas."},
    {"¿Usamos este dato?", "Usamos este dado?", "Shall we use this?"},
    {"De acuerdo, lo dejamos aquí.", "Certo, paramos por aqui.", "All right, we stop here."},
    {"Una persona de nuestro equipo seguirá la conversación.", "Uma pessoa da nossa equipe continuará a conversa.",
     "A person from our team will take over."},
    {"Lo dejamos aquí por ahora. ¡Gracias!", "Vamos parar por aqui por enquanto. Obrigado!",
     "Let us leave it here for now. Thank you!"},
    {"¿Seguimos donde quedamos o empezamos de nuevo?", "Continuamos de onde paramos ou começamos de novo?",
     "Shall we continue where we stopped, or start over?"},
    {"Continuar", "Continuar", "Continue"},
    {"Empezar de nuevo", "Começar de novo", "Start over"},
    {"Responde con un número o con las palabras de una opción. También puedes escribir «volver», «reiniciar» o "
     "«agente».",
     "Responda com um número ou com as palavras de uma opção. Você também pode escrever «voltar», «reiniciar» ou "
     "«agente».",
     "Answer with a number or with the words of an option. You can also write \"back\", \"restart\" or \"agent\"."},
    {"Esta conversación se cerró.", "Esta conversa foi encerrada.", "This conversation was closed."},
    {"Ese dato no parece correcto.", "Esse dado não parece correto.", "That does not look right."},
};
static_assert(std::size(kPhrases) == static_cast<size_t>(Phrase::kCaptureInvalid) + 1);

constexpr absl::string_view kNumbers[kLanguages][10] = {
    {"uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"},
    {"um", "dois", "tres", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez"},
    {"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"},
};

constexpr absl::string_view kAnd[kLanguages][2] = {{"y", "e"}, {"e", "e"}, {"and", "and"}};

// By command, by language; already folded.
constexpr absl::string_view kCommands[6][kLanguages][3] = {
    {{"reiniciar", "empezar de nuevo", "comenzar de nuevo"},
     {"reiniciar", "recomecar", "comecar de novo"},
     {"restart", "start over", "begin again"}},
    {{"volver", "atras", "anterior"}, {"voltar", "anterior", "atras"}, {"back", "go back", "previous"}},
    {{"saltar", "omitir", "pasar"}, {"pular", "saltar", "passar"}, {"skip", "pass", "next"}},
    {{"ayuda", "help", "como"}, {"ajuda", "help", "como"}, {"help", "how", "help me"}},
    {{"agente", "asesor", "humano"}, {"agente", "atendente", "humano"}, {"agent", "human", "person"}},
    {{"parar", "terminar", "salir"}, {"parar", "terminar", "sair"}, {"stop", "quit", "exit"}},
};

constexpr absl::string_view kStopWords[] = {"stop", "baja",        "salir",     "parar", "cancelar suscripcion",
                                            "sair", "unsubscribe", "baja total"};

}  // namespace

absl::string_view Say(Phrase phrase, absl::string_view language) {
  return kPhrases[static_cast<size_t>(phrase)][Of(language)];
}

absl::Span<const absl::string_view> NumberWords(absl::string_view language) {
  if (!Known(language)) return {};
  return kNumbers[Of(language)];
}

absl::Span<const absl::string_view> AndWords(absl::string_view language) {
  if (!Known(language)) return {};
  return kAnd[Of(language)];
}

absl::Span<const absl::string_view> CommandWordsFor(Command command, absl::string_view language) {
  return kCommands[static_cast<size_t>(command)][Of(language)];
}

bool IsComplianceStop(absl::string_view folded) {
  return std::find(std::begin(kStopWords), std::end(kStopWords), folded) != std::end(kStopWords);
}

}  // namespace vinculo::profiling
