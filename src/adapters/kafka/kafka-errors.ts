import { AfterwordError, type ErrorCode } from '../../errors.ts';

const codeOfProtocolError: Readonly<Record<string, ErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'TOPIC_MISSING',
  INVALID_TOPIC_EXCEPTION: 'TOPIC_MISSING',
  TOPIC_AUTHORIZATION_FAILED: 'TOPIC_FORBIDDEN',
  CLUSTER_AUTHORIZATION_FAILED: 'TOPIC_FORBIDDEN',
  GROUP_AUTHORIZATION_FAILED: 'TOPIC_FORBIDDEN',
  MESSAGE_TOO_LARGE: 'RECORD_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'RECORD_TOO_LARGE',
};

/** Trying again with the same credentials changes nothing. */
const refusals = new Set([
  'KafkaJSSASLAuthenticationError',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

/** kafkajs wraps: the broker's own word may stand several causes deep. */
export function protocolErrorType(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return undefined;
}

/** A word for events and metrics: the broker's, or the name of the library's error. */
export function reasonOf(error: unknown): string {
  if (error instanceof AfterwordError) return String(error.details['reason'] ?? error.code);
  return protocolErrorType(error) ?? (error instanceof Error ? error.name : typeof error);
}

/** What the ports promise to reject with. Whatever is not known is an outage. */
export function toLogError(error: unknown, doing: string): AfterwordError {
  if (error instanceof AfterwordError) return error;
  const reason = reasonOf(error);
  const code = codeOfProtocolError[reason] ?? 'LOG_UNAVAILABLE';
  const isRefusal = refusals.has(reason);
  return new AfterwordError(code, `Kafka: ${doing} failed (${reason})`, {
    // kafkajs speaks of brokers and topics; an error of Node's may quote the value that it was given.
    ...(error instanceof Error && 'retriable' in error ? { cause: error } : {}),
    // Rights are granted, and topics made, while a process waits for them.
    retryable: (code === 'LOG_UNAVAILABLE' && !isRefusal) || code === 'TOPIC_FORBIDDEN',
    details: { reason },
    ...hintFor(code, reason, isRefusal),
  });
}

/** What a person can do. */
function hintFor(code: ErrorCode, reason: string, isRefusal: boolean): { readonly hint?: string } {
  if (isRefusal) return { hint: 'check KAFKA_SASL_* and KAFKA_SSL*' };
  if (code === 'LOG_UNAVAILABLE')
    return { hint: 'check that Kafka at KAFKA_BROKERS is running and reachable' };
  if (code === 'TOPIC_MISSING') return { hint: 'create the topic, or start once with --create-topics' };
  if (code === 'RECORD_TOO_LARGE') return { hint: 'raise max.message.bytes of the topic' };
  const needed = neededRights[reason];
  return needed === undefined ? {} : { hint: `allow this user ${needed}` };
}

const neededRights: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED: 'to read, write and describe the topic',
  GROUP_AUTHORIZATION_FAILED: 'to read as the group of KAFKA_GROUP_ID',
  CLUSTER_AUTHORIZATION_FAILED: 'idempotent writes, and making topics where that is asked for',
};

/** Closed to this user, until somebody allows it. */
export function isForbidden(error: unknown): boolean {
  return toLogError(error, 'reading').code === 'TOPIC_FORBIDDEN';
}

/** Somebody else may read our partitions already. */
export function isEviction(error: unknown): boolean {
  const type = protocolErrorType(error);
  return type === 'UNKNOWN_MEMBER_ID' || type === 'ILLEGAL_GENERATION' || type === 'FENCED_INSTANCE_ID';
}

/**
 * Whether a consumer may be made anew. kafkajs calls some errors final that only
 * mean that no broker answers right now; its wrapper of used-up retries hides the
 * real one as its cause.
 */
export function isPassing(error: Error): boolean {
  if (error instanceof AfterwordError) return error.retryable;
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (outages.has(at.name) || outages.has(protocolErrorType(at) ?? '')) return true;
    if ('retriable' in at && at.retriable === true) return true;
  }
  // An error of nobody's making that kafkajs knows (a listener of ours, say) is tried again too.
  return !('retriable' in error);
}

const outages = new Set([
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);
