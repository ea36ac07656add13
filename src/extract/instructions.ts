const instructions = [
  /\b(?:ignore|disregard|forget|override|bypass)\b[^.!?\n]{0,30}\b(?:previous|prior|above|earlier|preceding|system|your|all|these|those)\b[^.!?\n]{0,20}\b(?:instructions?|rules?|prompts?|guidelines?|directives?)\b/iu,
  /\b(?:new|updated|real|actual|following)\s+(?:system\s+)?(?:instructions?|prompts?)\s*:/iu,
  /^\s*(?:\[|<|#+\s*)?(?:system|developer)(?:\s+(?:prompt|message|note))?\s*(?:\]|>|:)/imu,
  /<<<\s*(?:END|TRANSCRIPT)\b/u,
  /"?(?:entity_name|valid_from|evidence|polarity)"?\s*:\s*["[{]/u,
];

/**
 * Whether a message talks to whoever reads the transcript instead of to the bot. The
 * prompt says that such words are data; this is for the model that obeys them anyway:
 * what was claimed on their strength is nobody's memory.
 */
export function givesInstructions(content: string): boolean {
  return instructions.some((pattern) => pattern.test(content));
}
