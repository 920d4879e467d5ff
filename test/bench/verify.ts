/** Nothing is worth measuring that is wrong. */
import type { Candidate } from './measure.ts'
import { isStream, targetOf } from './phases.ts'
import type { Phase } from './phases.ts'

/** Throws Error unless the candidate gives a whole and sensible answer within five seconds. */
export async function verify(phase: Phase, candidate: Candidate): Promise<void> {
  const { process, bare, endsSilently } = candidate
  const { path, body, headers } = targetOf(phase, process.port, candidate)
  const response = await fetch(`http://127.0.0.1:${process.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer bench', ...headers },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(5000),
  })
  const text = await response.text()
  const pieces = text.split('\n').filter((line) => /^data: .*"(?:content|text|delta)":/.test(line)).length
  const whole = isStream(phase)
    ? pieces >= phase.chunks &&
      (bare || phase.door !== undefined || endsSilently?.includes(phase.provider) || text.includes('data: [DONE]'))
    : text.includes('lorem ipsum')
  if (response.status === 200 && whole) return
  throw new Error(
    `${process.name} answered ${phase.name} with ${response.status} and ${pieces} pieces: ${text.slice(0, 500)}`,
  )
}
