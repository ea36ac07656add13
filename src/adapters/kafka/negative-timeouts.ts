/**
 * kafkajs passes a negative delay to setTimeout at every connection, which newer
 * Nodes warn of on stderr (harmless: it means "at once"). Only that warning, and only
 * when kafkajs stands in the stack, is kept back.
 */
export function silenceNegativeTimeouts(): void {
  if (silenced) return;
  silenced = true;
  const emitWarning = process.emitWarning.bind(process) as (...args: unknown[]) => void;
  process.emitWarning = (...args: unknown[]) => {
    if (args[1] === 'TimeoutNegativeWarning' && new Error().stack?.includes('kafkajs') === true) return;
    emitWarning(...args);
  };
}

let silenced = false;
