import { describe, expect, it } from 'vitest'
import { readTrace } from '../../../src/scheduler/simulator/trace.ts'

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
