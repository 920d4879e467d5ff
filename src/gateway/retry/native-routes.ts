/** Whether a public model has an upstream of the client's own API, to which a request goes that others can hardly serve. */
import type { ChatRequest } from '../../chat/request.ts'
import type { PoolSpec } from '../../scheduler/types.ts'
import type { NativeWire } from '../../upstream/types.ts'

export interface NativeRoutesOptions {
  providers: readonly { name: string; format: { native?: NativeWire } }[]
  pools?: readonly Pick<PoolSpec, 'model' | 'routes'>[]
}

export function createNativeRoutes({ providers, pools = [] }: NativeRoutesOptions): (request: ChatRequest) => boolean {
  const formats = new Map(providers.map(({ name, format }) => [name, format]))
  const routes = new Map(pools.map(({ model, routes }) => [model, routes]))
  return ({ model, native }) => {
    const speaks = (provider: string, upstream: string): boolean => {
      const wire = formats.get(provider)?.native
      return wire !== undefined && wire.api === native?.api && wire.fits(upstream)
    }
    return routes.get(model)?.some((route) => speaks(route.provider, route.model)) === true
  }
}
