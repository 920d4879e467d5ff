import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

const execute = promisify(execFile)
let gateway: TestGateway

beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
})
afterAll(() => gateway.close())

async function curl(...args: string[]): Promise<string> {
  return (await execute('curl', ['--silent', '--show-error', ...args])).stdout
}

const post = (body: string): string[] => [
  `${gateway.url}/v1/chat/completions`,
  '-H',
  'content-type: application/json',
  '-d',
  body,
]

describe('curl', () => {
  it('gets an answer', async () => {
    const answer = JSON.parse(await curl(...post('{"model":"fast","messages":[{"role":"user","content":"Hello"}]}')))
    expect(answer.choices[0].message.content).toBeTruthy()
  })

  it('sees a stream that ends with [DONE]', async () => {
    const text = await curl(
      '-N',
      ...post('{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hello"}]}'),
    )
    const events = text.trimEnd().split('\n\n')
    expect(events.at(-1)).toBe('data: [DONE]')
    expect(JSON.parse((events[0] ?? '').slice(6)).choices[0].delta.role).toBe('assistant')
  })

  it('is told what is wrong with its JSON', async () => {
    const answer = JSON.parse(await curl(...post('{"model":"fast",')))
    expect(answer.error).toMatchObject({ type: 'invalid_request_error', param: null })
    expect(answer.error.message).toContain('JSON')
  })

  it('is told of an address that is none', async () => {
    const answer = JSON.parse(await curl(`${gateway.url}/v1/chat/completion`))
    expect(answer.error.message).toContain('Unknown request URL')
  })

  it.each([
    ['an answer', () => post('{"model":"fast","messages":[{"role":"user","content":"Hello"}]}')],
    ['a stream', () => post('{"model":"fast","stream":true,"messages":[{"role":"user","content":"Hello"}]}')],
    ['a refusal', () => post('{"model":"fast"}')],
    ['a page', () => [`${gateway.url}/v1/models`]],
    ['no page', () => [`${gateway.url}/v1/nothing`]],
  ])('reads the name of its request in the head of %s', async (_, request) => {
    expect(await curl('--include', ...request())).toMatch(/^x-request-id: req_[0-9a-f]{32}\r$/m)
  })

  it('finds the gateway healthy', async () => {
    expect(JSON.parse(await curl(`${gateway.url}/health`))).toMatchObject({ status: 'ok', in_flight: 0 })
  })
})
