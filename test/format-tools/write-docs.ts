/** `npm run docs`: writes docs/PROVIDERS.md anew. */
import { writeFileSync } from 'node:fs'
import { freshPage, PAGE } from './page.ts'

writeFileSync(PAGE, freshPage())
