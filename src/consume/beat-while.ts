/** Often enough for the shortest session that groups allow (6 s). */
const beatEveryMs = 2_000;

/**
 * Beats while the work goes on, so that a slow or hanging database does not cost the
 * membership. Beats never overlap. One that fails ends them: what it says is said again
 * by the next heartbeat or by the commit.
 */
export async function beatWhile<T>(
  beat: () => Promise<void>,
  work: () => Promise<T>,
  everyMs = beatEveryMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const plan = (): void => {
    timer = setTimeout(() => {
      beat().then(
        () => {
          if (!isOver) plan();
        },
        () => undefined,
      );
    }, everyMs);
  };
  plan();
  try {
    return await work();
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}
