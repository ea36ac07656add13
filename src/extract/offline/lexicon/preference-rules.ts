import type { PreferenceKey } from '../../../model/results.ts';

export interface PreferenceRule {
  readonly key: PreferenceKey;
  /** Words of a request; a group named `value` holds what is asked for where `value` is not fixed. */
  readonly words: RegExp;
  readonly value?: string;
  readonly reasoning: string;
}

const name = String.raw`(?<value>\p{Lu}[\p{L}'-]+(?: \p{Lu}[\p{L}'-]+)?)`;
const topic = String.raw`(?<value>(?:the |my )?[\p{L}'-]+(?: [\p{L}'-]+){0,3}?)(?= ?(?:[.,!?;]|$|please\b|anymore\b|again\b|with me\b|because\b|right now\b|today\b|now\b))`;
const answer = String.raw`(?:answers?|replies|reply|responses?|messages?|explanations?)`;

/** Requests in plain words, one line a habit of speech. */
export const preferenceRules: readonly PreferenceRule[] = [
  {
    key: 'preferred_name',
    words: new RegExp(
      String.raw`\b(?:[Cc]all me|[Yy]ou can call me|I go by|I prefer to be called|I'd rather be called|[Jj]ust call me) ${name}`,
      'u',
    ),
    reasoning: 'The user asked to be called so.',
  },
  {
    key: 'pronouns',
    words:
      /\b(?:my pronouns are|i use|i go by|my pronouns:) (?<value>(?:he|she|they|it|ze|xe)(?:\s?\/\s?\p{L}{2,5}){1,2}|any pronouns)/iu,
    reasoning: 'The user named their pronouns.',
  },
  {
    key: 'timezone',
    words: /\bmy time ?zone is (?<value>[A-Z][a-z]+\/[A-Z][A-Za-z_]+|(?:UTC|GMT)(?:\s?[+-]\d{1,2})?)/iu,
    reasoning: 'The user named their time zone.',
  },
  {
    key: 'response_length',
    words: new RegExp(
      String.raw`\b(?:keep|make) (?:it|your ${answer}|them|things) (?:\w+ )?(?:short|brief|concise)(?:er)?\b|\b(?:short(?:er)?|brief(?:er)?|concise) ${answer},? please|\bplease be (?:brief|concise)|\b(?:your ${answer} (?:are|is) too long)|\b(?:i (?:want|prefer|like|would like|need)|give me|use) (?:short(?:er)?|brief|concise|one-line) ${answer}`,
      'iu',
    ),
    value: 'short',
    reasoning: 'The user asked for short answers.',
  },
  {
    key: 'response_length',
    words: new RegExp(
      String.raw`\b(?:long(?:er)?|(?:more )?detailed|in-depth|thorough) ${answer},? please|\b(?:i (?:want|prefer|like|would like|need)|give me) (?:long(?:er)?|(?:more )?detailed|in-depth|thorough) ${answer}|\bplease (?:go into|give) more detail`,
      'iu',
    ),
    value: 'long',
    reasoning: 'The user asked for detailed answers.',
  },
  {
    key: 'use_emojis',
    words:
      /\b(?:no (?:more )?emojis?|stop (?:using|with the|sending) (?:so many )?emojis?|(?:please )?(?:don't|do not) (?:use|send) (?:any )?emojis?|without emojis?|i (?:hate|don't like|dislike) emojis?)\b/iu,
    value: 'no',
    reasoning: 'The user does not want emojis.',
  },
  {
    key: 'use_emojis',
    words:
      /\b(?:(?:please|you can|feel free to) (?:use|send|add) (?:more |some )?emojis?|use more emojis?|i (?:love|like) (?:it when you use )?emojis?)\b/iu,
    value: 'yes',
    reasoning: 'The user likes emojis.',
  },
  {
    key: 'language',
    words:
      /\b(?:(?:please |can (?:you|we) |could (?:you|we) |let's )(?:please )?(?:speak|talk|reply|answer|respond|chat|write|continue)(?: to me| with me)? in|i(?:'d)? prefer (?:to (?:speak|talk|chat|write) in|speaking|talking in)|(?:reply|answer|respond) (?:to me )?in) (?<value>English|Spanish|French|German|Italian|Portuguese|Russian|Chinese|Mandarin|Japanese|Korean|Arabic|Hindi|Turkish|Dutch|Polish|Swedish|Greek|Hebrew|Thai|Vietnamese|Indonesian|Ukrainian|Czech|Hungarian|Romanian)\b/iu,
    reasoning: 'The user asked for this language.',
  },
  {
    key: 'topics_to_avoid',
    words: new RegExp(
      String.raw`\b(?:(?:i )?(?:don't|do not) (?:want|like) to (?:talk|hear|speak) about|(?:please )?(?:don't|do not|never|stop) (?:mention|mentioning|bring up|bringing up|talk about|talking about|ask about|asking about|ask me about|asking me about)|let's not talk about|i'd rather not (?:talk|speak) about|(?:please )?avoid (?:the topic of|talking about)) ${topic}`,
      'iu',
    ),
    reasoning: 'The user does not want to talk about it.',
  },
  {
    key: 'topic_preferences',
    words: new RegExp(
      String.raw`\bi (?:really |always )?(?:love|like|enjoy) (?:to talk|talking|to chat|chatting) (?:to you |with you )?about ${topic}`,
      'iu',
    ),
    reasoning: 'The user likes to talk about it.',
  },
  {
    key: 'communication_style',
    words:
      /\b(?:(?:please )?(?:don't|do not) sugar-?coat|(?:please )?be (?:more |completely |brutally )?(?:honest|direct|blunt|straightforward) with me|give it to me straight|just be (?:honest|direct|blunt))\b/iu,
    value: 'honest and direct',
    reasoning: 'The user asked for plain speech.',
  },
  {
    key: 'communication_style',
    words:
      /\b(?:(?:just|please) listen(?: to me)?[.,!]|(?:i )?(?:don't|do not) (?:want|need) (?:any )?advice|no advice,? please|i just (?:want|need) to vent|i just (?:want|need) (?:someone|you) to listen)/iu,
    value: 'listening rather than advice',
    reasoning: 'The user wants to be heard rather than advised.',
  },
  {
    key: 'communication_style',
    words:
      /\b(?:explain (?:it |things |this )?(?:to me )?(?:like i'm (?:five|5)|in simple (?:terms|words))|use simple(?:r)? (?:words|language)|keep it simple)\b/iu,
    value: 'simple words',
    reasoning: 'The user asked for simple words.',
  },
  {
    key: 'communication_style',
    words: /\b(?:please be (?:gentle|kind|patient|nice)(?: with me)?|be gentle with me)\b/iu,
    value: 'gentle',
    reasoning: 'The user asked for gentle words.',
  },
  {
    key: 'formality_level',
    words:
      /\b(?:(?:don't|do not) be so formal|no need to be (?:so )?formal|you can be (?:more )?(?:casual|informal)|(?:please )?(?:be|talk|speak) (?:more )?(?:casual(?:ly)?|informal(?:ly)?)|stop being so formal|let's drop the formalities)\b/iu,
    value: 'casual',
    reasoning: 'The user asked for casual speech.',
  },
  {
    key: 'formality_level',
    words:
      /\b(?:please (?:be|stay|keep it) (?:more )?(?:formal|professional)|(?:be|keep it) more (?:formal|professional))\b/iu,
    value: 'formal',
    reasoning: 'The user asked for formal speech.',
  },
];
