// The whole suite on loopback: four services and the sandbox, each on ports the system chooses, with fresh stores in a temporary
// folder, development keys and tokens. Services can be killed and started again on their own stores and ports.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KeyPair, jwks } from './keys.mjs';
import { Client, kRoot } from './rpc.mjs';
import { GaveUp, notYet, until } from './wait.mjs';

export const kServices = ['messaging', 'profiling', 'lifecycle', 'support'];
export const kTenant = 'demo';
const kIssuer = 'https://issuer.vinculo.test';
const kAudience = 'vinculo';
const kApp = 'autos';
const kAppSecret = 'sandbox-app-secret';
const kVerifyToken = 'sandbox-verify-token';
const kUnknownWait = '20s';  // the sandbox reports within milliseconds; ten minutes are for WhatsApp

// Where the programs are: --bin, VINCULO_BIN, or the newest build.
export function findBinaries(given = process.env.VINCULO_BIN) {
  const folders = given ? [given] : ['release', 'debug'].map((p) => join(kRoot, 'build', p, 'bin'));
  const found = folders.find((f) => existsSync(join(f, 'vinculo-sandbox')));
  if (!found) throw new Error(`no vinculo-sandbox in ${folders.join(', ')}; build first or give --bin`);
  return found;
}

// One child process. Its output goes to a file, whose end is shown when it dies unasked.
class Process {
  constructor(name, program, flags, logFile) {
    Object.assign(this, { name, logFile, exited: null, expected: false });
    const log = openSync(logFile, 'a');
    this.child = spawn(program, flags, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.done = new Promise((resolve) => {
      this.child.on('error', (error) => resolve((this.exited = String(error))));
      this.child.on('exit', (code, signal) => resolve((this.exited = signal ?? `exit code ${code}`)));
    });
  }
  get pid() { return this.child.pid; }
  tail(lines = 15) {
    return existsSync(this.logFile) ? readFileSync(this.logFile, 'utf8').trimEnd().split('\n').slice(-lines).join('\n') : '';
  }
  checkAlive() {
    if (this.exited !== null && !this.expected) throw new GaveUp(`${this.name} died (${this.exited}):\n${this.tail()}`);
  }
  async end(signal, seconds = 20) {
    this.expected = true;
    if (this.exited === null) this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
    await this.done;
    clearTimeout(late);
    return this.exited;
  }
}

export class Suite {
  // `only` (or VINCULO_SERVICES) starts just these; `dir` keeps stores and keys from run to run; without it they are temporary.
  constructor({ bin = findBinaries(), keep = false, tenants = [kTenant], only = process.env.VINCULO_SERVICES?.split(',') ?? kServices, dir = null } = {}) {
    this.bin = bin;
    this.keep = keep || dir !== null;
    this.only = only;
    this.tenants = tenants;
    this.dir = dir ?? mkdtempSync(join(tmpdir(), 'vinculo-'));
    mkdirSync(this.path('log'), { recursive: true });
    this.processes = {};
    this.ports = {};       // service -> what it wrote to its ports file
    this.user = this.keyOf_('user');
    this.foreign = new KeyPair();  // signs tokens that nobody should accept
    this.serviceKeys = Object.fromEntries(kServices.map((s) => [s, this.keyOf_(s)]));
    this.writeKeys_();
  }

  path(...parts) { return join(this.dir, ...parts); }

  // The key of that name, made when there is none yet.
  keyOf_(name) {
    const file = this.path(`${name}.pem`);
    if (existsSync(file)) return KeyPair.fromPem(readFileSync(file));
    const key = new KeyPair();
    this.writeSecret_(`${name}.pem`, key.pem());
    return key;
  }

  writeKeys_() {
    this.writeSecret_('app_secret', kAppSecret);
    this.writeSecret_('verify_token', kVerifyToken);
    // Secrets at rest are encrypted under a key of 32 bytes.
    this.writeSecret_('store_key', Buffer.from(this.user.kid.padEnd(32, 'x').slice(0, 32)).toString('base64'));
    const draft = this.path('jwks.tmp');
    writeFileSync(draft, jwks(this.user, ...Object.values(this.serviceKeys)));
    renameSync(draft, this.path('jwks.json'));
  }
  writeSecret_(name, text) { writeFileSync(this.path(name), text, { mode: 0o600 }); }

  token(roles, { subject = 'ana', tenant = kTenant, lifetimeSeconds, claims, header, key = this.user } = {}) {
    return key.token({ issuer: kIssuer, audience: kAudience, subject, tenant, roles: [].concat(roles), lifetimeSeconds, claims, header });
  }

