// The weekly report, computed from the conversations as they are written in the file and from nothing else: a second opinion.

const seconds = (text) => Date.parse(text) / 1000;
const iso = (second) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');

// Type 7 quantile: linear between the closest ranks.
function quantile(ascending, q) {
  const rank = q * (ascending.length - 1);
  const below = Math.floor(rank);
  const above = Math.min(below + 1, ascending.length - 1);
  return ascending[below] + (ascending[above] - ascending[below]) * (rank - below);
}

const round2 = (value) => Math.round(value * 100) / 100;

function durations(values) {
  if (values.length === 0) return {n: 0};
  const ascending = [...values].sort((a, b) => a - b);
  const sum = ascending.reduce((a, b) => a + b, 0);
  return {
    median_seconds: quantile(ascending, 0.5), mean_seconds: round2(sum / ascending.length), p90_seconds: round2(quantile(ascending, 0.9)),
    n: ascending.length,
  };
}

function satisfaction(ratings, delivered) {
  const positive = ratings.filter((rating) => rating >= 4).length;
  const figures = {ratings: ratings.length, positive, surveys_delivered: delivered};
  if (ratings.length > 0) {
    figures.percent = round2((100 * positive) / ratings.length);
    figures.average_rating = round2(ratings.reduce((a, b) => a + b, 0) / ratings.length);
  }
  if (delivered > 0) figures.response_rate_percent = round2((100 * ratings.length) / delivered);
  return figures;
}

// What happened in one conversation: {what, at, value?, agent?}.
function factsOf(conversation) {
  const facts = [];
  const steps = conversation.steps.map((step) => ({...step, at: seconds(step.at)}));  // already in order
  const started = steps.find((s) => s.message?.author === 'AUTHOR_KIND_CUSTOMER').at;
  const add = (what, at, more = {}) => facts.push({what, at, ...more});
  let state = 'OPEN';
  let assignee = '';
  let turn = null;
  let answered = false;
  let timeToClose = null;
  const wake = (at) => {
    if (state === 'SNOOZED') add('snooze_ended', at);
    state = 'OPEN';
  };
  const assignments = [];
  add('new', steps[0].at);
  for (const step of steps) {
    const {message, at} = step;
    if (message && message.visibility !== 'MESSAGE_VISIBILITY_INTERNAL') {
      if (message.author === 'AUTHOR_KIND_CUSTOMER') {
        turn ??= at;
        if (state === 'SNOOZED') wake(at);
      } else if (message.author === 'AUTHOR_KIND_AGENT') {
        if (!answered) add('first_response', at, {value: at - started, agent: step.by});
        answered = true;
        if (turn !== null) add('response', at, {value: at - turn, agent: step.by});
        turn = null;
      }
    } else if (step.assignment) {
      assignee = step.assignment.assignee;
      assignments.push({at, assignee});
    } else if (step.snooze) {
      add('snoozed', at);
      if (state === 'OPEN') add('snooze_began', at);
      state = 'SNOOZED';
    } else if (step.unsnooze) {
      wake(at);
    } else if (step.close) {
      if (state === 'SNOOZED') add('snooze_ended', at);
      state = 'CLOSED';
      add('closed', at);
      if (turn !== null) add('closed_unanswered', at);
      turn = null;
      timeToClose = step.close.automatic ? null : {at, value: at - started, agent: step.by};
    } else if (step.reopen) {
      state = 'OPEN';
      add('reopened', at);
      timeToClose = null;
    } else if (step.rating) {
      const sent = seconds(step.rating.survey_sent_at);
      const agent = assignments.filter((a) => a.at <= sent).at(-1)?.assignee ?? assignee;
      add('survey', sent, {agent});
      if (step.rating.rating > 0) add('rating', at, {value: step.rating.rating, agent});
    }
  }
  if (timeToClose) add('time_to_close', timeToClose.at, timeToClose);
  if (!answered) add('unanswered', started);
  return facts.map((fact) => ({...fact, conversation: conversation.external_id, tags: conversation.tags}));
}

const BACKLOG = {new: 1, reopened: 1, closed: -1};
const SNOOZED = {snooze_began: 1, snooze_ended: -1};

function groupFigures(facts) {
  const values = (what) => facts.filter((f) => f.what === what).map((f) => f.value);
  return {
    first_response: durations(values('first_response')), response: durations(values('response')),
    time_to_close: durations(values('time_to_close')), csat: satisfaction(values('rating'), values('survey').length),
  };
}

function grouped(facts, keysOf) {
  const measured = facts.filter((f) => ['first_response', 'response', 'time_to_close', 'rating', 'survey'].includes(f.what));
  const keys = [...new Set(measured.flatMap(keysOf))].filter(Boolean).sort();
  return keys.map((key) => ({key, figures: groupFigures(measured.filter((f) => keysOf(f).includes(key)))}));
}

// `weeks`: {week, start, end} in seconds, oldest first, without gaps.
export function weeklyReport(conversations, weeks) {
  const all = conversations.flatMap(factsOf);
  const level = (table, at) => all.filter((f) => f.at < at).reduce((sum, f) => sum + (table[f.what] ?? 0), 0);
  return {
    weeks: weeks.map(({week, start, end}) => {
      const facts = all.filter((f) => f.at >= start && f.at < end);
      const count = (what) => facts.filter((f) => f.what === what).length;
      const backlog = level(BACKLOG, end);
      const snoozed = level(SNOOZED, end);
      return {
        week, start: iso(start), end: iso(end),
        total: {
          new_conversations: count('new'), closed: count('closed'),
          closed_unique: new Set(facts.filter((f) => f.what === 'closed').map((f) => f.conversation)).size,
          reopened: count('reopened'), snoozed: count('snoozed'), merged: 0, backlog_start: level(BACKLOG, start),
          backlog_open: backlog - snoozed, backlog_snoozed: snoozed, backlog_end: backlog, ...groupFigures(facts),
          unanswered: count('unanswered'), closed_unanswered: count('closed_unanswered'), clamped: 0,
        },
        by_agent: grouped(facts, (f) => [f.agent]), by_tag: grouped(facts, (f) => f.tags),
      };
    }),
  };
}
