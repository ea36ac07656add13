/** Dollars for a million tokens of each kind. */
export interface TokenPrices {
  readonly inputUsdPerMillion: number;
  /** Input read from the provider's cache; else as other input. */
  readonly cachedInputUsdPerMillion?: number | undefined;
  /** Input written to the provider's cache (kept five minutes); else as other input. */
  readonly cacheWriteUsdPerMillion?: number | undefined;
  readonly outputUsdPerMillion: number;
}

export interface ModelPrice extends TokenPrices {
  /** Holds instead, for every token of a call, where its whole input is longer than this. */
  readonly longPrompt?: (TokenPrices & { readonly overTokens: number }) | undefined;
}

export type PriceTable = Readonly<Record<string, ModelPrice>>;

/**
 * Anthropic's list prices for its own API, as read on 2026-11-28 from the pricing page and the
 * models' pages at platform.claude.com. For Haiku 5.5, and for the cache reads of Sonnet 5.5 that
 * became cheaper with it (2026-10-07), as others tell of its announcement and of the pricing page.
 * Cache writes are those that are kept for five minutes. Gateways, regions and contracts differ:
 * then `prices` of the configuration says what holds.
 *
 * A name stands for itself and for those that begin with it and a dash: `claude-haiku-4-5` is
 * also `claude-haiku-4-5-20251001`.
 */
export const builtInPrices: PriceTable = {
  'claude-haiku-5-5': {
    ...prices(0.1, 0.01, 0.125, 0.5),
    longPrompt: { overTokens: 100_000, ...prices(0.5, 0.05, 0.625, 2.5) },
  },
  'claude-haiku-4-5': prices(1, 0.1, 1.25, 5),
  'claude-3-5-haiku': prices(0.8, 0.08, 1, 4),
  'claude-3-haiku': prices(0.25, 0.03, 0.3, 1.25),
  'claude-sonnet-5-5': prices(2, 0.1, 2.5, 10),
  'claude-sonnet-5': prices(2, 0.2, 2.5, 10),
  'claude-sonnet-4': prices(3, 0.3, 3.75, 15),
  'claude-3-7-sonnet': prices(3, 0.3, 3.75, 15),
  'claude-opus-5-5': prices(4, 0.2, 5, 20),
  'claude-opus-5': prices(5, 0.5, 6.25, 25),
  'claude-opus-4-8': prices(5, 0.5, 6.25, 25),
  'claude-opus-4-7': prices(5, 0.5, 6.25, 25),
  'claude-opus-4-6': prices(5, 0.5, 6.25, 25),
  'claude-opus-4-5': prices(5, 0.5, 6.25, 25),
  'claude-opus-4': prices(15, 1.5, 18.75, 75),
  'claude-fable-5-1': prices(10, 0.25, 12.5, 50),
  'claude-fable-5': prices(10, 1, 12.5, 50),
};

function prices(input: number, cachedInput: number, cacheWrite: number, output: number): TokenPrices {
  return {
    inputUsdPerMillion: input,
    cachedInputUsdPerMillion: cachedInput,
    cacheWriteUsdPerMillion: cacheWrite,
    outputUsdPerMillion: output,
  };
}

/** What a model costs: as configured, else as built in; undefined where nobody has told. */
export function priceOf(model: string, configured: PriceTable = {}): ModelPrice | undefined {
  return find(configured, model) ?? find(builtInPrices, model);
}

/** By the exact name, else by the longest name that it begins with. */
function find(table: PriceTable, model: string): ModelPrice | undefined {
  if (Object.hasOwn(table, model)) return table[model];
  const [longest] = Object.keys(table)
    .filter((name) => model.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length);
  return longest === undefined ? undefined : table[longest];
}
