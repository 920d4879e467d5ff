/** A conversation over HTTP stays on the key whose cache knows it, whatever name the client gives it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway, type TestGateway } from './gateway.ts'

const TURNS = 40
/** Enough to tell whether a name is heeded at all. */
const FEW = 8
const ANOTHER = { messages: [{ role: 'user', content: 'Somebody else, in short.' }] }

let sandbox: Sandbox
let gateway: TestGateway
beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
  const keys = ['a', 'b', 'c', 'd', 'e']
  gateway = await startGateway({
    providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys } },
    models: { fast: ['up/sandbox'] },
  })
})
afterAll(async () => {
  await gateway.close()
  await sandbox.close()
})

/** How often the key changes from one turn to the next, while others ask as well. */
async function hops(turn: (at: number) => Promise<Response>, turns = TURNS): Promise<number> {
  const keys: (string | null)[] = []
  for (let at = 0; at < turns; at++) {
    const answer = await turn(at)
    await answer.text()
    if (at % 3 === 0) await (await gateway.ask(ANOTHER)).text()
    expect(answer.status).toBe(200)
    keys.push(answer.headers.get('x-balanced-call-key'))
  }
  return keys.filter((key, at) => at > 0 && key !== keys[at - 1]).length
}

/** The first question changes, so that the name alone holds the turns together. */
const question = (at: number) => [{ role: 'user', content: `Question ${at} of a chat whose beginning was cut off.` }]

describe('a conversation on idle keys', () => {
  it.each(['x-claude-code-session-id', 'x-session-affinity', 'x-affinity'])(
    'that the header %s names stays on its key',
    async (name) => {
      const turn = (at: number) => gateway.ask({ messages: question(at) }, { [name]: `one, by ${name}` })
      expect(await hops(turn)).toBe(0)
    },
  )

  it.each(['session_id', 'thread-id'])('that the header %s names does so, too', async (name) => {
    const turn = (at: number) => gateway.ask({ messages: question(at) }, { [name]: `one, by ${name}` })
    expect(await hops(turn, FEW)).toBe(0)
  })

  it('that prompt_cache_key names stays on its key', async () => {
    expect(await hops((at) => gateway.ask({ messages: question(at), prompt_cache_key: 'mine' }))).toBe(0)
  })

  it('that has no name stays on its key by what it begins with, once vendors cache it', async () => {
    const begin = [
      { role: 'system', content: 'You answer questions about tides. '.repeat(200) },
      { role: 'user', content: 'When is the next one?' },
    ]
    const turn = (at: number) =>
      gateway.ask({
        messages: [
          ...begin,
          ...Array.from({ length: at }, (_, n) => ({ role: n % 2 ? 'user' : 'assistant', content: `${n}` })),
        ],
      })
    expect(await hops(turn)).toBe(0)
  })

  it.each(['/v1/messages', '/v1/responses'])('stays on its key at %s as well', async (path) => {
    const turn = (at: number) =>
      fetch(gateway.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-claude-code-session-id': `by ${path}` },
        body: JSON.stringify({
          model: 'fast',
          max_tokens: 50,
          [path === '/v1/messages' ? 'messages' : 'input']: question(at),
        }),
      })
    expect(await hops(turn, FEW)).toBe(0)
  })

  it('leaves requests without a name, and short, to all keys in turn', async () => {
    expect(await hops((at) => gateway.ask({ messages: question(at) }), FEW)).toBeGreaterThan(2)
  })
})
