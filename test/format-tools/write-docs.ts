/** `npm run docs`: writes docs/PROVIDERS.md and docs/CONFIGURATION.md anew. */
import { writeFileSync } from 'node:fs'
import { PAGES } from './page.ts'

for (const { file, fresh } of PAGES) writeFileSync(file, fresh())
