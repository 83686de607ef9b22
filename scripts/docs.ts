/** Writes docs/config.md, docs/metrics.md and docs/sizing.md: `node -r ./scripts/register.cjs scripts/docs.ts`. Tests compare them. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeConfigPage } from './docs-config';
import { writeMetricsPage } from './docs-metrics';
import { writeSizingPage } from './docs-sizing';

const docs = join(__dirname, '..', 'docs');
writeFileSync(join(docs, 'config.md'), writeConfigPage());
writeFileSync(join(docs, 'metrics.md'), writeMetricsPage());
writeFileSync(join(docs, 'sizing.md'), writeSizingPage());
