import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAfterword } from '../support/afterword-process.ts';
import { AnthropicServer } from '../support/anthropic-server.ts';
import { conversations, plantedWord } from '../support/conversations.ts';
import { describeWithKafka } from '../support/kafka-suite.ts';
import { LineUnderTest } from '../support/line-under-test.ts';
import { until } from '../support/until.ts';

describeWithKafka('workers under a budget', () => {
  let server: AnthropicServer;
  let line: LineUnderTest;

  beforeEach(async () => {
    server = await AnthropicServer.start();
    line = await LineUnderTest.start({ model: server });
  });
  afterEach(async () => {
    expect(line.output()).not.toContain(plantedWord);
    await line.close();
    await server.close();
  });

  async function told(command: string, budgetUsd: string): Promise<unknown> {
    const environment = { ...line.environment, BUDGET_USD_PER_DAY: budgetUsd };
    const { exitCode, stdout } = await startAfterword([command, '--json'], environment).finished;
    expect(exitCode).toBe(0);
    return JSON.parse(stdout.trim());
  }

  it('put windows off that it has no room for, and take them up by themselves once it is raised', async () => {
    const poor = line.startWorker('consume,extract,publish', { BUDGET_USD_PER_DAY: '0.0001' });
    await line.publish(conversations(3, 1, 'first'));
    await until('the windows to be put off', async () => (await line.extractions())['deferred'] === 3);
    expect(server.calls).toEqual([]);
    expect(await told('status', '0.0001')).toMatchObject({
      extractions: { deferred: 3 },
      spending: { spent_usd: 0, reserved_usd: 0, budget_usd: 0.0001, deferred: 3 },
    });
    expect(poor.logged('window.deferred')[0]).toMatchObject({ code: 'MODEL_BUDGET_SPENT' });
    expect(poor.logged('stage.ended-failed')).toEqual([]);
    await poor.stop();
    const rich = line.startWorker('consume,extract,publish,serve', { BUDGET_USD_PER_DAY: '1' });
    await line.settled(3);
    expect(server.calls).toHaveLength(3);
    const cost = await told('costs', '1');
    expect(cost).toMatchObject({ calls: 3, failed: 0, unpriced_calls: 0 });
    const { cost_usd: costUsd } = cost as { cost_usd: number };
    expect(costUsd).toBeGreaterThan(0);
    expect(await told('status', '1')).toMatchObject({
      spending: { spent_usd: costUsd, reserved_usd: 0, budget_usd: 1, deferred: 0 },
    });
    const { body: metrics } = await rich.get('/metrics');
    const spent = /afterword_model_spent_usd_total\{model="claude-haiku-5-5",outcome="ok"\} (\S+)/.exec(
      metrics,
    );
    expect(Number(spent?.[1])).toBeCloseTo(costUsd, 9);
  }, 120_000);
});
