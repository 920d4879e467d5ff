/** `npm run docs`: writes docs/PROVIDERS.md, docs/CONFIGURATION.md and src/config/format-facts.json anew. */
import { writeFileSync } from 'node:fs'
import { PAGES } from './page.ts'

for (const { file, fresh } of PAGES) writeFileSync(file, fresh())
