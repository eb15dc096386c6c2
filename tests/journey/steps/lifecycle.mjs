// Twelve clients, what they bought and how they use it; who is healthy and who is about to leave.
import { requestId } from '../lib/rpc.mjs';
import * as samples from '../lib/samples.mjs';
import { fromJson } from '../lib/proto_json.mjs';

const kAsOf = '2024-06-14';
const kFactsPerMessage = 400;

const at = (text) => fromJson('vinculo.lifecycle.v1.CreateEngagementRequest', { opened_at: text }).opened_at;

const accounts = {
  name: 'accounts',
  async run(ctx, figures) {
    const sales = ctx.client('lifecycle', 'LifecycleService', 'sales');
    const ops = ctx.client('lifecycle', 'LifecycleService', 'ops');
    const lead = ctx.client('lifecycle', 'LifecycleService', 'cs_lead');
    let modules = 0;
    for (const account of samples.lines('usage/accounts.jsonl')) {
      const engagement = await sales.CreateEngagement({ request_id: requestId(), customer_id: account.customer_id, account_name: account.account_name, opened_at: at(account.opened_at) });
      for (const module of account.modules) {
        const sold = await sales.AddModule({ request_id: requestId(), engagement_id: engagement.engagement_id, module_key: module.module_key, contracted_at: at(module.contracted_at) });
        if (modules === 0) {
          const refusal = await ops.RequestTransition({ request_id: requestId(), module_instance_id: sold.module_instance_id, to_stage: 'STAGE_IMPLEMENTATION' }).catch((e) => e);
          figures.expect('implementation without a hand-off is refused with', refusal.reason, 'HANDOFF_REQUIRED');
        }
        await lead.ForceTransition({ request_id: requestId(), module_instance_id: sold.module_instance_id, to_stage: 'STAGE_IMPLEMENTATION', at: at(module.contracted_at),
          reason: 'Handed over on paper' });
        const live = await ops.MarkProductionDelivered({ request_id: requestId(), module_instance_id: sold.module_instance_id, go_live_at: at(module.go_live_at) });
        figures.expect('', live.stage, 'STAGE_FRIENDS_AND_FAMILY');
        figures.texts.pop();
        ++modules;
      }
    }
    figures.note(`${samples.lines('usage/accounts.jsonl').length} clients, ${modules} modules in production`);
    const [first] = samples.lines('usage/accounts.jsonl');
    const error = await sales.CreateEngagement({ request_id: requestId(), customer_id: first.customer_id }).catch((e) => e);
    figures.expect('a second open engagement is refused with', error.reason, 'ENGAGEMENT_OPEN');
  },
};

function* usageMessages(facts) {
  for (let i = 0; i < facts.length; i += kFactsPerMessage) yield { facts: facts.slice(i, i + kFactsPerMessage) };
}

const usage = {
  name: 'usage',
  needs: ['accounts'],
  async run(ctx, figures) {
    const service = ctx.client('lifecycle', 'UsageService', 'cs_lead', { deadlineSeconds: 60 });
    const facts = samples.messages('vinculo.lifecycle.v1.UsageFact', 'usage/usage.jsonl');
    const wrong = { ...facts[1], source: 'wrong', started: 1, completed: 2 };
    const answer = await service.IngestUsage([...usageMessages([...facts, wrong])]);
    figures.expect('facts', answer.received_count, facts.length + 1);
    figures.expect('taken', answer.accepted_count + answer.unchanged_count, facts.length);
    figures.expect('the wrong one refused by place and reason', answer.refused.map((r) => [r.index, r.reason]), [[facts.length, 'COMPLETED_ABOVE_STARTED']]);
    const again = await service.IngestUsage([...usageMessages(facts)]);
    figures.expect('again, unchanged', again.unchanged_count, facts.length);
    const rebuilt = await service.RebuildRollups({ request_id: requestId() });
    figures.expect('different after a rebuild', rebuilt.differing_count, 0);
  },
};

