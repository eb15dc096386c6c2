// A campaign to as many people as wanted, on a suite that runs messaging and the sandbox: for the benchmarks and for chaos.
import { requestId } from '../../journey/lib/rpc.mjs';
import { GaveUp, notYet, until } from '../../journey/lib/wait.mjs';

export const kTemplate = 'novedades';
export const kFinal = ['excluded', 'unknown', 'accepted', 'held', 'sent', 'delivered', 'read', 'failed', 'expired', 'skipped'];
const kWaba = '200000000000001';
const kChunkRows = 5000;
const kColumns = 'phone,first_name,consent_marketing,consent_source,consent_text,consent_at\n';

// The n-th person's number, a valid one.
export const phone = (n) => `+549115${String(n).padStart(7, '0')}`;

export class MassCampaign {
  constructor(suite, { recipients, senders = 1, throughput = 100000 }) {
    Object.assign(this, { suite, recipients, throughput });
    this.numbers = Array.from({ length: senders }, (_, i) => ({ id: `10000000000000${i + 1}`, phone: `+549114000000${i}` }));
  }

  client(contract, role = 'marketing', options = {}) {
    return this.suite.client('messaging', contract, role, { patienceSeconds: 120, ...options });
  }

  // Account, numbers, an approved template, and hours that never close.
  async connect() {
    const channels = this.client('ChannelService', 'admin');
    const senders = Object.fromEntries(this.numbers.map((n) => [n.id, { waba_id: kWaba, display_phone_number: n.phone.slice(1) }]));
    await this.suite.configureSandbox({ graph: { waba_id: kWaba, senders } });
    await channels.UpdatePolicy({ request_id: requestId(), policy: { allowed_hours: [{ from: '00:00', until: '24:00' }] } });
    const channel = await channels.CreateChannel({ request_id: requestId(), display_name: 'Autos del Sur', waba_id: kWaba, portfolio_id: '300000000000001',
      app: 'autos', access_token: 'token-of-the-sandbox' });
    this.senders = [];
    for (const number of this.numbers) {
      this.senders.push(await channels.AddSender({ request_id: requestId(), channel_id: channel.id, phone_number_id: number.id, phone_number: number.phone,
        throughput: this.throughput, daily_reach: -1 }));
    }
    await this.approveTemplate(kTemplate, 'TEMPLATE_CATEGORY_MARKETING', 'Hola {{1}}, llegaron las novedades del mes a la concesionaria.', [{ kind: 'KIND_QUICK_REPLY', label: 'No recibir más', opt_out: true }]);
  }

  async approveTemplate(name, category, body, buttons = []) {
    const service = this.client('TemplateService');
    await service.CreateTemplate({ request_id: requestId(), name, language: 'es', category, variable_format: 'VARIABLE_FORMAT_POSITIONAL',
      components: { body, buttons, examples: { 'body.1': 'Ana' } } });
    await service.SubmitTemplate({ request_id: requestId(), name, language: 'es' });
    await until(`${name} to be approved`, async () => (await service.GetTemplate({ name })).translations[0].sendable, 60);
  }

  // One list with everybody, each with consent. Returns rows per second.
  async importContacts() {
    const began = performance.now();
    this.list = await this.importList('Todos', 0, this.recipients);
    return this.recipients / ((performance.now() - began) / 1000);
  }

  // A list of `total` new people, from the `first` on.
  async importList(name, first, total) {
    const service = this.client('ContactService', 'marketing', { deadlineSeconds: 1800, patienceSeconds: 0 });
    const list = await service.CreateList({ request_id: requestId(), display_name: name });
    function* messages() {
      yield { header: { list_id: list.id, delimiter: 'DELIMITER_COMMA', encoding: 'ENCODING_UTF8' } };
      for (let at = 0; at < total; at += kChunkRows) {
        let rows = at === 0 ? kColumns : '';
        for (let n = at; n < Math.min(at + kChunkRows, total); ++n) rows += `${phone(first + n)},Ana,yes,web,v1,2026-01-15T12:00:00Z\n`;
        yield { chunk: Buffer.from(rows) };
      }
    }
    const { import: done, problems } = await service.ImportContacts({ [Symbol.iterator]: messages });
    if (done.created !== total) throw new Error(`${done.created} of ${total} contacts came in: ${JSON.stringify(problems[0])}`);
    return list;
  }

  async create(sender = 0, more = {}) {
    const campaigns = this.client('CampaignService');
    this.campaign = await campaigns.CreateCampaign({ request_id: requestId(), campaign: { display_name: 'Novedades', sender_id: this.senders[sender].id,
      template: kTemplate, language: { fixed: 'es' }, parameters: { 'body.1': { contact_field: 'first_name', default_value: 'vecino' } },
      audience: { list_id: this.list.id }, ...more } });
    return this.campaign;
  }
  schedule() { return this.client('CampaignService').ScheduleCampaign({ request_id: requestId(), campaign_id: this.campaign.id }, { deadlineSeconds: 600 }); }
  get() { return this.client('CampaignService').GetCampaign({ campaign_id: this.campaign.id }); }
  report() { return this.client('ReportService').GetCampaignReport({ campaign_id: this.campaign.id }); }

  // Waits until `done(campaign)`; a pause of its own ends the wait with its reason.
  async untilCampaign(what, done, seconds) {
    return until(what, async () => {
      const campaign = await this.get();
      if (campaign.state === 'CAMPAIGN_STATE_PAUSED' && !done(campaign)) throw new GaveUp(`paused: ${campaign.pause_reason}`);
      return (done(campaign) && campaign) || notYet(campaign.state);
    }, seconds);
  }
}
