/**
 * A language as its BCP-47 tag, given as a tag ("pt-br") or a name ("Spanish",
 * "español"); undefined when no such language is known. One form for all, so that
 * "es" and "Spanish" are one preference.
 */
export function languageTag(text: string): string | undefined {
  const name = text
    .toLowerCase()
    .replace(/ language$/u, '')
    .trim();
  return knownTag(text) ?? languagesByName().get(name);
}

function knownTag(text: string): string | undefined {
  if (!/^[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}$/.test(text)) return undefined;
  try {
    const tag = Intl.getCanonicalLocales(text.replaceAll('_', '-'))[0];
    return tag !== undefined && englishNames.of(tag) !== undefined ? tag : undefined;
  } catch {
    return undefined;
  }
}

// fallback 'none': a well-formed code of no language has no name.
const englishNames = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });

let byName: ReadonlyMap<string, string> | undefined;

/** English and own names of all two-letter languages; built when first asked for, since it takes a while. */
function languagesByName(): ReadonlyMap<string, string> {
  if (byName !== undefined) return byName;
  const names = new Map<string, string>();
  const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
  for (const code of letters.flatMap((first) => letters.map((second) => first + second))) {
    const english = englishNames.of(code);
    if (english === undefined) continue;
    const own = new Intl.DisplayNames([code], { type: 'language', fallback: 'none' }).of(code);
    if (own !== undefined && !names.has(own.toLowerCase())) names.set(own.toLowerCase(), code);
    if (!names.has(english.toLowerCase())) names.set(english.toLowerCase(), code);
  }
  byName = names.set('mandarin', 'zh').set('farsi', 'fa').set('tagalog', 'tl');
  return byName;
}
