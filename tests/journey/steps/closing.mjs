// The event feeds hold together, and everything stops as it should.
import { Client } from '../lib/rpc.mjs';
import { kServices } from '../lib/suite.mjs';

const events = {
  name: 'events',
  async run(ctx, figures) {
    for (const service of kServices) {
      const feed = new Client(ctx.suite.address(service), 'vinculo.events.v1.EventFeed', () => ctx.suite.token('service'), { patienceSeconds: 20 });
      let after = 0;
      const types = {};
      for (;;) {
        const page = await feed.Read({ after_seq: after, page_size: 1000 });
        if (page.events.length === 0) break;
        for (const event of page.events) {
          figures.expect('', event.seq, ++after);
          figures.texts.pop();
          types[event.type] = (types[event.type] ?? 0) + 1;
        }
      }
      feed.close();
      figures.note(`${service} ${after}`);
      ctx.events[service] = types;
    }
    const { customers } = await ctx.suite.counts();
    figures.expect('message.received', ctx.events.messaging['message.received'], Object.values(customers).reduce((a, b) => a + b, 0));
    figures.expect('lead.created', ctx.events.profiling['lead.created'], ctx.sessions?.length ?? 0);
  },
};

const metrics = {
  name: 'metrics',
  async run(ctx, figures) {
    for (const service of kServices) {
      const text = (await Promise.all(ctx.suite.metricsUrls(service).map(async (url) => (await fetch(url)).text()))).join('\n');
      const internal = text.split('\n').filter((l) => l.startsWith('grpc_server_handled_total') && /grpc_code="(Internal|INTERNAL|Unknown|UNKNOWN)"/.test(l) && !l.endsWith(' 0'));
      figures.expect(`internal errors of ${service}`, internal.length, 0);
    }
  },
};

const stop = {
  name: 'stop',
  async run(ctx, figures) {
    const endings = await ctx.suite.stop();
    for (const [name, ending] of Object.entries(endings)) figures.expect(name, ending, 'exit code 0');
  },
};

export const closingSteps = { events, metrics, stop };
