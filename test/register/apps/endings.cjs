// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

// An app that ends in the way that its first parameter names.
const { trace } = require('@opentelemetry/api')

const span = (name) => trace.getTracer('endings').startSpan(name).end()

/** Until the signal, and then as long as the app likes. */
function untilSignal(onSignal) {
  const alive = setInterval(() => {}, 60_000)
  process.once('SIGTERM', () => onSignal(alive))
}

const endings = {
  'nothing is left to do': () => {},
  'an exit code is set': () => {
    process.exitCode = 3
  },
  'process.exit': () => process.exit(4),
  'an error nobody catches': () => {
    setImmediate(() => {
      throw new Error('on purpose')
    })
  },
  'a rejection nobody catches': () => {
    void Promise.reject(new Error('on purpose'))
  },
  'a signal nobody handles': () => {
    setInterval(() => {}, 60_000)
  },
  'a signal after which work is finished': () => {
    untilSignal((alive) => {
      setImmediate(() => {
        span('after the signal')
        clearInterval(alive)
      })
    })
  },
  'a signal, then process.exit': () => {
    untilSignal(() => {
      process.stdin.once('data', () => process.exit(5))
      console.log('waits to be let go')
    })
  },
  'a signal that signal-exit listens to': () => {
    require(process.argv[3])(() => console.log('cleaned up'))
    setInterval(() => {}, 60_000)
  },
}

span('before the end')
endings[process.argv[2]]()
console.log('running')
