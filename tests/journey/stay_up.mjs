#!/usr/bin/env node
// Starts the sandbox and the four services and stays up until it is told to stop.
//   node tests/journey/stay_up.mjs [--bin=DIR] [--dir=.run]
// Stores and keys stay in the folder from run to run; ports are the system's choice and change.
import { join } from 'node:path';
import { kRoot } from './lib/rpc.mjs';
import { Suite, findBinaries, kDemoSandbox, kServices } from './lib/suite.mjs';

const kDayInSeconds = 86400;
const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const suite = new Suite({ bin: options.bin ?? findBinaries(), dir: join(kRoot, options.dir ?? '.run') });

async function stop() {
  console.log('\nstopping');
  await suite.stop();
  process.exit(0);
}
process.on('SIGINT', stop);
process.on('SIGTERM', stop);

try {
  await suite.start({ sandbox: kDemoSandbox });
} catch (error) {
  console.error(error.message);
  await suite.stop();
  process.exit(1);
}

const token = suite.token(['admin'], { lifetimeSeconds: kDayInSeconds });
console.log(`
${kServices.map((s) => `${s.padEnd(10)} grpc ${suite.address(s)}   metrics ${suite.metricsUrl(s)}`).join('\n')}
sandbox    ${suite.sandboxUrl}   (WhatsApp, CRM, Jira and Slack; counts at /_sandbox/counts)
stores and logs in ${suite.dir}

A token for a day, as admin of tenant demo:

export VINCULO_TOKEN=${token}
export ${kServices.map((s) => `VINCULO_${s.toUpperCase()}=${suite.address(s)}`).join(' ')}

docs/messaging.md goes from here to a sent campaign and its report in ten commands. Three things to try:

  node_modules/.bin/buf curl --http2-prior-knowledge --protocol grpc --reflect-header "authorization: Bearer $VINCULO_TOKEN" \\
    -H "authorization: Bearer $VINCULO_TOKEN" --list-services http://${suite.address('messaging')}
  ${join(suite.bin, 'vinculoctl')} doctor
  curl -s ${suite.sandboxUrl}/_sandbox/counts

Ctrl-C stops everything.`);
setInterval(() => {
  try { suite.checkAlive(); } catch (error) { console.error(error.message); stop(); }
}, 1000);