  // Flags that every service takes, then its own. Addresses of others are known only once those run, so the order of start is
  // the order of kServices; a service started again keeps its ports.
  flags_(service) {
    const ports = this.ports[service] ?? {};
    const peer = (name) => (this.ports[name] ? `127.0.0.1:${this.ports[name].grpc}` : '');
    const common = {
      grpc_address: `127.0.0.1:${ports.grpc ?? 0}`,
      health_address: `127.0.0.1:${ports.health ?? 0}`,
      metrics_address: `127.0.0.1:${ports.metrics ?? 0}`,
      insecure_loopback: true,
      store: `sqlite:${this.path(service, `${service}.db`)}`,
      jwks_file: this.path('jwks.json'),
      token_issuer: kIssuer,
      token_audience: kAudience,
      service_key: this.path(`${service}.pem`),
      tenants: this.tenants.join(','),
      ports_file: this.path(`${service}.ports.json`),
    };
    const own = {
      messaging: { graph_url: this.sandboxUrl, webhook_address: `127.0.0.1:${ports.webhook ?? 0}`, app_secret_file: this.path('app_secret'),
        verify_token_file: this.path('verify_token'), data_key_file: this.path('store_key'), app: kApp, unknown_wait: kUnknownWait },
      profiling: { messaging: peer('messaging'), store_key_file: this.path('store_key'), outbound_allow: this.sandboxUrl.replace('http://', '') },
      lifecycle: { support: peer('support'), time_zone: 'America/Argentina/Buenos_Aires' },
      support: { messaging: peer('messaging'), profiling: peer('profiling'), time_zone: 'America/Argentina/Buenos_Aires' },
    }[service];
    return Object.entries({ ...common, ...own }).filter(([, v]) => v !== '')
      .map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
  }

  async startSandbox(config = {}) {
    const ports = await this.launch_('sandbox', [`--ports_file=${this.path('sandbox.ports.json')}`]);
    this.sandboxUrl = ports.url;
    await this.configureSandbox({ webhook: { app_secret: kAppSecret }, ...config });
  }

  async startService(service) {
    mkdirSync(this.path(service), { recursive: true });
    const began = performance.now();
    this.ports[service] = await this.launch_(service, this.flags_(service));
    const health = new Client(this.address(service), 'grpc.health.v1.Health', '', { deadlineSeconds: 2 });
    await until(`${service} to be SERVING`, async () => {
      this.processes[service].checkAlive();
      return (await health.Check({ service: '' })).status === 'SERVING';
    });
    health.close();
    return performance.now() - began;
  }

  // Starts a program of the suite and waits for the ports it got; those of a run before are forgotten first.
  async launch_(name, flags) {
    const file = this.path(`${name}.ports.json`);
    rmSync(file, { force: true });
    this.processes[name] = new Process(name, join(this.bin, `vinculo-${name}`), flags, this.path('log', `${name}.log`));
    return until(`${name} to write its ports`, () => {
      this.processes[name].checkAlive();
      if (!existsSync(file)) return notYet(`no ${file}`);
      return JSON.parse(readFileSync(file, 'utf8'));
    });
  }

  async start({ sandbox = {} } = {}) {
    await this.startSandbox(sandbox);
    // Support before lifecycle, which asks it; the order of dependencies, not of the alphabet.
    for (const service of ['messaging', 'profiling', 'support', 'lifecycle']) {
      if (this.only.includes(service)) await this.startService(service);
    }
    if (!this.only.includes('messaging')) return;
    await this.configureSandbox({ webhook: { url: this.webhookUrl() } });
  }

  address(service) { return `127.0.0.1:${this.ports[service].grpc}`; }
  metricsUrl(service) { return `http://127.0.0.1:${this.ports[service].metrics}/metrics`; }
  webhookUrl() { return `http://127.0.0.1:${this.ports.messaging.webhook}/webhooks/whatsapp/${kApp}`; }
  verifyToken() { return kVerifyToken; }

  client(service, contract, roles = 'admin', options = {}) {
    const token = () => this.token(roles, options);
    return new Client(this.address(service), `vinculo.${service === 'events' ? 'events' : service}.v1.${contract}`, token, options);
  }

  async control(method, path, body) {
    const response = await fetch(`${this.sandboxUrl}/_sandbox/${path}`, { method, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`sandbox: ${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
  configureSandbox(patch) { return this.control('PUT', 'config', patch); }
  counts() { return this.control('GET', 'counts'); }
  leads() { return this.control('GET', 'leads'); }

  // As if the machine had lost it: no drain, no flush; then the same service on the same store and ports.
  async killAndRestart(service) {
    await this.processes[service].end('SIGKILL');
    return this.startService(service);
  }

  checkAlive() { for (const process of Object.values(this.processes)) process.checkAlive(); }

  async stop() {
    const order = ['lifecycle', 'support', 'profiling', 'messaging', 'sandbox'];
    const endings = {};
    for (const name of order.filter((n) => this.processes[n])) endings[name] = await this.processes[name].end('SIGTERM');
    return endings;
  }

  // Stops what still runs and removes stores and logs, unless they are to be kept.
  async close() {
    await this.stop();
    if (!this.keep) rmSync(this.dir, { recursive: true, force: true });
  }
}
