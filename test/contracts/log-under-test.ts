import type { RecordSource } from '../../src/consume/record-source.ts';
import type { RecordSink } from '../../src/publish/record-sink.ts';
import type { TopicAdmin } from '../../src/publish/topic-admin.ts';

/** What the contract needs of a log: its adapters, set to be quick, and a member that can be killed. */
export interface LogUnderTest {
  createSource(options: { topic: string; groupId: string }): RecordSource;
  createSink(): RecordSink;
  createAdmin(): TopicAdmin;
  /** Arguments of `log-member.ts`, which joins in a process of its own. */
  memberArguments(options: { topic: string; groupId: string }): string[];
  close(): Promise<void>;
}
