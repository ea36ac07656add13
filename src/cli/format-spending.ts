import type { Spending, Spent } from '../adapters/postgres/read-spending.ts';
import type { Config } from '../config/config.ts';
import { toNanoUsd, toUsd } from '../model/model-cost.ts';
import { dollars } from './format-money.ts';
import { printable, utcMinute } from './format-text.ts';

/** Budgets of single bots, dollars by bot id. */
export function botBudgets({ bots }: Config): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(bots).flatMap(([bot, { budgetUsdPerDay }]) =>
      budgetUsdPerDay === undefined ? [] : [[bot, budgetUsdPerDay]],
    ),
  );
}

/** Lines of `status`: what today has spent of which budget, and what waits for one. */
export function spendingLines(spending: Spending, config: Config): string[] {
  const { all, bots, unpriced, deferred } = spending;
  const { budgetUsdPerDay } = config.extract;
  return [
    `${spentLine(all, budgetUsdPerDay)} today (UTC)`,
    ...Object.entries(botBudgets(config)).map(
      ([bot, budget]) => `${printable(bot)}: ${spentLine(bots[bot] ?? nothing, budget)}`,
    ),
    ...(unpriced === 0 ? [] : [`${unpriced} calls of models without a price are not in it`]),
    ...(deferred.untilMs === null
      ? []
      : [
          `${deferred.windows} windows wait for a budget, until ${utcMinute(deferred.untilMs)} UTC at the latest`,
        ]),
  ];
}

const nothing: Spent = { spentNanoUsd: 0, reservedNanoUsd: 0 };

function spentLine({ spentNanoUsd, reservedNanoUsd }: Spent, budgetUsd: number | null): string {
  const budget = budgetUsd === null ? ', no budget' : ` of ${dollars(toNanoUsd(budgetUsd))}`;
  const reserved = reservedNanoUsd === 0 ? '' : `, ${dollars(reservedNanoUsd)} reserved`;
  return `${dollars(spentNanoUsd)}${budget}${reserved}`;
}

/** The same for a program. */
export function spendingDocument(spending: Spending, config: Config): Readonly<Record<string, unknown>> {
  const { day, all, bots, unpriced, deferred } = spending;
  return {
    day,
    ...spentDocument(all, config.extract.budgetUsdPerDay),
    unpriced_calls: unpriced,
    bots: Object.fromEntries(
      Object.entries(botBudgets(config)).map(([bot, budget]) => [
        bot,
        spentDocument(bots[bot] ?? nothing, budget),
      ]),
    ),
    deferred: deferred.windows,
    deferred_until: deferred.untilMs === null ? null : new Date(deferred.untilMs).toISOString(),
  };
}

function spentDocument({ spentNanoUsd, reservedNanoUsd }: Spent, budgetUsd: number | null): object {
  return { spent_usd: toUsd(spentNanoUsd), reserved_usd: toUsd(reservedNanoUsd), budget_usd: budgetUsd };
}
