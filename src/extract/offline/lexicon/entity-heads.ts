import type { EntityType } from '../../../model/results.ts';
import { wordSet } from './word-set.ts';

export const pets = wordSet(
  'dog cat puppy kitten hamster rabbit bunny parrot goldfish fish turtle tortoise bird horse pony snake lizard gecko',
  'ferret chinchilla canary budgie chicken goat pig cow sheep husky labrador poodle corgi retriever bulldog terrier',
  'beagle chihuahua dachshund tabby bengal siamese cockatiel axolotl hedgehog pet',
);

export const relatives = wordSet(
  'father mother dad mom mum mama papa parent brother sister sibling wife husband spouse son daughter girlfriend',
  'boyfriend partner fiancé fiancée fiance fiancee kid child grandma grandmother grandpa grandfather grandparent',
  'uncle aunt cousin nephew niece baby twin stepfather stepmother stepson stepdaughter roommate flatmate',
  'grandson granddaughter',
);

export const possessions = wordSet(
  'car bike bicycle motorcycle motorbike scooter truck van house apartment flat condo cottage cabin farm garden guitar',
  'piano violin drum keyboard camera laptop computer phone tablet console boat yacht kayak tent telescope drone',
  'skateboard snowboard surfboard bookshop shop store restaurant cafe bakery studio garage balcony greenhouse',
  'printer watch tesla playstation xbox ukulele cello flute saxophone trumpet blog website channel podcast',
);

export const ailments = wordSet(
  'asthma diabetes migraine migraines insomnia anxiety depression adhd autism arthritis epilepsy headache fever flu cold',
  'allergy allergies eczema anemia hypertension cancer covid tinnitus dyslexia ptsd ocd bronchitis backache toothache',
);

export const occasions = wordSet(
  'interview exam test appointment wedding presentation trip vacation holiday concert birthday party reunion',
  'anniversary deadline surgery operation banquet competition tournament marathon graduation conference',
  'performance audition race contest ceremony recital workshop honeymoon',
);

export const occupations = wordSet(
  'teacher nurse doctor engineer developer programmer designer student artist writer author lawyer accountant chef',
  'cook waiter waitress barista journalist editor photographer musician singer actor actress dancer scientist',
  'researcher professor manager consultant analyst architect electrician plumber carpenter mechanic driver pilot',
  'farmer firefighter paramedic dentist pharmacist therapist psychologist psychiatrist surgeon veterinarian vet',
  'librarian translator interpreter salesperson salesman cashier clerk secretary receptionist banker economist',
  'biologist chemist physicist mathematician historian entrepreneur founder ceo cto freelancer intern tutor coach',
  'trainer model athlete soldier officer policeman policewoman detective judge politician priest baker butcher tailor',
  'gardener florist hairdresser barber cleaner nanny babysitter housewife homemaker retiree composer producer director',
  'illustrator animator streamer youtuber blogger marketer recruiter administrator technician welder builder',
  'contractor realtor undergraduate postgraduate freshman sophomore junior senior postdoc apprentice trader investor',
);

const byType: readonly (readonly [EntityType, ReadonlySet<string>])[] = [
  [
    'food',
    wordSet(
      'pizza sushi pasta rice noodle bread cake chocolate cheese burger sandwich salad soup steak chicken beef pork fish',
      'seafood shrimp egg eggs tofu curry taco burrito ramen dumpling cookie pie fruit apple banana mango strawberry meat',
      'vegetable tomato potato cuisine food dish dessert candy snack icecream ice-cream barbecue bbq hotpot salmon tuna',
      'duck lamb bacon peanut nut nuts gluten dairy shellfish mushroom garlic onion cilantro kimchi lasagna spaghetti',
    ),
  ],
  ['pet', pets],
  ['person', relatives],
  ['occupation', occupations],
  ['health', ailments],
  [
    'drink',
    wordSet(
      'coffee tea wine beer juice milk whiskey whisky vodka cocktail soda cola espresso latte alcohol water',
    ),
  ],
  [
    'media',
    wordSet(
      'title movie film music song book novel anime manga comic show series podcast opera musical album band poem poetry',
      'magazine cartoon documentary drama comedy romance thriller fiction concert genre rock pop jazz classical hip-hop',
      'playlist k-pop rap metal literature tv',
    ),
  ],
  [
    'hobby',
    wordSet(
      'badminton tennis football soccer basketball baseball volleyball golf hockey rugby cricket chess swimming running',
      'hiking cycling climbing skateboarding skiing snowboarding surfing yoga pilates dancing singing painting drawing',
      'photography cooking baking gardening knitting sewing fishing camping reading writing gaming traveling travelling',
      'travel boxing karate judo jogging fitness calligraphy pottery origami astronomy game games sport sports poker',
      'racing bowling billiards archery fencing gymnastics ballet meditation crafts embroidery crochet karaoke shopping',
      'exercising meditating diving snorkeling rafting kayaking canoeing sailing rowing skydiving skating rollerblading',
      'sightseeing sculpting woodworking stargazing birdwatching journaling blogging weightlifting studying sleeping',
      'volunteering exercise workout pingpong ping-pong',
    ),
  ],
  [
    'skill',
    wordSet('programming language python javascript coding piano guitar violin drums cello ukulele flute'),
  ],
  [
    'place',
    wordSet(
      'beach mountain park museum city country island village lake forest sea ocean countryside zoo gallery',
    ),
  ],
  ['organization', wordSet('company university college school team club group band startup')],
  ['event', occasions],
  ['object', possessions],
];

/** What kind of thing a name stands for, from its head word; `other` when unknown. */
export function typeOfHead(head: string): EntityType {
  const singular = head.replace(/(?<=[^s])s$/, '');
  return byType.find(([, heads]) => heads.has(head) || heads.has(singular))?.[0] ?? 'other';
}

export const languages = wordSet(
  'english spanish french german italian portuguese russian chinese mandarin cantonese japanese korean arabic hindi',
  'turkish dutch polish swedish norwegian danish finnish greek hebrew thai vietnamese indonesian malay tagalog',
  'ukrainian czech hungarian romanian persian farsi urdu bengali tamil swahili catalan latin esperanto',
);
