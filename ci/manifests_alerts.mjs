// Takes the rules out of the rendered monitoring, for promtool, and checks them against the sources: every metric that a rule names is one
// that a service exports, and what rules say about time leaves the streaming RPCs out.
import {execFileSync} from 'node:child_process';
import {readFileSync, writeFileSync} from 'node:fs';
import {parseAllDocuments, stringify} from 'yaml';

const [rendered, out] = process.argv.slice(2);
const documents = parseAllDocuments(readFileSync(rendered, 'utf8')).map((d) => d.toJS());
const {groups} = documents.find((d) => d.kind === 'PrometheusRule').spec;
writeFileSync(out, stringify({groups}));

const files = (...patterns) => execFileSync('git', ['ls-files', ...patterns], {encoding: 'utf8'}).split('\n').filter(Boolean);
const all = (pattern, paths) => new Set(paths.flatMap((f) => [...readFileSync(f, 'utf8').matchAll(pattern)].map((m) => m[1])));
const literals = all(/"([a-z_]+)"/g, files('common/*.cc', 'common/*.h', 'services/*.cc', 'services/*.h').filter((f) => !/_test\.cc$/.test(f)));
const streaming = all(/rpc (\w+)\((?:stream \w+\)|\w+\) returns \(stream)/g, files('protos/*.proto', ':!protos/vinculo/echo'));

// What is left of an expression when labels, ranges, groupings, functions and operators are taken away.
const metricsOf = (expression) => new Set(expression.replace(/\{[^}]*\}|\[[^\]]*\]|(?:by|without|on|ignoring) \([^)]*\)/g, ' ')
    .match(/\b[a-z_][a-z0-9_:]*\b(?!\s*\()/g)?.filter((word) => !/^(and|or|unless|by|on)$/.test(word)));
const problems = [];
const rules = groups.flatMap((group) => group.rules);
const recorded = new Set(rules.map((rule) => rule.record).filter(Boolean));
for (const rule of rules) {
  const name = rule.alert ?? rule.record;
  const metrics = metricsOf(rule.expr);
  if (metrics.size === 0) problems.push(`${name}: no metric found in its expression`);
  for (const metric of metrics) {
    const exported = literals.has(metric) || literals.has(metric.replace(/_(bucket|count|sum)$/, ''));
    if (metric !== 'up' && !recorded.has(metric) && !exported) problems.push(`${name}: no service exports ${metric}`);
  }
  if (!rule.expr.includes('grpc_server_handling_seconds')) continue;
  const left = new Set(/grpc_method!~"([^"]*)"/.exec(rule.expr)?.[1].split('|'));
  for (const method of streaming) if (!left.has(method)) problems.push(`${name}: ${method} is a stream and has no time limit`);
}
problems.forEach((problem) => console.error(`manifests: k8s/monitoring: ${problem}`));
if (problems.length === 0) console.log(`manifests: k8s/monitoring: ${rules.length} rules ok`);
process.exit(problems.length ? 1 : 0);
