import kafkajs, { type ICustomPartitioner, type Message } from 'kafkajs';

/**
 * Keys go where the Java clients put them, records without a key to each partition in
 * turn, and a record stays where it was put first. kafkajs asks again at every retry,
 * with the sequence numbers of the first attempt: a record that moved meanwhile (the
 * topic got more partitions, or it was simply the next one's turn) would shift the
 * numbers under the others, and the broker drops what it takes for a repeat.
 */
export const createSteadyPartitioner: ICustomPartitioner = () => {
  const byKey = kafkajs.Partitioners.DefaultPartitioner();
  const places = new WeakMap<Message, number>();
  let turn = 0;
  return (args) => {
    const known = places.get(args.message);
    if (known !== undefined) return known;
    const hasKey = args.message.key !== null && args.message.key !== undefined;
    const place = hasKey ? byKey(args) : turn++ % args.partitionMetadata.length;
    places.set(args.message, place);
    return place;
  };
};
