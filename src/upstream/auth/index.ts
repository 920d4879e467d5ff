/** The authorisers: how a finished request is signed or gets its token, by the name that a definition writes. */
import type { AuthorizerFactory } from '../types.ts'
import { awsSigv4 } from './aws-sigv4.ts'
import { googleOauth } from './google-oauth.ts'
import { jwtHs256 } from './jwt-hs256.ts'
import { tc3HmacSha256 } from './tc3-hmac-sha256.ts'
import { tokenExchange } from './token-exchange.ts'

export const AUTHORIZERS: Record<string, AuthorizerFactory> = {
  'aws-sigv4': awsSigv4,
  'google-oauth': googleOauth,
  'jwt-hs256': jwtHs256,
  'tc3-hmac-sha256': tc3HmacSha256,
  'token-exchange': tokenExchange,
}
