/** The commands by name: what each does, how it is called, and where it is. */

export interface Command {
  summary: string
  /** Behind `balanced-call`. */
  usage: string
  /** Each option, and what it does. */
  options: Record<string, string>
  example: string
  load: () => Promise<{ run: (args: string[]) => Promise<number> }>
}

const CONFIG = { '--config FILE': 'the configuration (default: $BALANCED_CALL_CONFIG or providers.yaml)' }
const ENDPOINT = {
  ...CONFIG,
  '--port N': 'port of the server (default 9000)',
  '--host H': 'its address (default 127.0.0.1)',
  '--key KEY': "the client's key, where the server asks for one",
  '--model NAME': 'a public name or provider/model',
  '--small-model NAME': 'for the short tasks of an agent',
}

const ADMIN = {
  ...CONFIG,
  '--port N': 'port of the server (default 9000)',
  '--host H': 'its address (default 127.0.0.1)',
  '--key KEY': "an administrator's key, where the server asks for one",
  '--env FILE': 'more variables ($BALANCED_CALL_ENV_FILE)',
  '--json': 'as JSON, for programs',
}

/** Each module is loaded when its command is called, so that `serve` starts without the others. */
export const COMMANDS: Record<string, Command> = {
  serve: {
    summary: 'start the gateway (the default command)',
    usage: 'serve [options]',
    options: {
      ...CONFIG,
      '--port N': 'port to listen on (default: $PORT, server.port or 9000; 0: any free one)',
      '--host H': 'address to listen on (default: $HOST, server.host or 127.0.0.1)',
      '--data DIR': 'keep counts and learnt limits here across restarts ($BALANCED_CALL_DATA)',
      '--workers N|auto': 'processes that serve ($BALANCED_CALL_WORKERS, default 1)',
      '--env FILE': 'more variables, which those of the environment go before ($BALANCED_CALL_ENV_FILE)',
      '--no-watch': 'a change of a file is not enough: SIGHUP or `balanced-call reload` has it read',
      '--insecure': 'listen beyond this machine without client keys',
    },
    example: 'OPENAI_API_KEY=sk-… balanced-call serve --port 8080',
    load: () => import('./serve.ts'),
  },
  status: {
    summary: 'show who waits, which keys rest and why, and what is left of each limit, live',
    usage: 'status [options]',
    options: {
      ...ADMIN,
      '--once': 'show it once, as it is by itself where the output is no terminal',
    },
    example: 'balanced-call status --json',
    load: () => import('./status.ts'),
  },
  doctor: {
    summary: 'look for what is wrong here: configuration, keys, network, clock, disk, port, permissions',
    usage: 'doctor [options]',
    options: {
      ...CONFIG,
      '--port N': 'port of the server (default 9000)',
      '--host H': 'its address (default 127.0.0.1)',
      '--data DIR': 'the data folder ($BALANCED_CALL_DATA)',
      '--env FILE': 'more variables ($BALANCED_CALL_ENV_FILE)',
      '--json': 'as JSON, for programs',
    },
    example: 'balanced-call doctor',
    load: () => import('./doctor.ts'),
  },
  completion: {
    summary: 'print a script that has your shell complete commands and options',
    usage: 'completion [SHELL]',
    options: { '--shell NAME': 'bash, zsh or fish (default: by $SHELL)' },
    example: 'balanced-call completion bash >> ~/.bashrc',
    load: async () => ({ run: (await import('./completion.ts')).completionOf(COMMANDS) }),
  },
  reload: {
    summary: 'have a gateway that runs read its configuration anew',
    usage: 'reload [options]',
    options: ADMIN,
    example: 'balanced-call reload && echo served',
    load: () => import('./reload.ts'),
  },
  check: {
    summary: 'check a configuration or a wire format, and show what it amounts to',
    usage: 'check [FILE]',
    options: { ...CONFIG, '--json': 'as JSON, for programs' },
    example: 'balanced-call check my-format.yaml',
    load: () => import('./check.ts'),
  },
  providers: {
    summary: 'list the providers: which are live, and what the others lack',
    usage: 'providers [options]',
    options: {
      ...CONFIG,
      '--live': 'only those that are live',
      '--all': 'with every model and limit',
      '--json': 'as JSON, for programs',
    },
    example: 'balanced-call providers --live',
    load: () => import('./providers.ts'),
  },
  models: {
    summary: 'list the models that clients may name and what is known of them, or what their vendor says of them',
    usage: 'models [options]',
    options: {
      ...CONFIG,
      '--refresh PROVIDER': "ask the vendor's own list: what is gone, ending, new, or otherwise than here",
      '--json': 'as JSON, for programs',
    },
    example: 'balanced-call models --refresh openai',
    load: () => import('./models.ts'),
  },
  probe: {
    summary: 'send one tiny request with each key, and show which work',
    usage: 'probe [PROVIDER[/MODEL]]',
    options: { ...CONFIG, '--json': 'as JSON, for programs' },
    example: 'balanced-call probe openai',
    load: () => import('./probe.ts'),
  },
  run: {
    summary: 'start an agent or app on this gateway',
    usage: 'run [options] -- COMMAND [arguments]',
    options: ENDPOINT,
    example: 'balanced-call run --model fast -- codex',
    load: () => import('./run.ts'),
  },
  setup: {
    summary: "write this gateway into a tool's own configuration",
    usage: 'setup TOOL [options]',
    options: { ...ENDPOINT, '--print': 'show the files instead of writing them' },
    example: 'balanced-call setup codex --print',
    load: () => import('./setup.ts'),
  },
  convert: {
    summary: 'show the request that would be sent, or what a client would get for an answer',
    usage: 'convert --to PROVIDER/MODEL [options] < request.json',
    options: {
      '--to PROVIDER/MODEL': 'for which upstream',
      ...CONFIG,
      '--response FILE': "the vendor's recorded answer: shows what a client would get",
      '--status N': 'its HTTP status (default 200)',
      '--json': 'the request as JSON, for programs',
    },
    example: `echo '{"model":"m","messages":[{"role":"user","content":"Hi"}]}' | balanced-call convert --to sandbox/sandbox`,
    load: () => import('./convert.ts'),
  },
  test: {
    summary: "run a wire format's cases; with --live, ask the vendor itself",
    usage: 'test [PROVIDER|FORMAT|FILE] [options]',
    options: {
      ...CONFIG,
      '--cases FILE': 'more cases; may be repeated',
      '-v, --verbose': 'name each case',
      '--json': 'as JSON, for programs',
      '--live': 'send real requests with your own key',
      '--model NAME': 'with --live: these models; may be repeated',
      '--record DIR': 'with --live: keep each exchange as a case',
      '--write': 'with --live: write what a model can do into the configuration',
    },
    example: 'balanced-call test openai --verbose',
    load: () => import('./test.ts'),
  },
  'init-format': {
    summary: "draft a wire format from a vendor's curl example",
    usage: 'init-format --from curl.txt [options]',
    options: {
      '--from FILE': 'the curl example',
      '--answer FILE': 'a sample of an answer or stream; may be repeated',
      '--out FILE': 'where to write the format (default: NAME.yaml)',
      '--force': 'replace files that are there',
    },
    example: 'balanced-call init-format --from curl.txt --answer stream.txt --out acme.yaml',
    load: () => import('./init-format.ts'),
  },
  logs: {
    summary: 'show the requests that were asked, or one of them in full',
    usage: 'logs [show ID] [options]',
    options: {
      '--data DIR': "the server's data folder ($BALANCED_CALL_DATA or server.data)",
      ...CONFIG,
      '--client, --model, --provider, --key, --outcome NAME': 'only those',
      '--failed': 'only those that did not end well',
      '--since TIME': '30m, 12h, 7d or 2027-01-31T12:00Z',
      '--limit N': 'the latest N (default 50)',
      '--follow': 'and those that come',
      '--json': 'as JSON lines, for programs',
      '--trace': 'as a trace that plan reads',
    },
    example: 'balanced-call logs --follow --failed',
    load: () => import('./logs.ts'),
  },
  spend: {
    summary: 'show what was spent, by client, key, model, provider or day',
    usage: 'spend [options]',
    options: {
      '--by NAMES': 'day, client, provider, key, model, with commas between (default client)',
      '--since TIME, --until TIME': 'whole days (UTC): 7d or 2027-01-31',
      '--client NAME': 'only this one',
      '--data DIR': "the server's data folder ($BALANCED_CALL_DATA or server.data)",
      ...CONFIG,
      '--json': 'as JSON, for programs',
    },
    example: 'balanced-call spend --by day,model --since 7d',
    load: () => import('./spend.ts'),
  },
  keys: {
    summary: "make, list, show, change, rotate or revoke clients' keys of a gateway that runs; move them to a database",
    usage: 'keys create|list|show|change|rotate|revoke|import [NAME] [options]',
    options: {
      ...ADMIN,
      '--models NAMES': 'that it may use, with * for any part and commas between',
      '--rpm, --rpd, --tpm, --tpd, --concurrency N': 'requests or tokens a minute or day, requests at once',
      '--usd-day N, --usd-month N': 'dollars a day or month (UTC)',
      '--limits JSON': 'any limits, as in the configuration',
      '--weight N': 'its share where clients wait for the same keys',
      '--groups NAMES': 'whose limits it shares',
      '--expires DAY': 'the last day (UTC), or an instant',
      '--max-wait TIME': 'how long its requests wait for a key',
      '--tags WORDS': 'of yours, with commas between',
      '--log-bodies yes|no': 'keep what it asks and gets in the log of requests',
      '--overlap TIME': 'how long the old key goes on after rotate (default 1d)',
      '--data DIR': "import: the data folder whose keys, providers' too, are copied to the database",
    },
    example: 'balanced-call keys create alice --models "fast,openai/*" --rpm 60 --usd-month 20',
    load: () => import('./keys.ts'),
  },
  'provider-keys': {
    summary: 'add, test, switch, cool, weigh or remove keys of providers of a gateway that runs',
    usage: 'provider-keys add|list|test|disable|enable|cool|weigh|remove [PROVIDER|KEY] [TIME|WEIGHT] [options]',
    options: {
      ...ADMIN,
      '--from-env NAME': 'add: the variable that has the key (default: it comes by standard input)',
      '--weight N': 'add: its share among the keys of the provider',
      '--account NAME': 'add: whose limits it shares',
      '--limits JSON': 'add: its own limits, as in the configuration',
      '--model NAME': 'test: which model is asked',
    },
    example: 'balanced-call provider-keys add openai < key.txt',
    load: () => import('./provider-keys.ts'),
  },
  plan: {
    summary: 'replay a trace of requests on a virtual clock: goodput, waits, keys needed',
    usage: 'plan FILE.csv [options]',
    options: {
      '--trace FILE.csv':
        'the same file: columns t_s (seconds since the start, or instants), input_tokens, output_tokens, and optionally max_tokens and client; published traces are read as they are',
      ...CONFIG,
      '--model NAME': 'a public name or provider/model (default: the first public model)',
      '--target PERCENT': 'the share to be served: shows how many more keys, or higher limits, it takes',
      '--start TIME': 'when the trace begins, for limits of days (default: its own times, else 2026-01-01T00:00:00Z)',
      '--seed N': 'another course of chance (default: 1)',
      '--speed FACTOR': 'requests come so many times as fast',
      '--limits PERCENT': 'what the providers enforce of the declared limits: 70 is 30 % lower',
      '--bare': 'the providers’ headers and 429s tell no numbers',
      '--seconds': 'the providers admit requests a second at a time',
      '--reserves TOKENS': 'what providers reserve for a request without max_tokens (default: as declared)',
      '--json': 'as JSON, for programs',
    },
    example: 'balanced-call plan --trace trace.csv --target 99.9',
    load: () => import('./plan.ts'),
  },
}
