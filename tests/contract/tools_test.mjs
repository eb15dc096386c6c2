// Tools of others, against the running services: buf curl through reflection, promtool on the metrics.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { kRoot, servicesOf } from '../journey/lib/rpc.mjs';
import { Suite } from '../journey/lib/suite.mjs';

const suite = new Suite();
before(() => suite.start());
after(() => suite.close());

function run(program, args, input = '') {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' });
    let out = '', err = '';
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('error', reject).on('close', (code) => resolve({ code, out, err }));
    child.stdin.end(input);
  });
}

const kBuf = join(kRoot, 'node_modules/.bin/buf');
function bufCurl(service, method, body, token) {
  const headers = token ? ['-H', `authorization: Bearer ${token}`, '--reflect-header', `authorization: Bearer ${token}`] : [];
  return run(kBuf, ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', ...headers, '-d', JSON.stringify(body), `http://${suite.address(service)}/${method}`]);
}

// A reading call of each service that succeeds on an empty store.
const kReads = {
  messaging: 'vinculo.messaging.v1.ChannelService/ListChannels',
  profiling: 'vinculo.profiling.v1.FlowService/ListFlows',
  lifecycle: 'vinculo.lifecycle.v1.LifecycleService/ListAccounts',
  support: 'vinculo.support.v1.DirectoryService/ListTeams',
};

for (const service of suite.only) {
  describe(service, () => {
    test('buf curl finds the contract by reflection and calls it', async () => {
      const answer = await bufCurl(service, kReads[service], { page_size: 10 }, suite.token('admin'));
      assert.equal(answer.code, 0, answer.err);
      assert.equal(typeof JSON.parse(answer.out), 'object');
    });

    test('buf curl shows the reason of an error', async () => {
      const answer = await bufCurl(service, kReads[service], { page_size: -1 }, suite.token('admin'));
      assert.notEqual(answer.code, 0);
      assert.match(answer.err + answer.out, /invalid_argument/);
      assert.match(answer.err + answer.out, /ErrorInfo/);
    });

    test('reflection needs a token', async () => {
      const listed = await run(kBuf, ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '--list-services', `http://${suite.address(service)}`]);
      assert.notEqual(listed.code, 0);
      assert.match(listed.err, /not authenticated/);
      assert.ok(!listed.out.includes('vinculo.'), listed.out);
    });

    test('reflection names every service of the contract', async () => {
      const header = `authorization: Bearer ${suite.token('admin')}`;
      const listed = await run(kBuf, ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '--reflect-header', header, '--list-services', `http://${suite.address(service)}`]);
      assert.equal(listed.code, 0, listed.err);
      for (const { name } of [...servicesOf(`vinculo.${service}.v1`), ...servicesOf('vinculo.events.v1')]) assert.ok(listed.out.includes(name), name);
    });

    test('promtool accepts the metrics', async () => {
      const response = await fetch(suite.metricsUrl(service));
      assert.equal(response.status, 200);
      const text = await response.text();
      assert.match(text, /grpc_server_handled_total/);
      const checked = await run('promtool', ['check', 'metrics'], text);
      assert.equal(checked.code, 0, checked.err + checked.out);
    });
  });
}
