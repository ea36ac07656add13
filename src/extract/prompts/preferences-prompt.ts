export const preferencesPrompt = `# preferences
How the user wants the bot to talk with them, in this and later conversations. Things they like in life are facts, not preferences.
key and value:
preferred_name: the name they want to be called. pronouns: "she/her". timezone: IANA name ("Europe/Lisbon"), only when named or plain from the place they live in. location: where they are. language: BCP-47 tag of the language they want to be answered in. communication_style: a few words ("direct, no small talk"). response_length: short, medium or long. formality_level: casual, neutral or formal. use_emojis: yes or no. topic_preferences, topics_to_avoid: one topic a preference; list each apart.
explicit: true only when the user asks for it in words ("call me Sam", "keep it short"); false when it only shows in repeated behaviour. A single instance is no preference.
reasoning: one short sentence, without quoting.`;
