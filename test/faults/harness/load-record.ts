/** A record as it is sent to the messages topic. */
export interface LoadRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>> & { readonly bot_id: string; readonly user_id: string };
export type Form = 'bare' | 'structured' | 'binary';

/** A message event in one of the accepted forms, keyed by its user. */
export function encode(fields: Fields, form: Form = 'bare'): LoadRecord {
  const key = `${fields.bot_id}/${fields.user_id}`;
  if (form === 'bare') return { key, value: JSON.stringify(fields) };
  const envelope = {
    specversion: '1.0',
    id: `event of ${String(fields['id'])}`,
    type: `com.example.${String(fields['type'])}`,
    source: '/load',
  };
  if (form === 'structured') return { key, value: JSON.stringify({ ...envelope, data: fields }) };
  const headers = Object.fromEntries(Object.entries(envelope).map(([name, value]) => [`ce_${name}`, value]));
  return {
    key,
    value: JSON.stringify(fields),
    headers: { ...headers, 'content-type': 'application/json' },
  };
}
