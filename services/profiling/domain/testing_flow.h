#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/domain/flow_lint.h"
#include "services/profiling/domain/recommend.h"
#include "services/profiling/domain/session_machine.h"

// A small car dealer's flow for the tests of this room.
namespace vinculo::profiling::testing {

inline Product MakeProduct(std::string id, int rank, std::vector<std::string> tags = {}) {
  Product product;
  product.product_id = id;
  product.names = {{"es", "Auto " + id}, {"en", "Car " + id}};
  product.short_descriptions = {{"es", "Descripción de " + id}};
  product.image_url = "https://img.example/" + id + ".jpg";
  product.tags = std::move(tags);
  product.catalogue_rank = rank;
  return product;
}

inline std::vector<Product> Cars() {
  return {MakeProduct("city", 1, {"small"}), MakeProduct("sedan", 2), MakeProduct("suv", 3, {"big"}),
          MakeProduct("truck", 4, {"big"})};
}

inline Cell Points(std::string question, std::string choice, std::string product, int points, std::string reason = "") {
  Cell cell{std::move(question), std::move(choice), std::move(product), {Effect::Kind::kPoints, points}, {}};
  if (!reason.empty()) cell.reasons = {{"es", std::move(reason)}};
  return cell;
}

inline Matrix CarMatrix() {
  Matrix matrix;
  matrix.matrix_id = "cars";
  matrix.version = 1;
  matrix.questions = {{"use", {"town", "family", "work"}}, {"budget", {"low", "high"}}};
  matrix.cells = {Points("use", "town", "city", 3, "Ideal para la ciudad"),
                  Points("use", "town", "sedan", 1),
                  Points("use", "family", "suv", 3),
                  Points("use", "family", "sedan", 2),
                  Points("use", "work", "truck", 3),
                  Points("use", "work", "suv", 1),
                  Points("budget", "low", "city", 2),
                  Points("budget", "low", "sedan", 1),
                  Points("budget", "high", "suv", 2),
                  Points("budget", "high", "truck", 1)};
  return matrix;
}

inline Choice MakeChoice(std::string id, std::string key, std::string next = "") {
  Choice choice;
  choice.choice_id = std::move(id);
  choice.label_key = std::move(key);
  choice.next = std::move(next);
  return choice;
}

inline FlowHead CarHead() {
  return {"cars", "Autos", "Para recomendarte un auto", {"Vender autos"}, "sales_contact", "es"};
}

inline FlowDefinition CarFlow() {
  FlowDefinition flow;
  flow.entry_node = "hello";
  Question use;
  use.level_label = "Uso";
  use.text_key = "use_text";
  use.choices = {MakeChoice("town", "town"), MakeChoice("family", "family"), MakeChoice("work", "work")};
  use.choices[0].synonyms = {{"es", {"urbano"}}};
  use.choices[0].sets_traits = {{"lifestyle", std::string("urban"), TraitCategory::kPsychographic}};
  use.default_next = "budget";
  Question budget;
  budget.level_label = "Presupuesto";
  budget.text_key = "budget_text";
  budget.choices = {MakeChoice("low", "low"), MakeChoice("high", "high")};
  budget.default_next = "advice";
  Recommend advice;
  advice.matrix_id = "cars";
  advice.text_key = "advice_text";
  advice.ask_why = true;
  advice.next_selected = "name";
  advice.next_declined = "bye";
  advice.next_none = "bye";
  Capture name{CaptureField::kName, "name_text", true, Prefill::kOffer, "email", 2, {}, ""};
  Capture email{CaptureField::kEmail, "email_text", false, Prefill::kNever, "consent", 2, {}, ""};
  Capture consent{CaptureField::kConsent, "consent_text", true, Prefill::kNever, "done", 2, {}, ""};
  flow.nodes = {{"hello", Message{"hello_text", "", "use"}},
                {"use", use},
                {"budget", budget},
                {"advice", advice},
                {"name", name},
                {"email", email},
                {"consent", consent},
                {"done", End{"quoted", "done_text", "", true}},
                {"bye", End{"not_interested", "bye_text", "", false}}};
  flow.texts["es"] = {{"hello_text", "¡Hola!"},
                      {"use_text", "¿Para qué lo usas?"},
                      {"town", "Ciudad"},
                      {"family", "Familia"},
                      {"work", "Trabajo"},
                      {"budget_text", "¿Presupuesto para {{answer.use.label|default:\"tu auto\"}}?"},
                      {"low", "Económico"},
                      {"high", "Premium"},
                      {"advice_text", "Te recomendamos {{product.1.name|default:\"uno\"}}"},
                      {"name_text", "¿Cómo te llamas?"},
                      {"email_text", "¿Tu correo?"},
                      {"consent_text", "¿Podemos contactarte? {{flow.purpose}}"},
                      {"done_text", "¡Gracias, {{profile.name}}!"},
                      {"bye_text", "¡Hasta pronto!"}};
  return flow;
}

inline std::shared_ptr<const CompiledFlow> CompileCars(const FlowDefinition& definition = CarFlow(),
                                                       const Matrix& matrix = CarMatrix(),
                                                       const std::vector<Product>& products = Cars()) {
  LintFindings findings;
  const CompiledMatrix::Uses uses = UsesOf(definition);
  CompiledFlow::Matrices matrices;
  matrices[matrix.matrix_id] = CompiledMatrix::Compile(matrix, products, &uses, findings);
  return CompiledFlow::Compile(CarHead(), 1, definition, matrices);
}

// A conversation played against the machine, without a store.
class Talk {
 public:
  explicit Talk(std::shared_ptr<const CompiledFlow> flow = CompileCars()) : flow_(std::move(flow)) {}

