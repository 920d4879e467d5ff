/** Handed cases that are not right yet, each with its reason: an entry that is right makes the test fail, and goes. */
export const KNOWN_FAILURES: Record<string, string> = {
  '030': 'a Retry-After that is over asks at once',
  '036': 'arguments that are sent again as a whole are joined',
}

/** Handed cases that this harness does not judge, and where they are. */
export const NOT_JUDGED: Record<string, string> = {
  '002': 'needs a silence of seconds: test/api and test/clients',
  '008': 'a scheduler matter: test/scheduler',
  '009': 'a configuration matter: test/config',
  '019': 'needs seconds of waiting: test/faults',
  '034': 'a scheduler matter: the estimate of media',
  '039': 'two upstreams: test/faults',
  '045': 'another method: test/api',
}
