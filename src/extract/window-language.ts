import { hasText } from './evidence.ts';
import { detectLanguage } from './offline/detect-language.ts';
import type { Transcript } from './transcript.ts';

/**
 * The language that a window's user wrote in, most of the time: a BCP-47 tag, or 'und' where
 * they wrote too little to tell. The bot's words do not count. Told of every window, whoever
 * extracts it.
 */
export function languageOf({ lines }: Transcript): string {
  const said = lines.filter((line) => hasText(line) && line.message.role === 'user');
  return detectLanguage(said.map(({ message }) => message.content).join('\n'));
}
