// What the generators share: a random source that always says the same, civil dates, and writing files.
import fs from 'node:fs';
import path from 'node:path';

// Deterministic: the same seed gives the same sequence on every machine.
export function randomSource(seed) {
  let state = seed >>> 0;
  const next = () => {  // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    below: (n) => Math.floor(next() * n),
    between: (lo, hi) => lo + Math.floor(next() * (hi - lo + 1)),
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
    shuffle(list) {
      for (let i = list.length - 1; i > 0; --i) {
        const j = Math.floor(next() * (i + 1));
        [list[i], list[j]] = [list[j], list[i]];
      }
      return list;
    },
  };
}

// Civil days are counted from 1970-01-01.
export const dayNumber = (date) => Math.round(Date.parse(`${date}T00:00:00Z`) / 86400000);
export const dateOf = (day) => new Date(day * 86400000).toISOString().slice(0, 10);
export const weekday = (day) => (((day + 3) % 7) + 7) % 7;  // 0 = Monday
export const mondayOf = (day) => day - weekday(day);

// "2024-W11" of the ISO week that a day lies in.
export function isoWeek(day) {
  const thursday = mondayOf(day) + 3;
  const year = Number(dateOf(thursday).slice(0, 4));
  const first = dayNumber(`${year}-01-01`);
  return `${year}-W${String(Math.floor((thursday - first) / 7) + 1).padStart(2, '0')}`;
}

// First day of the month that lies `back` months before that of `day`.
export function monthStart(day, back = 0) {
  const [year, month] = dateOf(day).split('-').map(Number);
  const months = year * 12 + (month - 1) - back;
  return dayNumber(`${Math.floor(months / 12)}-${String((months % 12) + 1).padStart(2, '0')}-01`);
}

export const jsonLines = (items) => items.map((item) => JSON.stringify(item) + '\n').join('');
export const prettyJson = (value) => JSON.stringify(value, null, 2) + '\n';

export function csvLine(cells) {
  return cells.map((cell) => /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join(',') + '\r\n';
}

// Files are name -> text or bytes.
export function writeFiles(directory, files) {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(directory, name);
    fs.mkdirSync(path.dirname(file), {recursive: true});
    fs.writeFileSync(file, content);
  }
}
