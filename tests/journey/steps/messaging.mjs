// The company connects its number, brings its contacts, gets a template approved and sends a campaign.
import { requestId } from '../lib/rpc.mjs';
import * as samples from '../lib/samples.mjs';
import { GaveUp, notYet, until } from '../lib/wait.mjs';

export const kTemplate = 'prueba_de_manejo';
const kLanguages = ['es', 'pt_BR', 'en'];
const kWaba = '200000000000001';
const kNumberId = '100000000000001';
const kInFlightMax = 64;  // requests of one sender
const kChunk = 7001;  // cuts lines, cells and characters

// Who does what at the other end. The fraction of a customer is fixed by the number, so every run is the same.
const kCustomers = [
  { name: 'taps', kind: 'template', template: kTemplate, share: 0.3, reply: { choice: 0 } },
  { name: 'opts_out', kind: 'template', template: kTemplate, from: 0.3, share: 0.315, reply: { choice: 1 } },
  { name: 'needs_help', kind: 'template', template: kTemplate, from: 0.315, share: 0.36, reply: { text: 'Necesito ayuda con mi auto' } },
  { name: 'silent', kind: 'template' },
  ...['nombre?', 'seu nome?', 'your name?'].map((contains) => ({ name: 'tells_name', contains, reply: { text: '{name}' } })),
  ...['correo', 'e-mail'].map((contains) => ({ name: 'tells_email', contains, reply: { text: '{email}' } })),
  ...['Aceptás', 'Você aceita', 'May an adviser'].map((contains) => ({ name: 'consents', contains, reply: { choice: 0 } })),
  // Some take the first car, others look at the second, or ask why where there is none, and take what they see then.
  ...['tu auto es', 'seu carro é', 'your car is'].flatMap((contains) => [
    { name: 'takes_first', contains, share: 0.2, reply: { choice: 0 } },
    { name: 'looks_on', contains, once: true, reply: { choice: 1 } },
    { name: 'takes_first', contains, reply: { choice: 0 } }]),
  ...['Otra buena', 'Outra boa', 'Another good'].map((contains) => ({ name: 'takes_second', contains, reply: { choice: 0 } })),
  { name: 'rates', contains: '¿Cómo te atendimos?', reply: { choice: 0 } },
  { name: 'answers', reply: { choice: 'hash' } },
];

// What goes wrong on the way: refusals, and answers that are lost after the message was taken.
const kFaults = [
  { on: 'send', template: kTemplate, to_suffix: '13', do: 'error', code: 131026 },
  { on: 'send', template: kTemplate, to_suffix: '77', each_first: 1, do: 'reset', accept: true },
  { on: 'crm', share: 0.1, each_first: 1, do: 'http', http: 503 },
];

const connect = {
  name: 'connect',
  async run(ctx, figures) {
    const channels = ctx.client('messaging', 'ChannelService', 'admin');
    const channel = await channels.CreateChannel({ request_id: requestId(), display_name: 'Autos del Sur', waba_id: kWaba,
      portfolio_id: '300000000000001', app: 'autos', access_token: 'token-of-the-sandbox' });
    figures.expect('access token shown as', channel.access_token_tail, 'dbox');
    ctx.sender = await channels.AddSender({ request_id: requestId(), channel_id: channel.id, phone_number_id: kNumberId,
      phone_number: '+5491140000000', display_name: 'Autos del Sur', throughput: 1000, daily_reach: -1, make_default: true });
    ctx.channel = channel;
    // The journey runs at any hour of the day, and its few opt-outs may come early.
    await channels.UpdatePolicy({ request_id: requestId(), policy: { allowed_hours: [{ from: '00:00', until: '24:00' }],
      protection: { opt_out_percent: 50 } } });
    await ctx.suite.configureSandbox({ graph: { waba_id: kWaba, senders: { [kNumberId]: { waba_id: kWaba, display_phone_number: '5491140000000' } } },
      customers: { rules: kCustomers }, faults: kFaults, crm: { secrets: [ctx.crmSecret] } });
    const verified = await ctx.suite.control('POST', 'verify', { verify_token: ctx.suite.verifyToken() });
    figures.expect('webhook verified', verified.verified, true);
  },
};

