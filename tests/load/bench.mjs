// Figures of the whole suite as ratios within one run, one `name value` per line. What is printed after `#` explains.
//   node tests/load/bench.mjs --bin=DIR [--seconds=5] [--rounds=3]
// The yardstick is a bare gRPC callback echo server with the load on the same cores; each round measures it next to what is compared
// with it, and the median round counts, since the machine's speed drifts.
import {readFileSync} from 'node:fs';
import {Suite, kServices} from '../journey/lib/suite.mjs';
import {Calls, call as callOf, median} from './lib/calls.mjs';

const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const seconds = Number(options.seconds ?? 5);
const rounds = Number(options.rounds ?? 3);

const print = (name, value, digits = 3) => console.log(`${name} ${Number(value.toFixed(digits))}`);

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

  const calls = await Calls.begin(options.bin, seconds);
  const call = (...args) => callOf(suite, ...args);

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
  const {yardsticks, ratios, results} = await calls.compare(measured, rounds);
  print('echo_per_s', median(yardsticks), 0);
  print('durable_write_vs_echo', median(ratios.write));
  print('point_read_vs_echo', median(ratios.read));
  print('durable_write_p99_ms', median(results.write.map((r) => r.p99_ms)), 1);
  print('create_conversation_vs_echo', median(ratios.richWrite));
  print('get_conversation_vs_echo', median(ratios.richRead));

  const syncs = async () => [await metric(suite, 'lifecycle', 'sql_syncs_total'), await metric(suite, 'lifecycle', 'sql_writes_total')];
  const before = await syncs();
  await calls.run([...write, '--in-flight=64']);
  const after = await syncs();
  print('fsyncs_per_write', (after[0] - before[0]) / (after[1] - before[1]), 4);
  calls.end();
} finally {
  await suite.close();
}
