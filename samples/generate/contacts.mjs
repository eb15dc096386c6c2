// contacts-1000.csv: a thousand people of four countries, and twenty rows between them that are wrong in twenty different ways.
import {csvLine, dateOf, dayNumber, prettyJson, randomSource} from './lib.mjs';

const COLUMNS = ['phone', 'name', 'first_name', 'language', 'time_zone', 'tag', 'attr:city', 'attr:note', 'consent_marketing',
                 'consent_transactional', 'consent_source', 'consent_text', 'consent_at'];

const SPANISH = {
  first: ['Ana', 'María', 'Lucía', 'Sofía', 'Valentina', 'Camila', 'Martina', 'Julieta', 'Florencia', 'Rocío', 'Juan', 'Carlos',
          'José', 'Luis', 'Martín', 'Diego', 'Santiago', 'Mateo', 'Nicolás', 'Tomás', 'Agustín', 'Íñigo', 'Ximena', 'Begoña'],
  last: ['González', 'Rodríguez', 'Fernández', 'Pérez', 'Muñoz', 'Núñez', 'Ramírez', 'Torres', 'Flores', 'Acosta', 'Benítez',
         'Herrera', 'Ibáñez', 'Quiroga', 'Peña', 'Castro', 'Ruiz', 'Álvarez', 'Vargas', 'Ortega'],
};
const COUNTRIES = [
  {code: 'AR', share: 320, language: 'es_AR', names: SPANISH,
   places: [['Buenos Aires', 'America/Argentina/Buenos_Aires', '11', 8], ['Córdoba', 'America/Argentina/Cordoba', '351', 7],
            ['Rosario', 'America/Argentina/Cordoba', '341', 7], ['Mendoza', 'America/Argentina/Mendoza', '261', 7]],
   national: (r, area, digits) => `9${area}${r.pick(['4', '5', '6'])}${number(r, digits - 1)}`, prefix: '54'},
  {code: 'MX', share: 280, language: 'es_MX', names: SPANISH,
   places: [['Ciudad de México', 'America/Mexico_City', '55', 8], ['Guadalajara', 'America/Mexico_City', '33', 8],
            ['Monterrey', 'America/Monterrey', '81', 8], ['Tijuana', 'America/Tijuana', '664', 7]],
   national: (r, area, digits) => `${area}${r.pick(['1', '2', '3'])}${number(r, digits - 1)}`, prefix: '52'},
  {code: 'BR', share: 230, language: 'pt_BR',
   names: {first: ['João', 'Antônio', 'Luíza', 'Gonçalo', 'Beatriz', 'Larissa', 'Thiago', 'Inês', 'Fabrício', 'Conceição', 'Rafael',
                   'Letícia', 'Otávio', 'Débora', 'Vinícius', 'Simão'],
           last: ['Silva', 'Souza', 'Araújo', 'Conceição', 'Magalhães', 'Gonçalves', 'Simões', 'Rocha', 'Cardoso', 'Brandão', 'Leão',
                  'Assunção', 'Pereira', 'Teixeira', 'Guimarães']},
   places: [['São Paulo', 'America/Sao_Paulo', '11', 8], ['Rio de Janeiro', 'America/Sao_Paulo', '21', 8],
            ['Belo Horizonte', 'America/Sao_Paulo', '31', 8], ['Manaus', 'America/Manaus', '92', 8]],
   national: (r, area, digits) => `${area}9${r.pick(['7', '8', '9'])}${number(r, digits - 1)}`, prefix: '55'},
  {code: 'CO', share: 170, language: 'es_CO', names: SPANISH,
   places: [['Bogotá', 'America/Bogota', '300', 7], ['Medellín', 'America/Bogota', '310', 7], ['Cali', 'America/Bogota', '315', 7],
            ['Barranquilla', 'America/Bogota', '320', 7]],
   national: (r, area, digits) => `${area}${r.pick(['2', '4', '6'])}${number(r, digits - 1)}`, prefix: '57'},
];
const TAGS = ['suv', 'pickup', 'hatchback', 'electrico', 'flota', 'usados'];
const NOTES = ['', '', '', '', 'Llamar por la tarde', 'Prefiere sábado, a la mañana', 'Dijo "lo pienso"', 'Vino con su familia'];
const YES = {es: ['sí', 'si', 'SI', 'x'], pt: ['sim', 'Sim', 'x'], en: ['yes']};
const NO = {es: 'no', pt: 'não', en: 'no'};

