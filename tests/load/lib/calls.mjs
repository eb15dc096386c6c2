// One RPC in a closed loop, and the bare gRPC callback echo server that it is compared with: load and server share the cores.
import {spawn} from 'node:child_process';
import {join} from 'node:path';

const kEcho = ['--method=vinculo.echo.v1.EchoService/Echo', `--request=${JSON.stringify({text: 'x'.repeat(200)})}`];
const kInFlight = '--in-flight=100';

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// The arguments of the load for an RPC of a running service.
export const call = (suite, service, contract, method, body, ...more) => [`--target=${suite.address(service)}`,
  `--token=${suite.token(['admin'], {lifetimeSeconds: 3600})}`, `--method=vinculo.${service}.v1.${contract}/${method}`,
  `--request=${JSON.stringify(body)}`, ...more];

export class Calls {
  static async begin(bin, seconds) {
    const calls = new Calls();
    Object.assign(calls, {load: join(bin, 'vinculo-load'), seconds});
    calls.echo = spawn(calls.load, ['echo-server'], {stdio: ['pipe', 'pipe', 'inherit']});
    const port = await new Promise((resolve) => calls.echo.stdout.once('data', (d) => resolve(String(d).trim().split(' ')[1])));
    calls.yardstick = [`--target=127.0.0.1:${port}`, ...kEcho, kInFlight];
    return calls;
  }
  end() { this.echo.stdin.end(); }

  run(args) {
    return new Promise((resolve, reject) => {
      const child = spawn(this.load, ['run', ...args, `--seconds=${this.seconds}`], {stdio: ['ignore', 'pipe', 'inherit']});
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

  // Each of `measured` ({name: arguments}) against the yardstick, which is taken anew before each, since the machine's speed drifts.
  async compare(measured, rounds) {
    const yardsticks = [];
    const ratios = {}, results = {};
    for (let round = 0; round < rounds; ++round) {
      for (const [name, args] of Object.entries(measured)) {
        const echo = (await this.run(this.yardstick)).calls_per_s;
        const result = await this.run([...args, kInFlight]);
        yardsticks.push(echo);
        (ratios[name] ??= []).push(result.calls_per_s / echo);
        (results[name] ??= []).push(result);
      }
    }
    return {yardsticks, ratios, results};
  }
}
