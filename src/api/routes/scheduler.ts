/** GET /v1/scheduler: the state of every limit and key, for people who ask why a request waits; and what they change of a key. */
import type { FastifyInstance } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { adminsOnly } from '../access/admin.ts'
import { refuseOtherSites } from '../access/other-sites.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { WITHOUT_BODY } from '../http/json-body.ts'
import type { KeyChange, Scheduler } from '../../scheduler/types.ts'

/** Seconds: what is to rest for longer is disabled. */
const LONGEST_REST = 31 * 86_400
const MOST_WEIGHT = 1_000_000

/** By the last word of the path: what the body asks for. Each throws a GatewayError. */
const ACTIONS: Record<string, (body: unknown, wall: number) => KeyChange> = {
  enable: () => ({ enabled: true }),
  disable: () => ({ enabled: false }),
  cool(body, wall) {
    const seconds = isRecord(body) ? body['seconds'] : undefined
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= LONGEST_REST))
      throw wrong('seconds', `is a number from 0 to ${LONGEST_REST}; 0 ends the rest`)
    return { restsUntil: seconds === 0 ? 0 : wall + seconds * 1000 }
  },
  weigh(body) {
    const weight = isRecord(body) ? body['weight'] : undefined
    if (weight !== null && (typeof weight !== 'number' || !(weight > 0 && weight <= MOST_WEIGHT)))
      throw wrong('weight', `is a number above 0, ${MOST_WEIGHT} at most; null for that of the configuration`)
    return { weight }
  },
}

export function registerScheduler(
  app: FastifyInstance,
  scheduler: Pick<Scheduler, 'report' | 'adjustKey'>,
  wall: () => number = Date.now,
): void {
  app.get('/v1/scheduler', { onRequest: adminsOnly }, async () => ({
    object: 'scheduler',
    ...(await scheduler.report()),
  }))
  for (const [action, changeOf] of Object.entries(ACTIONS)) {
    app.post<{ Params: { name: string } }>(
      `/v1/scheduler/keys/:name/${action}`,
      { ...WITHOUT_BODY, onRequest: adminsOnly },
      async (request) => {
        refuseOtherSites(request)
        const { name } = request.params
        if (!(await scheduler.adjustKey(name, changeOf(request.body, wall())))) {
          throw new GatewayError('not_found', `There is no key ${name.slice(0, 200)}; GET /v1/scheduler names them.`, {
            code: 'key_not_found',
          })
        }
        const { keys } = await scheduler.report()
        return { object: 'scheduler.key', ...keys.find(({ key }) => key === name) }
      },
    )
  }
}

function wrong(param: string, what: string): GatewayError {
  return new GatewayError('invalid_request', `${param} ${what}.`, { param })
}
