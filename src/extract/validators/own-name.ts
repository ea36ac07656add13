import type { HeldQuote } from '../evidence.ts';
import { compareKey } from './compare-key.ts';
import { isSameName } from './entity.ts';

/**
 * Whether a name claimed for the user is the bot's, merely spoken to ("Hi Aria!"). A user may have the
 * bot's name, but then their words introduce them by it, or answer a question for their name.
 */
export function isBotsName(name: string, quotes: readonly HeldQuote[], botId: string): boolean {
  const byUser = quotes.filter(({ line }) => line.message.role === 'user');
  if (byUser.some(({ line }) => introduces(name, line.message.content))) return false;
  const isCalled = byUser.every(({ line }) => greets(name, line.message.content));
  if (isCalled) return true;
  const isBot = isSameName(name, botId) || isSameName(name, withoutKind(botId));
  return isBot && !quotes.some(asksForName);
}

const introductions = [
  String.raw`my (?:first |real |full |nick)?name(?:'s| is| was|:)?(?: also| actually| really| just)?`,
  String.raw`(?:i'm|i am|im|it's|it is)(?: also| actually| called| named)?`,
  String.raw`(?:call|calls|called|named|name) me`,
  String.raw`(?:i (?:also )?go by|i prefer|known as|nicknamed|this is|name:)`,
  "(?:me llamo|soy|mi nombre es|je m'appelle|je suis|ich hei(?:ß|ss)e|ich bin|mein name ist)",
  '(?:mi chiamo|sono|meu nome é|me chamo|sou|ik heet|ik ben|меня зовут|я)',
].join('|');
/** Where no spaces part words. */
const unspacedIntroductions = '我叫|我是|我的名字(?:是|叫)|名前は|私は|僕は|俺は|저는|제 이름은';

function introduces(name: string, content: string): boolean {
  const said = content.replaceAll('’', "'");
  const before = new RegExp(
    String.raw`(?:(?<![\p{L}'])(?:${introductions})|${unspacedIntroductions})[\s"“':]*${pattern(name)}`,
    'iu',
  );
  // "Sam here", "Aria is my name (too)".
  const after = new RegExp(
    String.raw`${pattern(name)}["”']*(?: here\b| is (?:also )?my (?:\p{L}+ )?name\b| speaking\b|です|といいます)`,
    'iu',
  );
  return before.test(said) || after.test(said);
}

const greetings =
  '(?:hi|hello|hey|heya|hiya|yo|dear|thanks|thank you|bye|goodbye|good (?:morning|afternoon|evening|night|day)|goodnight|welcome back|hola|hallo|bonjour|ciao|olá|oi)';

/** The name stands after a greeting, and nowhere else. */
function greets(name: string, content: string): boolean {
  const called = new RegExp(
    String.raw`(?<![\p{L}])${greetings}(?: there| again| so much)?[\s,]+${pattern(name)}`,
    'giu',
  );
  const rest = content.replaceAll(called, ' ');
  return rest !== content && !compareKey(rest).includes(compareKey(name));
}

/** The question stands beside its answer: "What is your name?", "Aria". */
function asksForName({ line, quote }: HeldQuote): boolean {
  return line.message.role === 'assistant' && /\byour name\b|\bcall you\b/iu.test(quote);
}

/** "aria-bot" is Aria. */
function withoutKind(botId: string): string {
  return botId.replace(/[-_. ](?:bot|ai|assistant)$|^(?:bot|ai)[-_. ]/iu, '');
}

function pattern(name: string): string {
  const words = name
    .replaceAll('’', "'")
    .split(' ')
    .map((word) =>
      word.replace(/[^\p{L}\p{N}]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16) ?? '20'}}`),
    );
  return String.raw`${words.join(String.raw`\s+`)}(?![\p{Script=Latin}\p{Script=Cyrillic}\p{N}]|['’]s)`;
}
