import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { freshPage, PAGE } from './page.ts'

test('docs/PROVIDERS.md says what the YAML says; `npm run docs` writes it anew', () => {
  expect(existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '').toBe(freshPage())
})
