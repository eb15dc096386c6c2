// Three months of support conversations, thirteen whole weeks, and the weekly report that they must yield.
import {dateOf, dayNumber, isoWeek, jsonLines, mondayOf, monthStart, prettyJson, randomSource} from './lib.mjs';
import {weeklyReport} from './support_report.mjs';
import * as texts from './support_texts.mjs';
import {CUSTOMERS} from './usage.mjs';

const WEEKS = 13;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const OFFSET = 3 * HOUR;  // America/Argentina/Buenos_Aires has been three hours behind UTC, all year, since 2009
const AGENTS = [['ana', 'Ana Suárez'], ['bruno', 'Bruno Díaz'], ['camila', 'Camila Ríos'], ['dante', 'Dante Vera'], ['emilia', 'Emilia Paz']];
const MEDIAN_FIRST_RESPONSE = 300;

const iso = (second) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');
const localMidnight = (day) => day * DAY + OFFSET;

// As many first response times as asked for, whose median is five minutes when `slow` more above it come from elsewhere.
function firstResponses(r, count, slow) {
  const total = count + slow;
  const middle = total % 2 === 1 ? 1 : 2;
  const half = (total - middle) / 2;
  const values = Array(middle).fill(MEDIAN_FIRST_RESPONSE);
  for (let i = 0; i < half; ++i) values.push(r.between(25, MEDIAN_FIRST_RESPONSE - 5));
  for (let i = 0; i < half - slow; ++i) values.push(MEDIAN_FIRST_RESPONSE + 5 + Math.floor(r.next() ** 3 * 3000));
  return r.shuffle(values);
}

// Tells one conversation step by step; `now` moves along.
class Story {
  constructor(r, number, start) {
    this.r = r;
    this.now = start;
    this.steps = [];
    this.agent = r.pick(AGENTS)[0];
    const topics = r.shuffle(Object.keys(texts.TOPICS)).slice(0, r.chance(0.2) ? 2 : 1);
    const topic = texts.TOPICS[topics[0]];
    const customer = r.pick(CUSTOMERS);
    this.head = {
      external_id: `muestra-${String(number).padStart(5, '0')}`, channel: r.pick(['CHANNEL_WHATSAPP', 'CHANNEL_WHATSAPP', 'CHANNEL_WHATSAPP', 'CHANNEL_EMAIL', 'CHANNEL_WEB']),
      requester_id: `${customer.id}-${r.between(1, 6)}`, customer_id: customer.id, subject: r.pick(topic.issues),
      priority: r.pick(['PRIORITY_LOW', 'PRIORITY_NORMAL', 'PRIORITY_NORMAL', 'PRIORITY_NORMAL', 'PRIORITY_HIGH', 'PRIORITY_URGENT']),
      tags: topics.sort(),
    };
    if (topic.module) this.head.module_key = topic.module;
    this.says(this.head.subject);
  }
  step(by, body) { this.steps.push({at: iso(this.now), ...(by ? {by} : {}), ...body}); }
  after(seconds) {
    this.now += seconds;
    return this;
  }
  says(body) { this.step('', {message: {author: 'AUTHOR_KIND_CUSTOMER', body}}); }
  bot(body) { this.step('recepcion', {message: {author: 'AUTHOR_KIND_BOT', body}}); }
  assign(agent) {
    this.agent = agent;
    this.step('recepcion', {assignment: {assignee: agent}});
  }
  reply(body) { this.step(this.agent, {message: {author: 'AUTHOR_KIND_AGENT', body}}); }
  note(body) { this.step(this.agent, {message: {author: 'AUTHOR_KIND_AGENT', visibility: 'MESSAGE_VISIBILITY_INTERNAL', body}}); }
  close() { this.step(this.agent, {close: {}}); }
  survey() {
    const dice = this.r.below(100);
    if (dice >= 80) return;
    const sent = this.now + 60;
    if (dice >= 45) {  // delivered, never answered
      this.after(60).step('', {rating: {survey_sent_at: iso(sent), rating: 0}});
      return;
    }
    const remark = this.r.pick(texts.REMARKS);
    this.after(60 + this.r.between(2, 20) * MINUTE);
    this.step('', {rating: {survey_sent_at: iso(sent), rating: this.r.chance(0.8) ? 5 : 4, ...(remark ? {remark} : {})}});
  }
  item() { return {conversation: {...this.head, steps: this.steps}}; }
}

// From the customer's first message to the first reply, which comes `wait` seconds later.
function greetAndAnswer(story, wait) {
  const start = story.now;
  story.after(2).bot('¡Hola! En un momento te atiende una persona del equipo.');
  story.after(6).assign(story.agent);
  story.now = start + wait;
  story.reply(story.r.pick(texts.FIRST_REPLIES));
}

function talk(story) {
  const {r} = story;
  if (r.chance(0.15)) story.after(30).note(r.pick(texts.NOTES));
  for (let turns = r.below(4); turns > 0; --turns) {
    story.after(r.between(1, 10) * MINUTE + r.below(60)).says(r.pick(texts.FOLLOW_UPS));
    if (r.chance(0.25)) story.after(r.between(10, 40)).says(r.pick(texts.FOLLOW_UPS));  // one turn all the same
    story.after(r.between(30, 420)).reply(r.pick(texts.REPLIES));
  }
  if (r.chance(0.08)) story.after(20).assign(r.pick(AGENTS)[0]);
}