function* importMessages(header, file) {
  yield { header };
  for (let at = 0; at < file.length; at += kChunk) yield { chunk: file.subarray(at, at + kChunk) };
}

async function importContacts(ctx, listId) {
  const contacts = ctx.client('messaging', 'ContactService', 'marketing', { deadlineSeconds: 60 });
  const header = { list_id: listId, delimiter: 'DELIMITER_AUTO', encoding: 'ENCODING_UTF8' };
  return contacts.ImportContacts([...importMessages(header, samples.bytes('contacts-1000.csv'))]);
}

const contacts = {
  name: 'contacts',
  needs: ['connect'],
  async run(ctx, figures) {
    const service = ctx.client('messaging', 'ContactService', 'marketing');
    ctx.list = await service.CreateList({ request_id: requestId(), display_name: 'Clientes y visitas' });
    const summary = samples.json('contacts.summary.json');
    const answer = await importContacts(ctx, ctx.list.id);
    figures.expect('rows', answer.import.rows, summary.rows);
    // After a broken stream the rows applied before it come out unchanged; together they are the good ones.
    figures.expect('good', answer.import.created + answer.import.unchanged + answer.import.updated, summary.good);
    const rejected = answer.problems.filter((p) => p.outcome === 'OUTCOME_REJECTED');
    const wanted = samples.table('contacts.expected.csv');
    figures.expect('rejected', answer.import.rejected, wanted.length);
    figures.expect('each bad row by line, code and column', rejected.map((p) => [p.line, p.code, p.column]), wanted.map((w) => [Number(w.line), w.code, w.column]));
    figures.expectTrue('each with a fix', rejected.every((p) => p.fix.length > 0));
    const counted = await service.CountAudience({ filter: { list_id: ctx.list.id } });
    figures.expect('on the list', counted.matched, summary.good);
  },
};

const contactsAgain = {
  name: 'contacts-again',
  needs: ['contacts'],
  async run(ctx, figures) {
    const answer = await importContacts(ctx, ctx.list.id);
    figures.expect('unchanged', answer.import.unchanged, samples.json('contacts.summary.json').good);
    figures.expect('created', answer.import.created, 0);
  },
};

const templates = {
  name: 'templates',
  needs: ['connect'],
  async run(ctx, figures) {
    const service = ctx.client('messaging', 'TemplateService', 'marketing');
    const bad = await service.LintTemplate({ name: 'Mala Plantilla', language: 'es', category: 'TEMPLATE_CATEGORY_MARKETING',
      variable_format: 'VARIABLE_FORMAT_POSITIONAL', components: { body: '{{1}} compra ya {{3}}' } });
    figures.expect('a bad one submittable', bad.submittable, false);
    const codes = new Set(bad.findings.map((f) => f.code));
    for (const code of ['T_NAME', 'T_VAR_EDGE', 'T_VAR_GAP', 'T_OPT_OUT']) figures.expectTrue(`finds ${code}`, codes.has(code), [...codes].join(' '));
    for (const language of kLanguages) {
      const request = samples.message('vinculo.messaging.v1.CreateTemplateRequest', `templates/requests/${kTemplate}.${language}.json`);
      await service.CreateTemplate({ ...request, request_id: requestId() });
      const { findings, submittable } = await service.LintTemplate({ name: kTemplate, language });
      figures.expectTrue(`${language} is clean`, submittable, JSON.stringify(findings));
      await service.SubmitTemplate({ request_id: requestId(), name: kTemplate, language });
    }
    await until('WhatsApp to approve all translations', async () => {
      const { translations } = await service.GetTemplate({ name: kTemplate });
      return (translations.length === kLanguages.length && translations.every((t) => t.sendable)) || notYet(translations.map((t) => `${t.language} ${t.state} ${t.status}`).join(', '));
    }, 60);
    figures.note(`${kLanguages.length} translations approved`);
    const preview = await service.PreviewTemplate({ name: kTemplate, language: 'es', values: { 'body.1': 'Ana', 'body.2': 'sábado' } });
    figures.expectTrue('preview reads as sent', preview.rendered.body.startsWith('Hola Ana, este sábado podés'), preview.rendered.body);
  },
  async half(ctx) { return (await ctx.suite.counts()).templates.created >= 1; },
};

