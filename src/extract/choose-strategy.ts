import { InvariantError } from '../errors.ts';
import { hashOf } from './answer-store.ts';

export interface Weighted {
  readonly name: string;
  /** Its share among the weights of all; 0: nobody's. */
  readonly weight: number;
}

/** Whom a strategy is drawn for: all windows of a person with a bot have the same one. */
export interface DrawnFor {
  readonly botId: string;
  readonly userId: string;
}

/**
 * The strategy of a person: a pure function of who it is, the names and the weights, whatever
 * their order, process or machine. Each strategy draws a number by hash, spread by its weight so
 * that its share of people is its share of the weights; the least wins (weighted rendezvous
 * hashing). So a new strategy takes people from the others and moves nobody between those, and
 * a changed weight moves people to or from its own strategy only.
 */
export function chooseStrategy<Strategy extends Weighted>(
  strategies: readonly Strategy[],
  { botId, userId }: DrawnFor,
): Strategy {
  const drawn = strategies
    .filter(({ weight }) => weight > 0)
    .map((strategy) => ({
      strategy,
      // Exponentially distributed with the weight as its rate: of several, each is least by its share.
      draw: -Math.log(uniform(['strategy', botId, userId, strategy.name])) / strategy.weight,
    }));
  const [least] = drawn.sort((a, b) => a.draw - b.draw || (a.strategy.name < b.strategy.name ? -1 : 1));
  if (least === undefined) throw new InvariantError('no-strategy', 'no strategy has a weight');
  return least.strategy;
}

const digits = 13;

/** Above 0 and below 1; 52 bits of the hash, which a double holds exactly with the half. */
function uniform(texts: readonly string[]): number {
  return (Number.parseInt(hashOf(texts).slice(0, digits), 16) + 0.5) / 16 ** digits;
}
