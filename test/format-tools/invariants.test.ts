/** The kit knows each way in which a stream breaks OpenAI's clients. */
import { describe, expect, test } from 'vitest'
import { streamFaults } from '../../src/format-tools/cases/invariants.ts'

const head = { id: 'c1', object: 'chat.completion.chunk', created: 1, model: 'm' }
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }

function chunk(delta: object, finish_reason: string | null = null, more: object = {}): object {
  return { ...head, choices: [{ index: 0, delta, finish_reason }], usage: null, ...more }
}

const role = chunk({ role: 'assistant', content: '' })
const finish = chunk({}, 'stop')
const counts = { ...head, choices: [], usage }
const call = (fields: object): object => chunk({ tool_calls: [fields] })
const opened = call({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } })
const told = (text: string): object => call({ index: 0, function: { arguments: text } })

function sse(...events: (object | string)[]): string {
  return events
    .map((each) => {
      const name = typeof each === 'object' && 'error' in each ? '\nevent: error' : ''
      return `data: ${typeof each === 'string' ? each : JSON.stringify(each)}${name}\n\n`
    })
    .join('')
}

test('a sound stream has no fault', () => {
  expect(streamFaults(sse(role, chunk({ content: 'Hi' }), finish, counts, '[DONE]'), true)).toEqual([])
  expect(streamFaults(sse(role, opened, told('{}'), chunk({}, 'tool_calls'), counts, '[DONE]'), true)).toEqual([])
  const error = { error: { message: 'no', type: 'server_error', param: null, code: null } }
  expect(streamFaults(sse(role, error), true)).toEqual([])
})

const BROKEN: [string, (object | string)[], string][] = [
  ['no role', [chunk({ content: 'Hi' }), finish, '[DONE]'], 'no role'],
  ['the role twice', [role, role, finish, '[DONE]'], 'role is told twice'],
  ['no finish', [role, '[DONE]'], 'no finish_reason'],
  ['two finishes', [role, finish, finish, '[DONE]'], 'after the finish'],
  ['text beside the finish', [role, chunk({ content: 'x' }, 'stop'), '[DONE]'], 'not empty'],
  ['no [DONE]', [role, finish], 'without [DONE]'],
  ['something after [DONE]', [role, finish, '[DONE]', finish], 'after [DONE]'],
  ['two usage chunks', [role, finish, counts, counts, '[DONE]'], 'after the usage chunk'],
  ['usage with choices', [role, chunk({}, 'stop', { usage }), '[DONE]'], 'has choices'],
  ['a sum that is none', [role, finish, { ...counts, usage: { ...usage, total_tokens: 9 } }, '[DONE]'], 'the sum'],
  ['a chunk of nothing', [role, { ...counts, usage: null }, finish, '[DONE]'], 'not the usage chunk'],
  ['another id', [role, { ...finish, id: 'c2' }, '[DONE]'], 'changes on the way'],
  ['a word of the vendor', [role, chunk({}, 'end_turn'), '[DONE]'], 'not a chunk'],
  [
    'a gap in the indices',
    [role, call({ index: 1, id: 'a', type: 'function', function: { name: 'f' } }), '[DONE]'],
    'gap',
  ],
  ['a call without its name', [role, told('{}'), chunk({}, 'tool_calls'), '[DONE]'], 'lacks id'],
  ['the name twice', [role, opened, opened, chunk({}, 'tool_calls'), '[DONE]'], 'told twice'],
  ['arguments cut off', [role, opened, told('{"a":'), chunk({}, 'tool_calls'), '[DONE]'], 'not valid JSON'],
  ['stop after a call', [role, opened, told('{}'), finish, '[DONE]'], 'stop after a tool call'],
  ['tool_calls without one', [role, chunk({}, 'tool_calls'), '[DONE]'], 'without a tool call'],
  ['text that is not valid JSON', [role, 'oops', finish, '[DONE]'], 'not valid JSON'],
  ['an error without its fields', [role, { error: 'boom' }], 'not a error'],
]

describe('it finds', () => {
  test.each(BROKEN)('%s', (_, events, fault) => {
    expect(streamFaults(sse(...events), true).join('\n')).toContain(fault)
  })
  test('usage that nobody asked for', () => {
    const early = chunk({ content: 'Hi' }, null, { usage })
    expect(streamFaults(sse(role, early, finish, '[DONE]'), false).join()).toContain('nobody asked')
    expect(streamFaults(sse(role, finish, counts, '[DONE]'), false).join()).toContain('nobody asked')
    expect(streamFaults(sse(role, chunk({}, 'stop', { usage }), '[DONE]'), false)).toEqual([])
  })
  test('an error without its name, or a name where there is none', () => {
    const error = { error: { message: 'no', type: 'server_error', param: null, code: null } }
    const text = sse(role, error)
    expect(streamFaults(text.replace('\nevent: error', ''), true).join()).toContain('no name')
    expect(streamFaults(`event: x\n${text}`, true).join()).toContain('does not begin')
  })
  test('a fault behind a sign of life', () => {
    expect(streamFaults(`: keep-alive\n${sse(role)}: keep-alive\n${sse('oops')}`, true).join()).toContain(
      'not valid JSON',
    )
  })
})
