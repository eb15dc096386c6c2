// Messaging under load: import, launch, dispatch against a bare HTTP loop, notifications beside a campaign, webhooks while it
// sends. One `name value` per line; what they must be stands in docs/performance.md.
//   node tests/load/bench_messaging.mjs --bin=DIR [--recipients=1000000] [--rounds=3]
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {requestId} from '../journey/lib/rpc.mjs';
import {Suite} from '../journey/lib/suite.mjs';
import {notYet, until} from '../journey/lib/wait.mjs';
import {Calls, call, median} from './lib/calls.mjs';
import {MassCampaign, kTemplate, phone} from './lib/mass_campaign.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const recipients = Number(options.recipients ?? 1_000_000);
const rounds = Number(options.rounds ?? 3);
const load = join(options.bin, 'vinculo-load');
const print = (name, value, digits = 3) => console.log(`${name} ${Number(value.toFixed(digits))}`);

const kNotifications = 50;        // a second, beside the campaign
const kNotified = 5_000_000;      // people of the notifications have numbers from here on
const kEstimated = 6_000_000;     // and those of the estimate from here on
const kSeconds = 20;
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const seconds = (time) => Number(time.seconds) + time.nanos / 1e9;
const nowUs = () => (performance.timeOrigin + performance.now()) * 1000;
// Every limit is in force, and set above the machine's speed.
const flags = {messaging: {sender_in_flight: 512, sender_bulk_in_flight: 480}};
const suite = new Suite({bin: options.bin, only: ['messaging'], flags});
const launched = ['CAMPAIGN_STATE_RUNNING', 'CAMPAIGN_STATE_COMPLETED'];