  Step Start() {
    Session fresh;
    fresh.id = *Uuid::Parse("01890000-0000-7000-8000-000000000001");
    fresh.profile_id = *Uuid::Parse("01890000-0000-7000-8000-0000000000aa");
    fresh.channel = Channel::kWhatsapp;
    fresh.language = flow_->ResolveLanguage("es-AR");
    return Keep(StartSession(Env(), fresh));
  }
  Step Text(std::string text) { return Event({Inbound::Kind::kText, std::move(text), "", false, false}); }
  Step Tap(const std::string& reply_id) { return Event({Inbound::Kind::kReply, "title", reply_id, false, false}); }
  Step Event(Inbound inbound) { return Keep(ApplyEvent(Env(), session, {std::move(inbound), now})); }
  Step Do(Control control) { return Keep(ApplyControl(Env(), session, control)); }

  // What it refers to lives as long as this.
  Environment Env() { return {now, *flow_, get_customer_, get_available_, get_mac_, get_digest_, phone}; }
  static std::string MacOf(absl::string_view text) {
    return std::to_string(10000000 + std::hash<std::string>()(std::string(text)) % 89999999);
  }

  Step Keep(Step step) {
    session = step.session;
    return step;
  }

  absl::Time now = absl::FromUnixSeconds(1'750'000'000);
  Customer customer;
  Session session;
  PhoneParser phone = [](absl::string_view text) -> std::optional<std::string> {
    if (text.size() < 8) return std::nullopt;
    return std::string(text);
  };
  std::function<Bits(const CompiledMatrix&)> availability;

 private:
  std::shared_ptr<const CompiledFlow> flow_;
  const std::function<const Customer&()> get_customer_ = [this]() -> const Customer& { return customer; };
  const std::function<Bits(const CompiledMatrix&)> get_available_ = [this](const CompiledMatrix& matrix) {
    return availability ? availability(matrix) : Availability(matrix).At(now);
  };
  const std::function<std::string(absl::string_view)> get_mac_ = MacOf;
  const std::function<std::string(absl::string_view)> get_digest_ = [](absl::string_view) {
    return std::string("digest");
  };
};

}  // namespace vinculo::profiling::testing
