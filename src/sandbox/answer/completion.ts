/** An answer as one `chat.completion`, and the parts that its chunks share. */
import type { Answer, Choice } from './answer.ts'
import { randomOf } from './random.ts'
import type { SandboxRequest } from '../request.ts'
import { tokensOf } from './tokens.ts'

export function completion(answer: Answer, request: SandboxRequest): Record<string, unknown> {
  return {
    ...envelope(answer, 'chat.completion'),
    choices: answer.choices.map((choice, index) => ({
      index,
      message: message(choice, request.legacy),
      logprobs: request.logprobs === null || choice.text === null ? null : logprobs(choice.text, request.logprobs),
      finish_reason: choice.finish,
    })),
    usage: usageObject(answer),
  }
}

export const envelope = ({ id, created, model }: Answer, object: string): Record<string, unknown> => ({
  id,
  object,
  created,
  model,
  system_fingerprint: 'fp_sandbox',
})

function message(choice: Choice, legacy: boolean): Record<string, unknown> {
  const [first] = choice.calls
  const called = legacy
    ? first && { function_call: { name: first.name, arguments: first.arguments } }
    : first && { tool_calls: choice.calls.map((call) => callObject(call)) }
  return {
    role: 'assistant',
    content: choice.text,
    ...(choice.reasoning === '' ? {} : { reasoning_content: choice.reasoning }),
    refusal: choice.refusal,
    ...called,
    ...(choice.text === null ? {} : { annotations: [] }),
  }
}

function callObject({ id, name, arguments: given, custom }: Choice['calls'][number]): Record<string, unknown> {
  if (custom) return { id, type: 'custom', custom: { name, input: given } }
  return { id, type: 'function', function: { name, arguments: given } }
}

export function usageObject({ usage }: Answer): Record<string, unknown> {
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoning,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** Made up, but in the right order: each token's `alternatives` are less likely than it. */
export function logprobs(text: string, alternatives: number): Record<string, unknown> {
  const content = tokensOf(text).map((token) => {
    const random = randomOf(token)
    const entry = (said: string, logprob: number) => ({ token: said, logprob, bytes: [...Buffer.from(said)] })
    const likely = entry(token, -random() / 4)
    const others = Array.from({ length: Math.max(0, alternatives - 1) }, (_, index) =>
      entry(`${token}${index + 1}`, -2 - index),
    )
    return { ...likely, top_logprobs: alternatives === 0 ? [] : [likely, ...others] }
  })
  return { content, refusal: null }
}
