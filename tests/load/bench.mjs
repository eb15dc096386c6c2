// Figures of the whole suite as ratios within one run, one `name value` per line. What is printed after `#` explains.
//   node tests/load/bench.mjs --bin=DIR [--seconds=5] [--rounds=3]
// The yardstick is a bare gRPC callback echo server with the load on the same cores; each round measures it next to what is compared
// with it, and the median round counts, since the machine's speed drifts.
import {spawn} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {Suite, kServices} from '../journey/lib/suite.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const seconds = Number(options.seconds ?? 5);
const rounds = Number(options.rounds ?? 3);
const load = join(options.bin, 'vinculo-load');

const print = (name, value, digits = 3) => console.log(`${name} ${Number(value.toFixed(digits))}`);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(load, ['run', ...args, `--seconds=${seconds}`], {stdio: ['ignore', 'pipe', 'inherit']});
    let out = '';
    child.stdout.on('data', (d) => (out += d));
    child.on('error', reject);
    child.on('close', (code) => {
      const figures = Object.fromEntries(out.trim().split('\n').map((l) => l.split(' ')).map(([k, v]) => [k, Number(v)]));
      if (code !== 0 || figures.errors > 0) return reject(new Error(`vinculo-load ${args.join(' ')}: ${out}`));
      resolve(figures);
    });
  });
}

async function startEcho() {
  const child = spawn(load, ['echo-server'], {stdio: ['pipe', 'pipe', 'inherit']});
  const port = await new Promise((resolve) => child.stdout.once('data', (d) => resolve(String(d).trim().split(' ')[1])));
  return {target: `127.0.0.1:${port}`, stop: () => child.stdin.end()};
}

async function metric(suite, service, name) {
  const text = await (await fetch(suite.metricsUrl(service))).text();
  const line = text.split('\n').find((l) => l.startsWith(`${name} `));
  if (!line) throw new Error(`${service} has no metric ${name}`);
  return Number(line.split(' ')[1]);
}

function residentMib(pid) {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((l) => l.startsWith('VmRSS:'));
  return Number(line.split(/\s+/)[1]) / 1024;
}

const suite = new Suite({bin: options.bin});
try {
  await suite.startSandbox();
  const started = {};
  for (const service of ['messaging', 'profiling', 'support', 'lifecycle']) started[service] = await suite.startService(service);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  for (const service of kServices) {
    print(`start_ms_${service}`, started[service], 0);
    print(`idle_rss_mib_${service}`, residentMib(suite.processes[service].child.pid), 1);
  }

  const echo = await startEcho();
  const token = suite.token(['admin'], {lifetimeSeconds: 3600});
  const bytes = 200;
  const echoArgs = [`--target=${echo.target}`, '--method=vinculo.echo.v1.EchoService/Echo', `--request=${JSON.stringify({text: 'x'.repeat(bytes)})}`];
  const call = (service, contract, method, body, ...more) => [`--target=${suite.address(service)}`, `--token=${token}`,
    `--method=vinculo.${service}.v1.${contract}/${method}`, `--request=${JSON.stringify(body)}`, ...more];

  // The plain ones: a row with its indexes, an event and the reply kept for a repetition; and a row by its key.
  const engagement = {customer_id: 'c-', account_name: 'Fiducia Sur'};
  const write = call('lifecycle', 'LifecycleService', 'CreateEngagement', engagement, '--unique=customer_id');
  const opened = await suite.client('lifecycle', 'LifecycleService').CreateEngagement({...engagement, customer_id: 'first', request_id: crypto.randomUUID()});
  const read = call('lifecycle', 'LifecycleService', 'GetEngagement', {engagement_id: opened.engagement_id});
  // The richest: a conversation also has a number, a history, and its part of every report.
  const conversation = {conversation: {requester_id: 'persona-1', channel: 'CHANNEL_API', subject: 'No puedo cerrar el caso'}};
  const richWrite = call('support', 'TicketService', 'CreateConversation', conversation);
  const begun = await suite.client('support', 'TicketService').CreateConversation({...conversation, request_id: crypto.randomUUID()});
  const richRead = call('support', 'TicketService', 'GetConversation', {id: begun.id});

  const measured = {read, write, richRead, richWrite};
  const echoes = [], p99 = [], ratios = {read: [], write: [], richRead: [], richWrite: []};
  for (let round = 0; round < rounds; ++round) {
    for (const [name, args] of Object.entries(measured)) {
      const yardstick = (await run([...echoArgs, '--in-flight=100'])).calls_per_s;
      echoes.push(yardstick);
      const result = await run([...args, '--in-flight=100']);
      ratios[name].push(result.calls_per_s / yardstick);
      if (name === 'write') p99.push(result.p99_ms);
    }
  }
  print('echo_per_s', median(echoes), 0);
  print('durable_write_vs_echo', median(ratios.write));
  print('point_read_vs_echo', median(ratios.read));
  print('durable_write_p99_ms', median(p99), 1);
  print('create_conversation_vs_echo', median(ratios.richWrite));
  print('get_conversation_vs_echo', median(ratios.richRead));

  const syncs = async () => [await metric(suite, 'lifecycle', 'sql_syncs_total'), await metric(suite, 'lifecycle', 'sql_writes_total')];
  const before = await syncs();
  await run([...write, '--in-flight=64']);
  const after = await syncs();
  print('fsyncs_per_write', (after[0] - before[0]) / (after[1] - before[1]), 4);
  echo.stop();
} finally {
  await suite.close();
}
