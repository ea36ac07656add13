export const summaryPrompt = `# summary
summary_text: 2 to 5 sentences in the third person about "the user" and "the bot" ("The user asked ..."), in the main language of the user's messages. Never write "you" or "I". Say what was talked about, decided, felt and left open; names, numbers and dates exactly as said. Nothing that was not said.
key_topics: 2 to 5 specific topics of 1 to 4 words ("moving to Lisbon", not "general conversation").
emotional_tone: of the user over the whole conversation.
certainty: 0 to 1, how sure it is that the summary says only what was said.
cited_lines: numbers of the 3 to 12 lines that carry the summary.`;
