/** A case that does not hold is told so that its writer knows where to look. */
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { parseCases } from '../../src/format-tools/cases/case.ts'
import { runCase } from '../../src/format-tools/cases/run-case.ts'
import { shipped } from './cases.ts'

function faultsOf(format: string, text: string): string[] {
  return parseCases('cases.yaml', text).flatMap((each) => runCase(each, shipped(format)))
}

const SENT = 'model: claude-x, stream: false, max_tokens: 64000'
const HI = 'messages: [{ role: user, content: [{ type: text, text: Hi }] }]'

describe('a case that does not hold', () => {
  test.each<[string, string, string, string]>([
    [
      'another value',
      'anthropic',
      `model: claude-x, sends: { ${SENT}1, ${HI} }`,
      'sends.max_tokens: expected 640001, but is 64000',
    ],
    [
      'something missing',
      'anthropic',
      `model: claude-x, sends: { ${SENT}, top_k: 1, ${HI} }`,
      'sends.top_k: expected 1, but is nothing',
    ],
    [
      'something too much',
      'anthropic',
      `model: claude-x, sends: { stream: false, max_tokens: 4096, ${HI} }`,
      'sends.model: not expected, but is "claude-x"',
    ],
    [
      'another path',
      'gemini',
      'model: g, path: /v1',
      'path: expected "/v1", but is "/v1beta/models/g:generateContent"',
    ],
    [
      'a header that must not be',
      'gemini',
      'headers: { x-goog-api-key: ~ }',
      'headers.x-goog-api-key: expected null, but is "test-key"',
    ],
    [
      'a warning that nobody expects',
      'anthropic',
      `model: claude-3-5-x, client: { seed: 1, messages: [{ role: user, content: Hi }] }, path: /v1/messages`,
      'warns: not expected, but said: "seed',
    ],
    [
      'a warning that is not said',
      'anthropic',
      'warns: [seed], path: /v1/messages',
      'warns: expected "seed", but it is not said',
    ],
    ['no refusal', 'anthropic', 'refuses: { status: 400 }', 'expected a refusal, but it would be sent'],
    [
      'a refusal',
      'anthropic',
      'client: { n: 2, messages: [{ role: user, content: Hi }] }, path: /',
      'refused: anthropic cannot do "n"',
    ],
    [
      'another answer',
      'openai',
      'answers: { choices: [{ message: { content: Hi }, finish_reason: stop }] }, gives: { content: Ho }',
      'gives.content: expected "Ho", but is "Hi"',
    ],
    [
      'another finish',
      'gemini',
      `streams: 'data: {"candidates":[{"content":{"parts":[{"text":"Hi"}]},"finishReason":"STOP"}]}', gives: { finish_reason: length }`,
      'gives.finish_reason: expected "length", but is "stop"',
    ],
  ])('%s', (_, format, fields, fault) => {
    expect(faultsOf(format, `- { name: x, ${fields} }`).join('\n')).toContain(fault)
  })

  test('a key misspelt has a line and a column', () => {
    const parse = (): unknown => parseCases('cases.yaml', '- name: x\n  sends: {}\n- name: y\n  snds: {}\n')
    expect(parse).toThrow(ConfigError)
    expect(parse).toThrow('cases.yaml:4:3  unknown key snds, did you mean sends?')
  })

  test('a case that says nothing, or two things', () => {
    const parse = (text: string) => (): unknown => parseCases('cases.yaml', text)
    expect(parse('- name: x')).toThrow('cases.yaml:1:3  a case says what is sent')
    expect(parse('- { name: x, sends: {}, refuses: {} }')).toThrow('either sends or refuses')
    expect(parse('- { name: x, answers: {}, streams: "" }')).toThrow('one answer')
  })

  test('a case knows where it stands', () => {
    const text = '# first\n- name: x\n  sends: {}\n\n- name: y\n  sends: {}\n'
    expect(parseCases('cases.yaml', text).map(({ line }) => line)).toEqual([2, 5])
  })
})
