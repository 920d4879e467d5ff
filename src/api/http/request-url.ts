/** Paths as clients' base URLs really make them → the paths that are served. */

/** First segments of paths below `/v1`, which a base URL without it leaves off. */
const BELOW_V1 =
  /^\/(chat\/completions|completions|responses|messages|embeddings|models|moderations|rerank|images|audio)(?=[/?]|$)/
const SLASHES = /\/{2,}/g

/** `/chat/completions`, `//v1/chat/completions` and `/v1/v1/chat/completions` are `/v1/chat/completions`. */
export function servedUrl(url: string): string {
  if (url.startsWith('/v1/') && !url.startsWith('/v1/v1/') && !url.includes('//')) return url
  const query = url.indexOf('?')
  const path = (query < 0 ? url : url.slice(0, query)).replace(SLASHES, '/').replace(/^(\/v1)+(?=\/)/, '/v1')
  const whole = query < 0 ? path : path + url.slice(query)
  return BELOW_V1.test(whole) ? `/v1${whole}` : whole
}
