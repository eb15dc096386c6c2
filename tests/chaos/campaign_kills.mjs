#!/usr/bin/env node
// A campaign to a crowd, while messaging is killed at random moments, the campaign is paused and resumed, and WhatsApp loses
// answers, throttles, and reorders and doubles its webhooks. Then nobody got it twice, and everybody's fate is known but for
// those whose fate WhatsApp never told.
//   node tests/chaos/campaign_kills.mjs [--bin=DIR] [--recipients=1000000] [--kills=20] [--pauses=5] [--senders=1] [--store=postgres] [--replicas=3] [--keep]
import { requestId } from '../journey/lib/rpc.mjs';
import { Suite, findBinaries } from '../journey/lib/suite.mjs';
import { GaveUp, notYet, until } from '../journey/lib/wait.mjs';
import { MassCampaign, kFinal, kTemplate } from '../load/lib/mass_campaign.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const number = (name, otherwise) => Number(options[name] ?? otherwise);
const recipients = number('recipients', 1_000_000), kills = number('kills', 20), pauses = number('pauses', 5);
const kSettle = 600;  // seconds for the last statuses
const suite = new Suite({ bin: options.bin ?? findBinaries(), only: ['messaging'], store: options.store ?? 'sqlite', replicas: number('replicas', 1),
  flags: { messaging: { graph_total_timeout: '2s' } } });

// 0.5 % time out after WhatsApp took them, one in ten of those is never told of; some are throttled.
const kSandbox = {
  webhook: { delivered_share: 0.9, read_share: 0.5, reorder_rate: 0.05, duplicate_rate: 0.05, jitter_ms: 50 },
  faults: [
    { on: 'send', template: kTemplate, rate: 0.0005, do: 'hang', accept: true, silent: true },
    { on: 'send', template: kTemplate, rate: 0.0045, do: 'hang', accept: true },
    { on: 'send', template: kTemplate, rate: Math.max(0.00002, 3 / recipients), do: 'error', code: 130429 },  // each halves the rate
    { on: 'send', template: kTemplate, rate: 0.001, do: 'error', code: 131056 },
    { on: 'send', template: kTemplate, rate: 0.001, do: 'error', code: 131026 },
    { on: 'send', template: kTemplate, rate: 0.001, do: 'fail_later', code: 131049 },
  ],
};
// What is being proven is that nothing is doubled, not when a campaign stops by itself.
const kPatience = { protection: { failure_percent: 100, capped_percent: 100, opt_out_percent: 100, unknowns_per_minute: 10000 } };

const problems = [];
const expect = (what, actual, wanted) => { if (actual !== wanted) problems.push(`${what}: ${actual}, must be ${wanted}`); };
const expectAtMost = (what, actual, most) => { if (!(actual <= most)) problems.push(`${what}: ${actual}, at most ${most}`); };
const say = (text) => console.log(`campaign_kills: ${text}`);
const acceptedNow = async () => (await suite.counts()).send.templates[kTemplate]?.accepted ?? 0;

// Pauses, lets what was in flight arrive, and sees that nothing more does.
async function pauseAndResume(mass) {
  const campaigns = mass.client('CampaignService');
  const paused = await campaigns.PauseCampaign({ request_id: requestId(), campaign_id: mass.campaign.id });
  const at = (await suite.counts()).send.requests;
  const { sending } = await until('the answers under way to be recorded', async () => {
    const report = await mass.report();
    return (report.sending === 0 && report) || notYet(report);
  }, 60);
  expect('sending while paused', sending, 0);
  const still = (await suite.counts()).send.requests;
  await new Promise((resolve) => setTimeout(resolve, 1500));
  expect('requests of a paused campaign', (await suite.counts()).send.requests, still);
  await campaigns.ResumeCampaign({ request_id: requestId(), campaign_id: mass.campaign.id });
  expectAtMost('requests after the answer to a pause', still - at, paused.in_flight);
  say(`paused with ${paused.in_flight} in flight, ${still - at} requests came after the answer`);
}

// Kills one process of messaging, a different one each time, and starts it again.
async function kill(turn) {
  const names = suite.names('messaging');
  await suite.restart('messaging', names[turn % names.length]);
}

