/** Prompts beyond a model's window: every server has words of its own for it, and few have a code. */

const WORDS = [
  /context_length_exceeded|exceed_context_size|context_window_exceeded|string_above_max_length|tokens_too_long|max_prompt_tokens/,
  /maximum (context|prompt|sequence|input) length/,
  /max_model_len|max_seq_len|n_ctx/,
  /(context|input|prompt|sequence)[ _-]?(length|window|size|tokens?)\b.{0,80}(exceed|too (long|large)|longer|larger|greater|beyond|over |overflow|maximum|limit)/,
  /(exceed|too (long|large|many)|longer|larger|greater|beyond|overflow|more tokens|does not fit|not fit).{0,80}(context|max(imum)? (input|prompt|number of (input |prompt )?tokens|tokens|length)|token limit|model's limit)/,
  /(prompt|input|inputs|messages?|conversation|content)( length)?( is| are| was| were)? too (long|large)/,
  /too many (input |prompt )?tokens/,
  /(?<!completion |output )\b(token count|tokens)\b.{0,60}exceeds? (the |its |a )?(limit|max)/,
  /context shift is disabled/,
  /range of input length|`?inputs?`? tokens \+ `?max_(new_)?tokens`? must be|`?(inputs|prompt)`? must have (less|fewer) than/,
  /(reduce|shorten) (the|your) (length|size|prompt|input|messages|conversation)/,
  /(input|上下文|提示词?|tokens?).{0,20}(超过|超出|过长)|(超过|超出).{0,20}(上下文|最大长度|token)/,
]

/** Limits of time speak of tokens as well, and so do requests for too long an answer or too many bytes. */
const OF_ANOTHER_KIND =
  /per[ -](minute|day|hour|second|month)|\b[tr]p[mds]\b|rate.?limit|quota|\bbytes\b|(?<!tokens of )image|\bfile\b|max_(completion_|output_)?tokens (is|must|should|cannot|value)|(stop|tools?|seed|logit)\b.{0,20}too (long|many)/

/** Characters of a message that are searched. */
const MOST = 2000

export function isPromptTooLong(message: string): boolean {
  const said = message.slice(0, MOST).toLowerCase()
  return WORDS.some((words) => words.test(said)) && !OF_ANOTHER_KIND.test(said)
}