const preview = {
  name: 'preview',
  needs: ['contacts', 'templates', 'flow'],
  async run(ctx, figures) {
    const campaigns = ctx.client('messaging', 'CampaignService', 'marketing');
    await ctx.client('messaging', 'RoutingService', 'marketing').PutRule({ request_id: requestId(), rule: { id: 'help', priority: 1,
      keywords: ['necesito ayuda', 'preciso de ajuda', 'i need help'], reply_route: { route: 'ROUTE_SUPPORT' } } });
    ctx.campaign = await campaigns.CreateCampaign({ request_id: requestId(), campaign: {
      display_name: 'Probá tu auto', sender_id: ctx.sender.id, template: kTemplate, language: { contact_or: 'es' },
      parameters: { 'body.1': { contact_field: 'first_name', default_value: 'vecino' }, 'body.2': { fixed: 'sábado 18' } },
      audience: { list_id: ctx.list.id }, reply_route: { route: 'ROUTE_PROFILING', ref: ctx.flowId } } });
    const flight = await campaigns.PreflightCampaign({ campaign_id: ctx.campaign.id });
    const { good, marketing_consent: consent, by_language: language } = samples.json('contacts.summary.json');
    figures.expect('matched', flight.matched, good);
    figures.expect('reachable', flight.reachable, consent.granted);
    figures.expect('left out', flight.excluded.reduce((sum, e) => sum + e.count, 0), consent.revoked + consent.unknown);
    figures.expectTrue('nothing in the way', flight.findings.every((f) => f.severity !== 'SEVERITY_ERROR'), JSON.stringify(flight.findings));
    figures.expectTrue('in three languages', Object.keys(flight.reachable_by_language).sort().join() === 'en,es,pt_BR', JSON.stringify([flight.reachable_by_language, language]));
    ctx.reachable = flight.reachable;
    ctx.preflight = flight;
  },
};

const report = (ctx) => ctx.client('messaging', 'ReportService', 'marketing').GetCampaignReport({ campaign_id: ctx.campaign.id });

const campaign = {
  name: 'campaign',
  needs: ['preview'],
  async run(ctx, figures) {
    const campaigns = ctx.client('messaging', 'CampaignService', 'marketing');
    await campaigns.ScheduleCampaign({ request_id: requestId(), campaign_id: ctx.campaign.id });
    await until('the campaign to complete', async () => {
      const now = await campaigns.GetCampaign({ campaign_id: ctx.campaign.id });
      if (now.state === 'CAMPAIGN_STATE_PAUSED') throw new GaveUp(`paused: ${now.pause_reason}`);
      return now.state === 'CAMPAIGN_STATE_COMPLETED' || notYet(`${now.state} ${JSON.stringify(await report(ctx))}`);
    }, 120);
    const { send } = await ctx.suite.counts();
    const sent = send.templates[kTemplate];
    const refused = send.refused['131026'] ?? 0;
    const r = await report(ctx);
    // A kill between an intent's commit and the record of its answer leaves a message that may not have gone out, or was refused
    // unheard: it is reported as unclear and never repeated.
    ctx.unclear = r.unknown;
    if (r.unknown > 0) figures.expectTrue(`${r.unknown} unclear, not sent again`, ctx.killed.has('messaging') && r.unknown <= kInFlightMax);
    figures.expect('audience', r.audience, samples.json('contacts.summary.json').good);
    const arrived = sent.accepted + refused;
    figures.expectTrue(`at the sandbox accepted or refused ${arrived}`, arrived <= ctx.reachable && arrived >= ctx.reachable - r.unknown, `of ${ctx.reachable}`);
    figures.expect('people reached', sent.recipients, sent.accepted);
    figures.expect('most messages to one person', sent.max_per_recipient, 1);
    figures.expect('sends without our mark', send.without_callback, 0);
    figures.expectTrue('within the number\'s rate', Object.values(send.senders)[0].max_in_a_second <= 1000);
  },
  async half(ctx) {
    const sent = (await ctx.suite.counts()).send.templates[kTemplate];
    return sent && sent.accepted >= ctx.reachable / 3;
  },
};

