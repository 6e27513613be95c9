import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { Secret } from '../notify/secret.ts';
import type { ProblemList } from './problem-list.ts';

const FILE_BYTES_MAX = 4_096;
const SECRET = /^[\u0021-\u007e]+$/;

/** What may name a secret: `WHAT_file`, or `WHAT_file_env` with the variable that holds the path. */
export type SecretSettings = Readonly<Record<string, unknown>>;

/** Reads secrets from files of their own, never from the settings; what they hold is never shown. */
export class SecretFiles {
  /** Sentences about files that others may read. */
  readonly advice: string[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #base: string;
  readonly #problems: ProblemList;

  /** @param base where relative paths of the settings start. */
  constructor(
    env: Readonly<Record<string, string | undefined>>,
    base: string,
    problems: ProblemList,
  ) {
    this.#env = env;
    this.#base = base;
    this.#problems = problems;
  }

  /** The secret called `what`; undefined when none is named, or after adding why it cannot be had. */
  read(settings: SecretSettings, what: string, at: KeyPath): Secret | undefined {
    const key = `${what}_file`;
    const given = settings[key];
    const variable = settings[`${key}_env`];
    if (given !== undefined && variable !== undefined) {
      this.#problems.add([...at, key], `expected either ${key} or ${key}_env, got both`);
      return undefined;
    }
    if (typeof given === 'string') return this.#readFile(given, [...at, key]);
    if (typeof variable !== 'string') return undefined;
    const file = this.#env[variable];
    if (file !== undefined && file !== '') return this.#readFile(file, [...at, `${key}_env`]);
    this.#problems.add(
      [...at, `${key}_env`],
      `expected the path of a file in the environment variable ${variable}, got nothing`,
    );
    return undefined;
  }

  #readFile(file: string, at: KeyPath): Secret | undefined {
    const text = this.#textOf(path.resolve(this.#base, file), at);
    if (text === undefined) return undefined;
    const secret = text.trim();
    if (SECRET.test(secret)) return new Secret(secret);
    this.#problems.add(
      at,
      `expected one line of printable ASCII characters without spaces, at most ${FILE_BYTES_MAX}`,
    );
    return undefined;
  }

  /** Looks at the permissions of the very file it reads. */
  #textOf(file: string, at: KeyPath): string | undefined {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(file, 'r');
      const { mode, size } = fstatSync(descriptor);
      if ((mode & 0o077) !== 0 && process.platform !== 'win32') {
        const bits = (mode & 0o777).toString(8);
        this.advice.push(
          `${at.join('.')}: others may use the secret in ${file} (mode ${bits}); chmod 600 ${file}`,
        );
      }
      return size > FILE_BYTES_MAX ? '' : readFileSync(descriptor, 'utf8');
    } catch (thrown) {
      this.#problems.add(at, `expected a readable file: ${messageOf(thrown)}`);
      return undefined;
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }
}
