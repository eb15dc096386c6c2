// The newcomer's page, docs/messaging.md: every command on it is run, in order, against the services as processes, and must print
// what the page says; then what came of it is looked up where nobody can lie, in the sandbox. UPDATE=1 writes the page anew.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { kRoot } from '../journey/lib/rpc.mjs';
import { Suite, kDemoSandbox } from '../journey/lib/suite.mjs';
import { until } from '../journey/lib/wait.mjs';

const kPage = join(kRoot, 'docs/messaging.md');
const kReached = 8;    // of the people in the file: those who agreed and whom WhatsApp can reach
const kAttempted = 9;
const suite = new Suite({ only: ['messaging'] });
before(() => suite.start({ sandbox: kDemoSandbox }));
after(() => suite.close());

// The page's console blocks as [{command, output, at}], `at` being where the output stands in the text.
function commandsOf(page) {
  const found = [];
  for (const block of page.matchAll(/```console\n([\s\S]*?)```/g)) {
    const start = block.index + '```console\n'.length;
    for (const part of block[1].matchAll(/^\$ (.*)\n([\s\S]*?)(?=^\$ |(?![\s\S]))/gm)) {
      const at = start + part.index + part[1].length + 3;
      found.push({ command: part[1], output: part[2], at });
    }
  }
  return found;
}

function run(command) {
  const env = { ...process.env, PATH: `${suite.bin}:${process.env.PATH}`, VINCULO_MESSAGING: suite.address('messaging'),
    VINCULO_TOKEN: suite.token('admin'), VINCULO_LANGUAGE: 'en', TZ: 'UTC' };
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', `{ ${command}\n} 2>&1`], { cwd: kRoot, env, stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (d) => (out += d));
    child.on('error', reject).on('close', () => resolve(out.replaceAll('\r', '')));
  });
}

// What changes from run to run: ids, times, the widths that follow from them, the order of ids, who is shown as an example.
function plain(output) {
  const lines = output
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>')
    .replace(/wamid\.\S+/g, '<wamid>')
    .replace(/^Hola \S+,/gm, 'Hola <name>,')
    .replace(/ {2,}/g, '  ').trimEnd().split('\n').map((line) => line.trimEnd());
  return lines.join('\n');
}

// Statuses arrive when they arrive, so a command that shows them is asked again.
async function holds({ command, output }) {
  let seen = '';
  try {
    await until(command, async () => plain((seen = await run(command))) === plain(output), /report|recipients/.test(command) ? 30 : 0);
  } catch {
    assert.equal(plain(seen), plain(output), `docs/messaging.md says otherwise of: ${command} (UPDATE=1 writes it anew)`);
  }
}

async function stands(command) {
  let last = '';
  for (let same = 0; same < 8;) {
    const seen = await run(command);
    same = seen === last && /answered +2/.test(seen) ? same + 1 : 0;
    last = seen;
    await pause(250);
  }
}

test('every command of the page prints what the page says', async () => {
  let page = readFileSync(kPage, 'utf8');
  if (process.env.UPDATE) {
    let shift = 0;
    for (const { command, output, at } of commandsOf(page)) {
            // The report stands still once everybody who reads and answers has done so.
      if (/campaign report '/.test(command)) await stands(command);
      const seen = await run(command);
      page = page.slice(0, at + shift) + seen + page.slice(at + shift + output.length);
      shift += seen.length - output.length;
    }
    writeFileSync(kPage, page);
  }
  for (const step of process.env.UPDATE ? [] : commandsOf(page)) await holds(step);
});

test('a newcomer needs at most ten commands', () => {
  const page = readFileSync(kPage, 'utf8');
  const section = page.slice(page.indexOf('<a id="the-way-in-ten-commands">'), page.indexOf('<a id="contacts">'));
  const commands = commandsOf(section).map((c) => c.command).filter((c) => c.includes('vinculoctl'));
  assert.ok(commands.length > 5 && commands.length <= 10, commands.join('\n'));
  assert.match(commands.at(-1), /campaign report/);
});

test('the messages are where they belong', async () => {
  const { send } = await suite.counts();
  assert.equal(send.templates.promo_otono.accepted, kReached);
  const campaigns = suite.client('messaging', 'CampaignService');
  const { campaigns: [campaign] } = await campaigns.ListCampaigns({});
  assert.equal(campaign.state, 'CAMPAIGN_STATE_COMPLETED');
  const report = await suite.client('messaging', 'ReportService').GetCampaignReport({ campaign_id: campaign.id });
  assert.equal(Number(report.attempted), kAttempted);
  assert.equal(Number(report.delivered_ever), kReached);
  const recounted = await suite.client('messaging', 'ReportService').RecountCampaign({ campaign_id: campaign.id });
  assert.deepEqual(recounted.differences, []);
});

test('each refusal says what to do next', async () => {
  const refusals = [
    ['vinculoctl campaign create --name x --template nope --language es_AR --list nobody --value body.1=fixed:x', /LIST_NOT_FOUND/, /next: vinculoctl contacts lists/],
    ['vinculoctl campaign preflight nothing', /CAMPAIGN_NOT_FOUND/, /next: vinculoctl campaign list/],
    ['vinculoctl template wait nope es_AR', /TEMPLATE_NOT_FOUND/, /next: vinculoctl template list/],
    ['vinculoctl help NO_SUCH_CODE', /HELP_NOT_FOUND/, /next: vinculoctl help/],
    ['vinculoctl --token=x campaign list', /TOKEN_INVALID|not authenticated/, /next: vinculoctl token issue --help/],
    ['VINCULO_MESSAGING=127.0.0.1:1 vinculoctl --timeout 1 campaign list', /error:/, /next: vinculoctl doctor/],
  ];
  for (const [command, reason, next] of refusals) {
    const out = await run(command);
    assert.match(out, reason, command);
    assert.match(out, next, command);
    if (/NOT_FOUND/.test(String(reason))) assert.match(out, / {4}-> \w/, `${command}: no help`);
  }
});
