// The second engine against its own yardstick: pgbench doing the same statements on the same server with the same number of
// connections. One `name value` per line.
//   node tests/load/bench_postgres.mjs --bin=DIR [--seconds=5] [--rounds=3]
import {execFileSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {kRoot} from '../journey/lib/rpc.mjs';

const kWriters = 4;  // sessions that a service writes with
const options = Object.fromEntries(process.argv.slice(2).map((a) => a.replace(/^--/, '').split('=')));
const seconds = Number(options.seconds ?? 5);
const rounds = Number(options.rounds ?? 3);
const dir = mkdtempSync(join(tmpdir(), 'vinculo-bench-'));
const file = join(dir, 'postgres');
const server = (...args) => execFileSync(join(kRoot, 'ci', 'postgres'), [args[0], file, ...args.slice(1)], {stdio: ['ignore', 'ignore', 'inherit']});
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const print = (name, value, digits = 3) => console.log(`${name} ${Number(value.toFixed(digits))}`);

server('start', '--durable');
try {
  const url = readFileSync(file, 'utf8').trim();
  const store = (...args) => Number(execFileSync(join(options.bin, 'vinculo-store-load'), [...args, `--store=${url}`], {encoding: 'utf8'}).trim().split(' ')[1]);
  const pgbench = () => {
    const out = execFileSync('/usr/lib/postgresql/15/bin/pgbench', ['-n', '-M', 'prepared', '-c', kWriters, '-j', 2, '-T', seconds, '--max-tries=20',
      '-f', join(kRoot, 'tests', 'load', 'ticket.pgbench'), url], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']});
    return Number(/tps = ([\d.]+)/.exec(out)[1]);
  };
  store('writes', '--seconds=1');  // makes the tables
  const theirs = [], ours = [];
  for (let round = 0; round < rounds; ++round) {
    theirs.push(pgbench());
    ours.push(store('writes', `--seconds=${seconds}`));
  }
  print('pg_durable_writes_per_s', median(ours), 0);
  print('pg_durable_write_vs_pgbench', median(ours) / median(theirs));
  for (const workers of [1, 2, 4]) print(`pg_claims_per_s_${workers}`, store('claims', `--workers=${workers}`), 0);
} finally {
  server('stop');
  rmSync(dir, {recursive: true});
}
