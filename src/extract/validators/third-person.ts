/**
 * Whether a text speaks to somebody or as somebody, instead of about the user.
 * Words inside quotation marks are somebody's own and do not count.
 */
export function addressesReader(text: string): boolean {
  const narrated = text.replace(/["“„«][^"“”„«»]*["”“»]/gu, ' ');
  return address.test(narrated) || ownVoice.test(narrated);
}

const address =
  /(?<![\p{L}\p{N}-])(?:you|your|yours|yourself|yourselves|y['’]all|u)(?:['’](?:re|ve|ll|d))?(?![\p{L}\p{N}-])/iu;
// A bare "I" may number a war; with a verb or a contraction it speaks.
const ownVoice =
  /(?<![\p{L}\p{N}])(?:I['’](?:m|ve|ll|d)|I (?:am|was|have|had|do|did|will|would|can|could|feel|felt|think|thought|like|love|told|said|asked)|[Mm]y|[Mm]yself)(?![\p{L}\p{N}])/u;
