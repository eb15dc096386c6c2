// The car dealer's flow: what it recommends, who walked through it, and the leads that reach the CRM.
import { requestId } from '../lib/rpc.mjs';
import * as samples from '../lib/samples.mjs';
import { notYet, until } from '../lib/wait.mjs';
import { pages } from './messaging.mjs';

const catalogue = {
  name: 'catalogue',
  async run(ctx, figures) {
    const service = ctx.client('profiling', 'CatalogueService', 'designer');
    const products = samples.messages('vinculo.profiling.v1.Product', 'flow/products.jsonl');
    const answer = await service.UpsertProducts([{ header: { request_id: requestId() } }, ...products.map((product) => ({ product }))]);
    figures.expect('products', answer.created + answer.unchanged, products.length);
    const matrix = await service.PutMatrix({ request_id: requestId(), matrix: samples.message('vinculo.profiling.v1.Matrix', 'flow/matrix.json') });
    figures.expect('matrix version', matrix.version, 1);
    const wanted = samples.lines('flow/recommendations.expected.jsonl');
    let right = 0;
    for (const row of wanted) {
      const answers = Object.entries(row.answers).map(([question_id, choice]) => ({ question_id, choice_ids: [choice] }));
      // In a flow the flow's weights count, in a bare call the answers' own and the matrix's.
      const { products: best } = await service.Recommend({ matrix_id: matrix.matrix_id, answers, language: 'es' });
      right += best[0]?.product_id === row.first && best[1]?.product_id === row.second && best[0].score === row.first_score && best[1].score === row.second_score;
    }
    figures.expect('recommendations as worked out by hand', right, wanted.length);
    const explained = await service.ExplainRecommendation({ matrix_id: matrix.matrix_id, language: 'es',
      answers: Object.entries(wanted[0].answers).map(([question_id, choice]) => ({ question_id, choice_ids: [choice] })) });
    const sum = explained.products[0].contributions.reduce((total, c) => total + c.score_micro, 0);
    figures.expect('contributions add up to', sum, explained.products[0].score_micro);
    await ctx.client('profiling', 'LeadService', 'admin').PutConnector({ request_id: requestId(), connector: {
      connector_id: 'crm', url: `${ctx.suite.sandboxUrl}/crm/leads`, signing: { secret: ctx.crmSecret },
      success_rule: { reference_pointer: '/id' } } });
  },
};

const flow = {
  name: 'flow',
  needs: ['catalogue'],
  async run(ctx, figures) {
    const service = ctx.client('profiling', 'FlowService', 'designer');
    const definition = samples.message('vinculo.profiling.v1.Flow', 'flow/flow.json');
    ctx.flowId = definition.flow_id;
    // A sixth level of questions may be saved, but is not published.
    const tooDeep = structuredClone(definition);
    tooDeep.flow_id = 'too-deep';
    const copy = tooDeep.draft.nodes.find((n) => n.node_id === 'priority');
    tooDeep.draft.nodes.push({ ...structuredClone(copy), node_id: 'sixth' });
    copy.question.default_next = 'sixth';
    await service.CreateFlow({ request_id: requestId(), flow: tooDeep });
    const error = await service.PublishFlow({ request_id: requestId(), flow_id: tooDeep.flow_id }).catch((e) => e);
    figures.expect('six levels are refused with', error.reason, 'LINT_ERRORS');
    const lint = await service.ValidateFlow({ flow_id: tooDeep.flow_id });
    figures.expectTrue('LEVELS_EXCEEDED', lint.findings.some((f) => f.rule === 'LEVELS_EXCEEDED'), JSON.stringify(lint.findings));

    await service.CreateFlow({ request_id: requestId(), flow: definition });
    const analysis = (await service.AnalyzeFlow({ flow_id: ctx.flowId })).analysis;
    figures.expect('answer paths', analysis.paths, 576);
    figures.expect('longest path', analysis.longest_path, 5);
    const version = await service.PublishFlow({ request_id: requestId(), flow_id: ctx.flowId });
    figures.expect('published version', version.version, 1);
    const played = await service.SimulateFlow({ flow_id: ctx.flowId, version: 1, language: 'es',
      inputs: [{ tap: 1 }, { tap: 1 }, { tap: 1 }, { tap: 1 }, { tap: 1 }, { tap: 1 }, { text: 'Ana Gómez' }, { text: 'ana@example.com' }, { tap: 1 }] });
    figures.expect('simulated outcome', played.session.outcome, 'quoted');
    figures.expectTrue('with a lead', played.lead_payload.includes('ana@example.com'));
  },
};

