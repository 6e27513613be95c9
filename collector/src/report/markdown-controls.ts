import type { ControlView } from '../api/schemas/report.ts';
import { plain } from './markdown-text.ts';
import { table } from './markdown-table.ts';

/** Which published controls this report is evidence for, and how far. */
export function controlLines(controls: readonly ControlView[]): string[] {
  const frameworks = [...new Set(controls.map(({ framework }) => framework))];
  return [
    '## Controls',
    '',
    'Evidence of one rotation, never of a whole programme: *partly* says that the control asks for more.',
    '',
    ...frameworks.flatMap((framework) => [
      `### ${plain(framework)}`,
      '',
      ...table(
        ['Control', 'Title', 'Extent', 'What in this report is evidence'],
        controls
          .filter((control) => control.framework === framework)
          .map((control) => [
            control.id,
            plain(control.title),
            control.extent,
            plain(control.shows),
          ]),
      ),
    ]),
  ];
}
