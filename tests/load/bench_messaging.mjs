// Messaging under load: import, launch, dispatch against a bare HTTP loop, notifications beside a campaign, webhooks while it
// sends. One `name value` per line; what they must be stands in docs/performance.md.
//   node tests/load/bench_messaging.mjs --bin=DIR [--recipients=1000000] [--rounds=3]
import {execFileSync} from 'node:child_process';
import {join} from 'node:path';
import {requestId} from '../journey/lib/rpc.mjs';
import {Suite} from '../journey/lib/suite.mjs';
import {MassCampaign, kTemplate} from './lib/mass_campaign.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const recipients = Number(options.recipients ?? 1_000_000);
const load = join(options.bin, 'vinculo-load');
const print = (name, value, digits = 3) => console.log(`${name} ${Number(value.toFixed(digits))}`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

const suite = new Suite({bin: options.bin, only: ['messaging']});
try {
  await suite.start({sandbox: {webhook: {delivered_share: 0, read_share: 0}}});
  const mass = new MassCampaign(suite, {recipients});
  await mass.connect();
  print('contact_import_rows_per_s', await mass.importContacts(), 0);

  // Dispatch against the bare loop: without webhooks, both sides the same requests.
  await suite.configureSandbox({webhook: {url: ''}});
  const bare = () => Number(execFileSync(load, ['bare-sends', `--url=${suite.sandboxUrl}/v25.0/${mass.numbers[0].id}/messages`, '--access-token=x',
    `--template=${kTemplate}`, `--count=${Math.min(recipients, 100_000)}`], {encoding: 'utf8'}).split(' ')[1]);
  await mass.create();
  const yardsticks = [bare()];
  let began = performance.now();
  await mass.schedule();
  await mass.untilCampaign('the ledger to be frozen', (c) => ['CAMPAIGN_STATE_RUNNING', 'CAMPAIGN_STATE_COMPLETED'].includes(c.state), 600);
  print('campaign_launch_recipients_per_s', recipients / ((performance.now() - began) / 1000), 0);
  began = performance.now();
  await mass.untilCampaign('the campaign to complete', (c) => c.state === 'CAMPAIGN_STATE_COMPLETED', 3600);
  const rate = recipients / ((performance.now() - began) / 1000);
  yardsticks.push(bare());
  print('bare_http_per_s', median(yardsticks), 0);
  print('campaign_dispatch_per_s', rate, 0);
  print('campaign_dispatch_vs_bare_http', rate / median(yardsticks));
} finally {
  await suite.close();
}
