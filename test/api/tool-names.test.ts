/** Names of tools that a vendor refuses are mapped there and back. */
import { expect, it } from 'vitest'
import { ordinary, play, type Reply } from '../cases/stage.ts'

const tool = (name: string): unknown => ({ type: 'function', function: { name } })

interface Vendor {
  takes: RegExp
  /** The names that the vendor was given, in order. */
  declared: (body: Record<string, unknown>) => string[]
  /** The vendor's answer that calls this tool, whole or streamed. */
  calls: (name: string, stream: boolean) => string
}

type Named = { name: string }[]

const VENDORS: Record<string, Vendor> = {
  gemini: {
    takes: /^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/,
    declared: (body) => {
      const [first] = (body['tools'] ?? []) as { functionDeclarations: Named }[]
      return (first?.functionDeclarations ?? []).map(({ name }) => name)
    },
    calls: (name, stream) => {
      const parts = [{ functionCall: { name, args: { a: 1 } } }]
      const body = JSON.stringify({
        candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP', index: 0 }],
      })
      return stream ? `data: ${body}\n\n` : body
    },
  },
  openai: {
    takes: /^[A-Za-z0-9_-]{1,64}$/,
    declared: (body) => ((body['tools'] ?? []) as { function: { name: string } }[]).map((each) => each.function.name),
    calls: (name, stream) => {
      const call = { id: 'a', type: 'function', function: { name, arguments: '{"a":1}' } }
      const said = { role: 'assistant', content: null, tool_calls: [stream ? { index: 0, ...call } : call] }
      const choice = { index: 0, [stream ? 'delta' : 'message']: said, finish_reason: 'tool_calls' }
      const body = JSON.stringify({
        id: 'c',
        object: stream ? 'chat.completion.chunk' : 'chat.completion',
        choices: [choice],
      })
      return stream ? `data: ${body}\n\ndata: [DONE]\n\n` : body
    },
  },
}

async function ask(format: string, names: string[], stream: boolean, called: string): Promise<string> {
  const { takes, declared, calls } = VENDORS[format] as Vendor
  const provider = { format, base_url: 'http://127.0.0.1:PORT', keys: ['key-00000001'] }
  const config = { providers: { p: provider } }
  const model = format === 'gemini' ? 'p/gemini-2.5-flash' : 'p/some-model'
  const request = { model, stream, messages: [{ role: 'user', content: 'x' }], tools: names.map(tool) }
  const first = await play(config, [request], [ordinary(format)])
  const given = declared(first.sent[0]?.body ?? {})
  for (const name of given) expect(name).toMatch(takes)
  expect(new Set(given).size).toBe(names.length)
  const type = stream ? 'text/event-stream' : 'application/json'
  const body = calls(given[names.indexOf(called)] ?? '', stream)
  const reply: Reply = { status: 200, headers: { 'content-type': type }, body }
  const second = await play(config, [request], [reply])
  return second.answers[0]?.text ?? ''
}

it.each(
  Object.keys(VENDORS).flatMap((format) =>
    (
      [
        ['1c_reload', false],
        ['1c_reload', true],
        ['with space', true],
        ['with.dot', false],
        ['with.dot', true],
        ['m'.repeat(65), false],
      ] as const
    ).map(([name, stream]) => [format, name, stream] as const),
  ),
)('%s: %s (stream: %s)', async (format, name, stream) => {
  expect(await ask(format, [name, 'with_space', 'with_dot', 'fine'], stream, name)).toContain(`"name":"${name}"`)
})
