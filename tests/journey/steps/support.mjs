// Somebody needs help and is answered; thirteen weeks of conversations come in from elsewhere and the weekly report adds them up.
import { requestId, toDate } from '../lib/rpc.mjs';
import * as samples from '../lib/samples.mjs';
import { notYet, until } from '../lib/wait.mjs';
import { pages } from './messaging.mjs';

const kReply = 'Hola, soy Ana. Pasá el martes a las 9:30 y lo vemos.';

const history = {
  name: 'history',
  async run(ctx, figures) {
    const directory = ctx.client('support', 'DirectoryService', 'support_lead');
    const { teams, agents, tags } = samples.json('support/directory.json');
    for (const team of teams) await directory.PutTeam({ request_id: requestId(), team });
    for (const agent of agents) await directory.PutAgent({ request_id: requestId(), agent });
    for (const tag of tags) await directory.PutTag({ request_id: requestId(), tag });
    const items = samples.messages('vinculo.support.v1.ImportConversationsRequest', 'support/conversations.jsonl');
    const service = ctx.client('support', 'ImportExportService', 'support_lead', { deadlineSeconds: 120 });
    const answer = await service.ImportConversations(items);
    figures.expect('conversations', answer.created + answer.duplicates, samples.json('support.expected.json').conversations);
    figures.expect('rejected', answer.rejected, 0);
    const again = await service.ImportConversations(items);
    figures.expect('again, duplicates', again.duplicates, items.length);
  },
};

// The expected figures, as deep as they go, against what the report says.
function compare(path, wanted, actual, wrong) {
  for (const [key, value] of Object.entries(wanted)) {
    if (value !== null && typeof value === 'object') {
      compare(`${path}.${key}`, value, actual?.[key] ?? {}, wrong);
    } else if (value === null ? actual?.[key] !== undefined : Math.abs((actual?.[key] ?? NaN) - value) > 0.0051 || actual?.[key] === undefined) {
      wrong.push(`${path}.${key} is ${actual?.[key]}, must be ${value}`);
    }
  }
}

const weekly = {
  name: 'weekly-report',
  needs: ['history'],
  async run(ctx, figures) {
    const wanted = samples.json('support.expected.json');
    const weeks = wanted.weeks.map((w) => w.week);
    const report = await ctx.client('support', 'ReportService', 'support_lead').GetWeeklyReport({
      from_week: weeks[0], to_week: weeks.at(-1), time_zone: wanted.time_zone, breakdowns: ['GROUP_BY_AGENT', 'GROUP_BY_TAG'] });
    figures.expect('weeks', report.weeks.map((w) => w.week).join(), weeks.join());
    figures.texts[figures.texts.length - 1] = `${weeks.length} weeks`;
    const wrong = [];
    let compared = 0;
    wanted.weeks.forEach((week, i) => {
      const got = report.weeks[i];
      compare(`${week.week}.total`, week.total, got.total, wrong);
      if (toDate(got.start).toISOString() !== week.start.replace('Z', '.000Z')) wrong.push(`${week.week} starts ${toDate(got.start).toISOString()}`);
      for (const breakdown of ['by_agent', 'by_tag']) {
        for (const group of week[breakdown] ?? []) {
          ++compared;
          compare(`${week.week}.${breakdown}.${group.key}`, group.figures, got[breakdown].find((g) => g.key === group.key)?.figures, wrong);
        }
      }
    });
    figures.expectTrue('every figure of every week', wrong.length === 0, `${wrong.length} wrong: ${wrong.slice(0, 5).join('; ')}`);
    figures.expect('median first response of the last week, seconds', report.weeks.at(-1).total.first_response.median_seconds, wanted.weeks.at(-1).total.first_response.median_seconds);
    figures.note(`${compared} groups by agent and tag`);
    const rebuilt = await ctx.client('support', 'ReportService', 'support_lead', { deadlineSeconds: 60 }).RebuildMetrics({ request_id: requestId() });
    figures.expect('different after a rebuild', rebuilt.differed, 0);
  },
};

const openConversations = async (ctx) => (await pages((token) => ctx.client('support', 'TicketService', 'agent').ListConversations({
  filter: { channels: ['CHANNEL_WHATSAPP'], states: ['CONVERSATION_STATE_OPEN'], waiting_on: ['WAITING_ON_AGENT'] }, page_size: 1000, page_token: token }), 'conversations'))
  .filter((c) => !c.external_id);  // without the imported ones

const help = {
  name: 'help',
  needs: ['delivered', 'history'],
  async run(ctx, figures) {
    const wanted = (await ctx.suite.counts()).customers.needs_help;
    const open = await until('everybody who needs help to have a conversation', async () => {
      const now = await openConversations(ctx);
      return (now.length === wanted && now) || notYet(`${now.length} of ${wanted}`);
    }, 60);
    figures.expect('conversations', open.length, wanted);
    const agent = ctx.client('support', 'TicketService', 'agent', { subject: 'ana' });
    const [ticket] = open;
    const before = await agent.ListMessages({ conversation_id: ticket.id });
    figures.expect('the customer wrote', before.messages.map((m) => m.body).join(), 'Necesito ayuda con mi auto');
    await agent.AssignConversation({ request_id: requestId(), id: ticket.id, assignee: 'ana' });
    await agent.AddNote({ request_id: requestId(), conversation_id: ticket.id, body: 'Es por el service de los 10.000.' });
    await agent.PostReply({ request_id: requestId(), conversation_id: ticket.id, body: kReply, last_seen_message_id: before.messages.at(-1).id });
    const reply = await until('the reply to arrive', async () => {
      const { messages } = await agent.ListMessages({ conversation_id: ticket.id });
      const mine = messages.find((m) => m.body === kReply);
      return (['DELIVERY_STATE_DELIVERED', 'DELIVERY_STATE_READ'].includes(mine?.delivery) && mine) || notYet(mine ?? 'no reply');
    }, 60);
    figures.expectTrue('the reply is delivered', reply !== null);
    const { requests } = await ctx.suite.control('GET', 'requests?path=/messages&limit=5000');
    figures.expect('requests with it at WhatsApp', requests.filter((r) => r.body.includes('lo vemos')).length, 1);
    await agent.CloseConversation({ request_id: requestId(), id: ticket.id });
    figures.expect('closed', (await agent.GetConversation({ id: ticket.id })).state, 'CONVERSATION_STATE_CLOSED');
    ctx.ticket = ticket;
  },
};

const rating = {
  name: 'rating',
  needs: ['help'],
  async run(ctx, figures) {
    const directory = ctx.client('support', 'DirectoryService', 'support_lead');
    const { inboxes } = await directory.ListInboxes({});
    const inbox = inboxes.find((i) => i.id === (ctx.ticket.inbox || 'default'));
    await directory.PutInbox({ request_id: requestId(), inbox: { ...inbox, survey_text: '¿Cómo te atendimos?' } });
    const csat = ctx.client('support', 'CsatService', 'agent', { subject: 'ana' });
    await csat.SendSurvey({ request_id: requestId(), conversation_id: ctx.ticket.id });
    const given = await until('the customer to rate', async () => {
      const { ratings } = await csat.ListRatings({ conversation_id: ctx.ticket.id });
      return ratings[0] ?? notYet(JSON.stringify((await ctx.suite.counts()).customers));
    }, 60);
    figures.expectTrue(`rated ${given.rating} of 5`, given.rating >= 1 && given.rating <= 5);
    figures.expect('for', given.agent, 'ana');
  },
};

export const supportSteps = { history, weekly, help, rating };
