// The car dealer of the Customer Profiler: five levels of questions, a matrix, products, and what it must recommend.
import {jsonLines, prettyJson} from './lib.mjs';
import {LANGUAGES, TEXTS} from './flow_texts.mjs';

const QUESTIONS = {  // in order of level; a path asks either people or load
  use: ['city', 'family', 'work', 'adventure'],
  people: ['two', 'five', 'seven'],
  load: ['light', 'medium', 'heavy'],
  budget: ['low', 'middle', 'high'],
  engine: ['petrol', 'diesel', 'hybrid', 'electric'],
  priority: ['safety', 'economy', 'technology', 'power'],
};
const WEIGHTS = {use: 1500, people: 1200, load: 1200, budget: 1400, engine: 900, priority: 700};

// Points by question and choice; "x" rules the product out.
const PRODUCTS = [
  {id: 'brisa', price: 1690000, group: 'brisa', tags: ['affordable'], names: ['Brisa', 'Brisa', 'Brisa'],
   text: ['Compacto ágil para la ciudad, estaciona solo y gasta poco.', 'Compacto ágil para a cidade, estaciona sozinho e gasta pouco.',
          'A nimble city car that parks itself and drinks little.'],
   points: {'use.city': 10, 'use.family': 2, 'use.work': 1, 'use.adventure': -4, 'people.two': 8, 'people.five': 2, 'people.seven': 'x',
            'load.light': 4, 'load.medium': -6, 'load.heavy': 'x', 'budget.low': 9, 'budget.middle': 3, 'engine.petrol': 7,
            'priority.economy': 7, 'priority.safety': 1}},
  {id: 'brisa-sedan', price: 1980000, group: 'brisa', tags: ['affordable'], names: ['Brisa Sedán', 'Brisa Sedã', 'Brisa Sedan'],
   text: ['El Brisa con baúl grande para todos los días y alguna escapada.', 'O Brisa com porta-malas grande para o dia a dia e as escapadas.',
          'The Brisa with a large boot, for every day and the odd trip.'],
   points: {'use.city': 7, 'use.family': 5, 'use.work': 2, 'use.adventure': -4, 'people.two': 4, 'people.five': 6, 'people.seven': 'x',
            'load.light': 5, 'load.medium': -3, 'load.heavy': 'x', 'budget.low': 8, 'budget.middle': 4, 'engine.petrol': 6, 'engine.diesel': 2,
            'priority.economy': 5, 'priority.safety': 3}},
  {id: 'estela', price: 2790000, group: 'estela', tags: ['medium'], names: ['Estela Híbrido', 'Estela Híbrido', 'Estela Hybrid'],
   text: ['Sedán híbrido: silencioso, seguro y con 25 km por litro.', 'Sedã híbrido: silencioso, seguro e com 25 km por litro.',
          'A hybrid saloon: quiet, safe, 25 km to the litre.'],
   points: {'use.city': 7, 'use.family': 6, 'use.adventure': -3, 'people.two': 5, 'people.five': 6, 'people.seven': 'x', 'load.light': 3,
            'load.medium': -2, 'load.heavy': 'x', 'budget.low': -6, 'budget.middle': 8, 'budget.high': 4, 'engine.hybrid': 10, 'engine.petrol': 1,
            'priority.safety': 6, 'priority.economy': 6, 'priority.technology': 4}},
  {id: 'volta', price: 3450000, group: 'volta', tags: ['premium'], names: ['Volta', 'Volta', 'Volta'],
   text: ['Eléctrico con 420 km de autonomía y actualizaciones por aire.', 'Elétrico com 420 km de autonomia e atualizações pelo ar.',
          'Electric, 420 km of range, updates over the air.'],
   points: {'use.city': 9, 'use.family': 3, 'use.adventure': -5, 'people.two': 6, 'people.five': 5, 'people.seven': 'x', 'load.light': 2,
            'load.medium': -4, 'load.heavy': 'x', 'budget.middle': -2, 'budget.high': 8, 'engine.electric': 14, 'engine.hybrid': 3,
            'priority.technology': 9, 'priority.economy': 5, 'priority.power': 2}},
  {id: 'cumbre', price: 2890000, group: 'cumbre', tags: ['medium'], names: ['Cumbre', 'Cumbre', 'Cumbre'],
   text: ['SUV para cinco con tracción en las cuatro ruedas.', 'SUV para cinco com tração nas quatro rodas.', 'An SUV for five with four-wheel drive.'],
   points: {'use.city': 2, 'use.family': 8, 'use.work': 3, 'use.adventure': 8, 'people.two': 2, 'people.five': 8, 'people.seven': 'x',
            'load.light': 4, 'load.medium': 3, 'load.heavy': 'x', 'budget.low': -5, 'budget.middle': 8, 'budget.high': 5, 'engine.petrol': 5,
            'engine.diesel': 6, 'engine.hybrid': 2, 'priority.safety': 8, 'priority.power': 4, 'priority.technology': 3}},
  {id: 'cumbre-xl', price: 3890000, group: 'cumbre', tags: ['premium'], names: ['Cumbre XL', 'Cumbre XL', 'Cumbre XL'],
   text: ['Siete asientos de verdad y espacio para todo el equipaje.', 'Sete lugares de verdade e espaço para toda a bagagem.',
          'Seven real seats and room for all the luggage.'],
   points: {'use.family': 9, 'use.adventure': 7, 'use.work': 1, 'people.two': -3, 'people.five': 4, 'people.seven': 12, 'load.light': 3,
            'load.medium': 4, 'load.heavy': 1, 'budget.middle': -3, 'budget.high': 9, 'engine.diesel': 7, 'engine.hybrid': 3,
            'priority.safety': 8, 'priority.power': 6, 'priority.technology': 3}},
  {id: 'nido', price: 1950000, group: 'nido', tags: ['affordable'], names: ['Nido', 'Nido', 'Nido'],
   text: ['Monovolumen de siete plazas, fácil de cargar y de pagar.', 'Monovolume de sete lugares, fácil de carregar e de pagar.',
          'A seven-seat people carrier that is easy to load and to pay for.'],
   points: {'use.city': 1, 'use.family': 8, 'use.work': 4, 'use.adventure': -1, 'people.two': -4, 'people.five': 3, 'people.seven': 11,
            'load.light': 6, 'load.medium': 4, 'load.heavy': -3, 'budget.low': 7, 'budget.middle': 7, 'engine.petrol': 4, 'engine.diesel': 4,
            'priority.economy': 4, 'priority.safety': 3}},
  {id: 'carguera', price: 2690000, group: 'carguera', tags: ['medium'], names: ['Carguera', 'Carguera', 'Carguera'],
   text: ['Pickup de trabajo: una tonelada en la caja y motor diésel.', 'Picape de trabalho: uma tonelada na caçamba e motor diesel.',
          'A working pickup: a ton in the bed and a diesel engine.'],
   points: {'use.city': -6, 'use.family': -3, 'use.work': 10, 'use.adventure': 5, 'people.two': 3, 'people.five': -2, 'people.seven': 'x',
            'load.light': 3, 'load.medium': 8, 'load.heavy': 12, 'budget.low': -2, 'budget.middle': 8, 'budget.high': 4, 'engine.diesel': 9,
            'engine.petrol': 1, 'priority.power': 7, 'priority.economy': 2}},
  {id: 'carguera-limite', price: 4290000, group: 'carguera', tags: ['premium'], names: ['Carguera Límite', 'Carguera Limite', 'Carguera Limit'],
   text: ['Doble cabina, 204 caballos y reductora para llegar a todos lados.', 'Cabine dupla, 204 cavalos e reduzida para chegar a todo lugar.',
          'Double cab, 204 horsepower and low range to get anywhere.'],
   points: {'use.city': -7, 'use.family': 2, 'use.work': 6, 'use.adventure': 11, 'people.two': 2, 'people.five': 4, 'people.seven': 'x',
            'load.light': 2, 'load.medium': 7, 'load.heavy': 10, 'budget.middle': -4, 'budget.high': 10, 'engine.diesel': 8, 'engine.hybrid': -2,
            'priority.power': 10, 'priority.safety': 4, 'priority.technology': 4}},
];
const REASONS = {
  'people.seven': ['Entran siete personas', 'Cabem sete pessoas', 'It seats seven'],
  'load.heavy': ['Carga más de media tonelada', 'Leva mais de meia tonelada', 'It carries more than half a ton'],
  'engine.electric': ['Es cien por ciento eléctrico', 'É cem por cento elétrico', 'It is fully electric'],
  'engine.hybrid': ['Es híbrido', 'É híbrido', 'It is a hybrid'],
  'use.city': ['Está pensado para la ciudad', 'Foi pensado para a cidade', 'It is made for the city'],
  'use.adventure': ['Sale del asfalto sin problema', 'Sai do asfalto sem problema', 'It is at home off the road'],
};
// Whoever has little to spend is not shown the dearest cars.
const TAG_RULES = [{question_id: 'budget', choice_id: 'low', tag: 'premium', effect: {disqualify: true}}];