// Moments of the campaign at which something happens: random parts of its audience that were already sent.
function schedule(mass) {
  const acts = [...Array.from({ length: kills }, (_, i) => () => kill(i)), ...Array.from({ length: pauses }, () => () => pauseAndResume(mass))];
  return acts.map((act) => ({ act, after: Math.floor(Math.random() * recipients * 0.95) })).sort((a, b) => a.after - b.after);
}

async function unknownPeople(mass) {
  const campaigns = mass.client('CampaignService');
  const contacts = mass.client('ContactService', 'agent');
  const phones = [];
  for (let page_token = ''; ;) {
    const page = await campaigns.ListRecipients({ campaign_id: mass.campaign.id, state: 'RECIPIENT_STATE_UNKNOWN', page_size: 1000, page_token });
    for (const { contact_id } of page.recipients) phones.push((await contacts.GetContact({ contact_id })).identities[0].value.replace('+', ''));
    page_token = page.next_page_token;
    if (page_token === '') return phones;
  }
}

// Whether a webhook told anything of this person's message. Somebody whose request never left, because messaging was killed
// between intent and request, is not known to WhatsApp at all.
async function wasTold(digits) {
  const response = await fetch(`${suite.sandboxUrl}/_sandbox/recipients?to=${digits}`);
  if (response.status === 404) return false;
  return (await response.json()).told > 0;
}

try {
  const began = performance.now();
  await suite.start({ sandbox: kSandbox });
  const mass = new MassCampaign(suite, { recipients, senders: number('senders', 1) });
  await mass.connect();
  await mass.client('ChannelService', 'admin').UpdatePolicy({ request_id: requestId(), policy: kPatience });
  say(`${Math.round(await mass.importContacts())} contacts a second came in`);
  await mass.create();
  await mass.schedule();
  const moments = schedule(mass);
  while (moments.length > 0) {
    const { act, after } = moments.shift();
    await until(`${after} to be accepted`, async () => (await acceptedNow()) >= after || notYet(`${await acceptedNow()}`), 3600);
    if ((await mass.get()).state !== 'CAMPAIGN_STATE_RUNNING') break;
    await act();
  }
  expect('kills and pauses that found no time', moments.length, 0);
  await mass.untilCampaign('the campaign to complete', (c) => c.state === 'CAMPAIGN_STATE_COMPLETED', 3600);
  const report = await until('every status to be merged', async () => {
    const [{ webhooks }, r] = [await suite.counts(), await mass.report()];
    return (webhooks.pending === 0 && r.accepted === 0 && r) || notYet({ pending: webhooks.pending, r });
  }, kSettle).catch(async (error) => { problems.push(error.message); return mass.report(); });

  const people = await suite.control('GET', 'recipients?items=0');
  expect('most messages to one person', people.max_templates, 1);
  expect('most accepted requests for one message', people.max_accepted_per_callback, 1);
  expect('audience', report.audience, recipients);
  expect('audience less the final states', report.audience - kFinal.reduce((sum, s) => sum + report[s], 0), 0);
  const recount = await mass.client('ReportService', 'admin', { deadlineSeconds: 300 }).RecountCampaign({ campaign_id: mass.campaign.id });
  expect('differences in a recount', recount.differences.length, 0);
  let told = 0;
  const unknown = await unknownPeople(mass);
  for (const digits of unknown) told += await wasTold(digits) ? 1 : 0;
  expect('unknown ones whose fate was told', told, 0);
  expectAtMost('people reached', people.reached, recipients);
  say(`${recipients} people, ${kills} kills, ${pauses} pauses, ${options.store ?? 'sqlite'}: ${people.reached} reached, most messages to one ${people.max_templates}, ` +
    `${unknown.length} unknown, ${report.failed} failed, ${problems.length} problems (${Math.round((performance.now() - began) / 1000)} s)`);
} catch (error) {
  problems.push(error instanceof GaveUp ? error.message : error.stack);
}
problems.forEach((problem) => console.error(problem));
suite.keep ||= problems.length > 0 || 'keep' in options;
if (suite.keep) console.error(`logs: ${suite.dir}`);
await suite.close();
process.exit(problems.length > 0 ? 1 : 0);