// The most memory messaging has held since `forget`, in MiB.
const process_ = () => `/proc/${suite.processes.messaging.pid}`;
const forgetPeak = () => writeFileSync(`${process_()}/clear_refs`, '5');
const peakMib = () => Number(readFileSync(`${process_()}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024;

async function metric(line) {
  const text = await (await fetch(suite.metricsUrl('messaging'))).text();
  return Number(text.split('\n').find((l) => l.startsWith(`${line} `))?.split(' ')[1] ?? 0);
}

// Milliseconds from the call of SendMessage to the request at WhatsApp, 99 of 100, while a campaign goes out.
async function notificationP99(mass) {
  await mass.create();
  await mass.schedule();
  await mass.untilCampaign('the ledger to be frozen', (c) => launched.includes(c.state), 600);
  const messages = mass.client('MessageService', 'service');
  const begun = [];
  for (let n = 0; n < kNotifications * kSeconds && (await mass.get()).state === 'CAMPAIGN_STATE_RUNNING'; ++n) {
    begun.push(nowUs());
    messages.SendMessage({request_id: requestId(), recipient: {phone: phone(kNotified + n)}, sender_id: mass.senders[0].id,
      content: {template: {name: 'aviso', language: 'es', values: {'body.1': 'Ana'}}}}).catch((error) => console.error(error.message));
    await wait(1000 / kNotifications);
  }
  const running = (await mass.get()).state === 'CAMPAIGN_STATE_RUNNING';
  await wait(1000);
  const took = [];
  for (const [n, at] of begun.entries()) {
    const answer = await fetch(`${suite.sandboxUrl}/_sandbox/recipients?to=${phone(kNotified + n).slice(1)}`);
    took.push(answer.status === 200 ? ((await answer.json()).last_request_us - at) / 1000 : Infinity);
  }
  if (!running) console.error(`the campaign ended after ${begun.length} notifications: more recipients would say more`);
  await mass.untilCampaign('the campaign to complete', (c) => c.state === 'CAMPAIGN_STATE_COMPLETED', 3600);
  return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)];
}

// How long a campaign took against what its preflight foretold, with a rate of its own below the machine's speed.
async function finishVsEstimate(mass) {
  const list = await mass.importList('Algunos', kEstimated, 4000);
  await mass.create(0, {audience: {list_id: list.id}, rate_per_second: 200});
  const {estimated_finish: estimate} = await mass.client('CampaignService').PreflightCampaign({campaign_id: mass.campaign.id});
  const asked = Date.now();
  await mass.schedule();
  const done = await mass.untilCampaign('the campaign to complete', (c) => c.state === 'CAMPAIGN_STATE_COMPLETED', 600);
  return (seconds(done.end_time) - asked / 1000) / (seconds(estimate) - asked / 1000);
}

// Statuses applied in a second while two numbers send up to 600 messages a second each, and how long their POSTs took.
async function webhooks(mass) {
  await suite.configureSandbox({webhook: {url: suite.webhookUrl(), delivered_share: 1, read_share: 1, duplicate_rate: 0.11}});
  const running = [];
  for (const sender of [0, 1]) {
    running.push((await mass.create(sender, {rate_per_second: 600})).id);
    await mass.schedule();
    await mass.untilCampaign('the ledger to be frozen', (c) => launched.includes(c.state), 600);
  }
  const read = async () => ({at: performance.now(), updates: await metric('messaging_webhook_items_total{kind="status"}'), sends: await metric('messaging_sends_total{result="accepted"}')});
  await wait(2000);
  const from = await read();
  await wait(kSeconds * 1000);
  const to = await read();
  const per = (name) => (to[name] - from[name]) / ((to.at - from.at) / 1000);
  print('webhook_bench_sends_per_s', per('sends'), 0);
  print('webhook_updates_per_s', per('updates'), 0);
  print('webhook_answer_p99_ms', (await suite.counts()).webhooks.answer_p99_ms, 0);
  for (const id of running) await mass.client('CampaignService').CancelCampaign({request_id: requestId(), campaign_id: id});
  const queued = async (id) => Number((await mass.client('ReportService').GetCampaignReport({campaign_id: id})).queued);
  for (const id of running) await until('the rest to be skipped', async () => (await queued(id)) === 0 || notYet(await queued(id)), 600);
}

// SendMessage to somebody new each time, and GetMessage. Their number sends one message a second, so that the rest only waits.
async function notificationCalls(mass) {
  const channels = mass.client('ChannelService', 'admin');
  await channels.UpdateSender({request_id: requestId(), sender: {id: mass.senders[1].id, throughput: 1}, update_mask: {paths: ['throughput']}});
  const notice = {sender_id: mass.senders[1].id, content: {template: {name: 'aviso', language: 'es', values: {'body.1': 'Ana'}}}};
  const sent = await mass.client('MessageService', 'service').SendMessage({...notice, request_id: requestId(), recipient: {phone: phone(kNotified - 1)}});
  const calls = await Calls.begin(options.bin, 5);
  const {ratios, results} = await calls.compare({
    write: call(suite, 'messaging', 'MessageService', 'SendMessage', {...notice, recipient: {bsuid: 'AR.'}}, '--unique=recipient.bsuid'),
    read: call(suite, 'messaging', 'MessageService', 'GetMessage', {message_id: sent.id}),
  }, rounds);
  calls.end();
  print('send_message_vs_echo', median(ratios.write));
  print('send_message_p99_ms', median(results.write.map((r) => r.p99_ms)), 1);
  print('get_message_vs_echo', median(ratios.read));
}

try {
  await suite.start({sandbox: {webhook: {delivered_share: 0, read_share: 0}}});
  const mass = new MassCampaign(suite, {recipients, senders: 2});
  await mass.connect();
  await mass.approveTemplate('aviso', 'TEMPLATE_CATEGORY_UTILITY', 'Hola {{1}}, tu turno es mañana por la tarde en el taller.');
  print('contact_import_rows_per_s', await mass.importContacts(), 0);

  // Dispatch against the bare loop: without webhooks, both sides the same requests.
  await suite.configureSandbox({webhook: {url: ''}});
  const bare = () => Number(execFileSync(load, ['bare-sends', `--url=${suite.sandboxUrl}/v25.0/${mass.numbers[0].id}/messages`, '--access-token=x',
    `--template=${kTemplate}`, `--count=${Math.min(recipients, 100_000)}`], {encoding: 'utf8'}).split(' ')[1]);
  await mass.create();
  const yardsticks = [bare()];
  forgetPeak();
  let began = performance.now();
  await mass.schedule();
  await mass.untilCampaign('the ledger to be frozen', (c) => launched.includes(c.state), 600);
  print('campaign_launch_recipients_per_s', recipients / ((performance.now() - began) / 1000), 0);
  began = performance.now();
  await mass.untilCampaign('the campaign to complete', (c) => c.state === 'CAMPAIGN_STATE_COMPLETED', 3600);
  const rate = recipients / ((performance.now() - began) / 1000);
  yardsticks.push(bare());
  print('bare_http_per_s', median(yardsticks), 0);
  print('campaign_dispatch_per_s', rate, 0);
  print('campaign_dispatch_vs_bare_http', rate / median(yardsticks));
  print('campaign_peak_mib', peakMib(), 0);

  print('campaign_finish_vs_estimate', await finishVsEstimate(mass));
  print('notification_p99_ms_during_campaign', await notificationP99(mass), 1);
  await webhooks(mass);
  await notificationCalls(mass);
} finally {
  await suite.close();
}
