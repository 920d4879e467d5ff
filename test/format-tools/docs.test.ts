import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PAGES } from './page.ts'

test.each(PAGES)('$name says what its source says; `npm run docs` writes it anew', ({ file, fresh }) => {
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(fresh())
})