const byLanguage = (texts) => Object.fromEntries(LANGUAGES.map((language, i) => [language, texts[i]]));

function product(p, index) {
  return {
    product_id: p.id, names: byLanguage(p.names), short_descriptions: byLanguage(p.text),
    image_url: `https://autosdelsur.example/img/${p.id}.jpg`, price_minor: p.price, currency: 'USD', group: p.group, tags: p.tags, active: true,
    priority: PRODUCTS.length - index, catalogue_rank: index + 1,
  };
}

function matrix() {
  const cells = PRODUCTS.flatMap((p) => Object.entries(p.points).map(([key, points]) => {
    const [question_id, choice_id] = key.split('.');
    const cell = {question_id, choice_id, product_id: p.id, effect: points === 'x' ? {disqualify: true} : {points}};
    if (points > 7 && REASONS[key]) cell.reasons = byLanguage(REASONS[key]);
    return cell;
  }));
  return {
    matrix_id: 'car-finder',
    questions: Object.entries(QUESTIONS).map(([question_id, choice_ids]) => ({question_id, choice_ids, weight_milli: WEIGHTS[question_id]})),
    product_ids: PRODUCTS.map((p) => p.id), cells, tag_rules: TAG_RULES, fallback: ['cumbre', 'brisa'],
  };
}

