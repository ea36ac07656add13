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
import { readCharacter } from './character.ts';
import {
  eventVerbs,
  readApplication,
  readAttendance,
  readCooking,
  readEvent,
  readVisit,
} from './experiences.ts';
import { readFeeling, readSecondFeeling } from './feelings.ts';
import { readHabit } from './habits.ts';
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
import {
  readAchievement,
  readCompletion,
  readMissing,
  readOuting,
  readParticipation,
  readQuarrel,
  readTakingUp,
} from './happenings.ts';
import { readPlan, readResolve, readSearch, readWant } from './intentions.ts';
import { readAnticipation, readAppointment, readConsidering, readPreparation } from './prospects.ts';
import { readFinishedWork, readTitledWork } from './works.ts';
import { readDuty, readNeed } from './needs.ts';
import { pastimeVerbs } from '../lexicon/verbs.ts';
import { readDiagnosis } from './milestones.ts';
import { readAversion, readInterest, readLeaning, readTaste, tasteVerbs } from './tastes.ts';
import {
  readBusyness,
  readDiscord,
  readMishap,
  readOvertime,
  readSaving,
  readSleeplessness,
  readStanding,
  readTrying,
  readTurn,
} from './turns.ts';
import { readHavingTrouble, readLack, readStruggle } from './troubles.ts';

type ClauseRule = (clause: Clause) => Claim[];

/** Which rules a main verb wakes, most particular first; a rule that does not fit answers nothing. */
const rules: readonly (readonly [string, ClauseRule])[] = [
  [tasteVerbs.join(' '), readTaste],
  ['like love', readWish],
  ['stand bear', readAversion],
  ['become get', readLeaning],
  ['be', readBeing],
  ['be', readCharacter],
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
  ['need', readNeed],
  ['have', readDuty],
  ['have face deal go run encounter experience', readHavingTrouble],
  ['struggle', readStruggle],
  ['have make find get lack', readLack],
  ['get', readTurn],
  ['get', readDiscord],
  ['catch hurt injure sprain break', readMishap],
  ['be', readStanding],
  ['be', readBusyness],
  ['work', readOvertime],
  ['try', readTrying],
  ['finish', readFinishedWork],
  ['save', readSaving],
  ['sleep', readSleeplessness],
  ['have develop', readInterest],
  ['look', readAnticipation],
  ['prepare', readPreparation],
  ['take participate run', readParticipation],
  ['get receive', readAchievement],
  ['finish complete', readCompletion],
  ['go', readOuting],
  ['break have get argue quarrel', readQuarrel],
  ['miss', readMissing],
  ['take pick sign enroll enrol', readTakingUp],
];

const byLemma = index();

/** All that a clause says. */
export function readClause(clause: Clause): Claim[] {
  const claims = (byLemma.get(clause.verb.lemma) ?? []).flatMap((rule) => rule(clause));
  // Rules for any verb: what the particular ones have not told.
  const others = claims.length > 0 ? [] : [...readHabit(clause), ...readAppointment(clause)];
  return [...claims, ...others, ...(clause.verb.lemma === 'feel' ? [] : readSecondFeeling(clause))];
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
