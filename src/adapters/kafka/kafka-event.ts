/** What a Kafka adapter has to tell; names, counts and codes only, never a record's content. */
export type KafkaEvent =
  /** What the client library logs; its errors that it recovers from by itself are warnings. */
  | { readonly type: 'client-log'; readonly level: 'warn' | 'info' | 'debug'; readonly message: string }
  /** Reading waits until somebody makes the topic. Said once each time that the wait begins. */
  | { readonly type: 'topic-missing'; readonly topic: string }
  /** Reading waits until somebody allows it. Said once each time that the wait begins. */
  | {
      readonly type: 'topic-refused';
      readonly topic: string;
      readonly reason: string;
      readonly retryInMs: number;
    }
  /** The consumer ended. It starts again after `restartInMs`; undefined: never, and `died` resolves. */
  | { readonly type: 'crashed'; readonly reason: string; readonly restartInMs: number | undefined }
  /** The group has shared its partitions out anew. */
  | { readonly type: 'rejoined'; readonly gained: number; readonly kept: number; readonly lost: number }
  /** Durable here, but the group does not know; the next commit makes up for it. */
  | {
      readonly type: 'commit-lost';
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly reason: string;
    }
  /** The log does not continue where reading stood: retention overtook it, or the topic was made anew. */
  | {
      readonly type: 'offset-jump';
      readonly topic: string;
      readonly partition: number;
      readonly from: bigint;
      readonly to: bigint;
    }
  /** The handler refused a batch; it is delivered again after `retryInMs`. */
  | {
      readonly type: 'batch-refused';
      readonly topic: string;
      readonly partition: number;
      readonly attempt: number;
      readonly retryInMs: number;
      readonly reason: string;
    }
  /** Where to start could not be found out; asked again after `retryInMs`. */
  | { readonly type: 'position-unknown'; readonly retryInMs: number; readonly reason: string }
  /** A producer was thrown away after a failed send. */
  | { readonly type: 'producer-replaced'; readonly reason: string };

export type OnKafkaEvent = (event: KafkaEvent) => void;