function number(r, digits) {
  let text = '';
  for (let i = 0; i < digits; ++i) text += r.below(10);
  return text;
}

// The same number as different people write it. All of them have a country code, so no default region is needed.
function written(country, national, style) {
  const e164 = `+${country.prefix}${national}`;
  switch (style % 10) {
    case 6: return `${e164.slice(0, -8)} ${e164.slice(-8, -4)}-${e164.slice(-4)}`;
    case 7: return `00${country.prefix}${national}`;
    case 8: return `'${e164}`;
    case 9: return country.code === 'MX' ? `+521${national}` : ` ${e164} `;
    default: return e164;
  }
}

function person(r, country, index, taken) {
  const [city, zone, area, digits] = r.pick(country.places);
  let national;
  do {
    national = country.national(r, area, digits);
  } while (taken.has(country.prefix + national));
  taken.add(country.prefix + national);
  const first = r.pick(country.names.first);
  const name = index % 97 === 5 ? `${r.pick(country.names.last)}, ${first}` : `${first} ${r.pick(country.names.last)}`;
  const language = index % 41 === 7 ? 'en' : country.language;
  const spoken = language.slice(0, 2);
  const day = dayNumber('2023-02-01') + r.below(420);
  const answer = r.below(100);  // of 100: 84 agree to marketing, 8 refuse, 8 were not asked
  const marketing = answer < 84 ? r.pick(YES[spoken]) : answer < 92 ? NO[spoken] : '';
  const transactional = r.chance(0.9) ? r.pick(YES[spoken]) : '';
  const asked = marketing !== '' || transactional !== '';
  const at = r.chance(0.5) ? dateOf(day) : `${dateOf(day)}T${String(9 + r.below(10)).padStart(2, '0')}:30:00-03:00`;
  return {
    country: country.code, language, marketing: answer < 84 ? 'granted' : answer < 92 ? 'revoked' : 'unknown',
    cells: {
      phone: written(country, national, r.below(10)), name, first_name: first, language, time_zone: zone, tag: r.pick(TAGS),
      'attr:city': city, 'attr:note': index % 250 === 3 ? 'Primera visita:\nquiere financiación' : r.pick(NOTES),
      consent_marketing: marketing, consent_transactional: transactional,
      consent_source: asked ? r.pick(['formulario web', 'salón de ventas', 'QR en vidriera']) : '',
      consent_text: asked ? r.pick(['v1', 'v2']) : '', consent_at: asked ? at : '',
    },
  };
}

