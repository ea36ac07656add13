export const factsPrompt = `# facts
Lasting things about the user's own life: who they are, where they live, work, people and animals around them, tastes, habits, skills, plans, health, strong feelings. Not what the conversation was like, not general knowledge, not facts about the bot.
entity_name: a short name of 1 to 5 words that can stand alone ("Luna", "green tea", "software engineer", "Lisbon"), without pronoun, article, possessive, bracket or punctuation. Never "it", "my cat", "user", the bot's name. One entity a fact: "pizza and sushi" are two facts. Keep the user's language and spelling.
relation: the closest of the schema. is_named and is_aged are about the user alone; a pet is owns with its name, or with its kind when it has none. Use other only when nothing fits, with predicate as a short verb phrase ("is married to", "is afraid of"); with every other relation predicate is null.
attributes: details of this user's own case: owns "car", colour "green"; owns "Luna", kind "cat". Else an empty list.
polarity: negative when the user says that it is not so ("I have no pets": has "pets", negative). For "I hate X" use hates with positive.
modality: stated in plain words; implied by them; hypothetical (if, would, maybe); joking or ironic; role-play (speaking as a character or in a story); about-someone-else (a friend's, a child's, the bot's fact).
valid_from, valid_to: only when the words tell: resolve "yesterday", "last May", "since 2019" against the day of that very message, written YYYY, YYYY-MM or YYYY-MM-DD. "I used to live in Rome" has ended: valid_to is when it ended, or the day of the message. Otherwise null.
Examples, in the form user's words -> relation entity (type):
"I'm Sam, I work as a nurse in Leeds" -> is_named Sam (name); works_as nurse (occupation); and not lives_in Leeds, which was not said.
assistant "Do you have pets?" user "Yes, two cats" -> owns cats (pet), attribute count two, both lines cited.
"If I won the lottery I'd buy a boat" -> wants boat (object), hypothetical.
"My sister loves opera" -> loves opera (media), about-someone-else.`;
