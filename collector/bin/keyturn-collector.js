#!/usr/bin/env node
import { startOn } from './node-version.js';

await startOn('keyturn-collector', () => import('../src/main.ts'));
