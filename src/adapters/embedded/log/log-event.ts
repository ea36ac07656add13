/** What the embedded log has to tell; a subset of what the Kafka adapters tell. */
export type EmbeddedLogEvent =
  | { readonly type: 'topic-missing'; readonly topic: string }
  /** The database did not answer; tried again after `restartInMs`. */
  | { readonly type: 'crashed'; readonly reason: string; readonly restartInMs: number }
  | { readonly type: 'rejoined'; readonly gained: number; readonly kept: number; readonly lost: number }
  | {
      readonly type: 'commit-lost';
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly reason: string;
    }
  | {
      readonly type: 'batch-refused';
      readonly topic: string;
      readonly partition: number;
      readonly attempt: number;
      readonly retryInMs: number;
      readonly reason: string;
    };

export type OnEmbeddedLogEvent = (event: EmbeddedLogEvent) => void;
