// The whole suite on loopback: four services and the sandbox, each on ports the system chooses, with fresh stores in a temporary
// folder, development keys and tokens. Services can be killed and started again on their own stores and ports. On PostgreSQL each
// service can have several replicas, with a front that shares connections out among them.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Front } from './front.mjs';
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

// A sandbox that knows the account and number of docs/messaging.md; of its people two answer and one cannot be reached.
export const kDemoSandbox = {
  graph: { waba_id: '200000000000001',
    senders: { 100000000000001: { waba_id: '200000000000001', display_phone_number: '5491140000000' } } },
  customers: { rules: [
    { name: 'wants', kind: 'template', numbers: ['5491122330002'], reply: { choice: 0 } },
    { name: 'opts_out', kind: 'template', numbers: ['5491122330007'], reply: { choice: 1 } }] },
  faults: [{ on: 'send', to_suffix: '13', do: 'error', code: 131026 }],
};

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
  // `store` is sqlite or postgres; the latter brings a server of its own and allows `replicas`. `flags` are further ones by service.
  constructor({ bin = findBinaries(), keep = false, tenants = [kTenant], only = process.env.VINCULO_SERVICES?.split(',') ?? kServices, dir = null,
    store = 'sqlite', replicas = 1, flags = {} } = {}) {
    if (store !== 'sqlite' && store !== 'postgres') throw new Error(`a store is sqlite or postgres, not ${store}`);
    if (store === 'sqlite' && replicas > 1) throw new Error('replicas of one service share a store: that needs postgres');
    Object.assign(this, { store, replicas, moreFlags: flags, fronts: {} });
    this.bin = bin;
    this.keep = keep || dir !== null;
    this.only = only;
    this.tenants = tenants;
    this.dir = dir ?? mkdtempSync(join(tmpdir(), 'vinculo-'));
    mkdirSync(this.path('log'), { recursive: true });
    this.processes = {};
    this.ports = {};       // process -> what it wrote to its ports file
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

  // The processes of a service: itself, or its replicas.
  names(service) {
    return this.replicas === 1 ? [service] : Array.from({ length: this.replicas }, (_, i) => `${service}-${i + 1}`);
  }
  // Those that run and have told their ports.
  serving(service) { return this.names(service).filter((n) => this.ports[n] && this.processes[n].exited === null); }

  // Where others reach a service's port: its front, where there is one.
  port_(service, port) { return this.fronts[service]?.[port].port ?? this.ports[this.names(service)[0]]?.[port]; }

  async openFronts_(service) {
    const port = (name) => new Front(() => this.serving(service).map((n) => this.ports[n][name]));
    this.fronts[service] = { grpc: port('grpc'), webhook: port('webhook') };
    await Promise.all(Object.values(this.fronts[service]).map((front) => front.listen()));
  }

  storeUrl_(service) {
    return this.store === 'sqlite' ? `sqlite:${this.path(service, `${service}.db`)}` : this.server.replace('/vinculo?', `/${service}?`);
  }

  // A server of the suite's own, with a database for each service.
  startServer_() {
    const file = this.path('postgres');
    execFileSync(join(kRoot, 'ci', 'postgres'), ['start', file, '--durable'], { stdio: ['ignore', 'ignore', 'inherit'] });
    this.server = readFileSync(file, 'utf8').trim();
    for (const service of this.only) execFileSync('psql', ['-q', this.server, '-c', `CREATE DATABASE ${service}`]);
  }

  // Flags that every service takes, then its own. Addresses of others are known only once those run, so the order of start is
  // the order of kServices; a service started again keeps its ports.
  flags_(service, name) {
    const ports = this.ports[name] ?? {};
    const peer = (other) => (this.port_(other, 'grpc') ? this.address(other) : '');
    const common = {
      grpc_address: `127.0.0.1:${ports.grpc ?? 0}`,
      health_address: `127.0.0.1:${ports.health ?? 0}`,
      metrics_address: `127.0.0.1:${ports.metrics ?? 0}`,
      insecure_loopback: true,
      store: this.storeUrl_(service),
      jwks_file: this.path('jwks.json'),
      token_issuer: kIssuer,
      token_audience: kAudience,
      service_key: this.path(`${service}.pem`),
      tenants: this.tenants.join(','),
      ports_file: this.path(`${name}.ports.json`),
    };
    const own = {
      messaging: { graph_url: this.sandboxUrl, webhook_address: `127.0.0.1:${ports.webhook ?? 0}`, app_secret_file: this.path('app_secret'),
        verify_token_file: this.path('verify_token'), data_key_file: this.path('store_key'), app: kApp, unknown_wait: kUnknownWait },
      profiling: { messaging: peer('messaging'), store_key_file: this.path('store_key'), outbound_allow: this.sandboxUrl.replace('http://', '') },
      lifecycle: { support: peer('support'), time_zone: 'America/Argentina/Buenos_Aires' },
      support: { messaging: peer('messaging'), profiling: peer('profiling'), time_zone: 'America/Argentina/Buenos_Aires' },
    }[service];
    return Object.entries({ ...common, ...own, ...this.moreFlags[service] }).filter(([, v]) => v !== '')
      .map(([name, value]) => (value === true ? `--${name}` : `--${name}=${value}`));
  }

  async startSandbox(config = {}) {
    const ports = await this.launch_('sandbox', 'sandbox', [`--ports_file=${this.path('sandbox.ports.json')}`]);
    this.sandboxUrl = ports.url;
    await this.configureSandbox({ webhook: { app_secret: kAppSecret }, ...config });
  }

  // All replicas of a service, at the same time.
  async startService(service) {
    mkdirSync(this.path(service), { recursive: true });
    if (this.replicas > 1) await this.openFronts_(service);
    const took = await Promise.all(this.names(service).map((name) => this.startProcess_(service, name)));
    return Math.max(...took);
  }

  async startProcess_(service, name) {
    const began = performance.now();
    this.ports[name] = await this.launch_(service, name, this.flags_(service, name));
    const health = new Client(`127.0.0.1:${this.ports[name].grpc}`, 'grpc.health.v1.Health', '', { deadlineSeconds: 2 });
    await until(`${name} to be SERVING`, async () => {
      this.processes[name].checkAlive();
      return (await health.Check({ service: '' })).status === 'SERVING';
    });
    health.close();
    return performance.now() - began;
  }

  // Starts a program of the suite and waits for the ports it got; those of a run before are forgotten first.
  async launch_(program, name, flags) {
    const file = this.path(`${name}.ports.json`);
    rmSync(file, { force: true });
    this.processes[name] = new Process(name, join(this.bin, `vinculo-${program}`), flags, this.path('log', `${name}.log`));
    return until(`${name} to write its ports`, () => {
      this.processes[name].checkAlive();
      if (!existsSync(file)) return notYet(`no ${file}`);
      return JSON.parse(readFileSync(file, 'utf8'));
    });
  }

  async start({ sandbox = {} } = {}) {
    if (this.store === 'postgres') this.startServer_();
    await this.startSandbox(sandbox);
    // Support before lifecycle, which asks it; the order of dependencies, not of the alphabet.
    for (const service of ['messaging', 'profiling', 'support', 'lifecycle']) {
      if (this.only.includes(service)) await this.startService(service);
    }
    if (!this.only.includes('messaging')) return;
    await this.configureSandbox({ webhook: { url: this.webhookUrl() } });
  }

  address(service) { return `127.0.0.1:${this.port_(service, 'grpc')}`; }
  metricsUrls(service) { return this.serving(service).map((n) => `http://127.0.0.1:${this.ports[n].metrics}/metrics`); }
  metricsUrl(service) { return this.metricsUrls(service)[0]; }
  webhookUrl() { return `http://127.0.0.1:${this.port_('messaging', 'webhook')}/webhooks/whatsapp/${kApp}`; }
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

  // As if the machine had lost it: no drain, no flush. One process is then started again on the same store and ports; of several
  // replicas the first, which has the most in hand, stays dead. Returns what was done, in words.
  async kill(service) {
    const [name] = this.names(service);
    await this.processes[name].end('SIGKILL');
    if (this.replicas > 1) return `kill -9 ${name}, the others go on`;
    return `kill -9 ${name}, serving again after ${Math.round(await this.startService(service))} ms`;
  }

  // Kills one process and starts it again on its store and ports.
  async restart(service, name) {
    await this.processes[name].end('SIGKILL');
    await this.startProcess_(service, name);
  }

  checkAlive() { for (const process of Object.values(this.processes)) process.checkAlive(); }

  // Ends what still runs, those who call before those they call; how each ended.
  async stop() {
    const order = ['lifecycle', 'support', 'profiling', 'messaging'].flatMap((s) => this.names(s)).concat('sandbox');
    const endings = {};
    for (const name of order.filter((n) => this.processes[n]?.exited === null)) endings[name] = await this.processes[name].end('SIGTERM');
    Object.values(this.fronts).flatMap(Object.values).forEach((front) => front.close());
    if (this.server) execFileSync(join(kRoot, 'ci', 'postgres'), ['stop', this.path('postgres')]);
    this.server = null;
    return endings;
  }

  // Stops what still runs and removes stores and logs, unless they are to be kept.
  async close() {
    await this.stop();
    if (!this.keep) rmSync(this.dir, { recursive: true, force: true });
  }
}
