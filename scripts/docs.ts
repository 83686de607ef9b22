/** Writes docs/config.md and docs/metrics.md: `node -r ./scripts/register.cjs scripts/docs.ts`. A test compares them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeConfigPage } from './docs-config';
import { writeMetricsPage } from './docs-metrics';

const docs = join(__dirname, '..', 'docs');
writeFileSync(join(docs, 'config.md'), writeConfigPage());
writeFileSync(join(docs, 'metrics.md'), writeMetricsPage());
