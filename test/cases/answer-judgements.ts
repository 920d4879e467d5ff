/** What is right for the handed cases about answers, limits and retries. */
import { expect } from 'vitest'
import type { Judgement } from './cases.test.ts'
import type { Played } from './stage.ts'

export const ANSWER_JUDGEMENTS: Record<string, Judgement> = {
  // a 403 or 400 about the machine's place, for all keys: they rest a moment only
  '004': ({ answers }) => {
    expect(answers[1]?.status === 200 || Number(answers[1]?.headers.get('retry-after')) <= 60).toBe(true)
  },
  // a 402 about this max_tokens is no dead key
  '006': ({ answers }) => {
    expect(answers[0]?.status).toBe(402)
    expect(answers[0]?.headers.get('retry-after')).toBeNull()
  },
  '016': (played) => {
    expect(finishReasons(played)).toEqual([oneOfCut(played, 0), oneOfCut(played, 1)])
  },
  '021': ({ answers }) => {
    const answer = JSON.parse(answers[0]?.text ?? '') as { choices: { logprobs: { content: unknown[] } }[] }
    expect(answer.choices[0]?.logprobs.content).toMatchObject([
      {
        token: 'ok',
        logprob: -0.1,
        top_logprobs: [
          { token: 'ok', logprob: -0.1 },
          { token: 'no', logprob: -2.1 },
        ],
      },
    ])
  },
  // the same pauses as after a refusal without the header: none is at once, and there are few
  '030': ({ sent }) => {
    expect(sent.length).toBeLessThanOrEqual(3)
    for (const [i, { at }] of sent.entries()) if (i > 0) expect(at - (sent[i - 1]?.at ?? 0)).toBeGreaterThan(200)
  },
  '031': ({ answers }) => expect(Number(answers[0]?.headers.get('retry-after'))).toBeLessThanOrEqual(86_400),
  '033': ({ answers }) => {
    const answer = JSON.parse(answers[0]?.text ?? '') as { choices: { message: Record<string, unknown> }[] }
    expect(answer.choices[0]?.message).toMatchObject({ content: 'answer', reasoning_content: 'planning\n' })
  },
  // a guess of a document's tokens never keeps out what the vendor may take
  '034': ({ answers }) => expect(answers[0]?.status).toBe(200),
  '036': ({ answers }) => expect(streamedArguments(answers[0]?.text ?? '')).toBe('{"a":1}'),
  '046': ({ answers }) => {
    expect(Number(answers[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(32)
    expect(Number(answers[0]?.headers.get('retry-after'))).toBeLessThanOrEqual(34)
  },
}

interface Chunk {
  choices?: { finish_reason?: string | null; delta?: { tool_calls?: { function?: { arguments?: string } }[] } }[]
  error?: unknown
}

/** The objects of a json answer or of a stream. */
function objects(text: string): Chunk[] {
  if (!text.startsWith('data:')) return [JSON.parse(text) as Chunk]
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)) as Chunk)
}

function finishReasons({ answers }: Played): (string | undefined)[] {
  return answers.map(({ text }) =>
    objects(text)
      .map((each) => (each.error ? 'error' : (each.choices?.[0]?.finish_reason ?? undefined)))
      .findLast((reason) => reason !== undefined),
  )
}

/** The reason itself where it is one that tells of a cut. */
function oneOfCut(played: Played, at: number): string | undefined {
  const reason = finishReasons(played)[at] ?? ''
  return ['length', 'content_filter', 'error'].includes(reason) ? reason : 'length, content_filter or an error'
}

function streamedArguments(text: string): string {
  return objects(text)
    .flatMap((chunk) => chunk.choices?.[0]?.delta?.tool_calls ?? [])
    .map((call) => call.function?.arguments ?? '')
    .join('')
}
