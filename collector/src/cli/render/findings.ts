import type { Finding } from '../finding.ts';
import type { Paint } from '../paint.ts';

/** One line per finding, what to do below it. */
export function findingsText(findings: readonly Finding[], paint: Paint): string {
  const lines = findings.flatMap((finding) => [
    `${levelWord(finding.level, paint)} ${finding.what}`,
    ...(finding.todo === '' ? [] : [`     -> ${finding.todo}`]),
  ]);
  return `${lines.join('\n')}\n`;
}

function levelWord(level: Finding['level'], paint: Paint): string {
  switch (level) {
    case 'ok':
      return paint.green('ok  ');
    case 'warn':
      return paint.yellow('warn');
    case 'fail':
      return paint.red('fail');
  }
}
