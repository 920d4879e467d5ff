/** Each shipped format does what its case files say, and each of its rules is reached by one of them. */
import { describe, expect, test } from 'vitest'
import { runCase } from '../../src/format-tools/cases/run-case.ts'
import { watchFormat } from '../../src/format-tools/cases/coverage.ts'
import { casesOf, formatFile, formatsWithCases, shipped } from './cases.ts'

describe.each(formatsWithCases())('%s', (name) => {
  const format = shipped(name)
  const cases = casesOf(name)

  test.each(cases.map((each) => [each.name, each] as const))('%s', (_, each) => {
    expect(runCase(each, format)).toEqual([])
  })

  test('no two cases have one name', () => {
    const names = cases.map((each) => each.name)
    expect(names.filter((each, i) => names.indexOf(each) < i)).toEqual([])
  })
})

describe('each case, rule and when is reached by a case of the project itself', () => {
  test.each(['openai', 'anthropic', 'gemini'])('%s', (name) => {
    const { format, branches } = watchFormat(formatFile(name))
    for (const each of casesOf(name)) runCase(each, format)
    const missed = branches().filter(({ taken }) => taken === 0)
    expect(missed.map(({ line, column, text }) => `${name}.yaml:${line}:${column} ${text}`)).toEqual([])
  })

  test.each(['openai', 'anthropic', 'gemini'])('%s has at least forty bodies of clients', (name) => {
    expect(casesOf(name).filter((each) => each.sends ?? each.refuses).length).toBeGreaterThanOrEqual(40)
  })
})
