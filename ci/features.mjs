// Reads docs/features/*.md and the results of the last test run. A row is `| id | what | RPC | tests | state |`; the state is
// `built`, `partly`, `not built` or `later`. A row that says built or partly names at least one test: `Suite.Name` of a C++ test that
// ran and passed, or a file under tests/ or ci/ that exists (a journey, contract or chaos script).
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

const build = process.argv[2];
const results = join(build, 'test-results');
const passed = new Map();
// A store test runs on every driver, and counts when it passed on all.
const note = (test, ok) => passed.set(test, ok && passed.get(test) !== false);
if (existsSync(results)) {
  for (const file of readdirSync(results)) {
    const report = JSON.parse(readFileSync(join(results, file), 'utf8'));
    for (const suite of report.testsuites) {
      for (const test of suite.testsuite) {
        const ok = test.result === 'COMPLETED' && !test.failures;
        for (const suiteName of [suite.name, suite.name.replace(/^.*\//, ''), suite.name.replace(/\/\d+$/, '')]) {
          note(`${suiteName}.${test.name}`, ok);
          note(`${suiteName}.${test.name.replace(/\/.*$/, '')}`, ok);
        }
      }
    }
  }
} else {
  console.error(`features: no test results in ${results}; run make test first`);
  process.exit(1);
}

const states = new Set(['built', 'partly', 'not built', 'later']);
const problems = [];
const totals = {};
for (const file of readdirSync('docs/features').filter((f) => f.endsWith('.md'))) {
  const counts = {};
  const numbers = new Set();
  readFileSync(join('docs/features', file), 'utf8').split('\n').forEach((line, index) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const id = /^\[?([A-Z])-(\d+)\]?$/.exec(cells[1] ?? '');
    if (!id) return;
    const where = `docs/features/${file}:${index + 1} ${cells[1]}`;
    if (cells.length !== 7) return problems.push(`${where}: ${cells.length - 2} cells, a row has 5`);
    if (numbers.has(id[2])) problems.push(`${where}: listed twice`);
    numbers.add(id[2]);
    const [, , , , tests, state] = cells;
    if (!states.has(state)) return problems.push(`${where}: state '${state}' is none of ${[...states].join(', ')}`);
    counts[state] = (counts[state] ?? 0) + 1;
    if (state !== 'built' && state !== 'partly') return;
    const names = tests.replaceAll('`', '').split(/[,;]|<br>/).map((name) => name.trim()).filter((name) => name && name !== '-');
    if (names.length === 0) problems.push(`${where}: ${state}, but names no test`);
    for (const name of names) {
      if (/^(tests|ci)\//.test(name)) {
        if (!existsSync(name)) problems.push(`${where}: ${name} does not exist`);
      } else if (!passed.has(name)) {
        problems.push(`${where}: test ${name} did not run`);
      } else if (!passed.get(name)) {
        problems.push(`${where}: test ${name} failed`);
      }
    }
  });
  totals[file] = counts;
}
for (const [file, counts] of Object.entries(totals)) {
  console.log(`features: ${file}: ${Object.entries(counts).map(([state, n]) => `${n} ${state}`).join(', ')}`);
}
problems.forEach((problem) => console.error(`features: ${problem}`));
process.exit(problems.length ? 1 : 0);
