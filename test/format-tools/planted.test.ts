/** The kit finds what a writer of a definition does wrong: each planted fault breaks at least one shipped case. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { readCases, type PlacedCase } from '../../src/format-tools/cases/case.ts'
import { checkCase } from '../../src/format-tools/cases/check-case.ts'
import { findSubjects, type Subject } from '../../src/format-tools/cases/find-cases.ts'
import type { Format } from '../../src/upstream/types.ts'
import { PLANTED } from './planted.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'planted-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function shipped(format: string): Subject {
  const [subject] = findSubjects(format, 'none.yaml')
  if (!subject) throw new Error(`no format ${format}`)
  return subject
}

function copyOf(subject: Subject, from: string, to: string): Format {
  const text = readFileSync(subject.file, 'utf8')
  expect(text, `"${from}" stands in ${subject.name}.yaml no more: plant this fault elsewhere`).toContain(from)
  const file = join(folder, `${subject.name}.yaml`)
  writeFileSync(file, text.replaceAll(from, to))
  return checkFormatFile(file)
}

const read = new Map<string, PlacedCase[]>()
/** Read once, whatever number of faults they are to find. */
function casesOf(subject: Subject): PlacedCase[] {
  const cases = read.get(subject.name) ?? subject.cases.flatMap((file) => readCases(file))
  read.set(subject.name, cases)
  return cases
}

test('there are at least 25 faults', () => {
  expect(PLANTED.length).toBeGreaterThanOrEqual(25)
})

test.each([...new Set(PLANTED.map(({ format }) => format))])('a copy of %s without a fault passes', (name) => {
  const format = copyOf(shipped(name), 'request:', 'request:')
  const cases = casesOf(shipped(name))
  expect(cases.length).toBeGreaterThan(10)
  expect(cases.map((each) => [each.name, checkCase(each, format)]).filter(([, faults]) => faults?.length)).toEqual([])
})

describe('the kit finds', () => {
  test.each(PLANTED)('$fault, in $format', ({ format: name, from, to }) => {
    // the definition is still sound: it is the cases that find the fault
    const format = copyOf(shipped(name), from, to)
    expect(casesOf(shipped(name)).some((each) => checkCase(each, format).length > 0)).toBe(true)
  })
})
