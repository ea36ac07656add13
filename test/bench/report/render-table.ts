import type { Goal, Measurement } from '../benchmark.ts';

export interface TableRow extends Measurement {
  readonly benchmark: string;
}

export function isReached({ value, goal }: Measurement): boolean | undefined {
  if (goal === undefined) return undefined;
  return 'atLeast' in goal ? value >= goal.atLeast : value <= goal.atMost;
}

/** A Markdown table with columns that line up in a terminal too. */
export function renderTable(rows: readonly TableRow[]): readonly string[] {
  const cells = [
    ['benchmark', 'what', 'measured', 'goal', 'reached'],
    ...rows.map((row) => [
      row.benchmark,
      row.what,
      withUnit(row.value, row.unit),
      row.goal === undefined ? '' : goalText(row.goal, row.unit),
      { true: 'yes', false: 'NO', undefined: '' }[String(isReached(row)) as 'true' | 'false' | 'undefined'],
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  const lines = cells.map(
    (row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0] ?? '', rule, ...lines.slice(1)];
}

function goalText(goal: Goal, unit: string): string {
  return 'atLeast' in goal ? `≥ ${withUnit(goal.atLeast, unit)}` : `≤ ${withUnit(goal.atMost, unit)}`;
}

function withUnit(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const rounded = Number(value.toFixed(digits));
  return `${rounded.toLocaleString('en-US')} ${unit}`.trim();
}
