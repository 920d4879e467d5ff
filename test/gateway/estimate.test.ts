/** What vendors publish of their counting, held against what a request is thought to cost. */
import { expect, it, test } from 'vitest'
import type { ChatRequest, Part } from '../../src/chat/request.ts'
import { estimateInput, measure, tokensOf } from '../../src/gateway/estimate.ts'
import { createRouteInputs } from '../../src/gateway/route-inputs.ts'
import { compileTokenRules } from '../../src/upstream/format/token-rules.ts'
import { shipped } from '../formats/cases.ts'

function request(...content: Part[]): ChatRequest {
  const messages = [{ role: 'user' as const, content, wire: {} }]
  return {
    model: 'm',
    messages,
    options: {},
    extra: {},
    stream: false,
    include_usage: false,
    legacy_functions: false,
    body: {},
  }
}

/** Tokens of a request of one part, its frame aside. */
function tokens(format: string, model: string, part: Part): { input: number; least: number } {
  return tokensOf(measure(request(part)), shipped(format).tokens?.(model))
}

/** The head of a PNG of a size; nobody looks further. */
function png(width: number, height: number, detail?: string): Part {
  const bytes = Buffer.alloc(33)
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1')
  bytes.writeUInt32BE(13, 8)
  bytes.write('IHDR', 12, 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  return { type: 'image', media_type: 'image/png', data: bytes.toString('base64'), ...(detail && { detail }) }
}

const FRAME = 7

// the examples that stand on the vendors' pages
test.each<[string, string, Part, number]>([
  ['openai', 'gpt-4o', png(1024, 1024), 765],
  ['openai', 'gpt-4o', png(2048, 4096), 1105],
  ['openai', 'gpt-4o', png(4096, 8192, 'low'), 85],
  ['openai', 'gpt-4o-mini', png(1024, 1024), 2833 + 4 * 5667],
  ['openai', 'gpt-4.1-mini', png(1024, 1024), 1024 * 1.62],
  ['anthropic', 'claude-sonnet-4-5', png(1000, 1000), 1296],
  ['anthropic', 'claude-sonnet-4-5', png(1092, 1092), 1521],
  ['gemini', 'gemini-2.5-flash', png(384, 200), 258],
  ['gemini', 'gemini-2.5-flash', png(960, 540), 2 * 258],
  ['gemini', 'gemini-3.5-flash', png(4000, 3000), 1120],
  ['xai', 'grok-4', png(2000, 2000), 1792],
  ['deepseek', 'deepseek-chat', { type: 'text', text: '语'.repeat(1000) }, 600],
])('%s %s counts as it has published', (format, model, part, expected) => {
  const { input } = tokens(format, model, part)
  expect(Math.abs(input - FRAME - expected) / expected).toBeLessThan(0.02)
})

it('counts the pages of a document, the seconds of a recording, and the words of a text file', () => {
  const pdf = `%PDF-1.4\n${'1 0 obj << /Type /Page /Parent 2 0 R >> endobj\n'.repeat(12)}<< /Type /Pages /Count 12 >>`
  const file = (media_type: string, bytes: Buffer): Part => ({
    type: 'file',
    media_type,
    data: bytes.toString('base64'),
  })
  expect(tokens('gemini', 'gemini-2.5-flash', file('application/pdf', Buffer.from(pdf))).input).toBe(FRAME + 12 * 258)
  const wav = Buffer.alloc(32_000 * 60)
  wav.write('RIFF')
  wav.write('WAVE', 8)
  wav.writeUInt32LE(32_000, 28)
  const speech: Part = { type: 'audio', media_type: 'audio/wav', format: 'wav', data: wav.toString('base64') }
  expect(tokens('gemini', 'gemini-2.5-flash', speech).input).toBeCloseTo(FRAME + 1920, -1)
  expect(tokens('openai', 'gpt-audio', speech).input).toBeCloseTo(FRAME + 600, -1)
  expect(estimateInput(request(file('text/plain', Buffer.from('word '.repeat(720)))))).toBe(FRAME + 1000)
})

it('takes scripts for what they are, in long texts by samples', () => {
  const tokensOfText = (text: string): number => estimateInput(request({ type: 'text', text })) - FRAME
  expect(tokensOfText('a'.repeat(3600))).toBe(1000)
  expect(tokensOfText('мир '.repeat(1000))).toBeLessThan(2000)
  expect(tokensOfText('日本語'.repeat(1000))).toBe(2490)
  const long = 'latin words and 日本語 '.repeat(4000)
  const piece = 'latin words and 日本語 '.repeat(100)
  expect(tokensOfText(long) / (40 * tokensOfText(piece))).toBeCloseTo(1, 1)
})

it('is sure of nothing that it cannot see: a guess has a low end that no vendor goes below', () => {
  const unseen: Part = { type: 'image', url: 'https://a.example/x.png' }
  expect(tokens('openai', 'gpt-4o', unseen).least).toBeLessThanOrEqual(85)
  expect(tokens('openai-compatible', 'm', png(4000, 4000)).least).toBeLessThanOrEqual(85)
  const unknown: Part = { type: 'file', media_type: 'application/pdf', data: 'A'.repeat(8_000_000) }
  expect(tokens('gemini', 'gemini-2.5-flash', unknown).least).toBeLessThan(10)
  for (const data of ['', 'iVBORw0KGgo=', '/9j/', 'R0lGODlh', 'UklGRgAAAABXRUJQ'])
    expect(estimateInput(request({ type: 'image', media_type: 'image/png', data }))).toBeGreaterThan(FRAME)
})

it('tells the scheduler what each route’s vendor counts, where they differ', () => {
  const rules = compileTokenRules({ image: { each: 300 } })
  const providers = [
    { name: 'a', format: { tokens: rules } },
    { name: 'b', format: {} },
  ]
  const routes = ['a', 'b'].map((provider) => ({ provider, model: 'v', weight: 1, tier: 0, limits: [] }))
  const inputs = createRouteInputs({ providers, pools: [{ model: 'm', routes }] })
  expect(inputs(request({ type: 'text', text: 'plain' }), 0)).toEqual({ input: 9 })
  expect(inputs(request(png(560, 560)), 10)).toEqual({
    input: 417,
    least: 66,
    inputs: { 'a/v': { input: 317, least: 152 } },
  })
  expect(inputs({ ...request(png(560, 560)), model: 'a/other' }, 0).inputs).toHaveProperty(['a/other'])
})
