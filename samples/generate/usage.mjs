// Usage of twelve clients over the last six months, whose health comes out exactly as the worked table says.
import {csvLine, dateOf, jsonLines, monthStart, randomSource, weekday} from './lib.mjs';

const MODULES = ['onboardings', 'cases', 'requirements'];
// Completed/started in the window, per module; null = not contracted. Then score and tier, as people would work them out.
const CLIENTS = [
  ['aurora-seguros', 'Aurora Seguros', 'carla', [57, 106], [4, 1694], null, '3.39', 'Churn Risk'],
  ['banco-litoral', 'Banco del Litoral', 'carla', null, [496, 2780], null, '17.84', 'Churn Risk'],
  ['cambio-norte', 'Cambio Norte', 'diego', [3, 23], [0, 2], [4, 6], '22.58', 'Churn Risk'],
  ['delta-pagos', 'Delta Pagos', 'diego', [1, 4], null, null, '25.00', 'Churn Risk'],
  ['estelar-fintech', 'Estelar Fintech', 'carla', [2, 3], [0, 3], null, '33.33', 'Churn Risk'],
  ['fiducia-sur', 'Fiducia Sur', 'diego', [201, 202], [1948, 7311], [3228, 7409], '36.03', 'Needs Attention'],
  ['galaxia-bursatil', 'Galaxia Bursátil', 'elena', [271, 287], [56, 854], [247, 305], '39.70', 'Needs Attention'],
  ['horizonte-leasing', 'Horizonte Leasing', 'elena', [38, 79], null, null, '48.10', 'Needs Attention'],
  ['isla-cripto', 'Isla Cripto', 'elena', null, null, [576, 579], '99.48', 'Top Performer'],
  ['jacaranda-creditos', 'Jacarandá Créditos', 'carla', [447, 458], null, [60, 61], '97.69', 'Top Performer'],
  ['kilo-remesas', 'Kilo Remesas', 'diego', [20, 23], null, [5953, 6204], '95.92', 'Top Performer'],
  ['luna-cooperativa', 'Luna Cooperativa', 'elena', [134, 153], null, null, '87.58', 'Top Performer'],
];
export const CUSTOMERS = CLIENTS.map(([id, name, owner]) => ({id, name, owner}));

// Shares `total` out over the weights so that every prefix is rounded, never a single day: the sum is exact.
function shareOut(total, weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  let running = 0;
  let given = 0;
  return weights.map((weight) => {
    running += weight;
    const upTo = Math.floor((running * total) / sum + 1e-9);
    const part = upTo - given;
    given = upTo;
    return part;
  });
}

// One fact a working day. Completed follows started with the same rounding, so it never exceeds it.
function facts(r, customer, module, [completed, started], days) {
  const weights = days.map((day, i) => (0.6 + 0.8 * r.next()) * (1 + 0.3 * Math.sin(i / 9)) * (weekday(day) === 4 ? 0.7 : 1));
  const perDay = shareOut(started, weights);
  let seen = 0;
  let done = 0;
  return days.flatMap((day, i) => {
    seen += perDay[i];
    const upTo = Math.floor((seen * completed) / started);
    const fact = {customer_id: customer, module_key: module, local_date: dateOf(day), source: 'platform', started: perDay[i],
                  completed: upTo - done, revision: 1};
    done = upTo;
    return perDay[i] > 0 ? [fact] : [];
  });
}

export function usage(asOf) {
  const r = randomSource(2024);
  const first = monthStart(asOf, 6);
  const days = [];
  for (let day = first; day <= asOf; ++day) {
    if (weekday(day) < 5 || day === first || day === asOf) days.push(day);
  }
  const all = [];
  const accounts = [];
  const health = [['customer_id', 'name', ...MODULES.flatMap((m) => [`${m}_completed`, `${m}_started`]), 'wchs', 'tier']];
  for (const [id, name, owner, onboardings, cases, requirements, score, tier] of CLIENTS) {
    const counts = [onboardings, cases, requirements];
    const goLive = monthStart(asOf, 9) + 9;
    accounts.push({
      customer_id: id, account_name: name, owner_cs: owner, opened_at: `${dateOf(monthStart(asOf, 12) + 4)}T12:00:00Z`,
      modules: MODULES.filter((_, i) => counts[i]).map((module_key) => ({
        module_key, contracted_at: `${dateOf(monthStart(asOf, 12) + 4)}T12:00:00Z`, go_live_at: `${dateOf(goLive)}T12:00:00Z`,
      })),
    });
    MODULES.forEach((module, i) => {
      if (!counts[i]) return;
      // The day before the window: must not count.
      all.push({customer_id: id, module_key: module, local_date: dateOf(first - 1), source: 'platform', started: 1000, completed: 500,
                revision: 1});
      all.push(...facts(r, id, module, counts[i], days));
    });
    health.push([id, name, ...counts.flatMap((c) => c ? c.map(String) : ['', '']), score, tier]);
  }
  return {
    'usage/accounts.jsonl': jsonLines(accounts), 'usage/usage.jsonl': jsonLines(all),
    'usage/health.expected.csv': health.map(csvLine).join(''),
  };
}
