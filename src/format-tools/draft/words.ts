/** The words by which vendors name what every wire has. */

/** Fields that steer an answer, and the hole for each. */
export const FIELDS: [RegExp, hole: string][] = [
  [
    /^(max_?(output_?|new_?|completion_?|answer_?)?tokens(_?to_?(sample|generate))?|num_?predict|max_?length|answer_?tokens)$/i,
    '$max_tokens',
  ],
  [/^temp(erature)?$/i, '$temperature'],
  [/^top_?p$/i, '$top_p'],
  [/^(stop|stop_?sequences|stop_?words)$/i, '$stop'],
  [/^(random_?)?seed$/i, '$seed'],
  [/^freq(uency)?_?penalty$/i, '$frequency_penalty'],
  [/^presence_?penalty$/i, '$presence_penalty'],
  [/^(stream|streaming|is_?stream)$/i, '$stream'],
  [/^(user|user_?id|end_?user)$/i, '$user'],
]

export const MODEL = /^(model|model_?(id|name)|engine|deployment)$/i
export const ROLE = /^(role|who|author|speaker|sender|from|author_?role)$/i
export const SYSTEM = /^(system|system_?(prompt|instruction|message)|preamble|instructions?|persona)$/i
export const TEXT = /(text|content|message|response|output|answer|completion|reply|words|result|say|delta)/i
export const FINISH =
  /^(finish_?reason|stop_?reason|done_?reason|completion_?reason|end_?reason|ended|finish|finished_?because)$/i
export const ID = /^(id|.*(_id|Id|ref))$/
export const USAGE_INPUT = /(prompt|input|query|in$|heard|request)/i
export const USAGE_OUTPUT = /(completion|output|generat|answer|out$|candidates|response|eval)/i
export const SECRET_HEADER = /(auth|key|token|secret)/i

/** What vendors call the assistant, where the user has that name. */
export const ASSISTANT: Record<string, string> = {
  user: 'assistant',
  human: 'assistant',
  USER: 'ASSISTANT',
  User: 'Assistant',
  HUMAN: 'AI',
}
export const USER_WORDS = /^(user|human|person|customer|me)$/i
export const ASSISTANT_WORDS = /^(assistant|ai|bot|model|chatbot|agent)$/i
export const SYSTEM_WORDS = /^(system|developer)$/i

/** What vendors say when an answer ends, in small letters. */
const ENDS: Record<string, string[]> = {
  stop: ['stop', 'end_turn', 'eos', 'eos_token', 'end', 'complete', 'completed', 'done', 'finished', 'stop_sequence'],
  length: ['length', 'max_tokens', 'max_length', 'token_limit', 'limit', 'truncated'],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use', 'function_call'],
  content_filter: ['content_filter', 'safety', 'filtered', 'refusal', 'blocked'],
}

/** Words that are not known mean a normal end. */
export function meaningOf(word: string): string {
  return Object.entries(ENDS).find(([, words]) => words.includes(word.toLowerCase()))?.[0] ?? 'stop'
}
