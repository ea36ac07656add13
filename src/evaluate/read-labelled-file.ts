import { AfterwordError } from '../errors.ts';
import { readLabelledConversation, type LabelledConversation } from './labelled-conversation.ts';

/** More would scroll the first one, which is often the cause of the others, out of sight. */
const mostFaultsTold = 20;

/**
 * The conversations of a labelled file, JSON lines.
 *
 * @throws AfterwordError INPUT_INVALID with the faults by line number, and never what was said
 */
export function readLabelledFile(text: string): readonly LabelledConversation[] {
  const faults: string[] = [];
  const conversations: LabelledConversation[] = [];
  const lineOfId = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const number = index + 1;
    const reading = readLine(line);
    if (!reading.ok) {
      faults.push(...reading.faults.map((fault) => `line ${number}: ${fault}`));
      continue;
    }
    const { conversation } = reading;
    const earlier = lineOfId.get(conversation.id);
    if (earlier !== undefined) faults.push(`line ${number}: has the id of line ${earlier}`);
    lineOfId.set(conversation.id, number);
    conversations.push(conversation);
  }
  if (faults.length > 0) throw invalid(faults);
  if (conversations.length === 0) throw invalid(['there is no conversation in it']);
  return conversations;
}

function readLine(line: string): ReturnType<typeof readLabelledConversation> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not the parser's message: it quotes the line.
    return { ok: false, faults: ['not JSON'] };
  }
  return readLabelledConversation(value);
}

function invalid(faults: readonly string[]): AfterwordError {
  const told = faults.slice(0, mostFaultsTold);
  const more = faults.length - told.length;
  const rest = more > 0 ? [`and ${more} more`] : [];
  return new AfterwordError(
    'INPUT_INVALID',
    ['the labelled file is not valid', ...told, ...rest].join('\n  '),
    {
      hint: 'every line is one conversation as schemas/evaluation-conversation.v1.json describes it',
    },
  );
}
