const hourMs = 3_600_000;

/** Moves the wall clock of a process that was started with `steppedClock` by an hour. */
export const clockSignals = { forward: 'SIGUSR2', back: 'SIGWINCH' } as const;

/** Loaded into a process before the product: its wall clock, to which those signals add or take an hour. */
const program = `
  const Wall = globalThis.Date;
  let stepMs = 0;
  globalThis.Date = class Date extends Wall {
    constructor(...parts) {
      if (parts.length === 0) super(Wall.now() + stepMs);
      else super(...parts);
    }
    static now() {
      return Wall.now() + stepMs;
    }
  };
  process.on('${clockSignals.forward}', () => { stepMs += ${hourMs}; });
  process.on('${clockSignals.back}', () => { stepMs -= ${hourMs}; });
`;

/** The environment that loads it. */
export const steppedClock = {
  NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(program).toString('base64')}`,
};