const health = {
  name: 'health',
  needs: ['usage'],
  async run(ctx, figures) {
    const service = ctx.client('lifecycle', 'HealthService', 'cs_lead');
    const wanted = samples.table('usage/health.expected.csv');
    const computed = await service.ComputeHealth({ request_id: requestId(), as_of_date: kAsOf });
    figures.expect('clients', computed.snapshot_count, wanted.length);
    const { health: listed } = await service.ListHealth({ page_size: 100 });
    for (const row of wanted) {
      const got = listed.find((h) => h.customer_id === row.customer_id);
      figures.expect('', [row.customer_id, got?.score?.toFixed(2), got?.tier], [row.customer_id, row.wchs, row.tier]);
      figures.texts.pop();
      for (const module of got.modules) {
        figures.expect('', [row.customer_id, module.module_key, module.ratio.completed, module.ratio.started],
          [row.customer_id, module.module_key, Number(row[`${module.module_key}_completed`]), Number(row[`${module.module_key}_started`])]);
        figures.texts.pop();
      }
    }
    figures.note('each with the score and tier of the worked table');
    const scores = listed.map((h) => h.score);
    figures.expectTrue('lowest first', scores.every((s, i) => i === 0 || scores[i - 1] <= s));
    const explained = await service.ExplainHealth({ customer_id: wanted[5].customer_id });
    const sum = explained.terms.reduce((total, t) => total + t.contribution, 0);
    figures.expectTrue('contributions add up to the score', Math.abs(sum - explained.score_exact) < 1e-9, `${sum} and ${explained.score_exact}`);
    const csv = Buffer.concat((await service.ExportHealth({})).map((m) => m.csv)).toString();
    figures.expect('columns', csv.split('\r\n')[0], 'Name,Tier,OB_Ratio,D_OB,Cases_Ratio,D_Cases,Requirements_Ratio,D_Requirements,WCHS,avg_rating,conversations');
    figures.texts[figures.texts.length - 1] = 'CSV in the order of the figure';
    figures.expect('CSV rows', csv.trimEnd().split('\r\n').length - 1, wanted.length);
  },
};

const stages = {
  name: 'stages',
  needs: ['usage'],
  async run(ctx, figures) {
    const service = ctx.client('lifecycle', 'LifecycleService', 'cs_lead');
    const { module_instances: modules } = await service.ListModuleInstances({ page_size: 1000 });
    for (const module of modules) {
      await service.ForceTransition({ request_id: requestId(), module_instance_id: module.module_instance_id, to_stage: 'STAGE_EARLY_ADOPTION', at: at('2023-12-01T12:00:00Z'), reason: 'Handed over at the start of the sample' });
    }
    const first = await service.EvaluateStages({ week: '2024-W23', request_id: requestId() });
    figures.expect('modules evaluated', first.length, modules.length);
    const moved = first.filter((r) => r.to_stage !== r.from_stage);
    // 2.98 and more percent apart from the thresholds: onboardings of Fiducia Sur adopt, cases of Aurora Seguros do not.
    const now = async (customer, key) => (await service.ListModuleInstances({ customer_id: customer, module_key: key })).module_instances[0].stage;
    figures.expectTrue('somebody adopted', moved.some((r) => r.to_stage === 'STAGE_ADOPTION'), JSON.stringify(first.map((r) => [r.module_instance.customer_id, r.module_instance.module_key, r.to_stage, r.reason])));
    figures.expect('onboardings of Fiducia Sur', await now('fiducia-sur', 'onboardings'), 'STAGE_ADOPTION');
    const again = await service.EvaluateStages({ week: '2024-W23', request_id: requestId() });
    figures.expect('a second evaluation of the week moves', again.filter((r) => r.to_stage !== r.from_stage && !r.already_evaluated).length, 0);
  },
};

export const lifecycleSteps = { accounts, usage, health, stages };
