/** What `test` and `providers` tell a person, and their exit codes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run as providers } from '../../src/cli/commands/providers.ts'
import { run as runTest } from '../../src/cli/commands/test.ts'
import { CATALOGUE } from './page.ts'
import { printed } from './command-line.ts'
import { tutorialSteps } from './tutorial.ts'

const last = tutorialSteps().at(-1)
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'))
  write('heron.yaml', stringify(last?.definition))
  write('heron.cases.yaml', last?.cases ?? '')
  write(
    'providers.yaml',
    'formats: { heron: heron.yaml }\nproviders: { h: { format: heron, base_url: "https://h.example" } }',
  )
})
afterEach(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

test("a user's own definition is tested by its file, and by the provider that uses it", async () => {
  const byFile = await printed(() => runTest([join(folder, 'heron.yaml')]))
  expect(byFile).toMatchObject({ code: 0, text: expect.stringMatching(/^heron +\d+ +0 +\d+ of \d+$/m) })
  const byProvider = await printed(() => runTest(['h', '--config', join(folder, 'providers.yaml'), '--verbose']))
  expect(byProvider.code).toBe(0)
  expect(byProvider.text).toContain('ok    Two calls stream side by side')
})

test('a case that fails is named with its file, its line and what differs; the exit code is 1', async () => {
  write(
    'heron.cases.yaml',
    '- name: Wrong\n  answers: { ref: r, engine: e, reply: { words: Hello } }\n  gives: { content: Bye }\n',
  )
  const { code, text } = await printed(() => runTest([join(folder, 'heron.yaml')]))
  expect(code).toBe(1)
  expect(text).toContain('heron.cases.yaml:1  Wrong\n    gives.content: expected "Bye", but is "Hello"')
  expect(text).toContain('1 of 1 cases fail')
})

test('a broken definition is shown with its line and a caret; the exit code is 1', async () => {
  write('heron.yaml', 'request:\n  path: /talk\n  body: { words: $mesages }\nresponse: []\n')
  const { code, text } = await printed(() => runTest([join(folder, 'heron.yaml')]))
  expect(code).toBe(1)
  expect(text).toMatch(/heron\.yaml:3:\d+ {2}unknown hole \$mesages, did you mean \$messages\?/)
})

test('a definition without cases is no success', async () => {
  const { code, text } = await printed(() => runTest([write('bare.yaml', stringify(last?.definition))]))
  expect(code).toBe(1)
  expect(text).toContain('no cases: put them beside the definition')
})

test('further cases may lie elsewhere', async () => {
  const cases = write(
    'more.yaml',
    '- name: More\n  answers: { ref: r, engine: e, reply: { words: Hi } }\n  gives: { content: Hi }\n',
  )
  const bare = write('bare.yaml', stringify(last?.definition))
  expect((await printed(() => runTest([bare, '--cases', cases]))).text).toContain('all 1 cases hold')
})

test('a name that nobody has is answered with the nearest', async () => {
  await expect(runTest(['antropic'])).rejects.toThrow('did you mean anthropic?')
  await expect(runTest(['--record', 'x'])).rejects.toThrow('go with --live')
})

test.each([
  [
    'a recorded exchange',
    { server: 'x', request: { body: {} }, status: 200, body: {} },
    /is a recorded exchange, .*as a case/s,
  ],
  ['one with its verdict', { link: 'x', request: {}, upstream: {}, expected: 'x' }, /is a recorded exchange/],
  ['an archive of the browser', { log: { entries: [] } }, /is a recorded exchange/],
  ['a configuration', { providers: {} }, /is a configuration: say `balanced-call check/],
  ['cases', [{ name: 'x', client: {} }], /holds cases: .*--cases/],
  ['anything else', { name: 'balanced-call', version: '1' }, /is no wire format: test wants a wire format/],
  ['a text', 'words', /is no wire format/],
])('%s in place of a wire format: says what it wants', async (_, content, words) => {
  await expect(runTest([write('other.json', JSON.stringify(content))])).rejects.toThrow(words)
})

test('providers says who is live and why the others are not', async () => {
  const { text } = await printed(() => providers(['--config', join(folder, 'providers.yaml')]))
  expect(text).toMatch(/^h +no key: give it keys/m)
  expect(text).toContain('0 of 1 providers are live')
  const all = await printed(() => providers(['--config', CATALOGUE, '--all']))
  expect(all.text).toMatch(/gemini-2\.5-flash +tools vision json_schema +1M .*20 requests per day from 00:00 America/)
  expect(all.text).toMatch(/source: https:.*checked \d{4}-\d\d-\d\d/)
})

test('providers --json is for programs', async () => {
  const { text } = await printed(() => providers(['--config', CATALOGUE, '--json']))
  const list = JSON.parse(text) as { name: string; variables: string[]; live: boolean; source?: string }[]
  expect(list.find(({ name }) => name === 'groq')).toMatchObject({
    variables: ['GROQ_API_KEY'],
    source: expect.stringContaining('https://'),
  })
})