function question(id, next, choiceNext = {}) {
  const synonyms = {'engine.petrol': {es: ['gasolina'], pt: ['flex'], en: ['gas', 'gasoline']}};
  return {node_id: id, question: {
    level_label: id, text_key: id, weight_milli: WEIGHTS[id], max_invalid: 2, default_next: next,
    choices: QUESTIONS[id].map((choice) => {
      const written = {choice_id: choice, label_key: `${id}.${choice}`};
      if (choiceNext[choice]) written.next = choiceNext[choice];
      const words = synonyms[`${id}.${choice}`];
      if (words) written.synonyms = Object.fromEntries(Object.entries(words).map(([language, list]) => [language, {words: list}]));
      if (id === 'budget') {
        written.sets_traits = [{key: 'budget', value: {string_value: choice}, category: 'TRAIT_CATEGORY_PURCHASING'}];
      }
      if (id === 'people') {
        written.sets_traits = [{key: 'household', value: {string_value: choice}, category: 'TRAIT_CATEGORY_DEMOGRAPHIC'}];
      }
      return written;
    }),
  }};
}

const capture = (id, field, next, required) => ({node_id: id, capture: {
  field: `FIELD_${field}`, text_key: id, required, prefill: 'PREFILL_OFFER', next, max_invalid: 2,
}});