function snooze(story) {
  const until = story.now + 60 + story.r.between(15, 30) * MINUTE;
  story.after(60).step(story.agent, {snooze: {until: iso(until)}});
  if (story.r.chance(0.5)) {  // the customer is back earlier, which ends it
    story.after(story.r.between(3, 12) * MINUTE).says(story.r.pick(texts.FOLLOW_UPS));
  } else {
    story.now = until;
    story.step('', {unsnooze: {}});
  }
  story.after(story.r.between(40, 300)).reply(story.r.pick(texts.REPLIES));
}

function finish(story) {
  if (story.r.chance(0.2)) story.after(story.r.between(20, 200)).says(story.r.pick(texts.THANKS));  // a turn left open at the close
  story.after(story.r.between(60, 600)).close();
  story.survey();
}

// Days later the customer is back; it is answered and closed again.
function reopen(story) {
  story.after(story.r.between(20, 200)).close();
  story.now += story.r.between(18, 40) * HOUR;
  story.step(story.agent, {reopen: {}});
  story.says('Perdón que vuelva, pasó otra vez.');
  story.after(story.r.between(60, 900)).reply(story.r.pick(texts.REPLIES));
  finish(story);
}

// What becomes of the i-th conversation of its week once it was answered; `last` is the last week of the sample.
function goOn(story, i, last) {
  if (last && i < 3) return;  // open to this day
  if (last && i === 3) return story.after(120).step(story.agent, {snooze: {}});  // until the customer replies
  talk(story);
  if (i === 4) {  // the customer never came back: a rule closed it
    story.after(HOUR);
    story.steps.push({at: iso(story.now), by: 'cierre-automatico', close: {automatic: true}});
    return;
  }
  if (i % 17 === 5) snooze(story);
  if (i % 33 === 6 && !last) return reopen(story);
  if (i >= 7 && i < 11 && !last) story.now += 66 * HOUR;  // taken up again after the weekend or days later
  finish(story);
}

function startTime(r, monday, i, late) {
  if (late) return localMidnight(monday + 6) + 23 * HOUR + 50 * MINUTE + r.below(300);  // Sunday, minutes before the week ends
  const weekend = r.chance(0.06);
  const day = i >= 7 && i < 11 ? 4 : weekend ? r.between(5, 6) : r.below(5);
  return localMidnight(monday + day) + Math.floor((8.5 + r.next() * 9) * HOUR);
}

function conversations(asOf) {
  const r = randomSource(61);
  const first = mondayOf(asOf) - 7 * WEEKS;
  const items = [];
  let lateFromBefore = 0;
  for (let week = 0; week < WEEKS; ++week) {
    const monday = first + 7 * week;
    const last = week === WEEKS - 1;
    const count = r.between(94, 104);
    const unanswered = last ? 2 : 0;
    const waits = firstResponses(r, count - unanswered, lateFromBefore);
    lateFromBefore = last ? 0 : 1;
    for (let i = 0; i < count; ++i) {
      const story = new Story(r, items.length + 1, startTime(r, monday, i, false));
      if (i < count - unanswered) {
        greetAndAnswer(story, waits[i]);
        goOn(story, i, last);
      }
      items.push(story.item());
    }
    if (lateFromBefore) {  // begins in this week, is answered in the next
      const story = new Story(r, items.length + 1, startTime(r, monday, 0, true));
      greetAndAnswer(story, 20 * MINUTE);
      finish(story);
      items.push(story.item());
    }
  }
  items.sort((a, b) => a.conversation.steps[0].at < b.conversation.steps[0].at ? -1 : 1);
  return {items, first};
}

// Beside the health score: the mean over the months that have any, and the mean rating, over the six-month window.
function byCustomer(items, asOf) {
  const from = dateOf(monthStart(asOf, 6));
  return CUSTOMERS.map(({id}) => {
    const own = items.map((item) => item.conversation).filter((c) => c.customer_id === id);
    const months = {};
    for (const c of own) {
      const date = new Date(Date.parse(c.steps[0].at) - OFFSET * 1000).toISOString().slice(0, 10);
      if (date >= from && date <= dateOf(asOf)) months[date.slice(0, 7)] = (months[date.slice(0, 7)] ?? 0) + 1;
    }
    const counts = Object.values(months);
    const ratings = own.flatMap((c) => c.steps).filter((s) => s.rating?.rating > 0).map((s) => s.rating.rating);
    const mean = (list) => list.length ? Math.round((list.reduce((a, b) => a + b, 0) / list.length) * 100) / 100 : null;
    return {customer_id: id, months, conversations_per_month: mean(counts) ?? 0, average_rating: mean(ratings)};
  });
}

export function support(asOf) {
  const {items, first} = conversations(asOf);
  const weeks = Array.from({length: WEEKS}, (_, i) => ({
    week: isoWeek(first + 7 * i), start: localMidnight(first + 7 * i), end: localMidnight(first + 7 * (i + 1)),
  }));
  const expected = {
    as_of: dateOf(asOf), time_zone: 'America/Argentina/Buenos_Aires', conversations: items.length,
    ...weeklyReport(items.map((item) => item.conversation), weeks), by_customer: byCustomer(items, asOf),
  };
  const directory = {
    teams: [{id: 'soporte', display_name: 'Soporte'}],
    agents: AGENTS.map(([id, display_name]) => ({id, display_name, team: 'soporte', capacity: 20})),
    tags: Object.keys(texts.TOPICS).sort().map((id) => ({id, display_name: id[0].toUpperCase() + id.slice(1)})),
  };
  return {
    'support/conversations.jsonl': jsonLines(items), 'support/directory.json': prettyJson(directory), 'support.expected.json': prettyJson(expected),
  };
}
