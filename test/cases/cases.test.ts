/** Cases from public bug reports, read in place: each is played on real sockets and held against what it expects. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJson } from '../../src/runtime/json/json.ts'
import { ANSWER_JUDGEMENTS } from './answer-judgements.ts'
import { ELSEWHERE, LEFT } from './elsewhere.ts'
import { REQUEST_JUDGEMENTS } from './request-judgements.ts'
import { playCase, type HandedCase, type Played } from './stage.ts'

const FOLDER = join(import.meta.dirname, '../../../shared/cases')

/** Throws where the case is not as expected. */
export type Judgement = (played: Played) => void

const JUDGEMENTS: Record<string, Judgement> = { ...REQUEST_JUDGEMENTS, ...ANSWER_JUDGEMENTS }

describe.skipIf(!existsSync(FOLDER))('handed cases', () => {
  for (const file of existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : []) {
    const name = file.replace('.json', '')
    const number = name.slice(0, 3)
    const judgement = JUDGEMENTS[number]
    if (!judgement) {
      const place = ELSEWHERE[number]
      const reason = LEFT[number]
      if (reason !== undefined) it.skip(`${name}: ${reason}`, () => {})
      else
        it(`${name} is held elsewhere`, () => {
          const [file, title] = place ?? ['', '']
          expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8')).toContain(title)
        })
      continue
    }
    it(name, { timeout: 20_000 }, async () => {
      const text = readFileSync(join(FOLDER, file), 'utf8')
      judgement(await playCase(JSON.parse(text) as HandedCase, requestTexts(text)))
    })
  }
})

it('speaks of each case once', () => {
  const both = Object.keys(REQUEST_JUDGEMENTS).filter((number) => Object.hasOwn(ANSWER_JUDGEMENTS, number))
  const judged = Object.keys({ ...ELSEWHERE, ...LEFT }).filter((number) => Object.hasOwn(JUDGEMENTS, number))
  expect({ both, judged }).toEqual({ both: [], judged: [] })
})

/** The case's requests as they are written, so that no number is rounded on its way. */
function requestTexts(text: string): string[] {
  const { request } = readJson(text) as HandedCase
  return (Array.isArray(request) ? request : [request]).map((each) => JSON.stringify(each).replace(REPEATED, repeated))
}

/** `<1500000 times A>`: what would be too long to write down. */
const REPEATED = /<(\d+) times (.)>/g

function repeated(_: string, times: string, character: string): string {
  return character.repeat(Number(times))
}
