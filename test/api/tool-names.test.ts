/** Names of tools that a vendor refuses are mapped there and back. */
import { expect, it } from 'vitest'
import { ordinary, play, type Reply } from '../cases/stage.ts'

const CONFIG = { providers: { g: { format: 'gemini', base_url: 'http://127.0.0.1:PORT', keys: ['key-00000001'] } } }
const tool = (name: string): unknown => ({ type: 'function', function: { name } })

async function ask(names: string[], stream: boolean, called: string): Promise<string> {
  const request = {
    model: 'g/gemini-2.5-flash',
    stream,
    messages: [{ role: 'user', content: 'x' }],
    tools: names.map(tool),
  }
  const first = await play(CONFIG, [request], [ordinary('gemini')])
  const [declared] = (first.sent[0]?.body['tools'] ?? []) as { functionDeclarations: { name: string }[] }[]
  const { name } = declared?.functionDeclarations[names.indexOf(called)] ?? { name: '' }
  expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/)
  const parts = [{ functionCall: { name, args: { a: 1 } } }]
  const body = JSON.stringify({ candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }] })
  const reply: Reply = stream
    ? { status: 200, headers: { 'content-type': 'text/event-stream' }, body: `data: ${body}\n\n` }
    : { status: 200, headers: { 'content-type': 'application/json' }, body }
  const second = await play(CONFIG, [request], [reply])
  return second.answers[0]?.text ?? ''
}

it.each([
  ['1c_reload', false],
  ['1c_reload', true],
  ['with space', true],
  ['m'.repeat(65), false],
])('%s (stream: %s)', async (name, stream) => {
  expect(await ask([name, 'with_space', 'fine'], stream, name)).toContain(`"name":"${name}"`)
})