function flow() {
  const nodes = [
    {node_id: 'welcome', message: {text_key: 'welcome', next: 'use'}},
    question('use', 'people', {work: 'load'}),
    question('people', 'budget'),
    question('load', 'budget'),
    question('budget', 'engine'),
    question('engine', 'priority'),
    question('priority', 'recommendation'),
    {node_id: 'recommendation', recommend: {
      matrix_id: 'car-finder', text_key: 'first_product', second_text_key: 'second_product', choose_label_key: 'choose',
      another_label_key: 'another', back_label_key: 'back', none_label_key: 'none', allow_second: true, ask_why: true,
      next_selected: 'name', next_declined: 'declined', next_none: 'adviser',
    }},
    capture('name', 'NAME', 'email', true),
    capture('email', 'EMAIL', 'consent', false),
    capture('consent', 'CONSENT', 'quoted', true),
    {node_id: 'quoted', end: {outcome_label: 'quoted', text_key: 'quoted', lead: true}},
    {node_id: 'declined', end: {outcome_label: 'not_interested', text_key: 'declined', lead: false}},
    {node_id: 'adviser', end: {outcome_label: 'handed_over', text_key: 'adviser', handoff: 'sales', lead: false}},
  ];
  const texts = Object.fromEntries(LANGUAGES.map((language, i) => [
    language, {entries: Object.fromEntries(Object.entries(TEXTS).map(([key, list]) => [key, list[i]]))},
  ]));
  return {
    flow_id: 'car-finder', name: 'Elegí tu auto', base_language: 'es', consent_purpose: 'sales_contact',
    purpose_text: 'Recomendarte un auto y, si querés, mandarte una cotización.',
    objectives: ['Vender un auto', 'Mostrar cuál de los modelos es el adecuado', 'Ofrecer un modelo superior cuando corresponde'],
    draft: {
      entry_node: 'welcome', nodes, texts,
      settings: {
        idle_timeout: '86400s', languages_required: ['pt', 'en'], channels: ['CHANNEL_WHATSAPP'], handoff_target: 'sales',
        reuse_known_capture: true, nudges: [{after: '3600s', text_key: 'nudge'}],
      },
    },
  };
}

// A second, plain reading of the matrix: points times weights, nothing clever. Null when the product is ruled out.
function score(p, answers) {
  let sum = 0;
  for (const [q, choice] of Object.entries(answers)) {
    const points = p.points[`${q}.${choice}`] ?? 0;
    const ruledOut = points === 'x' || TAG_RULES.some((rule) => rule.question_id === q && rule.choice_id === choice && p.tags.includes(rule.tag));
    if (ruledOut) return null;
    sum += points * WEIGHTS[q];
  }
  return sum;
}

function ranking(answers) {
  return PRODUCTS.map((p) => ({id: p.id, milli: score(p, answers)})).filter((entry) => entry.milli !== null)
      .sort((a, b) => b.milli - a.milli);
}

export function everyPath() {
  const paths = [];
  for (const use of QUESTIONS.use) {
    const second = use === 'work' ? 'load' : 'people';
    for (const choice of QUESTIONS[second]) {
      for (const budget of QUESTIONS.budget) {
        for (const engine of QUESTIONS.engine) {
          for (const priority of QUESTIONS.priority) paths.push({use, [second]: choice, budget, engine, priority});
        }
      }
    }
  }
  return paths;
}

// Paths on which first, second and third are clearly apart, so no tie-breaker has a say.
function expectations() {
  const clear = everyPath().filter((answers) => {
    const [first, second, third] = ranking(answers);
    return second && first.milli > second.milli && (!third || second.milli > third.milli);
  });
  const step = Math.floor(clear.length / 24);
  return clear.filter((_, i) => i % step === 0).slice(0, 24).map((answers) => {
    const [first, second] = ranking(answers);
    const points = (milli) => (milli / 1000).toFixed(3);
    return {answers, first: first.id, first_score: points(first.milli), second: second.id, second_score: points(second.milli)};
  });
}

export function flowFiles() {
  return {
    'flow/products.jsonl': jsonLines(PRODUCTS.map(product)), 'flow/matrix.json': prettyJson(matrix()), 'flow/flow.json': prettyJson(flow()),
    'flow/recommendations.expected.jsonl': jsonLines(expectations()),
  };
}