const delivered = {
  name: 'delivered',
  needs: ['campaign'],
  async run(ctx, figures) {
    const counted = await until('every status to be merged', async () => {
      const [{ send, webhooks }, r] = [await ctx.suite.counts(), await report(ctx)];
      const { statuses, accepted } = send.templates[kTemplate];
      return (webhooks.pending === 0 && r.delivered_ever === statuses.delivered && r.read === statuses.read && accepted === r.accepted_ever && { send, r })
        || notYet({ statuses, pending: webhooks.pending, delivered: r.delivered_ever, read: r.read });
    }, 60);
    const { accepted, statuses } = counted.send.templates[kTemplate];
    figures.expect('report accepted', counted.r.accepted_ever, accepted);
    figures.expect('delivered', counted.r.delivered_ever, statuses.delivered);
    figures.expect('read', counted.r.read, statuses.read);
    const refused = counted.send.refused['131026'] ?? 0;
    figures.expectTrue(`refused ${counted.r.refused}`, counted.r.refused <= refused && counted.r.refused >= refused - ctx.unclear, `of ${refused}`);
    figures.expect('excluded', counted.r.excluded, counted.r.audience - ctx.reachable);
  },
};

const optOuts = {
  name: 'opt-outs',
  needs: ['delivered'],
  async run(ctx, figures) {
    const wanted = (await ctx.suite.counts()).customers.opts_out ?? 0;
    const r = await until('every opt-out to be credited', async () => {
      const now = await report(ctx);
      return (now.opt_outs === wanted && now) || notYet(`${now.opt_outs} of ${wanted}`);
    });
    figures.expectTrue('somebody opted out', wanted > 0);
    figures.expect('opt-outs', r.opt_outs, wanted);
    // One of them, found among those who replied: marketing to that person is refused from now on.
    const campaigns = ctx.client('messaging', 'CampaignService', 'marketing');
    const people = ctx.client('messaging', 'ContactService', 'agent');
    const replied = await pages((token) => campaigns.ListRecipients({ campaign_id: ctx.campaign.id, replied: true, page_size: 1000, page_token: token }), 'recipients');
    let refusals = 0;
    for (const { contact_id: id } of replied) {
      const contact = await people.GetContact({ contact_id: id });
      if (contact.marketing_allowed) continue;
      ++refusals;
      if (refusals > 1) continue;
      const error = await ctx.client('messaging', 'MessageService', 'marketing').SendMessage({ request_id: requestId(), recipient: { contact_id: id },
        content: { template: { name: kTemplate, language: 'es', values: { 'body.1': 'x', 'body.2': 'y' } } } }).catch((e) => e);
      figures.expect('marketing to one of them', error.reason, 'OPTED_OUT');
    }
    figures.expect('people who may not be written to any more', refusals, wanted);
  },
};

export async function pages(call, field) {
  const all = [];
  let token = '';
  do {
    const page = await call(token);
    all.push(...page[field]);
    token = page.next_page_token;
  } while (token);
  return all;
}

const figuresAgree = {
  name: 'report',
  needs: ['delivered', 'help', 'leads', 'opt-outs'],
  async run(ctx, figures) {
    const { customers, send } = await ctx.suite.counts();
    const r = await until('every reply to be credited', async () => {
      const now = await report(ctx);
      const repliers = now.repliers_direct + now.repliers_inferred;
      return (repliers === customers.taps + customers.opts_out + customers.needs_help && now) || notYet(now);
    });
    figures.expect('direct repliers', r.repliers_direct, customers.taps + customers.opts_out);
    figures.expect('inferred repliers', r.repliers_inferred, customers.needs_help);
    const parts = ['excluded', 'queued', 'sending', 'unknown', 'accepted', 'held', 'sent', 'delivered', 'read', 'failed', 'expired', 'skipped'];
    figures.expect('audience is the sum of its parts', parts.reduce((sum, p) => sum + r[p], 0), r.audience);
    figures.expect('messages of the campaign', r.accepted_ever, send.templates[kTemplate].accepted);
    const recount = await ctx.client('messaging', 'ReportService', 'admin').RecountCampaign({ campaign_id: ctx.campaign.id });
    figures.expect('differences in a recount', recount.differences.length, 0);
    const summary = await ctx.suite.control('GET', 'recipients?items=0');
    figures.expect('most accepted requests for one message', summary.max_accepted_per_callback, 1);
  },
};

export const messagingSteps = { connect, contacts, contactsAgain, templates, preview, campaign, delivered, optOuts, figuresAgree };
