/** The peers, as re-implemented from their sources and documents. */
import { ancestor } from './ancestor.ts'
import { gptLoad } from './gpt-load.ts'
import { helicone } from './helicone.ts'
import { litellmLeastBusy, litellmShuffle, litellmUsage } from './litellm.ts'
import { newApi } from './new-api.ts'
import type { Peer } from './peer.ts'
import { portkey } from './portkey.ts'

export const PEERS: Record<string, Peer> = {
  ancestor,
  'portkey weighted': portkey,
  'new-api weighted': newApi,
  'gpt-load rotation': gptLoad,
  'litellm shuffle': litellmShuffle,
  'litellm usage-v2': litellmUsage,
  'litellm least-busy': litellmLeastBusy,
  'helicone p2c-ewma': helicone,
}
