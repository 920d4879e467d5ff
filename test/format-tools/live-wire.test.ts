/** An exchange over a wire that is not OpenAI's: what is recorded is the vendor's own body and bytes. */
import { expect, test } from 'vitest'
import { parseCases } from '../../src/format-tools/cases/case.ts'
import { checkCase } from '../../src/format-tools/cases/check-case.ts'
import { exchange } from '../../src/format-tools/live/exchange.ts'
import { PROBES } from '../../src/format-tools/live/probes.ts'
import type { Provider } from '../../src/config/config.ts'
import type { Client, UpstreamRequest } from '../../src/upstream/types.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'
import { tutorialSteps } from './tutorial.ts'

const KEY = 'seeds-that-nobody-may-see'
const last = tutorialSteps().at(-1)
const cases = parseCases('heron.cases.yaml', last?.cases ?? '')
const provider: Provider = {
  name: 'heron',
  format: compileFormat('heron', last?.definition as object as FormatDefinition),
  base_url: 'https://api.heron.example',
  headers: {},
  weight: 1,
  limits: [],
  keys: [],
  models: {},
}

/** Answers with the bytes of a case of the tutorial, two bytes a read, and headers that are nobody's business. */
function vendor(name: string, heard: UpstreamRequest[]): Client {
  const found = cases.find((each) => each.name === name)
  const text = found?.streams ?? JSON.stringify(found?.answers)
  const headers = { 'content-type': found?.streams ? 'text/event-stream' : 'application/json', 'set-cookie': 'mine' }
  return {
    async send(request) {
      heard.push(request)
      return { status: found?.status ?? 200, headers: { ...headers, ...found?.answer_headers }, body: reads(text) }
    },
    async close() {},
  }
}

async function* reads(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text.replaceAll('Slow down.', `Slow down, ${KEY} of org-ABCDEFGH12345.`), 'utf8')
  for (let at = 0; at < bytes.length; at += 2) yield bytes.subarray(at, at + 2)
}

test.each([
  ['stream', 'Words stream', '/v2/talk/heron-2/live'],
  ['parallel tools', 'Two calls stream side by side', '/v2/talk/heron-2/live'],
  ['text', 'Calls, the finish and the counts', '/v2/talk/heron-2'],
])('%s: the case that is recorded holds', async (probeName, name, path) => {
  const heard: UpstreamRequest[] = []
  const probe = PROBES.find((each) => each.name === probeName)
  if (!probe) throw new Error('no such probe')
  const found = await exchange(probe, provider, 'heron-2', KEY, vendor(name, heard))
  expect(heard).toHaveLength(1)
  expect(heard[0]?.headers['heron-key']).toBe(KEY)
  expect(found.case).toMatchObject({ path, sends: { dialog: expect.anything() } })
  expect(found.case?.answer_headers).not.toHaveProperty('set-cookie')
  expect(found.case && checkCase(found.case, provider.format)).toEqual([])
})

test('an error is kept without the key and the names that stand in it', async () => {
  const [probe] = PROBES
  if (!probe) throw new Error('no probe')
  const found = await exchange(probe, provider, 'heron-2', KEY, vendor('A refusal says when to come back', []))
  expect(found.faults[0]).toContain('429 rate_limit')
  expect(JSON.stringify(found.case)).not.toMatch(/seeds-that|ABCDEFGH/)
  expect(found.signals[0]).toMatchObject({ metric: 'requests', limit: 60 })
  expect(found.case && checkCase(found.case, provider.format)).toEqual([])
})
