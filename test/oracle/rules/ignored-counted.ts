import type { Rule } from '../seen.ts';

/** P2: a record of an unknown type is counted, once. */
export const ignoredCounted: Rule = ({ meaning, snapshot }) => {
  const expected = new Map<string, number>();
  for (const { record, type } of meaning.ignored) {
    const name = nameOf(record.topic, record.partition, type);
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  const counted = new Map(
    snapshot.ignored.map(({ topic, partition, type, records }) => [nameOf(topic, partition, type), records]),
  );
  return [...new Set([...expected.keys(), ...counted.keys()])]
    .map((name) => ({ name, records: expected.get(name) ?? 0, counted: counted.get(name) ?? 0 }))
    .filter((one) => one.records !== one.counted)
    .map((one) => `${one.name}: ${one.records} records, counted ${one.counted}`);
};

function nameOf(topic: string, partition: number, type: string): string {
  return `${topic}/${partition} ${type}`;
}