const sessionsOf = (ctx) => pages((token) => ctx.client('profiling', 'SessionService', 'designer')
  .ListSessions({ flow_id: ctx.flowId, page_size: 1000, page_token: token }), 'sessions');
const leadsOf = (ctx) => pages((token) => ctx.client('profiling', 'LeadService', 'agent').ListLeads({ page_size: 1000, page_token: token }), 'leads');

const answers = {
  name: 'answers',
  needs: ['delivered'],
  async run(ctx, figures) {
    const sessions = await until('everybody who tapped to come to an end', async () => {
      const [all, { customers, webhooks }] = [await sessionsOf(ctx), await ctx.suite.counts()];
      const done = all.filter((s) => s.state === 'STATE_COMPLETED').length;
      return (all.length === customers.taps && done === all.length && webhooks.pending === 0 && all)
        || notYet(`${all.length} sessions, ${done} completed, ${customers.taps} taps, answers ${JSON.stringify(customers)}`);
    }, 180);
    const { customers } = await ctx.suite.counts();
    figures.expect('sessions', sessions.length, customers.taps);
    figures.expectTrue('each answered five questions', sessions.every((s) => s.answers.length === 5));
    // Seven people and little money leave one car; everybody else sees two.
    const chose = (s, question, choice) => s.answers.some((a) => a.question_id === question && a.choice_ids[0] === choice);
    const cars = (s) => (chose(s, 'people', 'seven') && chose(s, 'budget', 'low') ? 1 : 2);
    figures.expectTrue('each was recommended two cars, or the only one there is', sessions.every((s) => s.recommendation.products.length === cars(s)));
    const took = (place) => sessions.filter((s) => s.selected_product_id === s.recommendation.products[place]?.product_id).length;
    figures.expect('took the first car', took(0), customers.takes_first);
    figures.expect('took the second', took(1), customers.takes_second);
    const wanted = new Map(samples.lines('flow/recommendations.expected.jsonl').map((row) => [JSON.stringify(row.answers), row]));
    let compared = 0;
    for (const session of sessions) {
      const row = wanted.get(JSON.stringify(Object.fromEntries(session.answers.map((a) => [a.question_id, a.choice_ids[0]]))));
      if (!row) continue;
      ++compared;
      figures.expectTrue('', session.recommendation.products[0].product_id === row.first && session.recommendation.products[1].product_id === row.second, JSON.stringify(row));
      figures.texts.pop();
    }
    figures.note(`${compared} of them on paths worked out by hand, all right`);
    ctx.sessions = sessions;
  },
  async half(ctx) { return ((await ctx.suite.counts()).customers.tells_name ?? 0) > 20; },
};

const leads = {
  name: 'leads',
  needs: ['answers'],
  async run(ctx, figures) {
    const sold = ctx.sessions.filter((s) => s.lead_id);
    figures.expect('sessions with a lead', sold.length, ctx.sessions.length);
    const crm = await until('the CRM to have every lead', async () => {
      const now = await ctx.suite.leads();
      return (now.accepted >= sold.length && now) || notYet({ keys: now.keys, accepted: now.accepted, wanted: sold.length });
    }, 60);
    const all = await until('profiling to know it', async () => {
      const now = await leadsOf(ctx);
      return (now.every((l) => ['STATE_SENT', 'STATE_CONFIRMED'].includes(l.state)) && now) || notYet(now.map((l) => l.state).join());
    });
    figures.expect('leads', all.length, sold.length);
    figures.expect('at the CRM', crm.keys, all.length);
    figures.expect('each taken once', crm.accepted_once, all.length);
    figures.expectTrue('some only after a failure', crm.received > crm.keys, `${crm.received} received`);
    figures.expect('valid signatures', crm.valid_signatures, crm.received);
    figures.expect('bodies changed between attempts', crm.changed_bodies, 0);
    const bodies = Object.values(crm.items).map((item) => item.body.data);
    const phones = new Set(bodies.map((b) => b.phone));
    figures.expect('different people', phones.size, all.length);
    // The sandbox's people write an address that ends with their number.
    figures.expectTrue('each with its own name and address', bodies.every((b) => b.name && b.email.includes(b.phone.slice(-6))), JSON.stringify(bodies[0]));
    const chosen = new Map(ctx.sessions.map((s) => [s.lead_id, s.selected_product_id]));
    figures.expectTrue('each with the car that was chosen', all.every((l) => chosen.get(l.lead_id) === l.product_id));
  },
};

export const profilingSteps = { catalogue, flow, answers, leads };