// Twenty ways to be wrong. `change` spoils the cells of a good row; `raw` gives the line itself.
const WRONG = [
  {code: 'IDENTITY_MISSING', column: '', why: 'no phone at all', change: {phone: ''}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'too short', change: {phone: '+54 9 11'}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'too long', change: {phone: '+5491144445555666777'}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'letters in the number', change: {phone: '+54 9 11 CASA-PEDRO'}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'words instead of a number', change: {phone: 'no tiene'}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'no country has this code', change: {phone: '+999 55 1234 5678'}},
  {code: 'PHONE_INVALID', column: 'phone', why: 'an area that does not exist', change: {phone: '+52 00 1234 5678'}},
  {code: 'PHONE_SCIENTIFIC', column: 'phone', why: 'a spreadsheet rounded the number', change: {phone: '5.49112E+12'}},
  {code: 'REGION_MISSING', column: 'phone', why: 'a national number and no default region', change: {phone: '11 4444-5555'}},
  {code: 'BAD_ENCODING', column: 'name', why: 'ñ in Windows-1252 inside a UTF-8 file', change: {name: 'Nu\u0000ez'}, windows: true},
  {code: 'BAD_ENCODING', column: 'attr:note', why: 'a control character', change: {'attr:note': 'nota \u001b[31mroja'}},
  {code: 'COLUMN_COUNT', column: '', why: 'too few cells', raw: (cells) => csvLine(cells.slice(0, 4))},
  {code: 'COLUMN_COUNT', column: '', why: 'too many cells: a comma without quotes', raw: (cells) => csvLine(cells).replace(',', ',Gómez, ')},
  {code: 'VALUE_TOO_LONG', column: 'name', why: 'a name of 201 characters', change: {name: 'Á'.repeat(201)}},
  {code: 'BAD_LANGUAGE', column: 'language', why: 'a word instead of a code', change: {language: 'español rioplatense'}},
  {code: 'BAD_ZONE', column: 'time_zone', why: 'an offset instead of a zone', change: {time_zone: '-03:00'}},
  {code: 'BAD_DATE', column: 'consent_at', why: 'day first', change: {consent_marketing: 'sí', consent_source: 'QR', consent_text: 'v1', consent_at: '31/05/2023'}},
  {code: 'BAD_DATE', column: 'consent_at', why: 'in the future', change: {consent_marketing: 'sí', consent_source: 'QR', consent_text: 'v1', consent_at: '2999-01-01'}},
  {code: 'CONSENT_INCOMPLETE', column: '', why: 'a consent without the text that was shown',
   change: {consent_marketing: 'sí', consent_source: 'QR', consent_text: '', consent_at: '2023-05-31'}},
  {code: 'CONSENT_INCOMPLETE', column: 'consent_marketing', why: 'neither yes nor no',
   change: {consent_marketing: 'quizás', consent_source: 'QR', consent_text: 'v1', consent_at: '2023-05-31'}},
];

// The bytes of a line; the marker stands for a ñ as Windows writes it.
function bytesOf(line, windows) {
  const bytes = Buffer.from(line, 'utf8');
  if (windows) bytes[bytes.indexOf(0)] = 0xf1;
  return bytes;
}

function tally(people, key) {
  const counts = {};
  for (const value of people.map((p) => p[key]).sort()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

export function contacts() {
  const r = randomSource(1000);
  const taken = new Set();
  const people = r.shuffle(COUNTRIES.flatMap((country) => Array(country.share).fill(country)))
                     .map((country, index) => person(r, country, index, taken));
  const wrong = WRONG.map((way, i) => ({way, before: 23 + i * 48 + r.below(20)}));  // spread over the file
  const parts = [bytesOf(csvLine(COLUMNS))];
  const expected = [];
  let line = 2;
  const append = (bytes) => {
    parts.push(bytes);
    line += bytes.filter((byte) => byte === 0x0a).length;
  };
  people.forEach((p, index) => {
    for (const {way} of wrong.filter((w) => w.before === index)) {
      expected.push([String(line), way.code, way.column, way.why]);
      const spare = person(r, COUNTRIES[0], 1, taken).cells;  // would be good, were it not spoiled
      const cells = COLUMNS.map((column) => ({...spare, ...way.change})[column]);
      append(way.raw ? bytesOf(way.raw(cells)) : bytesOf(csvLine(cells), way.windows));
    }
    append(bytesOf(csvLine(COLUMNS.map((column) => p.cells[column]))));
  });
  const summary = {
    rows: people.length + WRONG.length, good: people.length, rejected: WRONG.length, default_region: '', by_country: tally(people, 'country'),
    by_language: tally(people, 'language'), marketing_consent: tally(people, 'marketing'),
  };
  return {
    'contacts-1000.csv': Buffer.concat(parts),
    'contacts.expected.csv': [['line', 'code', 'column', 'why'], ...expected].map(csvLine).join(''),
    'contacts.summary.json': prettyJson(summary),
  };
}
