import { describe, expect, it } from 'vitest';
import { bot } from './conversation.ts';
import { learnt } from './learnt.ts';

type Said = readonly (readonly [sentence: string, facts: readonly string[]])[];

const lists: Said = [
  [
    'I like singing, working out, traveling and trying new food.',
    ['likes singing', 'likes working out', 'likes traveling', 'likes trying food'],
  ],
  ['I enjoy outdoor sports, like hiking and kayaking.', ['enjoys hiking', 'enjoys kayaking']],
  ['I like music, such as jazz, and folk.', ['likes jazz', 'likes folk']],
  ['I like to read, swim and play chess.', ['likes reading', 'likes swimming', 'likes playing chess']],
  ['My hobbies include watching anime and painting.', ['enjoys watching anime', 'enjoys painting']],
  ['Chess is one of my favorite games.', ['prefers chess']],
  [
    'My favorite way to relax is to take walks and bake bread.',
    ['enjoys taking walks', 'enjoys baking bread'],
  ],
  ['I have a strong interest in history and chess.', ['likes history', 'likes chess']],
];

const once: Said = [
  ['I went to a great restaurant yesterday.', ['visited restaurant']],
  ['We visited a quiet village near Kyoto.', ['visited quiet village near Kyoto']],
  ['I watched Titanic last night.', ['has watched Titanic']],
  ['I watched a documentary about whales.', ['has watched documentary about whales']],
  ['I just finished reading The Great Gatsby.', ['has read The Great Gatsby']],
  ['I bought a new dress yesterday.', ['owns dress']],
  ['I went hiking last weekend.', ['went hiking']],
  ['I took part in a poetry contest.', ['took part in poetry contest']],
  ['I got promoted last week.', ['got promoted']],
  ['I made a sweet and sour fish today.', ['has cooked sweet and sour fish']],
  ["I'm planning a trip to New Zealand.", ['plans_to trip to New Zealand']],
  ['I broke up with Tom last week.', ['broke up with Tom']],
  ['I signed up for a pottery class.', ['has signed up for pottery class']],
  ['My grandmother passed away.', ['has lost grandmother']],
];

const troubles: Said = [
  ["My sleep hasn't been great.", ['has bad sleep']],
  ['There are some issues at work.', ['has issues at work']],
  ['Some minor issues have been going on at home.', ['has minor issues at home']],
  ["I'm struggling with my thesis.", ['has difficulty with thesis']],
  ["I've made no progress in drawing.", ['has no progress in drawing']],
  ["I'm having some difficulty studying Chinese.", ['has difficulty studying Chinese']],
  ["I can't sleep at night.", ['has trouble sleeping']],
  ["I've been under a lot of pressure at work.", ['has pressure at work']],
  ["I don't get along with my neighbor.", ['does not get along with neighbor']],
  ["I'm not feeling very well.", ['feels unwell']],
  ["I'm struggling with it, and feeling confused.", ['feels confused']],
];

const plans: Said = [
  ['I want to try bungee jumping.', ['wants try bungee jumping']],
  ["I'm thinking about learning Spanish.", ['wants learn Spanish (implied)']],
  ["I've been thinking about whether I should change jobs.", ['wants change jobs (implied)']],
  ['I need to save money for a trip to Iceland.', ['needs save money for a trip to Iceland']],
  ['I hope I can travel around the world.', ['wants travel around the world']],
  ['I want to find a new job.', ['wants find a new job']],
  ['My dream is to open a small bakery.', ['wants open a small bakery']],
  ["I'm saving up for a drum kit.", ['is saving for drum kit']],
  ['I will have an exam next Monday.', ['has exam']],
  ["I'm preparing for the entrance exam.", ['has entrance exam']],
  ['I have to finish my thesis this year.', ['needs finish thesis']],
];

