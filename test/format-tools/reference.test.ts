/** The reference names all that there is: a function or a key that it forgets, nobody finds. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { AUTHORIZERS } from '../../src/upstream/auth/index.ts'
import { REQUEST_TRANSFORMS } from '../../src/upstream/request/transforms/index.ts'
import { FRAMINGS } from '../../src/upstream/response/framing/index.ts'
import { TEMPLATE_FUNCTIONS } from '../../src/upstream/template-functions/index.ts'
import { STREAM_TRANSFORMS } from '../../src/upstream/response/transforms/index.ts'

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const reference = read('../../docs/WIRE-FORMATS.md').split(/^# Reference$/m)[1] ?? ''
const cases = JSON.parse(read('../../src/format-tools/cases/case.schema.json')) as {
  $defs: { case: { properties: object } }
}

interface Keys {
  properties: Record<string, Keys>
}
const { $defs } = JSON.parse(read('../../src/config/providers.schema.json')) as {
  $defs: { format: Keys; template: { then: Keys } }
}
const { format } = $defs

const KINDS: [what: string, names: string[]][] = [
  ['request transforms', Object.keys(REQUEST_TRANSFORMS)],
  ['template functions', Object.keys(TEMPLATE_FUNCTIONS)],
  ['framings', Object.keys(FRAMINGS)],
  ['authorisers', Object.keys(AUTHORIZERS)],
  ['stream transforms', Object.keys(STREAM_TRANSFORMS)],
  ['keys of a definition', Object.keys(format.properties)],
  ['keys of a request', Object.keys(format.properties['request']?.properties ?? {})],
  ['keys of a stream', Object.keys(format.properties['stream']?.properties ?? {})],
  ['keys of a case', Object.keys(cases.$defs.case.properties)],
]

describe('the reference names all', () => {
  test.each(KINDS)('%s', (_, names) => {
    expect(names.length).toBeGreaterThan(2)
    expect(names.filter((name) => !new RegExp(`\`${name}(: [a-z]+)?\``).test(reference))).toEqual([])
  })

  test.each([
    ['request transform', REQUEST_TRANSFORMS],
    ['template function', TEMPLATE_FUNCTIONS],
  ])('and no %s that is gone', (title, table) => {
    const [, rows = ''] =
      new RegExp(`^\\| ${title} \\(options\\)[^]*?\\n(\\| \`[^]*?)\\n\\n`, 'm').exec(reference) ?? []
    const named = [...rows.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1])
    expect(named.toSorted()).toEqual(Object.keys(table).toSorted())
  })

  test('operators', () => {
    const operators = Object.keys($defs.template.then.properties)
    expect(operators.filter((name) => !reference.includes(name))).toEqual([])
  })
})
