import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';

const LOG = pathToFileURL(join(import.meta.dirname, '../src/log.ts')).href;

function logged(level: string, say: string): { stdout: string; lines: readonly unknown[] } {
  const program = `import { createLog } from '${LOG}'; const log = createLog('keyturn-test', '${level}'); ${say}`;
  const run = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
  });
  const lines = run.stderr.split('\n').filter((line) => line !== '');
  return { stdout: run.stdout, lines: lines.map((line) => JSON.parse(line) as unknown) };
}

t.test('JSON lines on stderr that people can read', async (t) => {
  const { stdout, lines } = logged(
    'info',
    "log.debug('no'); log.warn({ peer: 'a\\n{}' }, 'refused'); process.exit(0);",
  );
  t.equal(stdout, '');
  t.match(lines, [
    {
      name: 'keyturn-test',
      level: 'warn',
      time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
      peer: 'a\n{}',
      msg: 'refused',
    },
  ]);
  t.same(logged('silent', "log.fatal('no');").lines, []);
});