const habits: Said = [
  ['I exercise every morning.', ['does exercising']],
  ['I eat a lot of fruit every day.', ['does eating a lot of fruit']],
  ['I sometimes go to record stores.', ['does going to record stores']],
  ["I'm a bit introverted.", ['is introverted']],
  ['I am a very shy person.', ['is shy']],
  ["I've been working overtime lately.", ['does working overtime']],
  ['I took some photos with my camera.', ['owns camera (implied)']],
  ["I'm on a diet.", ['is on diet']],
  ['I caught a cold.', ['has cold']],
  ['I miss my hometown.', ['misses hometown']],
];

describe.each([
  ['further members of a list, and examples', lists],
  ['what happened once', once],
  ['troubles without a word for a feeling', troubles],
  ['plans and needs in other words', plans],
  ['habits, character and belongings', habits],
])('%s', (_, said) => {
  it.each(said)('%s', (sentence, facts) => {
    expect(learnt(sentence)).toEqual(facts);
  });
});

describe('an agreement to what the bot proposed', () => {
  it.each([
    ['Would you like to try pottery?', 'Yes, that sounds great!', ['wants try pottery (implied)']],
    ['Do you enjoy cooking?', 'Yes, I really enjoy it.', ['enjoys cooking']],
    ['Would you like to hear a joke?', 'Yes, please!', []],
    ['Would you like to try pottery?', 'Yes, but I have no time.', []],
    ['Would you like to try pottery?', "I'm not sure.", []],
    ['Which movie did you watch?', 'It\'s called "Casablanca".', ['has watched Casablanca [kind movie]']],
  ])('%s / %s', (question, answer, facts) => {
    expect(learnt(bot(question), answer)).toEqual(facts);
  });

  it('is nothing of what the bot says of itself', () => {
    expect(learnt(bot('I exercise every morning. My sleep is bad.'), 'Oh no!')).toEqual([]);
  });
});

describe('what only looks like it', () => {
  it.each([
    // Questions.
    'Do you usually eat fruit for breakfast?',
    'Is my progress slow?',
    'What should I do when my work is stressful?',
    'Should I save money for a trip?',
    // What is not so, or only might be.
    "I didn't buy the dress.",
    "I didn't go to the restaurant.",
    "I don't need a new phone.",
    "I don't have problems sleeping.",
    "I'm not struggling with anything.",
    "I'm not thinking about changing jobs.",
    "My job isn't bad.",
    'My life is great.',
    'I wish my sleep was better.',
    'I hope to feel relaxed after the trip.',
    // Somebody else's.
    'My friend exercises every morning.',
    'There are many problems in the world.',
    'The actor in my favorite movie died.',
    'You should exercise every day.',
    'Someone told me that I need to save money.',
    'I bought a bunch of flowers for her.',
    // Of the talk, or of the next minutes.
    'I need to go now, bye.',
    'I need some advice on this.',
    'I need vegetables and a birthday cake.',
    'I have to think about it.',
    'I often think about you.',
    'I miss you.',
    "I'm looking forward to chatting with you again.",
    "I'll tell you tomorrow.",
    "I'm reading your message.",
    'I hope you can help me.',
    'I tried your recipe and it was good.',
    // Cut off, or in what nobody can tell.
    'I plan to browse magazines to help me.',
    'I like to match it with earrings.',
    'I like tea/coffee.',
    'My progress is quite slow.',
    "I'm not making much progress.",
    // Of something that was just spoken of, or of a moment.
    'I liked the actors.',
    'I like the way you talk.',
    'I feel lost in the music.',
    'This song makes me feel relaxed.',
    'I am quiet today.',
    "I'm curious about your opinion.",
  ])('%s', (sentence) => {
    expect(learnt(sentence)).toEqual([]);
  });

  it('is marked where it was dreamt or supposed', () => {
    expect(learnt('In my dream, I broke up with Tom.')).toEqual(['broke up with Tom (role-play)']);
    expect(learnt('If I had a camera, I would take photos.')).toEqual(['owns camera (hypothetical)']);
  });
});
