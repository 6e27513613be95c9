import { ROWS, VARIABLES } from './dashboard.ts';
import { dashboardJson } from './grafana.ts';

const ABOUT = {
  uid: 'keyturn',
  title: 'Keyturn: key rotations',
  description: 'Made by collector/tools/on-call/generate.ts; names are those of docs/metrics.md.',
};

/** The text of `keyturn.json`, to be imported into Grafana. */
export function dashboardFile(): string {
  return `${JSON.stringify(dashboardJson(ABOUT, VARIABLES, ROWS), null, 2)}\n`;
}
