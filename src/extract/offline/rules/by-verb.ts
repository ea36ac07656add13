import type { Claim } from '../claims.ts';
import type { Clause } from '../clauses.ts';
import {
  readAbility,
  readAvoiding,
  readGoing,
  readPastime,
  readPlaying,
  readPractice,
} from './activities.ts';
import { readGetting, readHaving } from './belongings.ts';
import {
  eventVerbs,
  readApplication,
  readAttendance,
  readCooking,
  readEvent,
  readTitledWork,
  readVisit,
} from './experiences.ts';
import { readFeeling } from './feelings.ts';
import {
  readGraduation,
  readHome,
  readLanguages,
  readLearnt,
  readNewJob,
  readStudy,
  readWork,
} from './home-and-work.ts';
import { readBeing } from './identity.ts';
import { readConsidering, readPlan, readResolve, readSearch, readWant } from './intentions.ts';
import { pastimeVerbs } from '../lexicon/verbs.ts';
import { readDiagnosis } from './milestones.ts';
import { readAversion, readLeaning, readTaste, tasteVerbs } from './tastes.ts';

type ClauseRule = (clause: Clause) => Claim[];

/** Which rules a main verb wakes, most particular first; a rule that does not fit answers nothing. */
const rules: readonly (readonly [string, ClauseRule])[] = [
  [tasteVerbs.join(' '), readTaste],
  ['like love', readWish],
  ['stand bear', readAversion],
  ['become get', readLeaning],
  ['be', readBeing],
  ['be feel get become', readFeeling],
  ['have own keep get', readHaving],
  ['get buy adopt', readGetting],
  ['live reside base move relocate come grow bear raise', readHome],
  ['work', readWork],
  ['get start land find accept', readNewJob],
  ['study learn major', readStudy],
  ['learn master', readLearnt],
  ['graduate', readGraduation],
  ['speak', readLanguages],
  ['play', readPlaying],
  ['practice practise do', readPractice],
  [[...pastimeVerbs].join(' '), readPastime],
  ['go', readGoing],
  [[...pastimeVerbs, 'play', 'drive', 'know'].join(' '), readAbility],
  ['eat drink smoke quit stop avoid', readAvoiding],
  ['want wish', readWant],
  ['plan go decide intend hope try', readPlan],
  ['move relocate visit travel fly marry buy adopt graduate attend', readResolve],
  ['think consider', readConsidering],
  ['look search hunt', readSearch],
  ['travel go be fly visit', readVisit],
  ['go attend', readAttendance],
  ['watch see read finish', readTitledWork],
  ['make cook bake', readCooking],
  [eventVerbs.join(' '), readEvent],
  ['apply', readApplication],
  ['diagnose suffer', readDiagnosis],
];

const byLemma = index();

/** All that a clause says. */
export function readClause(clause: Clause): Claim[] {
  return (byLemma.get(clause.verb.lemma) ?? []).flatMap((rule) => rule(clause));
}

/** "I'd like to visit Japan", "I would love a dog". */
function readWish(clause: Clause): Claim[] {
  return /^(?:would|'d)$/.test(clause.verb.modal ?? '') ? readWant(clause) : [];
}

function index(): ReadonlyMap<string, readonly ClauseRule[]> {
  const found = new Map<string, ClauseRule[]>();
  for (const [lemmas, rule] of rules)
    for (const lemma of lemmas.split(' ')) found.set(lemma, [...(found.get(lemma) ?? []), rule]);
  return found;
}
