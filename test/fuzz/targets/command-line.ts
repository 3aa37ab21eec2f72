// Copyright The otel-tape Authors
// SPDX-License-Identifier: Apache-2.0

import { type Argument, type Command, CommanderError, type Option } from 'commander'
import { collectHeaders } from '../../../src/cli/option-parsers'
import { createProgram } from '../../../src/cli/program'
import { printable } from '../../../src/cli/printable'
import type { Terminal } from '../../../src/cli/terminal'
import { UsageError } from '../../../src/cli/usage-error'
import { parseListenAddress } from '../../../src/receive/listen-address'
import { ReceiverError } from '../../../src/receive/receiver-error'
import { SessionError } from '../../../src/session/session-error'
import { TransportError } from '../../../src/transport/transport-error'
import { type FuzzTarget, ensure, neverRefuses, refusesWith } from '../support/fuzz-target'
import { ensureNothingInherited } from '../support/prototypes'
import { seedTexts, textOf } from './seeds'

type ParsedParameter = (Option | Argument) & {
  parseArg: (text: string, before: unknown) => unknown
}

let parameters: readonly ParsedParameter[] | undefined

/** Every option and argument of every command that has a parser of its own. */
function parsedParameters(): readonly ParsedParameter[] {
  // Nothing is done with the terminal before a command runs.
  parameters ??= parametersOf(createProgram({} as Terminal))
  return parameters
}

function parametersOf(command: Command): ParsedParameter[] {
  const own = [...command.options, ...command.registeredArguments]
  const parsed = own.filter((parameter): parameter is ParsedParameter => !!parameter.parseArg)
  return [...parsed, ...command.commands.flatMap(parametersOf)]
}

const isRefusal = refusesWith(CommanderError, UsageError, SessionError, TransportError)

export const commandLineTargets: readonly FuzzTarget[] = [
  {
    name: 'command line options',
    shape: 'text',
    seeds: seedTexts(
      ...['90s', '1.5h', '30d', '2026-11-20T13:00:00Z', '2026-11-20', '10', '0.5', 'max'],
      ...['debug-payment', 'team-a/p', 'api-key=secret', 'http://localhost:4318', '[::1]:4317'],
    ),
    words: ['s', 'h', 'w', ':', '-', 'T', 'Z', '=', 'max', '.', 'off', 'e', '/'],
    weight: 0.1,
    parse: (input) => {
      const text = textOf(input)
      let accepted = 0
      for (const parameter of parsedParameters()) {
        try {
          const value: unknown = parameter.parseArg(text, undefined)
          accepted++
          ensureNothingInherited(value)
          ensure(!Number.isNaN(value), 'no number is none')
          ensure(!(value instanceof Date) || !Number.isNaN(value.getTime()), 'a time is one')
        } catch (error) {
          if (!isRefusal(error)) throw error
        }
      }
      if (accepted === 0) throw new UsageError('no option takes it')
    },
    isRefusal,
  },
  {
    name: 'headers given one by one',
    shape: 'text',
    seeds: seedTexts('api-key=secret', '__proto__=x', 'a=b=c'),
    weight: 5,
    parse: (input) => {
      const headers = collectHeaders(textOf(input), { given: 'before' })
      ensureNothingInherited(headers)
      ensure(headers.given !== undefined, 'a header keeps those before it')
    },
    isRefusal,
  },
  {
    name: 'addresses to listen on',
    shape: 'text',
    seeds: seedTexts('127.0.0.1:4318', '[::1]:0', ':4317', '4318', 'off', 'localhost:65535'),
    words: [':', '[', ']', '65536', '0.0.0.0'],
    weight: 5,
    parse: (input) => {
      const address = parseListenAddress(textOf(input), '--http')
      if (address === undefined) return
      ensure(address.port >= 0 && address.port <= 65_535, 'a port is one')
      ensure(address.host !== '', 'an address names a host')
    },
    isRefusal: refusesWith(ReceiverError),
  },
  {
    name: 'text that is printed',
    shape: 'text',
    seeds: seedTexts('a service', '\u001b[31mred\u001b[0m', 'two\nlines', '\u2028'),
    weight: 5,
    parse: (input) => {
      const shown = printable(textOf(input))
      ensure(!/[\p{Cc}\u2028\u2029]/u.test(shown), 'a line has no control characters')
    },
    isRefusal: neverRefuses,
  },
]
