import { describe, expect, it } from 'vitest'
import { readTimedTrace, readTrace } from '../../../src/scheduler/simulator/trace.ts'

describe('a trace', () => {
  it('is read with its header, in any order, with clients and maxima', () => {
    const text = 'client,output_tokens,t_s,input_tokens,max_tokens,comment\nann,7,1.5,30,64,x\r\n,8,0.5,31,,\n'
    expect(readTrace(text)).toEqual([
      { t_s: 0.5, input_tokens: 31, output_tokens: 8 },
      { t_s: 1.5, input_tokens: 30, output_tokens: 7, max_tokens: 64, client: 'ann' },
    ])
  })

  it('is read without a header as time, input, output', () => {
    expect(readTrace('\n0,10,2\n1,11,3\n')).toEqual([
      { t_s: 0, input_tokens: 10, output_tokens: 2 },
      { t_s: 1, input_tokens: 11, output_tokens: 3 },
    ])
  })

  it.each([
    ['', /is empty/],
    ['t_s,input_tokens\n1,2\n', /line 1: the trace has no column output_tokens/],
    ['t_s,input_tokens,output_tokens\n', /no requests/],
    ['t_s,input_tokens,output_tokens\n1,2,3\n1,x,3\n', /line 3: input_tokens must be a number .* "x"/],
    ['t_s,input_tokens,output_tokens\n1,2\n', /line 2: output_tokens must be/],
    ['0,-1,3\n', /line 1: input_tokens must be/],
  ])('that is faulty names the line and the column: %j', (text, message) => {
    expect(() => readTrace(text)).toThrow(message)
  })
})

it('knows the headers and times of published traces', () => {
  const azure =
    'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n'
  const { rows, start } = readTimedTrace(azure)
  expect(rows.map(({ t_s }) => Number(t_s.toFixed(3)))).toEqual([0, 4.315])
  expect(rows[1]).toMatchObject({ input_tokens: 396, output_tokens: 109 })
  expect(new Date(start ?? 0).toISOString()).toBe('2023-11-16T18:15:46.680Z')
  const burst =
    'Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log Type\n5,7,1,GPT-4,472,18,490,API log\n'
  expect(readTimedTrace(burst)).toEqual({ rows: [{ t_s: 5, input_tokens: 472, output_tokens: 18, client: '7' }] })
  const zones = 't_s,input_tokens,output_tokens\n2024-05-10 02:00:01.5+02:00,1,2\n2024-05-10T00:00:00Z,3,4\n'
  expect(readTimedTrace(zones)).toEqual({
    rows: [
      { t_s: 0, input_tokens: 3, output_tokens: 4 },
      { t_s: 1.5, input_tokens: 1, output_tokens: 2 },
    ],
    start: Date.UTC(2024, 4, 10),
  })
  expect(readTimedTrace('1763971200123,1,2\n1763971201123,1,2').rows.map(({ t_s }) => t_s)).toEqual([0, 1])
  expect(() => readTrace('t_s,input_tokens,output_tokens\nyesterday,1,2')).toThrow(/line 2: t_s .*"yesterday"/)
})
