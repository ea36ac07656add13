import type { JudgedFact } from '../extract/offline/sample-windows.ts';

/** The facts judged by hand as rows of docs/QUALITY.md, in the order of the draw. */
export function judgedTable(facts: readonly JudgedFact[]): string {
  const rows = facts.map((fact, index) => {
    const relation = fact.predicate === null ? fact.relation : `${fact.relation}: ${fact.predicate}`;
    const denied = fact.polarity === 'negative' ? 'not ' : '';
    return [
      String(index + 1),
      fact.half,
      denied + relation,
      fact.entity_name,
      fact.verdict === 'wrong' ? '**wrong**' : fact.verdict,
      fact.why,
    ];
  });
  const cells = [
    ['', 'half', 'relation', 'name', 'verdict', 'reason'],
    Array<string>(6).fill('---'),
    ...rows,
  ];
  return cells.map((row) => `| ${row.map(plain).join(' | ')} |`).join('\n');
}

function plain(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
