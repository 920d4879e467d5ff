/** What is right for the handed cases about requests: what came to the upstream, or the refusal here. */
import { expect } from 'vitest'
import type { Judgement } from './cases.test.ts'
import type { Played } from './stage.ts'

type Json = Record<string, unknown>

export const REQUEST_JUDGEMENTS: Record<string, Judgement> = {
  '001': (played) => {
    expect(played.sent[0]?.text.split('2512292042121000001')).toHaveLength(4)
    expect(played.answers[0]?.text).toContain(String.raw`{\"order_id\":2512292042121000001}`)
  },
  '003': (played) => {
    expect(message(played, 1)).toMatchObject({
      reasoning: 'plan',
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'ENC', id: 'r1' }],
    })
  },
  '007': (played) => {
    const text = played.sent[0]?.text ?? ''
    expect(text.split('"cache_control"')).toHaveLength(5)
    expect(text).toContain('"ttl":"1h"')
  },
  '010': (played) => {
    const text = played.sent[0]?.text ?? ''
    for (const foreign of ['refusal', 'extra_content', 'annotations', 'reasoning_details', '"index"', '"audio"'])
      expect(text).not.toContain(foreign)
  },
  '012': (played) => {
    const { sent } = played
    expect(sent[0]?.text).not.toContain('"name":"1c_reload"')
    const [tool] = (sent[0]?.body['tools'] ?? []) as { functionDeclarations: { name: string }[] }[]
    const names = (tool?.functionDeclarations ?? []).map(({ name }) => name)
    for (const name of names) expect(name).toMatch(/^[A-Za-z_][A-Za-z0-9_.:-]{0,63}$/)
    expect(sent[0]?.text.split(`"name":"${names[0]}"`)).toHaveLength(4)
  },
  '013': (played) => {
    const body = played.sent[0]?.body ?? {}
    expect(body['tools']).toBeDefined()
    expect(body['generationConfig'] ?? {}).not.toHaveProperty('responseMimeType')
    expect(warnings(played)).toContain('response_format')
  },
  '015': (played) => {
    expect(played.sent[0]?.body).toMatchObject({ tool_choice: 'auto', tools: [{ function: { name: 'a' } }] })
    expect(played.sent[0]?.body['tools']).toHaveLength(1)
  },
  '018': (played) => expect(message(played, 1)).toMatchObject({ reasoning: 'I plan' }),
  '022': (played) => {
    const [result, after] = (message(played, 2)['content'] as Json[]) ?? []
    expect(result).toHaveProperty('toolResult')
    expect(after).toEqual({ cachePoint: { type: 'default' } })
  },
  '024': (played) => {
    expect(played.sent[0]?.body).not.toHaveProperty('outputConfig.textFormat')
    expect(warnings(played)).toContain('response_format')
  },
  '025': (played) => {
    expect(played.sent.map(({ body }) => body['reasoning_effort'])).toEqual(['none', 'none', undefined])
    expect(warnings(played)).toContain('reasoning_effort')
    expect(played.answers[1]?.headers.get('x-balanced-call-warnings')).toContain('reasoning_effort')
    expect(played.sent[2]?.body).toMatchObject({ max_completion_tokens: 50 })
  },
  '027': (played) => {
    expect(played.sent[0]?.body['toolConfig']).toMatchObject({ includeServerSideToolInvocations: true })
  },
  '028': (played) => {
    for (const field of ['verbosity', 'prediction', 'web_search_options', 'service_tier', 'store', 'metadata'])
      expect(`${Object.keys(played.sent[0]?.body ?? {}).join()} ${warnings(played)}`).toContain(field)
    expect(warnings(played)).toContain('prompt_cache_key')
  },
  '037': (played) => expect(message(played, 2)['content']).toMatchObject([{ type: 'tool_result' }]),
  '040': (played) => expect(message(played, 1)).toHaveProperty('reasoning_content'),
  '042': (played) => {
    expect(played.sent[0]?.body['system']).toMatchObject([{ text: 'S', cache_control: { type: 'ephemeral' } }])
    expect(message(played, 0)['content']).toMatchObject([{ text: 'x', cache_control: { type: 'ephemeral' } }])
  },
  '043': (played) => {
    const mapped = /"media_?[rR]esolution"/.test(played.sent[0]?.text ?? '')
    expect(mapped || warnings(played).includes('detail')).toBe(true)
  },
  '048': (played) => {
    if (played.answers[0]?.status === 400) return
    expect(played.sent[0]?.text).not.toContain('web_search_preview')
    expect(warnings(played)).toMatch(/web_search_preview.*mcp/)
  },
  '049': (played) => {
    expect(played.sent[0]?.body['thinking']).toMatchObject({ type: 'adaptive', display: 'summarized' })
    expect(played.sent[1]?.text).not.toContain('"signature":""')
  },
  '051': (played) => {
    const kinds = (message(played, 2)['content'] as Json[]).map(({ type }) => type)
    expect(kinds).toEqual(['tool_result', 'tool_result', 'text'])
  },
  '052': (played) => {
    expect(played.answers[0]?.status).toBe(200)
    expect(played.sent[0]?.body['tools']).toMatchObject([{}, { type: 'custom', custom: { name: 'ApplyPatch' } }])
  },
  '130': (played) => {
    expect(played.answers[0]?.status).toBe(400)
    expect(played.answers[0]?.text).toContain('ghost')
    expect(played.sent).toEqual([])
  },
}

function message(played: Played, at: number): Json {
  const messages = played.sent[0]?.body['messages'] as Json[] | undefined
  return messages?.[at] ?? {}
}

function warnings({ answers }: Played): string {
  return answers[0]?.headers.get('x-balanced-call-warnings') ?? ''
}
