#include "services/profiling/api/simulate.h"

#include "services/profiling/api/convert_session.h"
#include "services/profiling/domain/lead_mapping.h"

namespace vinculo::profiling {
namespace {

// Ids are made of nothing but their place: a simulation uses none up.
constexpr char kSession[] = "00000000-0000-7000-8000-000000000001";
constexpr char kProfile[] = "00000000-0000-7000-8000-000000000002";
constexpr char kLead[] = "00000000-0000-7000-8000-000000000003";

class Simulation {
 public:
  Simulation(const CompiledFlow& flow, const TenantView& view, absl::Time start, const PhoneParser& phone)
      : flow_(flow), view_(view), now_(start), phone_(phone) {}

  void Start(const v1::SimulateFlowRequest& request, v1::SimulatedStep* out) {
    Session fresh;
    fresh.id = *Uuid::Parse(kSession);
    fresh.profile_id = *Uuid::Parse(kProfile);
    fresh.channel =
        request.channel() == v1::CHANNEL_UNSPECIFIED ? Channel::kWhatsapp : static_cast<Channel>(request.channel());
    fresh.language = flow_.ResolveLanguage(request.language());
    fresh.test = true;
    Render(Run([&](const Environment& env) { return StartSession(env, fresh); }), false, out);
  }

  void Input(const v1::SimulatedInput& input, v1::SimulatedStep* out) {
    now_ += absl::Seconds(input.after_seconds());
    if (!IsFinal(session_.state) && now_ >= session_.expires_at) {
      Run([&](const Environment& env) { return ApplyControl(env, session_, Control::kExpire); });
    }
    if (IsFinal(session_.state)) {
      out->set_outcome(v1::INBOUND_OUTCOME_UNHANDLED);
      return;
    }
    CustomerEvent event{{}, now_};
    if (input.content_case() == v1::SimulatedInput::kTap) {
      event.inbound.kind = Inbound::Kind::kReply;
      event.inbound.reply_id = MakeReplyId(kSession, session_.prompt.seq, input.tap() - 1, Mac);
    } else if (input.content_case() == v1::SimulatedInput::kUnsupported) {
      event.inbound.kind = Inbound::Kind::kUnsupported;
    } else {
      event.inbound.text = input.text();
      event.inbound.check_compliance_words = true;
    }
    Render(Run([&](const Environment& env) { return ApplyEvent(env, session_, event); }), true, out);
  }

  const Session& session() const { return session_; }
  std::string LeadPayload() {
    if (!session_.lead_id) return "";
    std::string payload;
    Run([&](const Environment& env) {
      const auto fields = MapFields(
          DefaultMapping(), [&](const Reference& reference) { return ReferenceValue(env, session_, reference); });
      if (fields.ok()) payload = LeadEnvelope("lead.created", now_, *fields).value_or("");
      return Step{session_, {}, {}};
    });
    return payload;
  }

 private:
  static std::string Mac(absl::string_view) { return "00000000"; }

  template <class Decide>
  Step Run(Decide&& decide) {
    const auto customer = [this]() -> const Customer& { return customer_; };
    const auto available = [this](const CompiledMatrix& matrix) { return view_.Available(matrix, now_); };
    const auto mac = [](absl::string_view text) { return Mac(text); };
    const auto digest = [](absl::string_view text) { return HexDigest(text); };
    const Environment env{now_, flow_, customer, available, mac, digest, phone_};
    Step step = decide(env);
    if (step.effects.make_lead) step.session.lead_id = *Uuid::Parse(kLead);
    session_ = step.session;
    return step;
  }

  void Render(const Step& step, bool inbound, v1::SimulatedStep* out) {
    if (inbound) {
      EngineResult result;
      result.resolution = step.resolution;
      out->set_outcome(RenderOutcome(result));
      out->set_invalid_reason(std::string(InvalidName(step.resolution.reason)));
      out->set_decided_by(std::string(step.resolution.decided_by));
    }
    for (const Fact& fact : step.effects.facts) {
      if (fact.kind == Fact::Kind::kAnswered && !step.session.answers.empty()) {
        for (const std::string& choice : step.session.answers.back().choice_ids) out->add_choice_ids(choice);
      }
    }
    for (const OutboundMessage& message : step.effects.messages) RenderMessage(message, out->add_messages());
    if (!IsFinal(step.session.state)) out->set_node_id(step.session.prompt.node_id);
  }

  const CompiledFlow& flow_;
  const TenantView& view_;
  absl::Time now_;
  const PhoneParser& phone_;
  Customer customer_;
  Session session_;
};

}  // namespace

void Simulate(const CompiledFlow& flow, const TenantView& view, const v1::SimulateFlowRequest& request,
              absl::Time start, const PhoneParser& phone, v1::SimulateFlowResponse* out) {
  Simulation simulation(flow, view, start, phone);
  simulation.Start(request, out->add_steps());
  for (const v1::SimulatedInput& input : request.inputs()) simulation.Input(input, out->add_steps());
  RenderSession(simulation.session(), out->mutable_session());
  out->set_lead_payload(simulation.LeadPayload());
}

}  // namespace vinculo::profiling
