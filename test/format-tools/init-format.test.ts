/** A draft from a vendor's example is sound, its cases hold, and it reads the sample answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run as check } from '../../src/cli/commands/check.ts'
import { run as initFormat } from '../../src/cli/commands/init-format.ts'
import { run as runTest } from '../../src/cli/commands/test.ts'
import { readCases } from '../../src/format-tools/cases/case.ts'
import { readCurl, shellWords } from '../../src/format-tools/draft/curl.ts'
import { printed } from './command-line.ts'
import { SAMPLES } from './samples.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'draft-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('a draft passes its own check and cases', () => {
  test.each(SAMPLES)('$name', async ({ curl, answer, stream, says }) => {
    const out = join(folder, 'mine.yaml')
    const answers = [answer && file('answer.json', answer), stream && file('answer.txt', stream)].filter(
      (each) => !!each,
    )
    const flags = answers.flatMap((each) => ['--answer', String(each)])
    const made = await printed(() => initFormat(['--from', file('curl.txt', curl), ...flags, '--out', out]))
    expect(made.code).toBe(0)
    expect((await printed(() => check([out]))).text).toContain('without a fault')
    const tested = await printed(() => runTest([out]))
    expect([tested.code, tested.text]).toEqual([0, expect.stringContaining('cases hold')])
    const [request, ...read] = readCases(join(folder, 'mine.cases.yaml'))
    expect(request?.sends).toBeDefined()
    expect(read).toHaveLength(answers.length)
    for (const each of read) expect(each.gives).toMatchObject({ content: says })
    // the request of the example is what would be sent, but for a stream that it does not ask for
    expect(made.text).not.toContain('unlike the example')
    expect(readFileSync(out, 'utf8')).not.toMatch(/Hi there|It's me|LARK|FINCH/)
  })
})

test('what is there already is not written over', async () => {
  const out = file('mine.yaml', 'mine')
  const curl = file('curl.txt', SAMPLES[0]?.curl ?? '')
  await expect(initFormat(['--from', curl, '--out', out])).rejects.toThrow('is there already')
  expect(readFileSync(out, 'utf8')).toBe('mine')
})

test.each([
  ['wget https://a.example', 'does not begin with curl'],
  ['curl -H "a: b" -d "{}"', 'no URL'],
  ['curl https://a.example', 'no body'],
  ['curl https://a.example -d @body.json', 'put it into the example'],
  ["curl https://a.example -d '{oops'", 'not valid JSON'],
])('an example that says too little is refused with a reason: %s', (curl, reason) => {
  expect(() => readCurl(curl)).toThrow(reason)
})

test('an example without messages says what is missing', async () => {
  const curl = file('curl.txt', `curl https://a.example -d '{"prompt":"Hi"}'`)
  await expect(initFormat(['--from', curl, '--out', join(folder, 'x.yaml')])).rejects.toThrow('no list of messages')
})

test('words are cut as a shell cuts them', () => {
  expect(shellWords(`curl 'it'\\''s' "a \\"b\\" $C" \\\n  -d{} x\\ y ''`)).toEqual([
    'curl',
    "it's",
    'a "b" $C',
    '-d{}',
    'x y',
    '',
  ])
})
