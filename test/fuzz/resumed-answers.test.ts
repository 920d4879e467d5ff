/** However a stream breaks and however another upstream takes it up: the client reads one text. */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Delta } from '../../src/chat/delta.ts'
import { createSentOutput } from '../../src/gateway/resume/sent-output.ts'
import { effort, PATIENCE } from './effort.ts'

/** A text in which nothing comes twice, so that it has one reading only. */
const sentOutput = fc
  .array(fc.stringMatching(/^[a-z]{1,9}$/), { minLength: 5, maxLength: 60 })
  .map((words) => words.map((word, i) => `${i}${word}`).join(' '))

function cut(text: string, places: readonly number[]): string[] {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [...at, text.length].map((end, i) => text.slice(i === 0 ? 0 : at[i - 1], end)).filter((piece) => piece !== '')
}

const asDelta = (content: string): Delta => ({ text: content })
const asChunk = (content: string): Delta => ({ chunk: { choices: [{ index: 0, delta: { content } }] } })

function shown(deltas: readonly Delta[]): string {
  return deltas
    .map((delta) => {
      const choices = (delta.chunk?.['choices'] ?? []) as { delta?: { content?: string } }[]
      return (delta.text ?? '') + choices.map((choice) => choice.delta?.content ?? '').join('')
    })
    .join('')
}

test('a text that breaks and goes on is told once', { timeout: PATIENCE }, () => {
  fc.assert(
    fc.property(
      sentOutput,
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.constantFrom('exactly', 'anew', 'with its last words', 'without its white space'),
      fc.boolean(),
      (text, breaks, places, how, chunked) => {
        const told = createSentOutput()
        const make = chunked ? asChunk : asDelta
        let seen = ''
        for (const at of [...breaks.map((place) => place % text.length), undefined]) {
          const from = told.text().length
          let start = from
          if (how === 'anew') start = 0
          else if (how === 'with its last words') start = Math.max(0, from - 20)
          else if (how === 'without its white space') start = told.text().trimEnd().length
          const sent = text.slice(start, at === undefined ? undefined : Math.max(start, at))
          for (const piece of cut(sent, places)) seen += shown(told.trim([make(piece)]))
          if (at === undefined) seen += shown(told.trim([{ finish_reason: 'stop' }]))
          seen += shown(at === undefined ? told.end() : told.broke())
        }
        expect(seen).toBe(text)
      },
    ),
    effort(1500),
  )
})

test('tool calls are told whole, once, and in order', { timeout: PATIENCE }, () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: fc.stringMatching(/^[a-z]{1,8}$/), text: fc.string() }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.array(fc.nat(), { maxLength: 10 }),
      fc.nat(),
      (calls, places, at) => {
        const stream = calls.flatMap(({ name, text }, index): Delta[] => [
          { tool_call: { index, id: `call_${index}`, name } },
          ...cut(text, places).map((piece) => ({ tool_call: { index, arguments: piece } })),
        ])
        const told = createSentOutput()
        const out: Delta[] = []
        for (const delta of stream.slice(0, at % (stream.length + 1))) out.push(...told.trim([delta]))
        expect(out).toEqual([])
        out.push(...told.broke())
        for (const delta of [...stream, { finish_reason: 'tool_calls' as const }]) out.push(...told.trim([delta]))
        out.push(...told.end())
        expect(out.filter((delta) => delta.tool_call)).toEqual(stream)
      },
    ),
    effort(500),
  )
})
